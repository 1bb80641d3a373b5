//! The sanitised form of an event, written as JSON without a detour.
//!
//! It owns the bytes of objects, names and simple values; whatever has parts
//! goes through serde_json. It must never know a policy, and writes the very
//! bytes that serde_json would write: a property test holds the two together.

use std::mem;

use serde::Serialize;
use serde_json::Error;

use super::{FieldVisitor, TelemetryEvent};
use crate::leaf::{Context, Sanitize, Sink};
use crate::pseudonym::{Begun, KeySlot, Keys, Place, Step, Waiting, format};
use crate::schema::FieldSchema;

/// Room for most events, taken once for each.
const USUAL: usize = 512;

/// Appends `event` to `out` as one JSON object. After an error, what was
/// appended is of no use.
pub(super) fn write<E: TelemetryEvent + ?Sized>(
    event: &E,
    context: Context<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    out.reserve(USUAL);
    out.push(b'{');
    let (type_path, event_name) = (E::TYPE_PATH, event.schema().name);
    let mut fields = Fields {
        out,
        context,
        waiting: Pseudonyms::default(),
        empty: true,
        type_path,
        event: event_name,
    };
    event.visit_fields(&mut fields)?;
    let Fields { out, waiting, .. } = fields;
    waiting.finish(out);
    out.push(b'}');
    Ok(())
}

struct Fields<'o, 'c> {
    out: &'o mut Vec<u8>,
    context: Context<'c>,
    waiting: Pseudonyms<'c>,
    empty: bool,
    type_path: &'static str,
    event: &'static str,
}

impl FieldVisitor for Fields<'_, '_> {
    type Error = Error;

    #[inline(always)]
    fn visit_field<L: Sanitize>(
        &mut self,
        field: &'static FieldSchema,
        value: L,
    ) -> Result<(), Error> {
        if !self.context.grants(field) {
            return Ok(());
        }
        let context = self.context;
        if L::NESTED {
            let outer = Place::Event { type_path: self.type_path, event: self.event };
            let place = Place::Inside { outer: &outer, step: Step::Field(field.name) };
            value.sanitize_into(context.at(&place), Field { fields: self, key: field.key })
        } else {
            value.sanitize_into(context, Field { fields: self, key: field.key })
        }
    }

    #[inline]
    fn visit_dropped(&mut self, _field: &'static FieldSchema) -> Result<(), Error> {
        Ok(())
    }
}

/// The place of one field's value.
struct Field<'f, 'o, 'c> {
    fields: &'f mut Fields<'o, 'c>,
    key: &'static str,
}

impl<'f, 'o> Field<'f, 'o, '_> {
    /// Writes the name, and says where the value goes.
    #[inline]
    fn open(self) -> &'f mut Vec<u8> {
        let fields = self.fields;
        let key = self.key.as_bytes();
        // The first one has no comma before it.
        let key = if mem::take(&mut fields.empty) { key.get(1..).unwrap_or_default() } else { key };
        fields.out.extend_from_slice(key);
        fields.out
    }
}

impl Sink for Field<'_, '_, '_> {
    type Ok = ();
    type Error = Error;

    fn value<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        serde_json::to_writer(self.open(), value)
    }

    #[inline]
    fn absent(self) -> Result<(), Error> {
        Ok(())
    }

    #[inline]
    fn text(self, text: &str) -> Result<(), Error> {
        string(self.open(), text);
        Ok(())
    }

    #[inline]
    fn signed(self, integer: i64) -> Result<(), Error> {
        self.open().extend_from_slice(itoa::Buffer::new().format(integer).as_bytes());
        Ok(())
    }

    #[inline]
    fn unsigned(self, integer: u64) -> Result<(), Error> {
        self.open().extend_from_slice(itoa::Buffer::new().format(integer).as_bytes());
        Ok(())
    }

    #[inline]
    fn boolean(self, value: bool) -> Result<(), Error> {
        self.open().extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    #[inline]
    fn pseudonym(
        self,
        keys: &Keys,
        slot: &'static KeySlot,
        value: &[u8],
        remember: bool,
    ) -> Result<(), Error> {
        // The same keys, by the longer life that one under way needs.
        let begun = self.fields.context.keys().and_then(|keys| keys.begin(slot, value, remember));
        match begun {
            Some(begun) => {
                self.fields.pseudonym(self.key, begun);
                Ok(())
            }
            None => match keys.pseudonym(slot, value) {
                Some(pseudonym) => self.text(pseudonym.as_str()),
                None => self.absent(),
            },
        }
    }
}

impl<'c> Fields<'_, 'c> {
    #[inline]
    fn pseudonym(&mut self, key: &'static str, begun: Begun<'c>) {
        let out = Field { fields: self, key }.open();
        out.extend_from_slice(QUOTED_PREFIX);
        match begun {
            Begun::Known(digits) => out.extend_from_slice(&digits),
            Begun::New(waiting) => {
                let position = out.len();
                out.extend_from_slice(&[b'0'; format::DIGITS]);
                self.waiting.add(position, waiting, self.out);
            }
        }
        self.out.push(b'"');
    }
}

/// A quote, and what every pseudonym begins with.
const QUOTED_PREFIX: &[u8; 4] = b"\"h1_";
const _: () = assert!(matches!(format::PREFIX.as_bytes(), b"h1_"));

/// How many pseudonyms are under way at once. Two keep the processor busy; four
/// are what most events with several identifiers have.
const AT_ONCE: usize = 4;

/// Pseudonyms under way, and where their digits go.
#[derive(Default)]
struct Pseudonyms<'k>([Option<(usize, Waiting<'k>)>; AT_ONCE]);

impl<'k> Pseudonyms<'k> {
    #[inline]
    fn add(&mut self, position: usize, waiting: Waiting<'k>, out: &mut [u8]) {
        if self.0.iter().all(Option::is_some) {
            mem::take(self).finish(out);
        }
        if let Some(place) = self.0.iter_mut().find(|place| place.is_none()) {
            *place = Some((position, waiting));
        }
    }

    #[inline]
    fn finish(mut self, out: &mut [u8]) {
        Waiting::make(&mut self.0, |position, digits| {
            if let Some(place) = out.get_mut(position..position + digits.len()) {
                place.copy_from_slice(digits);
            }
        });
    }
}

/// Appends `text` in quotes, escaped where it must be.
#[inline]
fn string(out: &mut Vec<u8>, text: &str) {
    if is_plain(text.as_bytes()) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        // Writing a text to memory cannot fail.
        let _ = serde_json::to_writer(out, text);
    }
}

/// Whether nothing in a text must be escaped (RFC 8259, section 7): no quote,
/// no backslash, nothing below a space. Eight bytes at a time.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // A byte is below n (at most 128) where its high bit is off and taking n
    // away borrows; equal to n where it is so after an exclusive or with n, for
    // n = 1. What a borrow does to the next byte can only be a false alarm.
    let suspicious = |word: u64| {
        let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word;
        let equal = |n: u8| below(word ^ (ONES * u64::from(n)), 1);
        (below(word, 0x20) | equal(b'"') | equal(b'\\')) & HIGH
    };
    let (words, rest) = text.as_chunks::<8>();
    let mut found = 0;
    for word in words {
        found |= suspicious(u64::from_le_bytes(*word));
    }
    found == 0 && rest.iter().all(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\')
}
