//! Stored lines against the schema.

use std::collections::BTreeMap;
use std::io::{self, Read};

use serde_json::{Value, json};
use telemetry_core::Sanitizer;
use telemetry_core::pseudonym::Keys;
use telemetry_core::testing::TestTelemetry;
use telemetry_schema::verify::{InvalidLine, Summary, Verifier, Violation};

use super::events::{Closed, Generic, Host, Measured, Protocol, Run, linked};

/// What `Run` makes under the policies of its fields, in a stored line.
fn line() -> Value {
    let arguments = vec!["--password".to_owned()];
    let run = Run {
        command: "converge",
        arguments: &arguments,
        target: Some("web-1.example"),
        targets: vec!["a", "b"],
        protocol: Some(Protocol::Ssh),
        address: "203.0.113.7".parse().unwrap(),
        duration_ms: 250,
        attempts: 3,
        bytes: 1 << 40,
        error: Some("cannot reach alice@example.com"),
        host: Host { name: "web-1", local: true },
        columns: BTreeMap::from([("name", 3), ("secret", 1)]),
        digest: "web-1",
        code: "E17",
    };
    line_of("schema.run", 3, "product-improvement", &run)
}

fn line_of<E: telemetry_core::TelemetryEvent>(
    name: &str,
    version: u32,
    purpose: &str,
    event: &E,
) -> Value {
    let sanitizer = Sanitizer::new(Keys::session().unwrap());
    let fields = serde_json::to_value(sanitizer.sanitize(event)).unwrap();
    json!({
        "id": "00112233445566778899aabb-1",
        "time": "2026-01-01T00:00:00.000Z",
        "event": name,
        "version": version,
        "purpose": purpose,
        "generation": 0,
        "installation": "8c6a0b2e-0000-4000-8000-000000000000",
        "container": true,
        "fields": fields,
    })
}

fn check(lines: &[u8]) -> (Summary, Vec<InvalidLine>) {
    let mut findings = Vec::new();
    let summary = Verifier::new(&linked()).read(lines, |finding| findings.push(finding)).unwrap();
    (summary, findings)
}

/// The one finding about `line` after `change`.
fn wrong(change: impl Fn(&mut Value)) -> InvalidLine {
    let mut line = line();
    change(&mut line);
    let (summary, mut findings) = check(line.to_string().as_bytes());
    assert_eq!((summary.wrong, findings.len()), (1, 1), "{findings:?}");
    findings.remove(0)
}

#[test]
fn what_the_policies_make_is_inside_the_schema() {
    let closed = Closed { protocols: [Protocol::Ssh, Protocol::WinRm], worked: None };
    let lines = [
        line(),
        line_of("schema.closed", 1, "diagnostics", &closed),
        line_of("schema.generic", 1, "diagnostics", &Generic { kind: true }),
        line_of("schema.generic", 1, "diagnostics", &Generic { kind: Protocol::WinRm }),
    ];
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let (summary, findings) = check(text.as_bytes());
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!((summary.lines, summary.bytes), (4, text.len() as u64));
}

#[test]
fn each_thing_that_is_wrong_is_named_with_its_field() {
    let set = |path: &'static str, value: Value| {
        move |line: &mut Value| *line["fields"].pointer_mut(path).unwrap() = value.clone()
    };
    let cases: [(&str, Value, &str, Violation); 16] = [
        ("/command", json!("rm -rf"), "command", Violation::OutsideDomain),
        ("/command", json!(3), "command", Violation::OutsideDomain),
        ("/target", json!("web-1.example"), "target", Violation::RawText),
        ("/target", json!("h1_"), "target", Violation::RawText),
        (
            "/target",
            json!("h1_00112233445566778899AABBCCDDEEFF"),
            "target",
            Violation::NotAPseudonym,
        ),
        ("/target", json!("d41d8cd98f00b204e9800998ecf8427e"), "target", Violation::NotAPseudonym),
        (
            "/target",
            json!("h2_00112233445566778899aabbccddeeff"),
            "target",
            Violation::NotAPseudonym,
        ),
        ("/target", json!(true), "target", Violation::NotAPseudonym),
        ("/targets/1", json!("bob"), "targets", Violation::RawText),
        ("/digest", json!("bob"), "digest", Violation::RawText),
        ("/address", json!("203.0.113.7"), "address", Violation::OutsideDomain),
        ("/address", json!("203.0.113.7/24"), "address", Violation::OutsideDomain),
        ("/attempts", json!(256), "attempts", Violation::OutsideDomain),
        ("/attempts", json!(1.5), "attempts", Violation::OutsideDomain),
        ("/host/name", json!("web-1"), "host.name", Violation::RawText),
        ("/bytes", json!("many"), "bytes", Violation::WrongType),
    ];
    for (path, value, field, kind) in cases {
        let finding = wrong(set(path, value.clone()));
        assert_eq!((finding.field.as_deref(), finding.kind), (Some(field), kind), "{path} {value}");
        assert_eq!(finding.event.as_deref(), Some("schema.run"));
        // What should not be there may be personal data.
        if let Some(text) = value.as_str().filter(|text| text.len() > 2 && *text != "h1_") {
            assert!(!finding.to_string().contains(text), "{finding}");
        }
    }
    let finding = wrong(|line| line["fields"]["password"] = json!("hunter2"));
    assert_eq!(
        (finding.field.as_deref(), finding.kind),
        (Some("password"), Violation::UnknownField)
    );
    let finding = wrong(|line| line["fields"]["arguments"] = json!(["x"]));
    assert_eq!(
        (finding.field.as_deref(), finding.kind),
        (Some("arguments"), Violation::UnknownField)
    );
    let finding = wrong(|line| line["fields"]["columns"]["secret"] = json!(1));
    assert_eq!(
        (finding.field.as_deref(), finding.kind),
        (Some("columns.(a key)"), Violation::OutsideDomain)
    );
    assert_eq!(wrong(|line| line["event"] = json!("other")).kind, Violation::UnknownEvent);
    assert_eq!(wrong(|line| line["version"] = json!(4)).kind, Violation::OtherSchema);
    assert_eq!(wrong(|line| line["purpose"] = json!("service")).kind, Violation::OtherSchema);
    assert_eq!(wrong(|line| line["hostname"] = json!("web-1")).kind, Violation::UnknownField);
    assert_eq!(wrong(|line| line["fields"] = json!([])).kind, Violation::NotAnEvent);
    assert_eq!(wrong(|line| *line = json!([1])).kind, Violation::NotAnEvent);
}

#[test]
fn lines_are_counted_and_erased_ones_left_aside() {
    let good = line().to_string();
    let bad = good.replace("\"converge\"", "\"x\"");
    let text = format!("{good}\r\n{}\n\n{bad}\n{good}\nnot json\n{bad}", " ".repeat(100));
    let (summary, findings) = check(text.as_bytes());
    let places: Vec<_> = findings.iter().map(|finding| (finding.line, finding.kind)).collect();
    assert_eq!(
        places,
        [(4, Violation::OutsideDomain), (6, Violation::NotAnEvent), (7, Violation::OutsideDomain)]
    );
    assert_eq!((summary.lines, summary.wrong), (5, 3));
    assert_eq!(
        summary.findings,
        BTreeMap::from([(Violation::OutsideDomain, 2), (Violation::NotAnEvent, 1)])
    );
}

#[test]
fn what_is_no_json_is_never_taken_for_an_event() {
    let good = line().to_string();
    for broken in [
        good.replacen('}', "", 1),
        format!("{good}x"),
        good.replace("\"attempts\":3", "\"attempts\":03"),
        good.replace("\"attempts\":3", "\"attempts\":3."),
        good.replace("\"attempts\":3", "\"attempts\":nul"),
        good.replace("\"attempts\":3", "\"attempts\":3,"),
        good.replace("converge", "con\\xverge"),
        good.replace("converge", "con\tverge"),
        "[".repeat(100_000),
        "{\"event\":".repeat(50_000),
    ] {
        let (_, findings) = check(broken.as_bytes());
        assert_eq!(
            findings.last().map(|finding| finding.kind),
            Some(Violation::NotAnEvent),
            "{broken:.200}"
        );
        assert!(serde_json::from_str::<Value>(&broken).is_err());
    }
    let mut invalid = good.into_bytes();
    let at = invalid.windows(8).position(|bytes| bytes == b"converge").unwrap();
    invalid[at] = 0xff;
    assert_eq!(check(&invalid).1[0].kind, Violation::NotAnEvent);
}

#[test]
fn a_value_in_other_words_of_json_is_the_same_value() {
    let spaced = serde_json::to_string_pretty(&line()).unwrap().replace('\n', " ");
    let escaped = line().to_string().replace("converge", "\\u0063onverge");
    for text in [spaced, escaped] {
        let (summary, findings) = check(text.trim_start().as_bytes());
        assert!(findings.is_empty() && summary.lines == 1, "{findings:?}");
    }
    // A raw name does not hide behind an escape.
    let hidden = line().to_string().replace("\"h1_", "\"\\u00681_x");
    assert!(!check(hidden.as_bytes()).1.is_empty());
}

/// Hands over one byte at a time, so that every line is cut everywhere.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let some = self.0.len().min(1).min(buffer.len());
        buffer[..some].copy_from_slice(&self.0[..some]);
        self.0 = &self.0[some..];
        Ok(some)
    }
}

#[test]
fn it_does_not_matter_how_the_bytes_arrive() {
    let good = line().to_string();
    let long = format!("{{\"event\":\"{}\"", "x".repeat(700_000));
    let text = format!("{good}\n{}\n{long}\n{good}", good.replace("converge", "x"));
    let at_once = check(text.as_bytes());
    let mut findings = Vec::new();
    let summary = Verifier::new(&linked())
        .read(Slow(text.as_bytes()), |finding| findings.push(finding))
        .unwrap();
    assert_eq!((summary, findings), at_once);
}

#[test]
fn of_a_counted_event_only_counts_are_inside_the_schema() {
    let good = json!({
        "id": "00112233445566778899aabb-1", "time": "2026-01-01T00:00:00.000Z", "event": "schema.counted",
        "version": 1, "purpose": "product-improvement", "generation": 0, "period": "day",
        "counts": [{ "fields": { "protocol": "ssh" }, "count": 3 }, { "other": true, "count": 1 }],
    });
    let (summary, findings) = check(good.to_string().as_bytes());
    assert!(findings.is_empty() && summary.lines == 1, "{findings:?}");
    let kinds = |change: &dyn Fn(&mut Value)| -> Vec<Violation> {
        let mut line = good.clone();
        change(&mut line);
        check(line.to_string().as_bytes()).1.into_iter().map(|finding| finding.kind).collect()
    };
    assert_eq!(kinds(&|line| line["period"] = json!("hour")), [Violation::OtherSchema]);
    assert_eq!(
        kinds(&|line| line["counts"][0]["fields"]["protocol"] = json!("x")),
        [Violation::OutsideDomain]
    );
    assert_eq!(kinds(&|line| line["counts"][0]["count"] = json!(0.5)), [Violation::WrongType]);
    assert_eq!(kinds(&|line| line["counts"][0]["host"] = json!("x")), [Violation::UnknownField]);
    assert_eq!(kinds(&|line| line["counts"] = json!(3)), [Violation::WrongType]);
    let named = |line: &mut Value| line["installation"] = json!("8c6a0b2e");
    assert_eq!(kinds(&named), [Violation::OtherSchema], "no id of the installation is with them");
    let single = |line: &mut Value| {
        line["fields"] = json!({ "protocol": "ssh" });
        line.as_object_mut().unwrap().remove("counts");
    };
    assert_eq!(kinds(&single), [Violation::OtherSchema]);
    assert_eq!(kinds(&|line| line["fields"] = json!({})), [Violation::NotAnEvent]);
    let all = telemetry_schema::json_schema::all(&linked());
    let validator = jsonschema::validator_for(&all).unwrap();
    assert!(validator.is_valid(&good), "{all:#}");
    let mut wrong = good.clone();
    named(&mut wrong);
    assert!(!validator.is_valid(&wrong));
    let mut wrong = good.clone();
    wrong["counts"][0]["fields"]["protocol"] = json!("x");
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn of_a_histogram_the_ranges_are_those_of_the_schema() {
    let test = TestTelemetry::new("app").unwrap();
    for (protocol, took_ms) in [(Protocol::Ssh, 3), (Protocol::Ssh, 5_000), (Protocol::WinRm, 100)]
    {
        test.telemetry().record(&Measured { protocol, took_ms, load_percent: Some(0.1) });
    }
    let mut lines = test.finish().unwrap();
    let good: Value = serde_json::from_slice(&lines.remove(0).raw).unwrap();
    let (summary, findings) = check(good.to_string().as_bytes());
    assert!(findings.is_empty() && summary.lines == 1, "{findings:?} {good}");
    let all = telemetry_schema::json_schema::all(&linked());
    let validator = jsonschema::validator_for(&all).unwrap();
    assert!(validator.is_valid(&good), "{all:#} {good}");

    let place = "/counts/0/histograms";
    let cases = [
        ("/took_ms/ranges", json!([1, 0]), Violation::OutsideDomain),
        ("/took_ms/ranges", json!([1, 0, -1]), Violation::WrongType),
        ("/took_ms/ranges/0", json!(0.5), Violation::WrongType),
        ("/took_ms/bounds", json!([10, 101]), Violation::OutsideDomain),
        ("/load_percent/bounds/0", json!(0.2), Violation::OutsideDomain),
        ("/took_ms", json!(3), Violation::WrongType),
        ("/took_ms/sum", json!("jane"), Violation::UnknownField),
    ];
    for (path, value, kind) in cases {
        let mut line = good.clone();
        *line.pointer_mut(&format!("{place}{path}")).unwrap() = value;
        let (_, findings) = check(line.to_string().as_bytes());
        let kinds: Vec<_> = findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, [kind], "{path}");
        assert!(findings[0].field.as_deref().is_some_and(|field| path.contains(field)), "{path}");
        assert!(!validator.is_valid(&line), "{path}");
    }
    let mut line = good.clone();
    line.pointer_mut(place).unwrap()["jane"] = json!({});
    assert_eq!(check(line.to_string().as_bytes()).1[0].kind, Violation::UnknownField);
    // The number itself has no place among the fields.
    let mut line = good;
    line.pointer_mut("/counts/0/fields").unwrap()["took_ms"] = json!(3);
    assert_eq!(check(line.to_string().as_bytes()).1[0].kind, Violation::UnknownField);
    assert!(!validator.is_valid(&line));
}
