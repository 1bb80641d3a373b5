//! The wire formats, read by readers that share no code with their writers.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use telemetry_core::export::{App, Exporter, Ndjson, Otlp, Payload, Segment, WaitingEvent};
use telemetry_core::spool::internals::Spool;
use telemetry_core::spool::{self, Limits, Stored};

const SENT_AT: &str = "2026-11-21T10:00:05.000Z";

fn app() -> App {
    App::new("chef-workstation", "24.1.0").unwrap()
}

/// Events as the disk gives them back: there is no other way to have one.
fn stored(events: &[(&str, Value)]) -> Vec<Stored> {
    let home = tempfile::tempdir().unwrap();
    let limits = {
        let mut limits = Limits::default();
        limits.age = std::time::Duration::MAX;
        limits
    };
    let spool = Spool::open(home.path().join("telemetry"), limits).unwrap();
    for (index, (event, fields)) in events.iter().enumerate() {
        let id = format!("0123456789abcdef01234567-{}", index + 1);
        let line = format!(
            "{{\"id\":\"{id}\",\"time\":\"2026-11-21T10:00:00.123Z\",\"event\":\"{event}\",\
             \"version\":3,\"purpose\":\"product-improvement\",\"generation\":0,\
             \"installation\":\"8f14e45f-ceea-467f-9b2b-3f6a7d1c0e55\",\"fields\":{fields}}}"
        );
        spool.append(format!("{line}\n").as_bytes()).unwrap();
    }
    spool::read(spool.dir()).unwrap().map(|event| event.unwrap()).collect()
}

/// The bytes that an event adds to a batch.
fn append(exporter: &dyn Exporter, event: &Stored) -> Result<Vec<u8>, telemetry_core::Error> {
    let mut bytes = Vec::new();
    exporter.append(&app(), SENT_AT, &WaitingEvent::of(event).unwrap(), &mut bytes)?;
    Ok(bytes)
}

fn encode(exporter: &dyn Exporter, events: &[Stored]) -> Payload {
    let bytes: Vec<u8> = events.iter().flat_map(|e| append(exporter, e).unwrap()).collect();
    exporter.payload(&app(), SENT_AT, &bytes).unwrap()
}

fn parse(request: &Payload) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// Fields of every shape that a sanitised event can have.
fn fields() -> Value {
    json!({
        "command": "converge",
        "ok": true,
        "count": 10,
        "negative": -3,
        "large": u64::MAX,
        "seconds": 637.704,
        "nothing": null,
        "list": ["many", 1, null],
        "nested": { "some.key": "some value", "deep": { "n": 1 }, "gone": null },
    })
}

// ----- NDJSON

#[test]
fn ndjson_is_the_stored_lines() {
    let events = stored(&[("run.finished", fields()), ("run.started", json!({}))]);
    let request = encode(&Ndjson, &events);
    assert_eq!(request.content_type, "application/x-ndjson");
    let body = String::from_utf8(request.body).unwrap();
    let lines: Vec<&str> = body.split_terminator('\n').collect();
    assert_eq!(lines.len(), 2);
    for (line, event) in lines.iter().zip(&events) {
        assert_eq!(line.as_bytes(), event.raw);
    }
    assert!(body.ends_with('\n'));
}

// ----- Segment

fn track(exporter: &Segment, fields: Value) -> Value {
    let request = encode(exporter, &stored(&[("installation.started", fields)]));
    parse(&request)["batch"][0].clone()
}

#[test]
fn segment_writes_the_documented_envelope() {
    let exporter = Segment::new().event_name("installation.started", "Installation Started");
    let request = encode(&exporter, &stored(&[("installation.started", json!({"os": "ubuntu"}))]));
    assert_eq!(request.content_type, "application/json");
    assert_eq!(
        parse(&request),
        json!({
            "sentAt": SENT_AT,
            "batch": [{
                "anonymousId": "8f14e45f-ceea-467f-9b2b-3f6a7d1c0e55",
                "context": { "library": { "name": "chef-workstation", "version": "24.1.0" } },
                "event": "Installation Started",
                "messageId": "0123456789abcdef01234567-1",
                "originalTimestamp": "2026-11-21T10:00:00.123Z",
                "properties": { "os": "ubuntu" },
                "sentAt": SENT_AT,
                "timestamp": "2026-11-21T10:00:00.123Z",
                "type": "track",
            }],
        })
    );
}

#[test]
fn segment_has_exactly_one_id() {
    let pseudonym = "1:70280e5dd9e61e5e91526ac8704bbd68";
    let exporter = Segment::new().user_id_field("user_id");
    let call = track(&exporter, json!({ "user_id": pseudonym, "os": "ubuntu" }));
    assert_eq!(call["userId"], pseudonym);
    assert_eq!(call.get("anonymousId"), None, "the two are not tied to each other");
    assert_eq!(call["properties"], json!({ "os": "ubuntu" }));

    let call = track(&exporter, json!({ "os": "ubuntu" }));
    assert_eq!(call["anonymousId"], "8f14e45f-ceea-467f-9b2b-3f6a7d1c0e55");
    assert_eq!(call.get("userId"), None);
}

#[test]
fn segment_refuses_an_address_as_an_id() {
    let exporter = Segment::new().user_id_field("user_id");
    // The user ids of the documented events, and other ways to write them.
    for id in ["111.65.255.130", "203.192.213.46", "[2001:db8::1]:80", "::ffff:1.2.3.4"] {
        let events = stored(&[("instance.active", json!({ "user_id": id }))]);
        let error = append(&exporter, &events[0]).unwrap_err();
        assert!(error.is_export() && !error.to_string().contains(id), "{error}");
    }
    for id in [json!(""), json!(" "), json!(7), json!(["a"]), json!(null)] {
        let events = stored(&[("instance.active", json!({ "user_id": id }))]);
        assert!(append(&exporter, &events[0]).unwrap_err().is_export(), "{id}");
    }
}

#[test]
fn segment_has_no_context_but_the_library() {
    // Fields cannot get into the envelope, whatever they are called.
    let fields = json!({
        "ip": "x", "direct": true, "context": { "ip": "x", "direct": true },
        "context.ip": "x", "anonymousId": "x", "userId": "x",
    });
    let call = track(&Segment::new(), fields.clone());
    let context: Vec<_> = call["context"].as_object().unwrap().keys().collect();
    assert_eq!(context, ["library"]);
    assert_eq!(call["anonymousId"], "8f14e45f-ceea-467f-9b2b-3f6a7d1c0e55");
    assert_eq!(call["properties"], fields);
}

#[test]
fn segment_keeps_to_the_published_limits() {
    let limits = Segment::new().limits();
    assert!(limits.event_bytes < 32_000);
    assert!(limits.batch_bytes < 500_000);
    assert_eq!(limits.batch_events, 2500);
    // A full batch of the largest events, with all that stands around them.
    let text = "x".repeat(31_000);
    let events: Vec<(&str, Value)> =
        std::iter::repeat_with(|| ("e", json!({ "text": text }))).take(15).collect();
    let events = stored(&events);
    let size: usize =
        events.iter().map(|event| append(&Segment::new(), event).unwrap().len()).sum();
    assert!(size <= limits.batch_bytes);
    assert!(encode(&Segment::new(), &events).body.len() <= 500_000);
}

// ----- OpenTelemetry

/// Each place in a JSON document, array indices left out, and the types there.
fn shape(value: &Value, place: &str, found: &mut BTreeMap<String, Vec<&'static str>>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = found.entry(place.to_owned()).or_default();
    if !kinds.contains(&kind) {
        kinds.push(kind);
    }
    match value {
        Value::Array(array) => array.iter().for_each(|item| shape(item, place, found)),
        Value::Object(object) => {
            for (key, item) in object {
                // Values of any kind stand in each other, to any depth.
                let place = format!("{place}.{key}")
                    .replace(".value.arrayValue.values.", ".value.")
                    .replace(".value.kvlistValue.values.", ".");
                shape(item, &place, found);
            }
        }
        _ => {}
    }
}

#[test]
fn otlp_json_has_the_form_of_the_canonical_examples() {
    let mut canonical = BTreeMap::new();
    for example in
        [include_str!("../vectors/otlp/events.json"), include_str!("../vectors/otlp/logs.json")]
    {
        shape(&serde_json::from_str(example).unwrap(), "", &mut canonical);
    }
    let ours = parse(&encode(&Otlp::json(), &stored(&[("run.finished", fields())])));
    let mut found = BTreeMap::new();
    shape(&ours, "", &mut found);
    assert!(found.contains_key(".resourceLogs.scopeLogs.logRecords.eventName"));
    for (place, kinds) in &found {
        let known = canonical.get(place).unwrap_or_else(|| panic!("{place} is in no example"));
        assert!(kinds.iter().all(|kind| known.contains(kind)), "{place}: {kinds:?}");
    }
}

fn attributes(list: &Value) -> BTreeMap<String, Value> {
    let list = list.as_array().unwrap();
    let found: BTreeMap<_, _> = list
        .iter()
        .map(|pair| (pair["key"].as_str().unwrap().to_owned(), pair["value"].clone()))
        .collect();
    assert_eq!(found.len(), list.len(), "keys are unique");
    found
}

#[test]
fn otlp_json_carries_the_event() {
    let request = encode(&Otlp::json(), &stored(&[("run.finished", fields())]));
    assert_eq!(request.content_type, "application/json");
    let body = parse(&request);
    let logs = &body["resourceLogs"][0];
    let resource = attributes(&logs["resource"]["attributes"]);
    assert_eq!(
        json!(resource),
        json!({
            "service.name": { "stringValue": "chef-workstation" },
            "service.version": { "stringValue": "24.1.0" },
        })
    );
    let record = &logs["scopeLogs"][0]["logRecords"][0];
    assert_eq!(record["eventName"], "run.finished");
    assert_eq!(record["timeUnixNano"], "1795255200123000000");
    assert_eq!(record["severityNumber"], 9);
    assert_eq!(
        json!(attributes(&record["attributes"])),
        json!({
            "log.record.uid": { "stringValue": "0123456789abcdef01234567-1" },
            "app.installation.id": { "stringValue": "8f14e45f-ceea-467f-9b2b-3f6a7d1c0e55" },
            "telemetry.event.version": { "intValue": "3" },
            "telemetry.event.purpose": { "stringValue": "product-improvement" },
            "command": { "stringValue": "converge" },
            "ok": { "boolValue": true },
            "count": { "intValue": "10" },
            "negative": { "intValue": "-3" },
            "large": { "stringValue": "18446744073709551615" },
            "seconds": { "doubleValue": 637.704 },
            "list": { "arrayValue": { "values": [
                { "stringValue": "many" }, { "intValue": "1" }, {},
            ] } },
            "nested": { "kvlistValue": { "values": [
                { "key": "deep", "value": { "kvlistValue": { "values": [
                    { "key": "n", "value": { "intValue": "1" } },
                ] } } },
                { "key": "some.key", "value": { "stringValue": "some value" } },
            ] } },
        })
    );
}

/// Protobuf by the encoding's own description, without a schema.
mod wire {
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) enum Field {
        Varint(u64),
        Fixed64(u64),
        Fixed32(u32),
        Bytes(Vec<u8>),
    }

    fn varint(bytes: &mut &[u8]) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let (byte, rest) = bytes.split_first().unwrap();
            *bytes = rest;
            value |= u64::from(byte & 127) << shift;
            if byte & 128 == 0 {
                return value;
            }
            shift += 7;
        }
    }

    fn take<'b>(bytes: &mut &'b [u8], length: usize) -> &'b [u8] {
        let (taken, rest) = bytes.split_at(length);
        *bytes = rest;
        taken
    }

    pub(crate) fn fields(mut bytes: &[u8]) -> Vec<(u64, Field)> {
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let tag = varint(&mut bytes);
            let field = match tag & 7 {
                0 => Field::Varint(varint(&mut bytes)),
                1 => Field::Fixed64(u64::from_le_bytes(take(&mut bytes, 8).try_into().unwrap())),
                2 => {
                    let length = usize::try_from(varint(&mut bytes)).unwrap();
                    Field::Bytes(take(&mut bytes, length).to_vec())
                }
                5 => Field::Fixed32(u32::from_le_bytes(take(&mut bytes, 4).try_into().unwrap())),
                kind => panic!("wire type {kind}"),
            };
            found.push((tag >> 3, field));
        }
        found
    }

    /// The messages in the field `number`.
    pub(crate) fn messages(bytes: &[u8], number: u64) -> Vec<Vec<u8>> {
        let fields = fields(bytes).into_iter().filter(|(found, _)| *found == number);
        fields
            .map(|(_, field)| match field {
                Field::Bytes(bytes) => bytes,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    pub(crate) fn one(bytes: &[u8], number: u64) -> Vec<u8> {
        let mut found = messages(bytes, number);
        assert_eq!(found.len(), 1, "field {number}");
        found.remove(0)
    }

    pub(crate) fn text(bytes: &[u8], number: u64) -> String {
        String::from_utf8(one(bytes, number)).unwrap()
    }
}

/// An `AnyValue` of `common.proto`, in OTLP's JSON.
fn any(bytes: &[u8]) -> Value {
    use wire::Field;
    match wire::fields(bytes).as_slice() {
        [] => json!({}),
        [(1, Field::Bytes(text))] => json!({ "stringValue": std::str::from_utf8(text).unwrap() }),
        [(2, Field::Varint(bool))] => json!({ "boolValue": *bool == 1 }),
        [(3, Field::Varint(int))] => json!({ "intValue": int.cast_signed().to_string() }),
        [(4, Field::Fixed64(double))] => json!({ "doubleValue": f64::from_bits(*double) }),
        [(5, Field::Bytes(array))] => {
            let values: Vec<Value> =
                wire::messages(array, 1).iter().map(|value| any(value)).collect();
            json!({ "arrayValue": { "values": values } })
        }
        [(6, Field::Bytes(list))] => {
            json!({ "kvlistValue": { "values": pairs(&wire::messages(list, 1)) } })
        }
        other => panic!("{other:?}"),
    }
}

fn pairs(list: &[Vec<u8>]) -> Vec<Value> {
    let pair = |bytes: &Vec<u8>| json!({ "key": wire::text(bytes, 1), "value": any(&wire::one(bytes, 2)) });
    list.iter().map(pair).collect()
}

#[test]
fn otlp_protobuf_says_the_same_as_json() {
    let events = stored(&[("run.finished", fields()), ("run.started", json!({}))]);
    let request = encode(&Otlp::protobuf(), &events);
    assert_eq!(request.content_type, "application/x-protobuf");
    let body = parse(&encode(&Otlp::json(), &events));

    // The numbers of logs.proto, common.proto and resource.proto.
    let logs = wire::one(&request.body, 1);
    let resource = wire::one(&logs, 1);
    assert_eq!(
        json!(pairs(&wire::messages(&resource, 1))),
        body["resourceLogs"][0]["resource"]["attributes"]
    );
    let scope_logs = wire::one(&logs, 2);
    let scope = wire::one(&scope_logs, 1);
    assert_eq!(wire::text(&scope, 1), "telemetry-core");
    let records = wire::messages(&scope_logs, 2);
    assert_eq!(records.len(), 2);
    for (index, record) in records.iter().enumerate() {
        let json = &body["resourceLogs"][0]["scopeLogs"][0]["logRecords"][index];
        let numbers = wire::fields(record);
        let time = json["timeUnixNano"].as_str().unwrap().parse().unwrap();
        assert!(numbers.contains(&(1, wire::Field::Fixed64(time))));
        assert!(numbers.contains(&(11, wire::Field::Fixed64(time))));
        assert!(numbers.contains(&(2, wire::Field::Varint(9))));
        assert_eq!(json!(wire::text(record, 12)), json["eventName"]);
        assert_eq!(json!(pairs(&wire::messages(record, 6))), json["attributes"]);
        let known = |number: &u64| [1, 2, 6, 11, 12].contains(number);
        assert!(numbers.iter().all(|(number, _)| known(number)), "and nothing else");
    }
}

#[test]
fn otlp_refuses_a_field_with_a_name_of_its_own() {
    for name in ["log.record.uid", "app.installation.id"] {
        let events = stored(&[("e", json!({ name: "x" }))]);
        assert!(append(&Otlp::json(), &events[0]).unwrap_err().is_export());
    }
}

#[test]
fn nothing_of_the_environment_is_in_an_otlp_request() {
    // Set before the program starts, as a user's shell would.
    for encoding in ["json", "protobuf"] {
        let home = tempfile::tempdir().unwrap();
        let taken = home.path().join("taken");
        let receiver = telemetry_tests::receiver::Receiver::start(
            env!("CARGO_BIN_EXE_receiver"),
            &taken,
            "ok",
        );
        let status = std::process::Command::new(env!("CARGO_BIN_EXE_sender"))
            .args(["otlp", encoding])
            .arg(home.path().join("telemetry"))
            .arg(receiver.url())
            .env("OTEL_RESOURCE_ATTRIBUTES", "host.name=CANARY,enduser.id=CANARY")
            .env("OTEL_SERVICE_NAME", "CANARY")
            .env("OTEL_EXPORTER_OTLP_HEADERS", "x-canary=CANARY")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://CANARY.invalid")
            .env("HOSTNAME", "CANARY")
            .env("USER", "CANARY")
            .status()
            .unwrap();
        assert!(status.success());
        let received = receiver.received();
        assert_eq!(received.len(), 1);
        let all = format!("{:?}{}", received[0], String::from_utf8_lossy(&received[0].body));
        assert!(all.contains("tried") && !all.contains("CANARY"), "{all}");
    }
}
