//! What an attacker with a dictionary makes of a published data set: of plain
//! SHA-256 nearly everything, of pseudonyms nothing.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use telemetry_core::pseudonym::primitives::{Keyed, sha256};
use telemetry_core::pseudonym::{Keys, Secret};

use super::{domain, field, hex, pseudonym};

/// Names as people give them to machines and accounts.
fn dictionary() -> BTreeSet<String> {
    const ROLES: [&str; 24] = [
        "web", "db", "app", "api", "mail", "dns", "ns", "ldap", "git", "ci", "build", "proxy",
        "cache", "redis", "kafka", "node", "worker", "master", "gw", "vpn", "backup", "monitor",
        "log", "test",
    ];
    const FIRST: [&str; 40] = [
        "anna", "ben", "carla", "david", "emma", "felix", "greta", "hans", "ida", "jan", "karin",
        "lukas", "maria", "nina", "otto", "paul", "rosa", "sam", "tina", "uwe", "vera", "will",
        "xenia", "yusuf", "zoe", "james", "mary", "john", "linda", "robert", "susan", "michael",
        "karen", "ali", "fatima", "wei", "ming", "raj", "priya", "kenji",
    ];
    const LAST: [&str; 12] = [
        "smith", "jones", "mueller", "garcia", "kim", "chen", "singh", "brown", "rossi", "novak",
        "silva", "sato",
    ];
    const ACCOUNTS: [&str; 14] = [
        "root",
        "admin",
        "administrator",
        "ubuntu",
        "ec2-user",
        "vagrant",
        "jenkins",
        "deploy",
        "postgres",
        "www-data",
        "git",
        "oracle",
        "guest",
        "backup",
    ];
    let mut names: BTreeSet<String> = ACCOUNTS.map(str::to_owned).into();
    for role in ROLES {
        names.insert(role.to_owned());
        for number in 1..=99 {
            names.insert(format!("{role}{number}"));
            names.insert(format!("{role}-{number}"));
            names.insert(format!("{role}-{number:02}"));
        }
    }
    for first in FIRST {
        names.insert(first.to_owned());
        names.insert(format!("{first}s-macbook"));
        for last in LAST {
            names.insert(format!("{first}.{last}"));
            names.insert(format!("{}{last}", &first[..1]));
        }
    }
    names
}

/// Whose data was published: most have a name that others have too.
fn victims() -> Vec<String> {
    let usual = dictionary().into_iter().step_by(7);
    let rare = ["kvx-7f3a91", "hildegunst.v.mythenmetz", "ip-10-23-171-9", "tc4-93-zb", "w0mbat42"];
    usual.chain(rare.map(str::to_owned)).collect()
}

/// Each name of the dictionary under each hash that needs no secret, and
/// under those with the keys that somebody might have left in a program.
static TABLE: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let zero = [0; 32];
    let guessed: [&[u8]; 9] =
        [b"", &zero, b"secret", b"key", b"salt", b"telemetry", b"run.finished", b"target", b"host"];
    let macs: Vec<_> = guessed.iter().map(|key| Keyed::new(key)).collect();
    let known =
        [Secret::generate(), Secret::from_bytes(&[1; 32])].map(|secret| Keys::new(secret.unwrap()));
    let slots = [field("run.finished", "target"), domain("host")];
    let mut table = HashSet::new();
    for name in dictionary() {
        let digest = sha256(name.as_bytes());
        // 128 bits of each are enough to recognise it.
        table.extend([hex(&digest[..16]), hex(&sha256(&digest)[..16])]);
        table.extend(macs.iter().map(|mac| hex(&mac.tag(name.as_bytes())[..16])));
        for keys in &known {
            table.extend(slots.map(|slot| pseudonym(keys, slot, &name)[3..].to_owned()));
        }
    }
    table
});

/// How many of `published` the attacker reverses.
fn attack(published: &[String]) -> usize {
    published
        .iter()
        .map(|tag| tag.strip_prefix("h1_").unwrap_or(tag))
        .filter(|tag| TABLE.contains(&tag[..32]))
        .count()
}

#[test]
fn plain_sha256_falls() {
    let victims = victims();
    let published: Vec<_> = victims.iter().map(|name| hex(sha256(name.as_bytes()))).collect();
    let reversed = attack(&published);
    assert!(dictionary().len() > 5_000, "{}", dictionary().len());
    assert_eq!(reversed, victims.len() - 5, "of {}", victims.len());
    assert!(reversed * 100 > victims.len() * 99);
}

#[test]
fn pseudonyms_give_nothing() {
    let victims = victims();
    let keys = Keys::new(Secret::generate().unwrap());
    for slot in [field("run.finished", "target"), domain("host")] {
        let published: Vec<_> = victims.iter().map(|name| pseudonym(&keys, slot, name)).collect();
        assert_eq!(attack(&published), 0);
    }
}

/// The attack program finds what it can find: a key that it knows.
#[test]
fn a_known_secret_falls() {
    let victims = victims();
    let keys = Keys::new(Secret::from_bytes(&[1; 32]).unwrap());
    let published: Vec<_> =
        victims.iter().map(|name| pseudonym(&keys, domain("host"), name)).collect();
    assert_eq!(attack(&published), victims.len() - 5);
}

/// Who knows a value with its pseudonym in one field learns nothing of
/// another field, nor of another epoch.
#[test]
fn a_known_value_gives_no_other_field_away() {
    let secret = b"an installation's secret, really";
    let keys = Keys::new(Secret::from_bytes(secret).unwrap());
    let later = Keys::new(Secret::from_bytes(secret).unwrap().next_epoch());
    let (target, user) = (field("run.finished", "target"), field("run.finished", "user"));
    let known: BTreeSet<_> =
        dictionary().iter().map(|name| pseudonym(&keys, target, name)).collect();
    for name in victims() {
        assert!(!known.contains(&pseudonym(&keys, user, &name)));
        assert!(!known.contains(&pseudonym(&later, target, &name)));
    }
}
