//! What every policy lets through, read back from three formats.

#[path = "sanitize/wrappers.rs"]
mod wrappers;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use telemetry_core::pseudonym::{Keys, Secret};
use telemetry_core::schema::Purpose;
use telemetry_core::{
    Literal, Sanitized, Sanitizer, TelemetryEvent, TelemetryFields, TelemetryValue, literal,
};

fn sanitizer() -> Sanitizer {
    Sanitizer::new(Keys::new(Secret::from_bytes(&[7; 32]).unwrap()))
}

/// What three formats read back, which must be the same.
#[track_caller]
fn read_back<E: TelemetryEvent>(sanitized: Sanitized<'_, E>) -> Value {
    let json = serde_json::to_vec(&sanitized).unwrap();
    let mut cbor = Vec::new();
    ciborium::into_writer(&sanitized, &mut cbor).unwrap();
    let pack = rmp_serde::to_vec_named(&sanitized).unwrap();
    // Without names structs are written by position: there must be none.
    assert_eq!(rmp_serde::to_vec(&sanitized).unwrap(), pack);
    let json: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(ciborium::from_reader::<Value, _>(cbor.as_slice()).unwrap(), json, "CBOR");
    assert_eq!(rmp_serde::from_slice::<Value>(&pack).unwrap(), json, "MessagePack");
    json
}

/// What leaves of `event`.
#[track_caller]
fn left<E: TelemetryEvent>(event: &E) -> Value {
    read_back(sanitizer().sanitize(event))
}

/// What leaves of the field `value`.
#[track_caller]
fn left_of<E: TelemetryEvent>(event: &E) -> Value {
    left(event).get("value").cloned().unwrap_or(json!("ABSENT"))
}

/// An event of the one field `value`.
macro_rules! event {
    ($Name:ident #[$attribute:meta] $Type:ty) => {
        #[derive(TelemetryEvent)]
        #[telemetry(purpose = "diagnostics")]
        struct $Name<'a> {
            #[$attribute]
            value: $Type,
            #[telemetry(drop)]
            _a: std::marker::PhantomData<&'a ()>,
        }

        impl<'a> From<$Type> for $Name<'a> {
            fn from(value: $Type) -> Self {
                Self { value, _a: std::marker::PhantomData }
            }
        }
    };
}

#[test]
fn what_is_not_there_is_left_out_everywhere() {
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "diagnostics")]
    struct Event<'a> {
        #[telemetry(allow)]
        allowed: Option<u8>,
        #[telemetry(hash)]
        hashed: Option<&'a str>,
        #[telemetry(scrub)]
        scrubbed: Option<Box<str>>,
        #[telemetry(bucket(1))]
        bucket: Option<Option<u32>>,
        #[telemetry(truncate_ip)]
        address: Option<IpAddr>,
        #[telemetry(count)]
        count: Option<Vec<u8>>,
        #[telemetry(allow(because = "only a test has it"))]
        vouched: Option<String>,
        #[telemetry(nested)]
        nested: Option<Inner>,
        #[telemetry(with = nothing)]
        with: u8,
        #[telemetry(keys(one_of("a", "b")), values(allow))]
        no_map: Option<BTreeMap<String, u8>>,
        #[telemetry(allow)]
        elements: Vec<Option<bool>>,
        #[telemetry(length)]
        lengths: [Option<&'a str>; 3],
        #[telemetry(keys(one_of("a", "b")), values(allow))]
        values: BTreeMap<String, Option<u8>>,
        #[telemetry(keys(one_of("a", "b")), values(allow))]
        keys: BTreeMap<Option<String>, u8>,
    }

    #[derive(TelemetryFields)]
    struct Inner {
        #[telemetry(allow)]
        _x: u8,
    }

    fn nothing(_: &u8) -> Option<u8> {
        None
    }

    let event = Event {
        allowed: None,
        hashed: None,
        scrubbed: None,
        bucket: Some(None),
        address: None,
        count: None,
        vouched: None,
        nested: None,
        with: 1,
        no_map: None,
        elements: vec![Some(true), None, Some(false)],
        lengths: [None, Some("ab"), None],
        values: BTreeMap::from([("a".into(), Some(1)), ("b".into(), None)]),
        keys: BTreeMap::from([(Some("a".into()), 1), (None, 2)]),
    };
    assert_eq!(
        left(&event),
        json!({"elements": [true, false], "lengths": [2], "values": {"a": 1}, "keys": {"a": 1}})
    );
}

#[test]
fn a_dropped_field_is_absent_and_needs_nothing_of_its_type() {
    struct Opaque;
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "diagnostics")]
    struct Event {
        #[telemetry(drop)]
        _opaque: Opaque,
        #[telemetry(drop)]
        _number: u8,
        #[telemetry(allow)]
        kept: bool,
    }
    assert_eq!(left(&Event { _opaque: Opaque, _number: 3, kept: true }), json!({"kept": true}));
    assert_eq!(Event::SCHEMA[0].fields.len(), 3);
}

#[test]
fn allowed_values_are_as_they_are_and_without_a_form_in_json_absent() {
    #[derive(Clone, Copy, TelemetryValue)]
    enum Protocol {
        Ssh,
        WinRm,
    }
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "diagnostics")]
    struct Event {
        #[telemetry(allow)]
        protocols: Vec<Protocol>,
        #[telemetry(allow)]
        text: Literal,
        #[telemetry(allow)]
        tuple: (u8, Option<bool>, i64),
        #[telemetry(allow)]
        duration: Duration,
        #[telemetry(allow)]
        number: NonZeroU64,
        #[telemetry(allow)]
        not_a_number: f64,
        #[telemetry(allow)]
        infinite: f32,
        #[telemetry(allow)]
        floats: (f64, f64, f64),
        #[telemetry(allow)]
        shared: std::sync::Arc<[bool]>,
        #[telemetry(allow)]
        cow: Cow<'static, [Protocol]>,
    }
    let event = Event {
        protocols: vec![Protocol::Ssh, Protocol::WinRm],
        text: literal!("part of the program"),
        tuple: (1, None, i64::MIN),
        duration: Duration::from_millis(1500),
        number: NonZeroU64::MAX,
        not_a_number: f64::NAN,
        infinite: f32::INFINITY,
        floats: (0.5, f64::NAN, -1.0),
        shared: [true, false].into(),
        cow: Cow::Borrowed(&[Protocol::Ssh]),
    };
    assert_eq!(
        left(&event),
        json!({
            "protocols": ["ssh", "win_rm"], "text": "part of the program",
            "tuple": [1, i64::MIN], "duration": 1.5, "number": u64::MAX,
            "floats": [0.5, -1.0], "shared": [true, false], "cow": ["ssh"],
        })
    );
}

#[test]
fn a_vouched_value_is_as_its_own_serialize_writes_it() {
    event!(Vouched #[telemetry(allow(because = "only a test has it"))] Option<Option<&'a str>>);
    assert_eq!(left_of(&Vouched::from(Some(Some("x")))), "x");
    assert_eq!(left(&Vouched::from(Some(None))), json!({}));
    assert_eq!(left(&Vouched::from(None)), json!({}));
}

#[test]
fn a_bound_belongs_to_the_bucket_above_it() {
    event!(Ints #[telemetry(bucket(-10, 0, 1_000))] i64);
    for (value, label) in [
        (i64::MIN, "<-10"),
        (-11, "<-10"),
        (-10, "-10..0"),
        (-1, "-10..0"),
        (0, "0..1000"),
        (999, "0..1000"),
        (1000, ">=1000"),
        (i64::MAX, ">=1000"),
    ] {
        assert_eq!(left_of(&Ints::from(value)), label, "{value}");
    }

    event!(Floats #[telemetry(bucket(0.5, 2.0))] f64);
    for (value, label) in [
        (f64::NEG_INFINITY, "<0.5"),
        (0.499, "<0.5"),
        (0.5, "0.5..2"),
        (2.0, ">=2"),
        (f64::INFINITY, ">=2"),
    ] {
        assert_eq!(left_of(&Floats::from(value)), label, "{value}");
    }
    assert_eq!(left(&Floats::from(f64::NAN)), json!({}));

    event!(Times #[telemetry(bucket(1, 60))] Duration);
    assert_eq!(left_of(&Times::from(Duration::from_nanos(999_999_999))), "<1");
    assert_eq!(left_of(&Times::from(Duration::from_secs(1))), "1..60");
    assert_eq!(left_of(&Times::from(Duration::MAX)), ">=60");

    event!(Wide #[telemetry(bucket(10))] u128);
    assert_eq!(left_of(&Wide::from(9)), "<10");
    assert_eq!(left_of(&Wide::from(u128::MAX)), ">=10");

    event!(Many #[telemetry(bucket(2))] Vec<Option<u8>>);
    assert_eq!(left_of(&Many::from(vec![Some(1), None, Some(2)])), json!(["<2", ">=2"]));
}

#[test]
fn a_known_value_or_other() {
    event!(Known #[telemetry(one_of("ssh", "winrm"))] Vec<&'a str>);
    let event = Known::from(vec!["ssh", "SSH", "", "ssh ", "winrm"]);
    assert_eq!(left_of(&event), json!(["ssh", "other", "other", "other", "winrm"]));
}

#[test]
fn an_address_becomes_its_network() {
    event!(Standard #[telemetry(truncate_ip)] Vec<IpAddr>);
    let addresses = ["203.0.113.77", "::ffff:203.0.113.77", "2001:db8:1:2:3::4", "::1"];
    let event = Standard::from(addresses.map(|text| text.parse().unwrap()).to_vec());
    assert_eq!(
        left_of(&event),
        json!(["203.0.113.0/24", "203.0.113.0/24", "2001:db8:1::/48", "::/48"])
    );

    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "diagnostics")]
    struct Own {
        #[telemetry(truncate_ip(v4 = 16, v6 = 32))]
        v4: Ipv4Addr,
        #[telemetry(truncate_ip(v4 = 16, v6 = 32))]
        v6: Ipv6Addr,
        #[telemetry(truncate_ip(v4 = 16))]
        socket: Option<SocketAddr>,
    }
    let event = Own {
        v4: Ipv4Addr::new(10, 20, 30, 40),
        v6: "2001:db8:1::1".parse().unwrap(),
        socket: Some("[::ffff:10.1.2.3]:80".parse().unwrap()),
    };
    assert_eq!(
        left(&event),
        json!({"v4": "10.20.0.0/16", "v6": "2001:db8::/32", "socket": "10.1.0.0/16"})
    );
}

#[test]
fn lengths_are_in_characters() {
    event!(Lengths #[telemetry(length)] Vec<&'a str>);
    assert_eq!(left_of(&Lengths::from(vec!["", "abc", "größe", "王王"])), json!([0, 3, 5, 2]));
}

#[test]
fn presence_says_whether_there_is_something() {
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "diagnostics")]
    struct Event<'a> {
        #[telemetry(presence)]
        none: Option<&'a Path>,
        #[telemetry(presence)]
        some: Option<PathBuf>,
        #[telemetry(presence)]
        empty: &'a str,
        #[telemetry(presence)]
        text: String,
        #[telemetry(presence)]
        list: Vec<String>,
    }
    let event = Event {
        none: None,
        some: Some(PathBuf::new()),
        empty: "",
        text: "x".into(),
        list: Vec::new(),
    };
    assert_eq!(
        left(&event),
        json!({"none": false, "some": true, "empty": false, "text": true, "list": false})
    );
}

#[test]
fn counts_are_of_elements() {
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "diagnostics")]
    struct Event<'a> {
        #[telemetry(count)]
        list: &'a [String],
        #[telemetry(count)]
        set: Option<BTreeSet<String>>,
        #[telemetry(count)]
        map: HashMap<String, String>,
    }
    let event = Event {
        list: &["a".into(), "b".into()],
        set: Some(BTreeSet::new()),
        map: HashMap::from([("k".into(), "v".into())]),
    };
    assert_eq!(left(&event), json!({"list": 2, "set": 0, "map": 1}));
}

#[test]
fn of_a_file_name_a_known_extension_is_left() {
    event!(Files #[telemetry(file_extension("rs", "toml"))] Vec<&'a str>);
    let event = Files::from(vec![
        "/home/jane/a.RS",
        r"C:\x\jane.toml",
        "jane.secret",
        "Makefile",
        ".rs",
        "/a.rs/b",
        "",
    ]);
    assert_eq!(left_of(&event), json!(["rs", "toml", "other"]));
}

#[test]
fn of_a_host_a_known_domain_is_left() {
    event!(Hosts #[telemetry(host_suffix("corp.example", "example"))] Vec<&'a str>);
    let event = Hosts::from(vec![
        "web-1.corp.example",
        "WEB-1.CORP.EXAMPLE.",
        "corp.example",
        "evilcorp.example",
        "corp.example.evil.test",
        "jane-laptop",
        "",
        "ü.corp.example",
        "é",
    ]);
    assert_eq!(
        left_of(&event),
        json!([
            "corp.example",
            "corp.example",
            "corp.example",
            "example",
            "other",
            "other",
            "corp.example",
            "other"
        ])
    );
}

#[test]
fn of_an_email_address_a_known_domain_is_left() {
    event!(Emails #[telemetry(email_domain("corp.example"))] Vec<&'a str>);
    let event = Emails::from(vec![
        "jane@corp.example",
        "jane@CORP.example",
        "jane@evil.test@corp.example",
        "jane@evilcorp.example",
        "jane@mail.corp.example",
        "jane@corp.example.",
        "not an address",
        "",
    ]);
    assert_eq!(
        left_of(&event),
        json!(["corp.example", "corp.example", "corp.example", "other", "other", "corp.example"])
    );
}

#[test]
fn the_authors_own_function() {
    fn initial(name: &str) -> Option<u32> {
        name.chars().next().map(u32::from)
    }
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "diagnostics")]
    struct Event<'a> {
        #[telemetry(with = initial)]
        name: &'a str,
        #[telemetry(with = initial)]
        empty: &'a str,
    }
    assert_eq!(left(&Event { name: "A", empty: "" }), json!({"name": 65}));
}

#[test]
fn nested_values_leave_by_their_own_policies() {
    #[derive(TelemetryFields)]
    struct Disk<'a> {
        #[telemetry(drop)]
        _mount: &'a str,
        #[telemetry(allow)]
        bytes: u64,
        #[telemetry(nested)]
        parts: Vec<Part>,
    }
    #[derive(TelemetryFields)]
    struct Part {
        #[telemetry(length)]
        label: String,
    }
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "diagnostics")]
    struct Event<'a> {
        #[telemetry(nested)]
        one: Disk<'a>,
        #[telemetry(nested)]
        many: Vec<Option<Disk<'a>>>,
        #[telemetry(keys(one_of("root")), values(nested))]
        named: BTreeMap<String, Disk<'a>>,
    }
    let disk =
        |bytes| Disk { _mount: "/home/jane", bytes, parts: vec![Part { label: "ab".into() }] };
    let event = Event {
        one: disk(1),
        many: vec![Some(disk(2)), None],
        named: BTreeMap::from([("root".into(), disk(3))]),
    };
    let shown = |bytes: u64| json!({"bytes": bytes, "parts": [{"label": 2}]});
    assert_eq!(
        left(&event),
        json!({"one": shown(1), "many": [shown(2)], "named": {"root": shown(3)}})
    );
}

#[test]
fn map_keys_have_a_policy() {
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "diagnostics")]
    struct Event {
        #[telemetry(keys(hash), values(length))]
        hashed: HashMap<String, String>,
        #[telemetry(keys(one_of("k", "l")), values(hash))]
        known: BTreeMap<String, String>,
        #[telemetry(keys(hash), values(allow))]
        empty: BTreeMap<String, u8>,
    }
    let event = Event {
        hashed: HashMap::from([("jane".into(), "abc".into())]),
        known: BTreeMap::from([
            ("jane".into(), "x".into()),
            ("k".into(), "v".into()),
            ("l".into(), String::new()),
        ]),
        empty: BTreeMap::from([(String::new(), 1)]),
    };
    let left = left(&event);
    let hashed = left["hashed"].as_object().unwrap();
    assert_eq!(hashed.len(), 1);
    assert!(hashed.keys().all(|key| is_pseudonym(key)), "{left}");
    assert_eq!(hashed.values().next(), Some(&json!(3)));
    // An unknown key is no entry, nor is one without a value: the hash of "".
    assert_eq!(left["known"].as_object().unwrap().keys().collect::<Vec<_>>(), ["k"]);
    assert!(is_pseudonym(left["known"]["k"].as_str().unwrap()));
    assert_eq!(left["empty"], json!({}));
}

fn is_pseudonym(text: &str) -> bool {
    text.strip_prefix("h1_").is_some_and(|hex| {
        hex.len() == 32 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[test]
fn a_hash_stands_for_each_value_and_for_no_empty_one() {
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "diagnostics")]
    struct Event<'a> {
        #[telemetry(hash)]
        many: Vec<Option<&'a str>>,
        #[telemetry(hash)]
        path: &'a Path,
        #[telemetry(hash)]
        number: u64,
        #[telemetry(hash)]
        empty: &'a str,
        #[telemetry(hash(sha256))]
        empty_sum: &'a str,
        #[telemetry(hash(sha256))]
        sum: &'a str,
        #[telemetry(hash(sha256, lowercase))]
        lower: &'a str,
    }
    let event = Event {
        many: vec![Some("a"), None, Some(""), Some("b"), Some("a")],
        path: Path::new("/home/jane"),
        number: 42,
        empty: "",
        empty_sum: "",
        sum: "Web-1",
        lower: "ABC",
    };
    let left = left(&event);
    let many: Vec<_> =
        left["many"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    assert_eq!(many.len(), 3);
    assert!(many.iter().all(|text| is_pseudonym(text)));
    assert_eq!(many[0], many[2]);
    assert_ne!(many[0], many[1]);
    assert!(is_pseudonym(left["path"].as_str().unwrap()));
    assert!(is_pseudonym(left["number"].as_str().unwrap()));
    assert!(left.get("empty").is_none() && left.get("empty_sum").is_none());
    // `printf %s abc | sha256sum`
    assert_eq!(left["lower"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_ne!(left["sum"], left["lower"]);
}

#[test]
fn fields_can_be_joined_by_their_domain_alone() {
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "diagnostics")]
    struct Event<'a> {
        #[telemetry(hash)]
        one: &'a str,
        #[telemetry(hash)]
        two: &'a str,
        #[telemetry(hash, domain = "host")]
        from: &'a str,
        #[telemetry(hash(lowercase), domain = "host")]
        to: &'a str,
    }
    let left = left(&Event { one: "web", two: "web", from: "web", to: "WEB" });
    assert_ne!(left["one"], left["two"]);
    assert_ne!(left["one"], left["from"]);
    assert_eq!(left["from"], left["to"]);
    let other = Sanitizer::new(Keys::new(Secret::from_bytes(&[8; 32]).unwrap()));
    let event = Event { one: "web", two: "web", from: "web", to: "WEB" };
    assert_ne!(read_back(other.sanitize(&event))["from"], left["from"]);
}

#[test]
fn a_field_of_a_refused_purpose_is_absent_alone() {
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "service")]
    struct Event {
        #[telemetry(allow)]
        always: u8,
        #[telemetry(allow, purpose = "model-training")]
        training: u8,
        #[telemetry(nested)]
        nested: Inner,
    }
    #[derive(TelemetryFields)]
    struct Inner {
        #[telemetry(allow, purpose = "diagnostics")]
        deep: u8,
    }
    let event = Event { always: 1, training: 2, nested: Inner { deep: 3 } };
    let sanitizer = sanitizer();
    assert_eq!(read_back(sanitizer.sanitize(&event)), json!({"always": 1, "nested": {}}));
    assert_eq!(
        read_back(sanitizer.sanitize_for(&event, &[Purpose::MODEL_TRAINING])),
        json!({"always": 1, "training": 2, "nested": {}})
    );
    assert_eq!(
        read_back(
            sanitizer.sanitize_for(&event, &vec![Purpose::MODEL_TRAINING, Purpose::DIAGNOSTICS])
        ),
        json!({"always": 1, "training": 2, "nested": {"deep": 3}})
    );
}

#[test]
fn every_variant_is_an_event_of_its_own() {
    #[derive(TelemetryEvent)]
    #[telemetry(name = "session", purpose = "service", rename_all = "camelCase")]
    enum Session<'a> {
        Started {
            #[telemetry(allow)]
            restored_tabs: u32,
        },
        #[telemetry(name = "session.crashed", purpose = "diagnostics")]
        Crashed(#[telemetry(scrub)] &'a str),
        Ended,
    }
    let started = Session::Started { restored_tabs: 2 };
    let crashed = Session::Crashed("in /home/jane/x");
    assert_eq!(left(&started), json!({"restoredTabs": 2}));
    assert_eq!(left(&crashed), json!({"0": "in /home/[user]/x"}));
    assert_eq!(left(&Session::Ended), json!({}));
    assert_eq!(started.schema().name, "session.started");
    assert_eq!(crashed.schema().name, "session.crashed");
    assert_eq!(crashed.schema().purpose, Purpose::DIAGNOSTICS);
}

#[test]
fn debug_of_the_raw_event_shows_allowed_values_and_names_of_policies() {
    #[derive(TelemetryEvent)]
    #[telemetry(name = "run.finished", purpose = "service")]
    struct Run<'a> {
        #[telemetry(allow)]
        attempts: u32,
        #[telemetry(allow)]
        code: Option<u8>,
        #[telemetry(hash)]
        host: &'a str,
        #[telemetry(drop)]
        _password: &'a str,
        #[telemetry(bucket(10))]
        seconds: u64,
        #[telemetry(allow(because = "only a test has it"))]
        vouched: &'a str,
    }
    let event = Run {
        attempts: 3,
        code: None,
        host: "web-1",
        _password: "hunter2",
        seconds: 77,
        vouched: "as it is",
    };
    assert_eq!(
        format!("{event:?}"),
        "run.finished { attempts: 3, code: <absent>, host: <hash>, _password: <drop>, \
         seconds: <bucket>, vouched: \"as it is\" }"
    );
    let sanitizer = sanitizer();
    let shown = format!("{:?}", sanitizer.sanitize(&event));
    let host = left(&event)["host"].as_str().unwrap().to_owned();
    assert_eq!(
        shown,
        format!(
            "run.finished {{\"attempts\": 3, \"host\": \"{host}\", \"seconds\": \">=10\", \
             \"vouched\": \"as it is\"}}"
        )
    );
}

#[test]
fn debug_of_what_a_function_makes_is_that_of_the_standard_librarys_derive() {
    #[derive(Debug, Clone, serde::Serialize)]
    enum Part {
        Whole,
        Tuple(u8, Option<u8>),
        Named { first: i64, rest: BTreeMap<u8, (bool, f64)> },
    }
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "service")]
    struct Made {
        #[telemetry(allow(because = "the parts of a test hold nothing personal"))]
        parts: Vec<Part>,
    }
    let rest = BTreeMap::from([(7, (true, 1.5))]);
    let parts = vec![Part::Whole, Part::Tuple(1, None), Part::Named { first: -1, rest }];
    let made = Made { parts: parts.clone() };
    let sanitizer = Sanitizer::new(Keys::session().unwrap());
    let own = format!("{parts:#?}").replace('\n', "\n    ");
    let shown = format!("{:#?}", sanitizer.sanitize(&made));
    assert!(shown.contains(&own), "{shown}");
}
