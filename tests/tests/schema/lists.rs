//! Lists and maps under each policy: the schema says what each element is, and
//! how many lists there are around it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Value, json};
use telemetry_core::pseudonym::Keys;
use telemetry_core::{Sanitizer, TelemetryEvent, TelemetryFields};
use telemetry_schema::lock::domain_text;
use telemetry_schema::verify::{InvalidLine, Verifier, Violation};
use telemetry_schema::{Schema, json_schema};

use super::events::{Protocol, linked};

#[derive(TelemetryFields)]
struct Part<'a> {
    #[telemetry(hash)]
    name: &'a str,
    #[telemetry(allow)]
    local: bool,
}

fn words(text: &&str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

#[derive(TelemetryEvent)]
#[telemetry(name = "schema.lists", purpose = "diagnostics")]
struct Lists<'a> {
    #[telemetry(hash)]
    one: Option<&'a str>,
    #[telemetry(hash)]
    some: Vec<Option<&'a str>>,
    #[telemetry(hash)]
    perhaps: Option<Vec<&'a str>>,
    #[telemetry(hash)]
    three: [&'a str; 3],
    #[telemetry(hash)]
    deep: Vec<Vec<&'a str>>,
    #[telemetry(hash(sha256))]
    digests: &'a [&'a str],
    #[telemetry(hash(via = words))]
    words: &'a str,
    #[telemetry(scrub)]
    texts: [[&'a str; 2]; 2],
    #[telemetry(length)]
    lengths: Vec<&'a str>,
    #[telemetry(allow)]
    protocols: Vec<Protocol>,
    #[telemetry(allow)]
    flags: [Vec<bool>; 2],
    #[telemetry(allow)]
    pairs: Vec<(Option<Protocol>, bool)>,
    #[telemetry(one_of("a", "b"))]
    known: Vec<&'a str>,
    #[telemetry(truncate_ip)]
    addresses: Vec<IpAddr>,
    #[telemetry(length, clamp(0, 9))]
    digits: Vec<&'a str>,
    #[telemetry(nested)]
    parts: Vec<Part<'a>>,
    #[telemetry(keys(hash), values(hash))]
    owners: BTreeMap<&'a str, Vec<&'a str>>,
    #[telemetry(keys(hash), values(nested))]
    hosts: BTreeMap<&'a str, Part<'a>>,
    #[telemetry(keys(one_of("x", "y")), values(keys(hash), values(scrub)))]
    both: BTreeMap<&'a str, BTreeMap<&'a str, Option<&'a str>>>,
}

fn fields() -> Value {
    let part = |name, local| Part { name, local };
    let lists = Lists {
        one: Some("web-1"),
        some: vec![Some("web-1"), None, Some("")],
        perhaps: Some(vec!["web-1", "web-2"]),
        three: ["web-1", "", "web-2"],
        deep: vec![vec!["web-1"], vec![]],
        digests: &["web-1", "web-2"],
        words: "a few words",
        texts: [["cannot reach web-1", ""], ["so", "what"]],
        lengths: vec!["a", "few"],
        protocols: vec![Protocol::Ssh, Protocol::WinRm],
        flags: [vec![true], vec![]],
        pairs: vec![(None, true), (Some(Protocol::Ssh), false)],
        known: vec!["a", "jane"],
        addresses: vec!["203.0.113.7".parse().unwrap(), "2001:db8::1".parse().unwrap()],
        digits: vec!["few", "more than nine"],
        parts: vec![part("web-1", true), part("web-2", false)],
        owners: BTreeMap::from([("web-1", vec!["jane", "joe"])]),
        hosts: BTreeMap::from([("web-1", part("web-1", true))]),
        both: BTreeMap::from([("x", BTreeMap::from([("web-1", Some("down")), ("web-2", None)]))]),
    };
    let sanitizer = Sanitizer::new(Keys::session().unwrap());
    serde_json::to_value(sanitizer.sanitize(&lists)).unwrap()
}

fn line(fields: Value) -> Value {
    json!({ "event": "schema.lists", "version": 1, "purpose": "diagnostics", "fields": fields })
}

fn check(schema: &Schema, line: &Value) -> Vec<InvalidLine> {
    let mut findings = Vec::new();
    let line = line.to_string();
    Verifier::new(schema).read(line.as_bytes(), |finding| findings.push(finding)).unwrap();
    findings
}

#[test]
fn the_lock_says_of_each_list_what_its_elements_are() {
    let schema = linked();
    let event = schema.events.iter().find(|event| event.name == "schema.lists").unwrap();
    let said = |name: &str| {
        let field = event.fields.iter().find(|field| field.name == name).unwrap();
        domain_text(&field.domain)
    };
    for (name, domain) in [
        ("one", "pseudonym"),
        ("some", "list of pseudonym"),
        ("perhaps", "list of pseudonym"),
        // Of an empty name nothing is left.
        ("three", "up to 3 of pseudonym"),
        ("deep", "list of list of pseudonym"),
        ("digests", "list of digest"),
        ("words", "list of pseudonym"),
        ("texts", "2 of 2 of text"),
        ("lengths", "list of number"),
        ("protocols", "list of \"ssh\" | \"win_rm\""),
        ("flags", "2 of list of bool"),
        ("pairs", "list of (optional \"ssh\" | \"win_rm\", bool)"),
        ("known", "list of \"a\" | \"b\" | \"other\""),
        ("addresses", "list of network(v4 = 24, v6 = 48)"),
        ("digits", "list of 0..=9"),
        ("parts", "list of fields"),
        ("owners", "map of pseudonym to list of pseudonym"),
        ("hosts", "map of pseudonym to fields"),
        ("both", "map of \"x\" | \"y\" to map of pseudonym to text"),
    ] {
        assert_eq!(said(name), domain, "{name}");
    }
    let host = event.fields.iter().find(|field| field.name == "hosts").unwrap();
    assert_eq!(host.fields.len(), 2, "the parts of a map's values have lines of their own");
    let text = telemetry_schema::lock::write(&schema);
    let read = telemetry_schema::lock::parse(&text).unwrap();
    assert_eq!(telemetry_schema::lock::write(&read), text);
}

#[test]
fn what_stands_in_lists_and_maps_is_checked_element_by_element() {
    let schema = linked();
    let validator = jsonschema::validator_for(&json_schema::all(&schema)).unwrap();
    let good = line(fields());
    assert_eq!(check(&schema, &good), []);
    let said: Vec<_> = validator.iter_errors(&good).map(|error| error.to_string()).collect();
    assert!(said.is_empty(), "{said:?}");

    let pseudonym = "h1_00112233445566778899aabbccddeeff";
    let cases: &[(&str, Value, &str, Violation)] = &[
        // Raw text where a pseudonym is due, however deep.
        ("/some/0", json!("jane"), "some", Violation::RawText),
        ("/perhaps/1", json!("jane"), "perhaps", Violation::RawText),
        ("/three/1", json!("jane"), "three", Violation::RawText),
        ("/deep/0/0", json!("jane"), "deep", Violation::RawText),
        ("/digests/1", json!("jane"), "digests", Violation::RawText),
        ("/digests/1", json!(pseudonym), "digests", Violation::NotAPseudonym),
        ("/words/2", json!("jane"), "words", Violation::RawText),
        ("/parts/1/name", json!("jane"), "parts.name", Violation::RawText),
        ("/owners", json!({ "jane": [] }), "owners.(a key)", Violation::RawText),
        ("/owners", json!({ pseudonym: ["jane"] }), "owners", Violation::RawText),
        (
            "/hosts",
            json!({ pseudonym: { "name": "jane", "local": true } }),
            "hosts.name",
            Violation::RawText,
        ),
        ("/hosts", json!({ pseudonym: { "user": 1 } }), "hosts.user", Violation::UnknownField),
        ("/both", json!({ "x": { "jane": "down" } }), "both.(a key)", Violation::RawText),
        ("/both", json!({ "z": {} }), "both.(a key)", Violation::OutsideDomain),
        // One where many are due, and many where one is.
        ("/one", json!([pseudonym]), "one", Violation::NotAPseudonym),
        ("/some", json!(pseudonym), "some", Violation::WrongType),
        ("/some/0", json!([pseudonym]), "some", Violation::NotAPseudonym),
        ("/deep/0", json!(pseudonym), "deep", Violation::WrongType),
        ("/deep/0/0", json!([pseudonym]), "deep", Violation::NotAPseudonym),
        ("/owners", json!({ pseudonym: pseudonym }), "owners", Violation::WrongType),
        ("/owners", json!([{}]), "owners", Violation::WrongType),
        ("/parts", json!({ "name": pseudonym, "local": true }), "parts", Violation::WrongType),
        ("/hosts", json!({ pseudonym: [] }), "hosts", Violation::WrongType),
        // Never null, and no more than there can be.
        ("/some/0", json!(null), "some", Violation::NotAPseudonym),
        (
            "/three",
            json!([pseudonym, pseudonym, pseudonym, pseudonym]),
            "three",
            Violation::OutsideDomain,
        ),
        ("/texts", json!([["a", "b"]]), "texts", Violation::OutsideDomain),
        ("/texts/0/0", json!(3), "texts", Violation::WrongType),
        ("/lengths/0", json!("jane"), "lengths", Violation::WrongType),
        ("/protocols/0", json!("telnet"), "protocols", Violation::OutsideDomain),
        ("/flags/0/0", json!("true"), "flags", Violation::WrongType),
        ("/pairs/0", json!([]), "pairs", Violation::OutsideDomain),
        ("/pairs/1", json!([true, false]), "pairs", Violation::OutsideDomain),
        ("/known/1", json!("jane"), "known", Violation::OutsideDomain),
        ("/addresses/0", json!("203.0.113.7"), "addresses", Violation::OutsideDomain),
        ("/digits/1", json!(12), "digits", Violation::OutsideDomain),
    ];
    for (path, value, field, kind) in cases {
        let mut wrong = fields();
        *wrong.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value.clone();
        let wrong = line(wrong);
        let findings = check(&schema, &wrong);
        let places: Vec<_> =
            findings.iter().map(|found| (found.line, found.field.as_deref(), found.kind)).collect();
        assert_eq!(places, [(1, Some(*field), *kind)], "{path} {value}");
        assert!(!findings[0].to_string().contains("jane"), "{}", findings[0]);
        assert!(!validator.is_valid(&wrong), "{path} {value}");
    }
}
