//! The direct way to JSON writes the very bytes that serde_json writes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use proptest::prelude::*;
use telemetry_core::pseudonym::{Keys, Secret};
use telemetry_core::{Sanitizer, TelemetryEvent, TelemetryFields, TelemetryValue};

#[derive(Clone, Copy, Debug, TelemetryValue)]
enum Protocol {
    Ssh,
    #[telemetry(rename = "Win \"RM\" \\ é")]
    WinRm,
}

#[derive(TelemetryFields)]
struct Part {
    #[telemetry(hash)]
    host: String,
    #[telemetry(allow)]
    port: u16,
}

#[derive(TelemetryEvent)]
#[telemetry(name = "everything", purpose = "diagnostics")]
struct Everything {
    #[telemetry(hash)]
    first: String,
    #[telemetry(hash(lowercase))]
    second: Vec<String>,
    #[telemetry(hash, domain = "host")]
    third: Option<String>,
    #[telemetry(hash)]
    fourth: String,
    #[telemetry(hash)]
    fifth: u64,
    #[telemetry(hash)]
    sixth: IpAddr,
    #[telemetry(scrub, rename = "text é")]
    text: String,
    #[telemetry(one_of("ssh", "a \"b\""))]
    known: String,
    #[telemetry(drop)]
    _gone: String,
    #[telemetry(allow)]
    protocol: Protocol,
    #[telemetry(allow)]
    small: i8,
    #[telemetry(allow)]
    large: u64,
    #[telemetry(allow)]
    wide: i128,
    #[telemetry(allow)]
    float: f64,
    #[telemetry(allow)]
    flags: Vec<bool>,
    #[telemetry(bucket(0, 10))]
    range: i64,
    #[telemetry(length)]
    length: String,
    #[telemetry(presence)]
    presence: Option<u8>,
    #[telemetry(nested)]
    part: Part,
    #[telemetry(keys(hash), values(allow))]
    counts: BTreeMap<String, u32>,
}

fn everything() -> impl Strategy<Value = Everything> {
    let texts = ("\\PC*", ".*", any::<Option<String>>(), "[a-z]{0,80}", "[ -~\\n\\t\"\\\\]{0,20}");
    let more = (any::<String>(), prop_oneof!["ssh", "a \"b\"", "x"], any::<Vec<String>>());
    let numbers = (any::<i8>(), any::<u64>(), any::<i128>(), any::<f64>(), any::<i64>());
    let rest = (any::<Vec<bool>>(), any::<Option<u8>>(), any::<IpAddr>(), any::<bool>());
    let maps = (any::<BTreeMap<String, u32>>(), any::<u16>());
    (texts, more, numbers, rest, maps).prop_map(|(texts, more, numbers, rest, maps)| Everything {
        first: texts.0,
        second: more.2,
        third: texts.2,
        fourth: texts.3.clone(),
        fifth: numbers.1,
        sixth: rest.2,
        text: texts.4,
        known: more.1,
        _gone: texts.1,
        protocol: if rest.3 { Protocol::Ssh } else { Protocol::WinRm },
        small: numbers.0,
        large: numbers.1,
        wide: numbers.2,
        float: numbers.3,
        flags: rest.0,
        range: numbers.4,
        length: more.0.clone(),
        presence: rest.1,
        part: Part { host: more.0, port: maps.1 },
        counts: maps.0,
    })
}

fn sanitizer() -> Sanitizer {
    Sanitizer::new(Keys::new(Secret::from_bytes(&[7; 32]).unwrap()))
}

proptest! {
    #[test]
    fn the_direct_way_to_json_writes_what_serde_json_writes(event in everything()) {
        let sanitizer = sanitizer();
        let sanitized = sanitizer.sanitize(&event);
        let mut direct = b"before".to_vec();
        sanitized.write_json(&mut direct).unwrap();
        let by_serde = serde_json::to_vec(&sanitized).unwrap();
        prop_assert_eq!(&direct[b"before".len()..], &by_serde);
        // The second time the thread knows the pseudonyms.
        direct.clear();
        sanitized.write_json(&mut direct).unwrap();
        prop_assert_eq!(direct, by_serde);
    }
}

/// What a thread remembers of one installation is never given out for another.
#[test]
fn remembered_pseudonyms_belong_to_their_keys() {
    let event = Part { host: "web-1".to_owned(), port: 1 };
    #[derive(TelemetryEvent)]
    #[telemetry(name = "connected", purpose = "diagnostics")]
    struct Connected<'a> {
        #[telemetry(hash)]
        host: &'a str,
        #[telemetry(hash)]
        user: &'a str,
    }
    let connected = Connected { host: &event.host, user: &event.host };
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let sanitizer = Sanitizer::new(Keys::session().unwrap());
        for _ in 0..2 {
            let mut line = Vec::new();
            sanitizer.sanitize(&connected).write_json(&mut line).unwrap();
            seen.insert(line);
        }
    }
    assert_eq!(seen.len(), 100);
    let line: BTreeMap<String, String> = serde_json::from_slice(seen.first().unwrap()).unwrap();
    assert_ne!(line["host"], line["user"]);
}

/// More values than the table has places, so that they push each other out.
#[test]
fn values_that_push_each_other_out_keep_their_own_pseudonyms() {
    #[derive(TelemetryEvent)]
    #[telemetry(name = "connected", purpose = "diagnostics")]
    struct Connected<'a> {
        #[telemetry(hash)]
        host: &'a str,
        #[telemetry(hash)]
        user: &'a str,
        #[telemetry(hash)]
        project: &'a str,
    }
    let (sanitizer, names) = (sanitizer(), (0..500).map(|n| format!("h{n:03}")));
    let names: Vec<String> = names.collect();
    for _ in 0..2 {
        for (n, host) in names.iter().enumerate() {
            let (user, project) = (&names[(n * 7) % 500], &names[(n * 31) % 500]);
            let event = Connected { host, user, project };
            let mut direct = Vec::new();
            sanitizer.sanitize(&event).write_json(&mut direct).unwrap();
            assert_eq!(direct, serde_json::to_vec(&sanitizer.sanitize(&event)).unwrap());
        }
    }
}
