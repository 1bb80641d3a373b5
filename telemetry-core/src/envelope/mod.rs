//! One stored line: the envelope around a sanitised event.
//!
//! It owns the keys of the envelope, their order, and how a line is written and
//! read. It must never know a raw event, nor in which file a line stands.
//!
//! | key | value |
//! |---|---|
//! | `id` | the event's id, by which a receiver can drop a duplicate |
//! | `time` | when it was recorded: RFC 3339, UTC, milliseconds |
//! | `event` | the event's name |
//! | `version` | the schema version |
//! | `purpose` | the event's purpose |
//! | `generation` | the generation of the purpose: a refusal raises it, and an earlier one is never sent |
//! | `installation` | the installation id; absent if the author wants none |
//! | `container` | `true` if the program ran in a container, else absent |
//! | `fields` | the sanitised fields |
//!
//! A line of counts has, in the place of `fields`:
//!
//! | key | value |
//! |---|---|
//! | `period` | `run`, `hour`, `day` or `week`; `time` is when it began |
//! | `counts` | a list: `fields` of a form, its `count` and its `histograms`; or `"other":true`, for all forms that were counted together |
//!
//! `histograms` is there when the event has any: for each field its `bounds`,
//! ascending; the numbers in its `ranges`, of which each but the last ends with
//! a bound that belongs to it; and the `sum` of all.

mod counts;
mod depth;
mod header;
mod line;
mod time;

use std::time::SystemTime;

use serde_json::{Map, Value};

pub(crate) use self::counts::{CountsHeader, HistogramSum, HistogramTally, Tally, write_counts};
pub(crate) use self::depth::{MAX_DEPTH, is_shallow};
pub(crate) use self::header::Header;
pub(crate) use self::line::Line;
use crate::event::{Sanitized, TelemetryEvent};
use crate::schema::EventSchema;

/// Constant texts as one, joined by the compiler.
macro_rules! joined {
    ($($part:expr),*) => {{
        const PARTS: &[&str] = &[$($part),*];
        const JOINED: [u8; $crate::envelope::length(PARTS)] = $crate::envelope::join(PARTS);
        const { JOINED.as_slice() }
    }};
}
use joined;

/// The keys, in the order in which they are written.
const ID: &str = "id";
const TIME: &str = "time";
const EVENT: &str = "event";
const VERSION: &str = "version";
const PURPOSE: &str = "purpose";
const GENERATION: &str = "generation";
const INSTALLATION: &str = "installation";
const CONTAINER: &str = "container";
const FIELDS: &str = "fields";
const PERIOD: &str = "period";
const COUNTS: &str = "counts";

/// What each key beside [`FIELDS`] can hold, as the lock writes a domain, and
/// what a user is told of it.
#[cfg(feature = "lock")]
pub(crate) const DESCRIBED: [(&str, &str, &str); 8] = [
    (
        ID,
        "random",
        "An id of the event: random for each run, and counted up. A receiver drops duplicates by it.",
    ),
    (TIME, "time", "When it was recorded, in UTC, as exactly as the event says."),
    (EVENT, "program", "The event's name."),
    (VERSION, "number", "The version of the event's meaning."),
    (PURPOSE, "program", "What the event is collected for."),
    (
        GENERATION,
        "number",
        "How often telemetry was refused on this machine before: what is older than a refusal is never sent.",
    ),
    (
        INSTALLATION,
        "optional random",
        "An id of the installation, about nothing, if the program wants one; it is the same for as long as the program needs, such as a month.",
    ),
    (
        CONTAINER,
        "optional bool",
        "That the program ran in a container, so that receivers can count without it.",
    ),
];

/// Under this key, and not at the top, the dead letters keep a line.
pub(crate) const STORED: &str = "stored";

/// What is the same for all events of a run, as it stands in their lines.
#[derive(Debug)]
pub(crate) struct Origin {
    /// From behind the generation to what the line says.
    tail: String,
}

impl Origin {
    /// Events of this installation, or of nobody's; in a container or not.
    pub(crate) fn new(installation: Option<&str>, container: bool) -> Self {
        let id = installation.map(|id| format!(r#","{INSTALLATION}":"{id}""#)).unwrap_or_default();
        let container = if container { format!(r#","{CONTAINER}":true"#) } else { String::new() };
        Self { tail: id + &container }
    }
}

/// What is of one event alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventMark<'m> {
    /// The two parts of the event's id.
    pub(crate) run: &'m str,
    pub(crate) number: u64,
    /// When it was recorded.
    pub(crate) time: SystemTime,
    /// The generation of its purpose.
    pub(crate) generation: u64,
}

/// More than the keys of a line have beside its fields.
const ROOM: usize = 384;

/// Appends the line to `buffer`, line feed included.
///
/// Names, purposes and ids are checked where they are made (by the derive, and
/// by the client), and hold nothing that JSON would escape.
pub(crate) fn write<E: TelemetryEvent + ?Sized>(
    buffer: &mut Vec<u8>,
    mark: EventMark<'_>,
    origin: &Origin,
    event: &Sanitized<'_, E>,
) -> Result<(), serde_json::Error> {
    header(buffer, (mark.run, mark.number), mark.time, mark.generation, event.schema(), origin);
    buffer.extend_from_slice(joined!(",\"", FIELDS, "\":"));
    let fields = buffer.len();
    event.write_json(buffer)?;
    if !buffer.get(fields..).is_some_and(is_shallow) {
        return Err(serde::de::Error::custom(format_args!("nested more than {MAX_DEPTH} deep")));
    }
    buffer.extend_from_slice(b"}\n");
    Ok(())
}

/// The keys that all lines have, up to what they say.
fn header(
    buffer: &mut Vec<u8>,
    (run, line): (&str, u64),
    time: SystemTime,
    generation: u64,
    schema: &EventSchema,
    origin: &Origin,
) {
    buffer.reserve(ROOM);
    // The general formatter costs several times what these copies do.
    buffer.extend_from_slice(joined!("{\"", ID, "\":\""));
    buffer.extend_from_slice(run.as_bytes());
    buffer.push(b'-');
    number(buffer, line);
    buffer.extend_from_slice(joined!("\",\"", TIME, "\":\""));
    time::write(buffer, time, schema.time);
    buffer.extend_from_slice(joined!("\",\"", EVENT, "\":\""));
    buffer.extend_from_slice(schema.name.as_bytes());
    buffer.extend_from_slice(joined!("\",\"", VERSION, "\":"));
    number(buffer, u64::from(schema.version));
    buffer.extend_from_slice(joined!(",\"", PURPOSE, "\":\""));
    buffer.extend_from_slice(schema.purpose.name().as_bytes());
    buffer.extend_from_slice(joined!("\",\"", GENERATION, "\":"));
    number(buffer, generation);
    buffer.extend_from_slice(origin.tail.as_bytes());
}

const fn length(mut parts: &[&str]) -> usize {
    let mut length = 0;
    while let [part, rest @ ..] = parts {
        length += part.len();
        parts = rest;
    }
    length
}

const fn join<const N: usize>(mut parts: &[&str]) -> [u8; N] {
    let (mut joined, mut end) = ([0; N], 0);
    while let [part, rest @ ..] = parts {
        let (_, room) = joined.split_at_mut(end);
        let (place, _) = room.split_at_mut(part.len());
        place.copy_from_slice(part.as_bytes());
        end += part.len();
        parts = rest;
    }
    joined
}

fn number(buffer: &mut Vec<u8>, mut number: u64) {
    // As many as `u64` has.
    let mut digits = [0; 20];
    let mut length = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        length += 1;
        if number == 0 {
            break;
        }
    }
    buffer.extend_from_slice(digits.get(digits.len() - length..).unwrap_or_default());
}

/// Why a line is no stored event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    NotUtf8,
    NotJson,
    NotAnEvent,
}

/// The values of one stored line.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) id: String,
    pub(crate) time: String,
    pub(crate) event: String,
    pub(crate) version: u64,
    pub(crate) purpose: String,
    pub(crate) generation: u64,
    pub(crate) installation: Option<String>,
    pub(crate) container: bool,
    pub(crate) fields: Map<String, Value>,
    pub(crate) period: Option<String>,
    pub(crate) counts: Vec<Value>,
}

/// Reads a line, which has no line feed at its end.
pub(crate) fn parse(line: &[u8]) -> Result<Envelope, Malformed> {
    let text = std::str::from_utf8(line).map_err(|_| Malformed::NotUtf8)?;
    let mut map: Map<String, Value> = serde_json::from_str(text).map_err(|_| Malformed::NotJson)?;
    let mut text = |key: &str| match map.remove(key) {
        Some(Value::String(value)) => Ok(value),
        _ => Err(Malformed::NotAnEvent),
    };
    let (id, time, event) = (text(ID)?, text(TIME)?, text(EVENT)?);
    let (purpose, installation, period) =
        (text(PURPOSE)?, text(INSTALLATION).ok(), text(PERIOD).ok());
    let version = map.get(VERSION).and_then(Value::as_u64).ok_or(Malformed::NotAnEvent)?;
    // Without a number it is of the first generation: any refusal keeps it back.
    let generation = map.get(GENERATION).and_then(Value::as_u64).unwrap_or(0);
    let container = map.get(CONTAINER).and_then(Value::as_bool).unwrap_or(false);
    let (fields, counts) = match (map.remove(FIELDS), map.remove(COUNTS), &period) {
        (Some(Value::Object(fields)), None, None) => (fields, Vec::new()),
        (None, Some(Value::Array(counts)), Some(_)) => (Map::new(), counts),
        _ => return Err(Malformed::NotAnEvent),
    };
    Ok(Envelope {
        id,
        time,
        event,
        version,
        purpose,
        generation,
        installation,
        container,
        fields,
        period,
        counts,
    })
}

/// The moment that a stored time names.
pub(crate) fn time_of(text: &str) -> Option<SystemTime> {
    text.parse::<jiff::Timestamp>().ok().map(SystemTime::from)
}
