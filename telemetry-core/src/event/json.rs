//! The sanitised form of an event, written as JSON without a detour.
//!
//! It owns the bytes of objects, names and simple values; whatever has parts
//! goes through serde_json. It must never know a policy, and writes the very
//! bytes that serde_json would write: a property test holds the two together.

use serde::Serialize;
use serde_json::Error;

use super::{FieldVisitor, TelemetryEvent};
use crate::leaf::{Context, Sanitize, Sink};
use crate::pseudonym::{FieldPlace, KeySlot, Keys, Pending, Step, TypePath, format};
use crate::schema::{FieldSchema, JsonKey};
use crate::words;

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
    let start = out.len();
    let (type_path, event_name) = (E::TYPE_PATH, event.schema().name);
    let mut fields =
        JsonFields { out, context, pending: Pending::default(), type_path, event: event_name };
    event.visit_fields(&mut fields)?;
    let JsonFields { out, mut pending, .. } = fields;
    pending.finish(out);
    // Every field begins with a comma; the object begins where the first one is.
    match out.get_mut(start) {
        Some(comma) => *comma = b'{',
        None => out.push(b'{'),
    }
    out.push(b'}');
    Ok(())
}

struct JsonFields<'o, 'c> {
    out: &'o mut Vec<u8>,
    context: Context<'c>,
    pending: Pending<'c>,
    type_path: TypePath,
    event: &'static str,
}

impl FieldVisitor for JsonFields<'_, '_> {
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
            let outer = FieldPlace::Event { type_path: self.type_path, event: self.event };
            let place = FieldPlace::Inside { outer: &outer, step: Step::Field(field.name) };
            value.sanitize_into(context.at(&place), JsonField { fields: self, key: &field.key })
        } else {
            value.sanitize_into(context, JsonField { fields: self, key: &field.key })
        }
    }

    #[inline]
    fn visit_dropped(&mut self, _field: &'static FieldSchema) -> Result<(), Error> {
        Ok(())
    }
}

/// The place of one field's value.
struct JsonField<'f, 'o, 'c> {
    fields: &'f mut JsonFields<'o, 'c>,
    key: &'static JsonKey,
}

impl<'f, 'o> JsonField<'f, 'o, '_> {
    /// Writes the name, and says where the value goes.
    #[inline]
    fn open(self) -> &'f mut Vec<u8> {
        self.key.write(self.fields.out);
        self.fields.out
    }
}

impl Sink for JsonField<'_, '_, '_> {
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
        match u64::try_from(integer) {
            Ok(integer) => unsigned(self.open(), integer),
            Err(_) => self.open().extend_from_slice(itoa::Buffer::new().format(integer).as_bytes()),
        }
        Ok(())
    }

    #[inline]
    fn unsigned(self, integer: u64) -> Result<(), Error> {
        unsigned(self.open(), integer);
        Ok(())
    }

    #[inline]
    fn boolean(self, value: bool) -> Result<(), Error> {
        self.open().extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn pseudonym(
        self,
        keys: &Keys,
        slot: &'static KeySlot,
        value: &[u8],
        remember: bool,
    ) -> Result<(), Error> {
        let JsonFields { out, pending, context, .. } = &mut *self.fields;
        let start = out.len();
        self.key.write(out);
        out.extend_from_slice(PLACE);
        let digits = out.len() - format::DIGITS - 1;
        // The same keys, by the longer life that one under way needs.
        let added = context
            .keys()
            .is_some_and(|keys| pending.add(keys, slot, value, remember, out, digits));
        if added {
            return Ok(());
        }
        out.truncate(start);
        match keys.pseudonym(slot, value) {
            Some(pseudonym) => self.text(pseudonym.as_str()),
            None => self.absent(),
        }
    }
}

/// A pseudonym in quotes, with its digits to come.
const PLACE: &[u8; 37] = b"\"h1_00000000000000000000000000000000\"";
const _: () = assert!(matches!(format::PREFIX.as_bytes(), b"h1_"));
const _: () = assert!(PLACE.len() == 1 + format::PREFIX.len() + format::DIGITS + 1);

#[inline]
fn unsigned(out: &mut Vec<u8>, integer: u64) {
    match u8::try_from(integer) {
        // Most counts are.
        Ok(digit @ 0..10) => out.push(b'0' + digit),
        _ => out.extend_from_slice(itoa::Buffer::new().format(integer).as_bytes()),
    }
}

/// Appends `text` in quotes, escaped where it must be.
#[inline]
fn string(out: &mut Vec<u8>, text: &str) {
    match words::word(text.as_bytes()) {
        Some(word) if text.len() <= 14 && is_plain_word(word, text.len()) => {
            let end = out.len() + text.len() + 2;
            let quote = u128::from(b'"');
            let quoted = quote | word << 8 | quote << (8 * (text.len() + 1));
            out.extend_from_slice(&quoted.to_le_bytes());
            out.truncate(end);
        }
        _ => longer_string(out, text),
    }
}

/// The same of a text that fits into no word.
fn longer_string(out: &mut Vec<u8>, text: &str) {
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
/// no backslash, nothing below a space. Sixteen bytes at a time.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    let (words, rest) = text.as_chunks();
    let mut found = 0;
    for word in words {
        found |= suspicious(u128::from_le_bytes(*word));
    }
    found == 0 && words::word(rest).is_some_and(|word| is_plain_word(word, rest.len()))
}

/// The same of the first `length` bytes of a word, behind which are zeros.
#[inline]
fn is_plain_word(word: u128, length: usize) -> bool {
    const SPACES: u128 = ONES * 0x20;
    suspicious(word | SPACES << (8 * length)) == 0
}

/// One in each byte.
const ONES: u128 = u128::MAX / 255;

/// Not zero if one of the bytes must be escaped; hardly ever when none must.
#[inline]
fn suspicious(word: u128) -> u128 {
    const HIGH: u128 = ONES << 7;
    // A byte is below n (at most 128) where its high bit is off and taking n
    // away borrows; equal to n where it is so after an exclusive or with n, for
    // n = 1. What a borrow does to the next byte can only be a false alarm.
    let below = |word: u128, n: u128| word.wrapping_sub(ONES * n) & !word;
    let equal = |n: u8| below(word ^ (ONES * u128::from(n)), 1);
    (below(word, 0x20) | equal(b'"') | equal(b'\\')) & HIGH
}
