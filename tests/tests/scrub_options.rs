//! What an author and a machine add to the scrubber, and what becomes of texts
//! that are too long.

use std::borrow::Cow;
use std::env;
use std::process::Command;
use std::sync::Arc;

use telemetry_core::pseudonym::{Keys, Secret};
use telemetry_core::scrub::{Machine, Preset, Scrubber};

fn scrubber() -> Scrubber {
    Scrubber::default().with_machine(Machine::unknown())
}

#[test]
fn a_long_text_is_cut_before_a_word_and_says_so() {
    let scrubber = scrubber().with_max_length(64);
    let whole = "a".repeat(40) + " bc";
    assert_eq!(scrubber.scrub(&whole), whole);
    let long = "word ".repeat(30);
    let cut = scrubber.scrub(&long).into_owned();
    assert!(cut.len() <= 64 && cut.ends_with("word [cut]"), "{cut}");
    assert_eq!(scrubber.scrub(&cut), cut);
    // Half of an address is no address: nothing of it stays.
    let text = format!("{} jane.doe@corp.example and more", "x".repeat(48));
    let cut = scrubber.scrub(&text).into_owned();
    assert!(!cut.contains("jane"), "{cut}");
    // Nothing of a word without an end is passed.
    assert_eq!(scrubber.scrub(&"x".repeat(1000)), "[cut]");
    assert_eq!(scrubber.scrub_bytes(&[0xff; 1000]).as_ref(), b"[cut]");
}

#[test]
fn tokens_longer_than_what_they_stand_for_keep_the_text_short() {
    let scrubber = scrubber().with_max_length(64).with_pattern("a-long-name", "#").unwrap();
    let cut = scrubber.scrub("# # # # # # # # # # # # # # # #").into_owned();
    assert!(cut.len() <= 64 && cut.ends_with("[cut]"), "{cut}");
    assert_eq!(scrubber.scrub(&cut), cut);
}

#[test]
fn patterns_of_the_author_hide_beside_the_rules() {
    let scrubber = scrubber()
        .with_pattern("ticket", "OPS-[0-9]+")
        .unwrap()
        .with_pattern("customer", "(?i)cust_[a-z0-9]{4,}")
        .unwrap();
    assert_eq!(
        scrubber.scrub("OPS-17 of CUST_ab12 from jane@corp.example"),
        "[ticket] of [customer] from [email]"
    );
    // Where a pattern and a rule overlap, the union is hidden.
    assert_eq!(scrubber.scrub("to OPS-17@corp.example now"), "to [email] now");
    let once = scrubber.scrub("OPS-17OPS-18 x OPS-1").into_owned();
    assert_eq!(once, "[ticket][ticket] x [ticket]");
    assert!(matches!(scrubber.scrub(&once), Cow::Borrowed(_)));
    let finds: Vec<_> = scrubber.finds(b"see OPS-9").map(|find| find.rule().to_owned()).collect();
    assert_eq!(finds, ["ticket"]);
}

#[test]
fn patterns_that_would_hide_everything_or_nothing_are_refused() {
    for (name, pattern) in
        [("a", ""), ("a", "x*"), ("a", "("), ("", "x"), ("A b", "x"), ("a]", "x"), ("a", "^")]
    {
        let error = scrubber().with_pattern(name, pattern).unwrap_err();
        assert!(error.is_argument(), "{name} {pattern}");
    }
    assert!(scrubber().with_pattern(&"a".repeat(33), "x").is_err());
}

#[test]
fn equal_values_have_equal_tokens_under_one_secret() {
    let keys = |byte| Arc::new(Keys::new(Secret::from_bytes(&[byte; 32]).unwrap()));
    let one = scrubber().with_pseudonyms(keys(1));
    let text = "a@b.co A@B.CO c@d.co 10.0.0.7 user=jane";
    let scrubbed = one.scrub(text).into_owned();
    let words: Vec<_> = scrubbed.split(' ').collect();
    assert_eq!(words[0], words[1], "the case of an address does not matter");
    assert_ne!(words[0], words[2]);
    for (word, kind) in [(words[0], "[email:"), (words[3], "[ip:"), (words[4], "user=[user:")] {
        let digits = word.strip_prefix(kind).and_then(|rest| rest.strip_suffix(']')).unwrap();
        assert!(
            digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{word}"
        );
        assert_eq!(digits, digits.to_ascii_lowercase());
    }
    assert_eq!(one.scrub(&scrubbed), scrubbed, "a keyed token is a token");
    assert_eq!(scrubber().with_pseudonyms(keys(1)).scrub(text), scrubbed);
    assert_ne!(scrubber().with_pseudonyms(keys(2)).scrub(text), scrubbed);
    // An equal text of another kind has another key.
    let both = one.scrub("user=web-7 host=web-7").into_owned();
    let digits: Vec<_> = both.split(' ').filter_map(|word| word.rsplit(':').next()).collect();
    assert_ne!(digits[0], digits[1], "{both}");
    // Nobody joins passwords.
    assert_eq!(one.scrub("password=hunter22"), "password=[secret]");
}

#[test]
fn names_of_a_machine_are_hidden_in_every_form() {
    let machine = Machine::unknown()
        .with_user("jdoe")
        .with_full_name("Jane van Doe,,,")
        .with_host("web-7.corp.example")
        .with_home("/var/people/jdoe2")
        .with_folder("/srv/acme/billing");
    let scrubber = Scrubber::default().with_machine(machine);
    for (text, expected) in [
        ("JDOE left", "[user] left"),
        ("jdoes left", "jdoes left"),
        ("jdoe_old", "[user]_old"),
        ("Jane van Doe", "[user]"),
        ("jane said", "[user] said"),
        ("Doe, Jane", "[user], [user]"),
        ("web-7 and WEB-7.corp.example", "[host] and [host]"),
        ("web-70", "web-70"),
        ("/data/jdoe2/x", "/data/[user]/x"),
        ("in /srv/acme/billing/src", "in [path]/src"),
    ] {
        assert_eq!(scrubber.scrub(text), expected, "{text}");
    }
    // Names that every machine has tell nothing.
    let common = Machine::unknown().with_user("root").with_host("localhost").with_user("ab");
    let text = "root at localhost, ab";
    assert_eq!(Scrubber::default().with_machine(common).scrub(text), text);
    let minimal =
        Scrubber::preset(Preset::Minimal).with_machine(Machine::unknown().with_user("jdoe"));
    assert_eq!(minimal.scrub("jdoe left"), "jdoe left", "own names are no rule of `minimal`");
}

/// Runs again as a process whose surroundings are known.
#[test]
fn the_names_of_this_machine_are_learnt_from_its_surroundings() {
    const MARK: &str = "SCRUB_OPTIONS_CHILD";
    if env::var_os(MARK).is_some() {
        let text = "kowalczyk@x zbigniew QUARTZ quartz.acme.example /tmp";
        println!("<{}>", Scrubber::default().scrub(text));
        println!("<{}>", Scrubber::default().scrub(&env::current_dir().unwrap().to_string_lossy()));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("acme").join("billing");
    std::fs::create_dir_all(&deep).unwrap();
    let name = "the_names_of_this_machine_are_learnt_from_its_surroundings";
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(MARK, "1")
        .env("USER", "kowalczyk")
        .env("LOGNAME", "kowalczyk")
        .env("HOME", "/home/zbigniew")
        .env("HOSTNAME", "quartz.acme.example")
        .current_dir(&deep)
        .output()
        .unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    assert!(output.contains("<[user]@x [user] [host] [host] /tmp>"), "{output}");
    assert!(output.contains("<[path]>"), "{output}");
}

/// The login, the full name and the host that the system itself knows.
#[cfg(unix)]
#[test]
fn what_the_system_says_of_its_user_and_host_is_learnt() {
    let command = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let scrubber = Scrubber::default().with_machine(Machine::current());
    let host = command("uname", &["-n"]);
    let short = host.split('.').next().unwrap_or_default().to_owned();
    for name in [host, short] {
        let letters = name.chars().filter(|c| c.is_alphanumeric()).count() >= 3;
        let number = name.chars().all(|c| c.is_ascii_digit());
        let hidden = scrubber.scrub(&format!("at {name} now")) == "at [host] now";
        // What is called so on every machine is no name.
        let common = ["localhost", "server", "runner", "debian", "ubuntu"].contains(&&*name);
        assert!(hidden || common || number || !letters, "{name} stays");
    }
}
