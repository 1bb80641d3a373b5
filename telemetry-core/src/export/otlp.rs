//! OpenTelemetry logs over HTTP.

use jiff::Timestamp;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use serde_json::Value;

use super::{App, BatchLimits, Exporter, Outcome, Payload, Response, WaitingEvent};
use crate::error::{Error, Kind};

/// OpenTelemetry logs by OTLP/HTTP (OTLP specification 1.x), for the path
/// `/v1/logs`, as protobuf or as JSON.
///
/// Each event is a log record with an event name:
///
/// | part of the record | value |
/// |---|---|
/// | `event_name` | the event's name |
/// | `time_unix_nano`, `observed_time_unix_nano` | when the event happened |
/// | `severity_number` | 9, `INFO` |
/// | attribute `log.record.uid` | the event id, by which a receiver drops a duplicate |
/// | attribute `app.installation.id` | the installation id |
/// | attribute `telemetry.event.version` | the schema version |
/// | attribute `telemetry.event.purpose` | the purpose |
/// | attribute `telemetry.container` | true, if the program ran in a container; else absent |
/// | each other attribute | a field, under its name |
///
/// A field that is `null` is absent. A whole number beyond 64 bits with a sign
/// is written as text, since OTLP has no larger integers.
///
/// # Resource
///
/// The resource is `service.name` and `service.version`, the program as its
/// author names it, and nothing else. The SDK's default resource is not used: it
/// takes up whatever `OTEL_RESOURCE_ATTRIBUTES` holds, host names and user ids
/// among it. Nothing of the environment gets in here, because nothing here
/// reads it.
///
/// # Answers
///
/// 429, 502, 503 and 504 are tried again. By the specification no other status of
/// 400 and above is; here 400, 413 and 422 alone cost events, and only those that
/// the receiver refuses one by one. With any other status the events are kept and
/// go again after longer and longer waits: a wrong key or a receiver that fails
/// must not cost data. Of an answer with `partial_success` the
/// `rejected_log_records` are counted as dropped: they may not be sent again.
///
/// ```
/// use telemetry_core::export::Otlp;
///
/// let exporter = Otlp::json();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Otlp {
    encoding: Encoding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Protobuf,
    Json,
}

/// A batch is far below the 64 MiB of the specification, and a receiver that is
/// set up more narrowly, at the 1 MiB common for proxies, takes it as well.
const BATCH_BYTES: usize = 512 * 1024;

/// Two events of the largest size fit into a batch.
const EVENT_BYTES: usize = BATCH_BYTES / 2;

/// The batch size that the OpenTelemetry SDKs use for log records.
const BATCH_EVENTS: usize = 512;

/// Attributes of the record that are not fields.
const UID: &str = "log.record.uid";
const INSTALLATION: &str = "app.installation.id";
const VERSION: &str = "telemetry.event.version";
const PURPOSE: &str = "telemetry.event.purpose";
const CONTAINER: &str = "telemetry.container";
const PERIOD: &str = "telemetry.period";
const COUNTS: &str = "telemetry.counts";

impl Otlp {
    /// Bodies in protobuf: `Content-Type: application/x-protobuf`.
    pub fn protobuf() -> Self {
        Self { encoding: Encoding::Protobuf }
    }

    /// Bodies in OTLP's JSON: `Content-Type: application/json`.
    pub fn json() -> Self {
        Self { encoding: Encoding::Json }
    }
}

impl Exporter for Otlp {
    fn limits(&self) -> BatchLimits {
        BatchLimits {
            event_bytes: EVENT_BYTES,
            batch_bytes: BATCH_BYTES,
            batch_events: BATCH_EVENTS,
        }
    }

    fn append(
        &self,
        _app: &App,
        _sent_at: &str,
        event: &WaitingEvent<'_>,
        events: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let record = record(event)?;
        match self.encoding {
            Encoding::Protobuf => {
                events.push(LOG_RECORDS);
                delimited(events, &record)
            }
            Encoding::Json => {
                write_json(events, &record)?;
                events.push(b',');
                Ok(())
            }
        }
    }

    /// # Privacy
    ///
    /// The message is made of the stored events, the program's name and version,
    /// and the name and version of this library. Nothing is read from the
    /// environment or the machine.
    fn payload(&self, app: &App, _sent_at: &str, events: &[u8]) -> Result<Payload, Error> {
        match self.encoding {
            Encoding::Protobuf => {
                let body = protobuf_around(app, events)?;
                Ok(Payload { content_type: "application/x-protobuf", body })
            }
            Encoding::Json => {
                let body = json_around(app, events)?;
                Ok(Payload { content_type: "application/json", body })
            }
        }
    }

    fn outcome(&self, response: &Response) -> Outcome {
        match response.status {
            200..=299 => Outcome::Taken { rejected: self.rejected(&response.body) },
            429 | 502..=504 => Outcome::Retry,
            400 | 413 | 422 => Outcome::Refused,
            // What a proxy or a network puts in the way is no answer of the
            // receiver, and says nothing about the events.
            300..=399 | 407 | 511 => Outcome::Retry,
            _ => Outcome::Misdirected,
        }
    }
}

/// The key of a log record in the message of its scope, by
/// `opentelemetry/proto/logs/v1/logs.proto`: field 2, with a length.
const LOG_RECORDS: u8 = 2 << 3 | 2;
/// The key of the message of a scope in that of its resource: the same.
const SCOPE_LOGS: u8 = 2 << 3 | 2;
/// The key of the message of a resource in the request: field 1, with a length.
const RESOURCE_LOGS: u8 = 1 << 3 | 2;

fn delimited(bytes: &mut Vec<u8>, message: &impl Message) -> Result<(), Error> {
    message.encode_length_delimited(bytes).map_err(unwritten)
}

fn unwritten(error: prost::EncodeError) -> Error {
    Error::new(Kind::Export, "could not write OTLP").because(error)
}

/// The request around records that are written already: each message begins
/// with what it has beside them, since the order of fields says nothing in
/// protocol buffers.
fn protobuf_around(app: &App, records: &[u8]) -> Result<Vec<u8>, Error> {
    let scope = ScopeLogs { scope: Some(scope()), ..ScopeLogs::default() }.encode_to_vec();
    let resource = ResourceLogs { resource: Some(resource(app)), ..ResourceLogs::default() };
    let mut logs = resource.encode_to_vec();
    logs.push(SCOPE_LOGS);
    prost::encode_length_delimiter(scope.len() + records.len(), &mut logs).map_err(unwritten)?;
    logs.extend_from_slice(&scope);
    let mut body = Vec::with_capacity(logs.len() + records.len() + 16);
    body.push(RESOURCE_LOGS);
    prost::encode_length_delimiter(logs.len() + records.len(), &mut body).map_err(unwritten)?;
    body.extend_from_slice(&logs);
    body.extend_from_slice(records);
    Ok(body)
}

fn json_around(app: &App, records: &[u8]) -> Result<Vec<u8>, Error> {
    let mut body = Vec::with_capacity(records.len() + 512);
    body.extend_from_slice(br#"{"resourceLogs":[{"resource":"#);
    write_json(&mut body, &resource(app))?;
    body.extend_from_slice(br#","scopeLogs":[{"scope":"#);
    write_json(&mut body, &scope())?;
    body.extend_from_slice(br#","logRecords":["#);
    // Each record ends with a comma; the last needs none.
    body.extend_from_slice(records.strip_suffix(b",").unwrap_or(records));
    body.extend_from_slice(b"]}]}]}");
    Ok(body)
}

impl Otlp {
    /// The log records that the receiver says it dropped. An answer that cannot
    /// be read has said nothing of that kind.
    fn rejected(&self, body: &[u8]) -> u64 {
        match self.encoding {
            Encoding::Protobuf => {
                let partial = ExportLogsServiceResponse::decode(body).ok();
                let partial = partial.and_then(|response| response.partial_success);
                partial.and_then(|partial| partial.rejected_log_records.try_into().ok())
            }
            Encoding::Json => rejected_in_json(body),
        }
        .unwrap_or(0)
    }
}

/// Read by hand: JSON writes 64-bit numbers as text, readers take both, and
/// the generated type of the answer takes numbers alone.
fn rejected_in_json(body: &[u8]) -> Option<u64> {
    let response: Value = serde_json::from_slice(body).ok()?;
    let rejected = response.get("partialSuccess")?.get("rejectedLogRecords")?;
    rejected.as_u64().or_else(|| rejected.as_str()?.parse().ok())
}

/// OTLP/JSON, without the parts of a message that nothing here sets: the
/// generated types write them out, the body even as `null`.
fn write_json(bytes: &mut Vec<u8>, message: &impl serde::Serialize) -> Result<(), Error> {
    let failed = |error| Error::new(Kind::Export, "could not write OTLP/JSON").because(error);
    let mut value = serde_json::to_value(message).map_err(failed)?;
    omit_unset(&mut value);
    serde_json::to_writer(bytes, &value).map_err(failed)
}

/// Names of fields cannot be met here: in OTLP/JSON they are values, of `key`.
const UNSET: [&str; 8] = [
    "body",
    "droppedAttributesCount",
    "entityRefs",
    "flags",
    "schemaUrl",
    "severityText",
    "spanId",
    "traceId",
];

fn omit_unset(value: &mut Value) {
    match value {
        Value::Array(array) => array.iter_mut().for_each(omit_unset),
        Value::Object(object) => {
            object.retain(|key, _| !UNSET.contains(&key.as_str()));
            object.values_mut().for_each(omit_unset);
        }
        _ => {}
    }
}

fn resource(app: &App) -> Resource {
    Resource {
        attributes: vec![
            attribute("service.name", text(app.name())),
            attribute("service.version", text(app.version())),
        ],
        ..Resource::default()
    }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}

fn record(event: &WaitingEvent<'_>) -> Result<LogRecord, Error> {
    let refused = |why: &str| Error::new(Kind::Export, format!("{why} (event `{}`)", event.name()));
    let time: Timestamp = event.time().parse().map_err(|_| refused("the time cannot be read"))?;
    let time =
        u64::try_from(time.as_nanosecond()).map_err(|_| refused("the time is before 1970"))?;
    let mut attributes = vec![
        attribute(UID, text(event.id())),
        attribute(VERSION, integer(event.version())),
        attribute(PURPOSE, text(event.purpose())),
    ];
    if let Some(installation) = event.installation() {
        attributes.push(attribute(INSTALLATION, text(installation)));
    }
    if event.is_from_container() {
        attributes.push(attribute(CONTAINER, any_value::Value::BoolValue(true)));
    }
    if let (Some(period), Some((_, counts))) = (event.period(), event.0.counts) {
        attributes.push(attribute(PERIOD, text(period)));
        attributes.push(attribute(COUNTS, text(counts)));
    }
    for (name, field) in &event.fields()? {
        if [UID, INSTALLATION, VERSION, PURPOSE, CONTAINER].contains(&name.as_str()) {
            return Err(refused("a field has the name of an attribute of ours"));
        }
        if let Some(value) = value(field) {
            attributes.push(attribute(name, value));
        }
    }
    Ok(LogRecord {
        time_unix_nano: time,
        observed_time_unix_nano: time,
        severity_number: SeverityNumber::Info.into(),
        attributes,
        event_name: event.name().to_owned(),
        ..LogRecord::default()
    })
}

fn attribute(key: &str, value: any_value::Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

fn text(text: &str) -> any_value::Value {
    any_value::Value::StringValue(text.to_owned())
}

fn integer(number: u64) -> any_value::Value {
    i64::try_from(number).map_or_else(|_| text(&number.to_string()), any_value::Value::IntValue)
}

/// `None` for `null`.
fn value(json: &Value) -> Option<any_value::Value> {
    Some(match json {
        Value::Null => return None,
        Value::Bool(bool) => any_value::Value::BoolValue(*bool),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(int), _, _) => any_value::Value::IntValue(int),
            (None, None, Some(float)) => any_value::Value::DoubleValue(float),
            _ => text(&number.to_string()),
        },
        Value::String(string) => text(string),
        Value::Array(array) => {
            // `null` keeps its place: positions may mean something.
            let values = array.iter().map(|json| AnyValue { value: value(json) }).collect();
            any_value::Value::ArrayValue(ArrayValue { values })
        }
        Value::Object(object) => {
            let values = object
                .iter()
                .filter_map(|(key, json)| Some(attribute(key, value(json)?)))
                .collect();
            any_value::Value::KvlistValue(KeyValueList { values })
        }
    })
}
