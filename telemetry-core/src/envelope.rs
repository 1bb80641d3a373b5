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
    event.serialize(&mut serde_json::Serializer::new(&mut *buffer))?;
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
