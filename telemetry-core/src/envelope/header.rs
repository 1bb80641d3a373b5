//! Reading no more of a line than what tells one event from another.

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{EVENT, ID, PURPOSE, STORED, TIME, time_of};

/// What tells one stored event from another, of a line that may lack the rest.
/// Nothing is copied but a text with escapes, which no line of ours has here.
#[derive(Debug, Default)]
pub(crate) struct Header<'l> {
    id: Option<BorrowedText<'l>>,
    time: Option<BorrowedText<'l>>,
    event: Option<BorrowedText<'l>>,
    purpose: Option<BorrowedText<'l>>,
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
        while let Some(key) = map.next_key::<BorrowedText<'de>>()? {
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
struct BorrowedText<'l>(Cow<'l, str>);

impl<'de> Deserialize<'de> for BorrowedText<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = BorrowedText<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(BorrowedText(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(BorrowedText(Cow::Owned(text.to_owned())))
    }
}
