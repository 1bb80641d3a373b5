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
//! | `installation` | the installation id |
//! | `container` | `true` if the program ran in a container, else absent |
//! | `fields` | the sanitised fields |

use std::borrow::Cow;
use std::fmt;
use std::io::Write;
use std::time::SystemTime;

use jiff::Timestamp;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::event::{Sanitized, TelemetryEvent};

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
        "random",
        "An id of the installation: a random number, about nothing. It says that events come from one installation.",
    ),
    (
        CONTAINER,
        "optional bool",
        "That the program ran in a container, so that receivers can count without it.",
    ),
];

/// Under this key, and not at the top, the dead letters keep a line.
pub(crate) const STORED: &str = "stored";

/// Where events come from: the same for all of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'o> {
    /// The installation id.
    pub(crate) installation: &'o str,
    /// Whether the program runs in a container.
    pub(crate) container: bool,
}

/// Appends the line to `buffer`, line feed included.
///
/// Names, purposes and ids are checked where they are made (by the derive, and
/// by the client), and hold nothing that JSON would escape.
pub(crate) fn write<E: TelemetryEvent + ?Sized>(
    buffer: &mut Vec<u8>,
    id: &str,
    time: Timestamp,
    generation: u64,
    origin: &Origin<'_>,
    event: &Sanitized<'_, E>,
) -> Result<(), serde_json::Error> {
    let schema = event.schema();
    let (name, version, purpose) = (schema.name, schema.version, schema.purpose);
    let installation = origin.installation;
    write!(
        buffer,
        r#"{{"{ID}":"{id}","{TIME}":"{time:.3}","{EVENT}":"{name}","{VERSION}":{version},"{PURPOSE}":"{purpose}","{GENERATION}":{generation},"{INSTALLATION}":"{installation}","#,
    )
    .map_err(serde_json::Error::io)?;
    if origin.container {
        write!(buffer, r#""{CONTAINER}":true,"#).map_err(serde_json::Error::io)?;
    }
    write!(buffer, r#""{FIELDS}":"#).map_err(serde_json::Error::io)?;
    let fields = buffer.len();
    event.serialize(&mut serde_json::Serializer::new(&mut *buffer))?;
    if !buffer.get(fields..).is_some_and(is_shallow) {
        return Err(serde::de::Error::custom(format_args!("nested more than {MAX_DEPTH} deep")));
    }
    buffer.extend_from_slice(b"}\n");
    Ok(())
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
    pub(crate) installation: String,
    pub(crate) container: bool,
    pub(crate) fields: Map<String, Value>,
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
    let (purpose, installation) = (text(PURPOSE)?, text(INSTALLATION)?);
    let version = map.get(VERSION).and_then(Value::as_u64).ok_or(Malformed::NotAnEvent)?;
    // Without a number it is of the first generation: any refusal keeps it back.
    let generation = map.get(GENERATION).and_then(Value::as_u64).unwrap_or(0);
    let container = map.get(CONTAINER).and_then(Value::as_bool).unwrap_or(false);
    let Some(Value::Object(fields)) = map.remove(FIELDS) else {
        return Err(Malformed::NotAnEvent);
    };
    Ok(Envelope { id, time, event, version, purpose, generation, installation, container, fields })
}

/// What tells one stored event from another, of a line that may lack the rest.
/// Nothing is copied but a text with escapes, which no line of ours has here.
#[derive(Debug, Default)]
pub(crate) struct Header<'l> {
    id: Option<Text<'l>>,
    time: Option<Text<'l>>,
    event: Option<Text<'l>>,
    purpose: Option<Text<'l>>,
    /// The line that a dead letter holds.
    stored: Option<Box<Header<'l>>>,
}

impl<'l> Header<'l> {
    /// The header of a line, or of the line that a dead letter holds. `None`
    /// when the line is no JSON object, or these keys hold no text.
    pub(crate) fn read(line: &'l [u8]) -> Option<Self> {
        let header: Self = serde_json::from_slice(line).ok()?;
        match header.stored {
            Some(stored) => Some(*stored),
            None => Some(header),
        }
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_ref().map(|text| &*text.0)
    }

    pub(crate) fn event(&self) -> Option<&str> {
        self.event.as_ref().map(|text| &*text.0)
    }

    pub(crate) fn purpose(&self) -> Option<&str> {
        self.purpose.as_ref().map(|text| &*text.0)
    }

    pub(crate) fn recorded(&self) -> Option<SystemTime> {
        self.time.as_ref().and_then(|text| time_of(&text.0))
    }
}

impl<'de> Deserialize<'de> for Header<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut header = Header::default();
        while let Some(key) = map.next_key::<Text<'de>>()? {
            match &*key.0 {
                ID => header.id = Some(map.next_value()?),
                TIME => header.time = Some(map.next_value()?),
                EVENT => header.event = Some(map.next_value()?),
                PURPOSE => header.purpose = Some(map.next_value()?),
                STORED => header.stored = Some(Box::new(map.next_value()?)),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(header)
    }
}

/// A text that is borrowed from the line if it can be.
#[derive(Debug)]
struct Text<'l>(Cow<'l, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

/// The moment that a stored time names.
pub(crate) fn time_of(text: &str) -> Option<SystemTime> {
    text.parse::<Timestamp>().ok().map(SystemTime::from)
}

/// A stored line as delivery sees it: the values that stand around the fields,
/// borrowed, and the fields as they are written. Nothing is allocated, and no
/// tree is built.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line<'l> {
    pub(crate) id: &'l str,
    pub(crate) time: &'l str,
    pub(crate) event: &'l str,
    pub(crate) version: u64,
    pub(crate) purpose: &'l str,
    /// Absent counts as the first, as in [`parse`].
    pub(crate) generation: u64,
    pub(crate) installation: &'l str,
    pub(crate) container: bool,
    /// The JSON object with the fields.
    pub(crate) fields: &'l str,
    /// All of it, without the line feed.
    pub(crate) raw: &'l str,
}

impl<'l> Line<'l> {
    /// Reads a line in exactly the form in which [`write`] writes it: the same
    /// keys in the same order, without spaces, without escapes outside of the
    /// fields, and nothing after them. Whatever else lies in a segment was not
    /// written by this library.
    pub(crate) fn read(line: &'l [u8]) -> Result<Self, Malformed> {
        let raw = std::str::from_utf8(line).map_err(|_| Malformed::NotUtf8)?;
        Self::parts(raw).ok_or(Malformed::NotAnEvent)
    }

    fn parts(raw: &'l str) -> Option<Self> {
        let mut rest = raw.strip_prefix('{')?;
        let id = text(&mut rest, ID)?;
        let time = text(&mut rest, TIME)?;
        let event = text(&mut rest, EVENT)?;
        let version = number(&mut rest, VERSION)?;
        let purpose = text(&mut rest, PURPOSE)?;
        let generation = match after_key(rest, GENERATION) {
            Some(_) => number(&mut rest, GENERATION)?,
            None => 0,
        };
        let installation = text(&mut rest, INSTALLATION)?;
        let container = match after_key(rest, CONTAINER) {
            Some(value) => {
                rest = value.strip_prefix("true,")?;
                true
            }
            None => false,
        };
        let fields = after_key(rest, FIELDS)?.strip_suffix('}')?;
        let whole = fields.starts_with('{') && is_json(fields);
        whole.then_some(Self {
            id,
            time,
            event,
            version,
            purpose,
            generation,
            installation,
            container,
            fields,
            raw,
        })
    }
}

/// What follows `"key":` at the front of `rest`.
fn after_key<'l>(rest: &'l str, key: &str) -> Option<&'l str> {
    rest.strip_prefix('"')?.strip_prefix(key)?.strip_prefix("\":")
}

/// The text under `key`, and `rest` moved behind its comma.
fn text<'l>(rest: &mut &'l str, key: &str) -> Option<&'l str> {
    let value = after_key(rest, key)?.strip_prefix('"')?;
    let (text, after) = value.split_once('"')?;
    *rest = after.strip_prefix(',')?;
    // What needs an escape is in no name, time or id.
    (!text.bytes().any(|byte| byte == b'\\' || byte < b' ')).then_some(text)
}

/// The number under `key`, and `rest` moved behind its comma.
fn number(rest: &mut &str, key: &str) -> Option<u64> {
    let (digits, after) = after_key(rest, key)?.split_once(',')?;
    *rest = after;
    // `parse` takes a sign, JSON does not.
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Whether `text` is one JSON value, looked at without keeping any of it.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// The deepest that the fields of an event may be nested: sixteen objects or
/// lists inside each other, themselves included. Receivers give up somewhere
/// (protocol buffers at 100 messages, of which one JSON level takes three), and
/// one event that is too deep would make the batch around it unreadable.
pub(crate) const MAX_DEPTH: usize = 16;

/// Whether `json` is nested at most [`MAX_DEPTH`] deep.
pub(crate) fn is_shallow(json: &[u8]) -> bool {
    // An upper bound first, which nearly every event meets: the compiler counts
    // many bytes at once.
    if json.iter().filter(|byte| matches!(byte, b'{' | b'[')).count() <= MAX_DEPTH {
        return true;
    }
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in json {
        match (quoted, *byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => quoted = !quoted,
            (false, b'{' | b'[') if depth == MAX_DEPTH => return false,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(fields: &str) -> String {
        format!(
            r#"{{"id":"a-1","time":"2026-01-01T00:00:00.000Z","event":"e","version":2,"purpose":"service","generation":7,"installation":"i","fields":{fields}}}"#
        )
    }

    #[test]
    fn a_line_is_read_as_parse_reads_it() {
        let container = line("{}").replace("\"fields\"", "\"container\":true,\"fields\"");
        for raw in [line("{}"), line(r#"{"a":{"b":[1,"}\"]"]}}"#), container] {
            let (read, parsed) =
                (Line::read(raw.as_bytes()).unwrap(), parse(raw.as_bytes()).unwrap());
            assert_eq!((read.id, read.event), (parsed.id.as_str(), parsed.event.as_str()));
            assert_eq!((read.version, read.container), (parsed.version, parsed.container));
            assert_eq!(read.generation, parsed.generation);
            let fields: Map<String, Value> = serde_json::from_str(read.fields).unwrap();
            assert_eq!(fields, parsed.fields, "{raw}");
        }
    }

    #[test]
    fn what_write_does_not_write_is_not_read() {
        let good = line("{}");
        for bad in [
            good.replace("\"id\":", "\"id\": "),
            good.replace("\"fields\":{}", "\"fields\":{},\"password\":1"),
            good.replace("\"fields\":{}", "\"password\":1,\"fields\":{}"),
            good.replace("\"a-1\"", "\"a\\u002d1\""),
            good.replace("{}}", "{}"),
            good.replace("{}", "[]"),
            good.replace("{}", "{}{}"),
            good.replace("{}", "{\"a\":}"),
            good.replace("\"version\":2", "\"version\":-2"),
            String::from("{\"password\":\"hunter2\"}"),
        ] {
            assert_eq!(Line::read(bad.as_bytes()), Err(Malformed::NotAnEvent), "{bad}");
        }
        assert_eq!(Line::read(b"\xff"), Err(Malformed::NotUtf8));
    }

    #[test]
    fn depth_is_counted_outside_of_text() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(is_shallow(nested(MAX_DEPTH).as_bytes()));
        assert!(!is_shallow(nested(MAX_DEPTH + 1).as_bytes()));
        assert!(is_shallow(format!("[{}]", vec!["[]"; 100].join(",")).as_bytes()));
        assert!(is_shallow(
            format!(r#"["{}","\\\"{}"]"#, "[".repeat(99), "{".repeat(99)).as_bytes()
        ));
        assert!(!is_shallow(format!(r#"["\\",{}]"#, nested(MAX_DEPTH)).as_bytes()));
    }
}
