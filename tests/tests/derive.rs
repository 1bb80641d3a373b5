//! What the derives make of every shape and policy, seen in the output.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use serde::Serialize;
use serde_json::{Value, json};
use telemetry_core::event::Sanitized;
use telemetry_core::pseudonym::Keys;
use telemetry_core::schema::{Parts, Purpose, linked};
use telemetry_core::{Sanitizer, TelemetryEvent, TelemetryFields, TelemetryValue};

fn sanitizer() -> Sanitizer {
    Sanitizer::new(Keys::session().unwrap())
}

fn json<E: TelemetryEvent>(event: &E) -> Value {
    serde_json::to_value(sanitizer().sanitize(event)).unwrap()
}

#[derive(Clone, Copy, TelemetryValue)]
enum Protocol {
    Ssh,
    WinRm,
    #[telemetry(rename = "HTTPS!")]
    Https,
}

/// A run ended.
///
/// It may have failed.
#[derive(TelemetryEvent)]
#[telemetry(name = "run.finished", purpose = "product-improvement", version = 2)]
struct RunFinished<'a> {
    /// Subcommand that ran.
    #[telemetry(one_of("converge", "upload"))]
    command: &'a str,
    #[telemetry(drop)]
    arguments: &'a [String],
    #[telemetry(hash)]
    target: &'a str,
    #[telemetry(allow)]
    protocol: Protocol,
    #[telemetry(bucket(100, 1_000))]
    duration_ms: u64,
    #[telemetry(scrub)]
    error: Option<&'a str>,
    #[telemetry(truncate_ip)]
    address: Option<IpAddr>,
    #[telemetry(allow(because = "a constant of the program"), rename = "channel-name")]
    channel: String,
}

fn run(target: &str) -> RunFinished<'_> {
    RunFinished {
        command: "delete",
        arguments: &[],
        target,
        protocol: Protocol::WinRm,
        duration_ms: 500,
        error: None,
        address: Some(IpAddr::from([203, 0, 113, 9])),
        channel: "stable".into(),
    }
}

#[test]
fn each_field_leaves_by_its_policy_and_in_order() {
    let line = serde_json::to_string(&sanitizer().sanitize(&run(""))).unwrap();
    assert_eq!(
        line,
        concat!(
            r#"{"command":"other","protocol":"win_rm","duration_ms":"100..1000","#,
            r#""address":"203.0.113.0/24","channel-name":"stable"}"#
        )
    );
    assert!(!line.contains("arguments"), "a dropped field is absent");
    assert!(!line.contains("target"), "an empty value has no pseudonym");
}

#[test]
fn debug_shows_allowed_values_and_the_names_of_the_other_policies() {
    let shown = format!("{:?}", run("web-1"));
    assert_eq!(
        shown,
        "run.finished { command: <one_of>, arguments: <drop>, target: <hash>, \
         protocol: \"win_rm\", duration_ms: <bucket>, error: <scrub>, address: <truncate_ip>, \
         channel-name: \"stable\" }"
    );
}

#[test]
fn the_schema_says_what_the_source_says() {
    let [event] = RunFinished::SCHEMA else { panic!("one event") };
    assert_eq!((event.name, event.version), ("run.finished", 2));
    assert_eq!(event.purpose, Purpose::PRODUCT_IMPROVEMENT);
    assert_eq!(event.description, "A run ended.\n\nIt may have failed.");
    let types: Vec<&str> = event.fields.iter().map(|field| field.rust_type).collect();
    let expected = [
        "&'a str",
        "&'a [String]",
        "&'a str",
        "Protocol",
        "u64",
        "Option<&'a str>",
        "Option<IpAddr>",
        "String",
    ];
    assert_eq!(types, expected);
    assert_eq!(event.fields[0].description, "Subcommand that ran.");
    let policies: Vec<String> = event.fields.iter().map(|field| field.policy.to_string()).collect();
    assert_eq!(
        policies,
        [
            r#"one_of("converge", "upload")"#,
            "drop",
            "hash",
            "allow",
            "bucket(100, 1000)",
            "scrub",
            "truncate_ip(v4 = 24, v6 = 48)",
            r#"allow(because = "a constant of the program")"#,
        ]
    );
}

#[test]
fn linked_events_are_listed_by_name() {
    let names: Vec<&str> = linked().map(|event| event.name).collect();
    assert!(names.contains(&"run.finished") && names.contains(&"job.ended"), "{names:?}");
    assert!(names.is_sorted());
    assert!(!names.contains(&"generic"), "a generic event is many types");
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service", rename_all = "camelCase")]
enum Job<'a> {
    /// It starts.
    Started,
    #[telemetry(name = "job.ended", purpose = "diagnostics", version = 3)]
    Finished {
        #[telemetry(allow)]
        exit_code: i32,
        #[telemetry(drop)]
        _log: &'a str,
    },
    Failed(
        #[telemetry(length)] String,
        #[telemetry(drop)] &'a str,
        #[telemetry(allow, rename = "code")] u8,
    ),
}

#[test]
fn each_variant_is_an_event() {
    let described: Vec<_> =
        Job::SCHEMA.iter().map(|event| (event.name, event.version, event.purpose.name())).collect();
    assert_eq!(
        described,
        [
            ("job.started", 1, "service"),
            ("job.ended", 3, "diagnostics"),
            ("job.failed", 1, "service")
        ]
    );
    assert_eq!(json(&Job::Started), json!({}));
    assert_eq!(json(&Job::Finished { exit_code: 3, _log: "x" }), json!({"exitCode": 3}));
    assert_eq!(json(&Job::Failed("ab".into(), "x", 7)), json!({"0": 2, "code": 7}));
    let (sanitizer, failed) = (sanitizer(), Job::Failed(String::new(), "", 0));
    assert_eq!(sanitizer.sanitize(&failed).schema().name, "job.failed");
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Maps<'a> {
    #[telemetry(keys(one_of("a", "b")), values(allow))]
    known: BTreeMap<&'a str, u32>,
    #[telemetry(keys(hash), values(count))]
    hashed: HashMap<String, Vec<String>>,
    #[telemetry(keys(allow), values(keys(one_of("x")), values(one_of("y"))))]
    twice: Option<BTreeMap<u32, BTreeMap<String, String>>>,
    #[telemetry(keys(hash), values(keys(hash), values(hash)))]
    all_hashed: BTreeMap<String, BTreeMap<String, String>>,
}

#[test]
fn keys_and_values_of_maps_have_policies_of_their_own() {
    let value = json(&Maps {
        known: BTreeMap::from([("a", 1), ("jane", 2), ("joe", 3)]),
        hashed: HashMap::from([("web-1".into(), vec!["x".into()])]),
        twice: Some(BTreeMap::from([(7, BTreeMap::from([("x".into(), "z".into())]))])),
        all_hashed: BTreeMap::from([(
            "web".into(),
            BTreeMap::from([("web".into(), "web".into())]),
        )]),
    });
    assert_eq!(value["known"], json!({"a": 1}), "unknown keys are left out: they would collide");
    assert_eq!(value["twice"], json!({"7": {"x": "other"}}));
    let hashed = value["hashed"].as_object().unwrap();
    assert_eq!(hashed.values().collect::<Vec<_>>(), [&json!(1)]);
    let (outer, inner) = value["all_hashed"].as_object().unwrap().iter().next().unwrap();
    let (key, leaf) = inner.as_object().unwrap().iter().next().unwrap();
    assert!(outer != key && Some(key.as_str()) != leaf.as_str(), "each place has a key of its own");
    assert!(!value.to_string().contains("web"));
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Visit<'a> {
    #[telemetry(nested)]
    system: Vec<System<'a>>,
    #[telemetry(hash, domain = "host")]
    host: &'a str,
    #[telemetry(hash)]
    host_of_its_own: &'a str,
    #[telemetry(with = Visit::tens)]
    size: u64,
    #[telemetry(presence)]
    user: Option<&'a str>,
    #[telemetry(allow, purpose = "model-training")]
    score: u32,
}

impl Visit<'_> {
    fn tens(size: &u64) -> u64 {
        size / 10
    }
}

#[derive(TelemetryFields)]
#[telemetry(rename_all = "UPPERCASE")]
struct System<'a> {
    #[telemetry(allow)]
    cores: u8,
    #[telemetry(drop)]
    serial: &'a str,
    #[telemetry(hash, domain = "host")]
    host: &'a str,
}

fn visit<'a>() -> Visit<'a> {
    Visit {
        system: vec![System { cores: 4, serial: "42", host: "web-1" }],
        host: "web-1",
        host_of_its_own: "web-1",
        size: 123,
        user: Some("jane"),
        score: 9,
    }
}

#[test]
fn fields_of_one_domain_can_be_joined_and_others_cannot() {
    let value = json(&visit());
    assert_eq!(value["host"], value["system"][0]["HOST"]);
    assert_ne!(value["host"], value["host_of_its_own"]);
    assert_eq!(value["size"], 12);
    assert_eq!(value["user"], true);
    assert_eq!(value["system"][0]["CORES"], 4);
    assert_eq!(value["system"][0].get("SERIAL"), None);
}

#[test]
fn nested_fields_stand_in_the_schema_and_in_debug() {
    let Parts::Nested(fields) = Visit::SCHEMA[0].fields[0].policy.parts else { panic!("nested") };
    assert_eq!(fields, System::FIELDS);
    assert_eq!(
        format!("{:?}", visit().system[0]),
        "system { CORES: 4, SERIAL: <drop>, HOST: <hash> }"
    );
}

#[test]
fn a_field_with_a_purpose_of_its_own_is_absent_until_that_is_granted() {
    assert_eq!(Visit::SCHEMA[0].fields[5].purpose, Some(Purpose::MODEL_TRAINING));
    assert_eq!(json(&visit()).get("score"), None);
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Generic<T, U, const N: usize> {
    #[telemetry(allow)]
    allowed: [T; N],
    #[telemetry(hash)]
    hashed: Option<U>,
}

#[test]
fn generic_events_hold_what_their_policies_take() {
    let event = Generic { allowed: [true, false], hashed: Some(String::from("jane")) };
    let value = json(&event);
    assert_eq!(value["allowed"], json!([true, false]));
    assert!(value["hashed"].is_string() && value["hashed"] != "jane");
}

#[derive(Default, TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Many {
    #[telemetry(allow)]
    f0: u8,
    #[telemetry(allow)]
    f1: u8,
    #[telemetry(allow)]
    f2: u8,
    #[telemetry(allow)]
    f3: u8,
    #[telemetry(allow)]
    f4: u8,
    #[telemetry(allow)]
    f5: u8,
    #[telemetry(allow)]
    f6: u8,
    #[telemetry(allow)]
    f7: u8,
    #[telemetry(allow)]
    f8: u8,
    #[telemetry(allow)]
    f9: u8,
    #[telemetry(allow)]
    f10: u8,
    #[telemetry(allow)]
    f11: u8,
    #[telemetry(allow)]
    f12: u8,
    #[telemetry(allow)]
    f13: u8,
    #[telemetry(allow)]
    f14: u8,
    #[telemetry(drop)]
    f15: u8,
    #[telemetry(allow)]
    f16: u8,
    #[telemetry(drop)]
    f17: u8,
    #[telemetry(allow)]
    f18: u8,
}

#[test]
fn an_event_of_many_fields_keeps_their_names_with_their_values() {
    let value = json(&Many { f0: 100, f14: 114, f16: 116, f18: 118, ..Many::default() });
    for (name, expected) in [("f0", 100), ("f14", 114), ("f16", 116), ("f18", 118)] {
        assert_eq!(value[name], expected, "{name}");
    }
    assert_eq!(value.as_object().unwrap().len(), 17, "two are dropped");
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Protocols {
    #[telemetry(allow)]
    all: [Protocol; 3],
}

#[test]
fn values_leave_by_their_names() {
    let value = json(&Protocols { all: [Protocol::Ssh, Protocol::WinRm, Protocol::Https] });
    assert_eq!(value, json!({"all": ["ssh", "win_rm", "HTTPS!"]}));
}

/// A raw event has no way out: only this, with the sanitised form, compiles.
#[test]
fn the_sanitised_form_alone_is_serialisable() {
    fn serialisable<T: Serialize>(_: &T) {}
    let (sanitizer, event) = (sanitizer(), run("web-1"));
    let sanitised: Sanitized<'_, _> = sanitizer.sanitize(&event);
    serialisable(&sanitised);
}
