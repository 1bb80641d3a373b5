//! Published test vectors, against the functions that every value goes through.

use serde_json::Value;
use telemetry_core::pseudonym::primitives::{Keyed, hkdf, sha256};

use super::{hex, unhex};

#[test]
fn sha256_of_rfc_6234() {
    let million = "a".repeat(1_000_000);
    let many = "01234567".repeat(80);
    let cases: [(&[u8], &str); 6] = [
        (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        (million.as_bytes(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        (many.as_bytes(), "594847328451bdfa85056225462cc1d867d877fb388df0ce35f25ab5562bfbb5"),
        (b"\x19", "68aa2e2ee5dff96e3355e6c7ee373e3d6a4e17f75f9518d843709c0c9bc3e3d4"),
        (
            &unhex("e3d72570dcdd787ce3887ab2cd684652"),
            "175ee69b02ba9b58e2b0a5fd13819cea573f3940a94f825128cf4209beabb4e8",
        ),
    ];
    for (message, digest) in cases {
        assert_eq!(hex(sha256(message)), digest);
    }
}

#[test]
fn hmac_of_rfc_4231() {
    let counting: Vec<u8> = (1..=25).collect();
    let cases: [(&[u8], &[u8], &str); 7] = [
        (
            &[0x0b; 20],
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            &[0xaa; 20],
            &[0xdd; 50],
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        ),
        (
            &counting,
            &[0xcd; 50],
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        ),
        // The RFC gives 128 bits of this one.
        (&[0x0c; 20], b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
        (
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            &[0xaa; 131],
            b"This is a test using a larger than block-size key and a larger than \
              block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
    ];
    for (key, message, tag) in cases {
        assert_eq!(hex(&Keyed::new(key).tag(message)[..tag.len() / 2]), tag);
    }
}

#[test]
fn hkdf_of_rfc_5869() {
    let range = |from: u8, to: u8| (from..=to).collect::<Vec<u8>>();
    let cases = [
        (
            vec![0x0b; 22],
            range(0x00, 0x0c),
            range(0xf0, 0xf9),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf\
             34007208d5b887185865",
        ),
        (
            range(0x00, 0x4f),
            range(0x60, 0xaf),
            range(0xb0, 0xff),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c\
             59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71\
             cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (
            vec![0x0b; 22],
            vec![],
            vec![],
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d\
             9d201395faa4b61a96c8",
        ),
    ];
    for (secret, salt, info, expected) in cases {
        let mut output = vec![0; expected.len() / 2];
        hkdf(&salt, &secret, &[&info], &mut output).unwrap();
        assert_eq!(hex(&output), expected);
        // The library hands the info over in parts.
        let (start, end) = info.split_at(info.len() / 3);
        output.fill(0);
        hkdf(&salt, &secret, &[start, &[], end], &mut output).unwrap();
        assert_eq!(hex(&output), expected);
    }
}

#[test]
fn hmac_of_wycheproof() {
    let text = include_str!("../../vectors/hmac_sha256_test.json");
    let mut valid = 0;
    let count = each(text, |group, test| {
        let tag = bytes(test, "tag");
        assert_eq!(tag.len() as u64 * 8, group["tagSize"]);
        let ours = Keyed::new(&bytes(test, "key")).tag(&bytes(test, "msg"));
        assert_eq!(ours[..tag.len()] == tag, test["result"] == "valid", "{test}");
        valid += usize::from(test["result"] == "valid");
    });
    assert_eq!((count, valid), (174, 66));
}

#[test]
fn hkdf_of_wycheproof() {
    let text = include_str!("../../vectors/hkdf_sha256_test.json");
    let mut valid = 0;
    let count = each(text, |_, test| {
        let mut ours = vec![0; usize::try_from(test["size"].as_u64().unwrap()).unwrap()];
        let [secret, salt, info] = ["ikm", "salt", "info"].map(|name| bytes(test, name));
        let done = hkdf(&salt, &secret, &[&info], &mut ours);
        assert_eq!(done.is_some(), test["result"] == "valid", "{test}");
        if done.is_some() {
            valid += 1;
            assert_eq!(hex(ours), test["okm"].as_str().unwrap());
        }
    });
    assert_eq!((count, valid), (86, 83));
}

/// Shows each test of a Wycheproof file, with its group, and counts them.
fn each(text: &str, mut see: impl FnMut(&Value, &Value)) -> usize {
    let file: Value = serde_json::from_str(text).unwrap();
    let mut count = 0;
    for group in file["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            see(group, test);
            count += 1;
        }
    }
    assert_eq!(count as u64, file["numberOfTests"]);
    count
}

fn bytes(test: &Value, name: &str) -> Vec<u8> {
    unhex(test[name].as_str().unwrap())
}
