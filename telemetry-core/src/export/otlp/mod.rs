//! OpenTelemetry over HTTP: events as logs, counts as metrics.

mod metrics;

use jiff::Timestamp;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use serde_json::Value;

use self::metrics::Metrics;
use super::{App, BatchLimits, Exporter, Outcome, Payload, Response, WaitingEvent};
use crate::error::{Error, Kind};

/// OpenTelemetry by OTLP/HTTP (OTLP specification 1.x), as protobuf or as JSON:
/// events as logs, for the path `/v1/logs`, which is in the transport's URL, and
/// [counts](#counts) as metrics, for the path `/v1/metrics` beside it.
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
/// # Counts
///
/// A line of counts is a metric of the event's name: a sum, monotonic, of delta
/// temporality, with the unit `{event}`. For each field that is a histogram
/// there is a metric `event.field` beside it, a histogram of delta temporality.
///
/// | part of a data point | value |
/// |---|---|
/// | `start_time_unix_nano` | when the period began |
/// | `time_unix_nano` | when it ends, also when it is not over yet; of a run, the end of its day |
/// | `as_int` | how often the combination occurred |
/// | `count`, `sum`, `bucket_counts`, `explicit_bounds` | of a histogram, its numbers; the sum as floating-point number |
/// | attribute `telemetry.line.id` | the line's id: runs and processes of one period each have a line, and all of them add up; a receiver drops a duplicate by it |
/// | attributes `telemetry.event.version`, `telemetry.event.purpose`, `telemetry.container` | as of a log record |
/// | attribute `app.installation.id` | the installation id, where the event says `count(..., identified)`; else absent |
/// | attribute `telemetry.period` | `run`, `hour`, `day` or `week` |
/// | attribute `telemetry.other` | true for all combinations together that were not told apart; then there are no fields |
/// | each other attribute | a field of the combination, under its name |
///
/// Logs and metrics go in requests of their own, logs first. When the receiver
/// has no path for the one kind (404, 405, 501), the other goes all the same, and
/// the path that is missing is asked for ever less often, down to once an hour.
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
/// `rejected_log_records` are counted as dropped: they may not be sent again. Of
/// metrics it says how many data points were rejected; as many lines are counted,
/// and at most all of the request.
///
/// ```
/// use telemetry_core::export::Otlp;
///
/// let exporter = Otlp::json();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Otlp {
    encoding: Encoding,
    metrics: Metrics,
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

/// Of logs and metrics alike: both go to the same receiver.
const LIMITS: BatchLimits =
    BatchLimits { event_bytes: EVENT_BYTES, batch_bytes: BATCH_BYTES, batch_events: BATCH_EVENTS };

/// Attributes of the record that are not fields.
const UID: &str = "log.record.uid";
const INSTALLATION: &str = "app.installation.id";
const VERSION: &str = "telemetry.event.version";
const PURPOSE: &str = "telemetry.event.purpose";
const CONTAINER: &str = "telemetry.container";
const PERIOD: &str = "telemetry.period";

impl Otlp {
    /// Bodies in protobuf: `Content-Type: application/x-protobuf`.
    pub fn protobuf() -> Self {
        Self::new(Encoding::Protobuf)
    }

    /// Bodies in OTLP's JSON: `Content-Type: application/json`.
    pub fn json() -> Self {
        Self::new(Encoding::Json)
    }

    fn new(encoding: Encoding) -> Self {
        Self { encoding, metrics: Metrics { encoding } }
    }
}

impl Exporter for Otlp {
    fn limits(&self) -> BatchLimits {
        LIMITS
    }

    fn append(
        &self,
        _app: &App,
        _sent_at: &str,
        event: &WaitingEvent<'_>,
        events: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if event.period().is_some() {
            let why = format!("counts are metrics, and no logs (event `{}`)", event.name());
            return Err(Error::new(Kind::Export, why));
        }
        self.encoding.append(events, &record(event)?)
    }

    /// # Privacy
    ///
    /// The message is made of the stored events, the program's name and version,
    /// and the name and version of this library. Nothing is read from the
    /// environment or the machine.
    fn payload(&self, app: &App, _sent_at: &str, events: &[u8]) -> Result<Payload, Error> {
        self.encoding.payload(&ENVELOPE, app, events)
    }

    fn outcome(&self, response: &Response) -> Outcome {
        self.encoding.outcome(response, "rejectedLogRecords", |body| {
            let partial = ExportLogsServiceResponse::decode(body).ok()?.partial_success?;
            Some(partial.rejected_log_records)
        })
    }

    fn counts(&self) -> Option<&dyn Exporter> {
        Some(&self.metrics)
    }
}

/// The names in JSON of what stands around records.
struct OtlpNames {
    resource: &'static str,
    scope: &'static str,
    records: &'static str,
}

const ENVELOPE: OtlpNames =
    OtlpNames { resource: "resourceLogs", scope: "scopeLogs", records: "logRecords" };

impl Encoding {
    /// Appends one record, as it stands among others.
    fn append(
        self,
        records: &mut Vec<u8>,
        record: &(impl Message + serde::Serialize),
    ) -> Result<(), Error> {
        match self {
            Self::Protobuf => {
                records.push(RECORDS);
                delimited(records, record)
            }
            Self::Json => {
                write_json(records, record)?;
                records.push(b',');
                Ok(())
            }
        }
    }

    fn payload(self, envelope: &OtlpNames, app: &App, records: &[u8]) -> Result<Payload, Error> {
        match self {
            Self::Protobuf => {
                let body = protobuf_around(app, records)?;
                Ok(Payload { content_type: "application/x-protobuf", body })
            }
            Self::Json => {
                let body = json_around(envelope, app, records)?;
                Ok(Payload { content_type: "application/json", body })
            }
        }
    }

    /// What the answer means. `key` and `decode` find the records that the
    /// receiver says it dropped; an answer that cannot be read has said nothing
    /// of that kind.
    fn outcome(
        self,
        response: &Response,
        key: &str,
        decode: impl FnOnce(&[u8]) -> Option<i64>,
    ) -> Outcome {
        let body = &*response.body;
        let rejected = || match self {
            Self::Protobuf => decode(body).and_then(|rejected| u64::try_from(rejected).ok()),
            Self::Json => rejected_in_json(body, key),
        };
        match response.status {
            200..=299 => Outcome::Taken { rejected: rejected().unwrap_or(0) },
            429 | 502..=504 => Outcome::Retry,
            400 | 413 | 422 => Outcome::Refused,
            // What a proxy or a network puts in the way is no answer of the
            // receiver, and says nothing about the events.
            300..=399 | 407 | 511 => Outcome::Retry,
            _ => Outcome::Misdirected,
        }
    }
}

/// The key of a record in the message of its scope, by the definitions of
/// `opentelemetry/proto/logs/v1/logs.proto` and `metrics/v1/metrics.proto`, which
/// are alike down to the records: field 2, with a length.
const RECORDS: u8 = 2 << 3 | 2;
/// The key of the message of a scope in that of its resource: the same.
const SCOPES: u8 = 2 << 3 | 2;
/// The key of the message of a resource in the request: field 1, with a length.
const RESOURCES: u8 = 1 << 3 | 2;

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
    logs.push(SCOPES);
    prost::encode_length_delimiter(scope.len() + records.len(), &mut logs).map_err(unwritten)?;
    logs.extend_from_slice(&scope);
    let mut body = Vec::with_capacity(logs.len() + records.len() + 16);
    body.push(RESOURCES);
    prost::encode_length_delimiter(logs.len() + records.len(), &mut body).map_err(unwritten)?;
    body.extend_from_slice(&logs);
    body.extend_from_slice(records);
    Ok(body)
}

fn json_around(envelope: &OtlpNames, app: &App, records: &[u8]) -> Result<Vec<u8>, Error> {
    let OtlpNames { resource, scope, records: name } = envelope;
    let mut body = Vec::with_capacity(records.len() + 512);
    body.extend_from_slice(format!(r#"{{"{resource}":[{{"resource":"#).as_bytes());
    write_json(&mut body, &self::resource(app))?;
    body.extend_from_slice(format!(r#","{scope}":[{{"scope":"#).as_bytes());
    write_json(&mut body, &self::scope())?;
    body.extend_from_slice(format!(r#","{name}":["#).as_bytes());
    // Each record ends with a comma; the last needs none.
    body.extend_from_slice(records.strip_suffix(b",").unwrap_or(records));
    body.extend_from_slice(b"]}]}]}");
    Ok(body)
}

/// Read by hand: JSON writes 64-bit numbers as text, readers take both, and
/// the generated type of the answer takes numbers alone.
fn rejected_in_json(body: &[u8], key: &str) -> Option<u64> {
    let response: Value = serde_json::from_slice(body).ok()?;
    let rejected = response.get("partialSuccess")?.get(key)?;
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
const UNSET: [&str; 13] = [
    "body",
    "description",
    "droppedAttributesCount",
    "entityRefs",
    "exemplars",
    "flags",
    "max",
    "metadata",
    "min",
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
