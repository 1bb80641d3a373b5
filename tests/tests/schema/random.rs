//! Lines at random, from the schema: what it can say passes every check, and a
//! near miss none.

use std::sync::LazyLock;

use proptest::prelude::*;
use telemetry_core::testing::strategies;
use telemetry_schema::verify::Verifier;
use telemetry_schema::{Schema, json_schema, lock};

use super::events::linked;

static SCHEMA: LazyLock<Schema> = LazyLock::new(linked);
static VALIDATOR: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| jsonschema::validator_for(&json_schema::all(&SCHEMA)).unwrap());

fn wrong(line: &serde_json::Value) -> Vec<String> {
    let mut found = Vec::new();
    let line = line.to_string();
    Verifier::new(&SCHEMA)
        .read(line.as_bytes(), |finding| found.push(finding.to_string()))
        .unwrap();
    found
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn what_the_schema_can_say_passes_every_check(line in strategies::line(&SCHEMA)) {
        prop_assert_eq!(wrong(&line), Vec::<String>::new());
        prop_assert!(VALIDATOR.is_valid(&line), "{}", line);
    }

    #[test]
    fn a_near_miss_is_found(miss in strategies::near_miss(&SCHEMA)) {
        prop_assert!(!wrong(&miss.line).is_empty(), "{}: {}", miss.wrong, miss.line);
    }
}

#[test]
fn every_domain_that_a_lock_can_hold_has_values() {
    let text = "telemetry-lock 1\n\nevent e; version 1; purpose p\n\
        field e a; allow; (bool, optional bool)\n\
        field e b; allow; up to 3 of \"x\" | \"y\"\n\
        field e c; allow; 2 of bool\n\
        field e d; round(7); -14..=14 step 7\n\
        field e e; truncate_ip; network(v4 = 24, v6 = 48)\n\
        field e f; keys(one_of(\"x\")), values(allow); map of \"x\" to bool\n\
        field e g; allow; list of list of bool\n\
        field e h; allow(because = \"x\"); vouched\n\
        field e i; hash(sha256); digest\n\
        field e j; clamp(0, 18446744073709551615); 0..=18446744073709551615\n";
    let schema = lock::parse(text).unwrap();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) };
    proptest!(config, |(fields in strategies::fields(&schema.events[0]))| {
        let line = serde_json::json!({ "event": "e", "version": 1, "purpose": "p", "fields": fields });
        let mut found = Vec::new();
        let line = line.to_string();
        Verifier::new(&schema).read(line.as_bytes(), |finding| found.push(finding.to_string())).unwrap();
        prop_assert_eq!(found, Vec::<String>::new(), "{}", line);
        prop_assert_eq!(fields.len(), 10);
    });
}
