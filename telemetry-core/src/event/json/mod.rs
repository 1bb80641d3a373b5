//! The sanitised form of an event, written as JSON without a detour.
//!
//! It owns the order of names and values; `bytes` owns what they look like, and
//! whatever has parts goes through serde_json. It must never know a policy, and writes the very
//! bytes that serde_json would write: a property test holds the two together.

mod bytes;

use serde::Serialize;
use serde_json::Error;

use self::bytes::End;
use super::{FieldVisitor, TelemetryEvent};
use crate::leaf::{Context, Sanitize, Sink};
use crate::pseudonym::{FieldPlace, KeySlot, Keys, Pending, Step, TypePath};
use crate::schema::{FieldSchema, JsonKey};

/// Appends `event` to `out` as one JSON object. After an error, what was
/// appended is of no use.
pub(super) fn write<E: TelemetryEvent + ?Sized>(
    event: &E,
    context: Context<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let start = out.len();
    bytes::begin(out);
    let (type_path, event_name) = (E::TYPE_PATH, event.schema().name);
    let mut pending = Pending::default();
    let mut fields = JsonFields {
        out,
        end: start,
        context,
        pending: &mut pending,
        type_path,
        event: event_name,
    };
    event.visit_fields(&mut fields)?;
    let JsonFields { out, end, pending, .. } = fields;
    pending.finish(out);
    bytes::finish(out, start, end);
    Ok(())
}

/// Where the fields go. Where the next one begins is a number of its own, and
/// not the length of `out`: the compiler keeps it in a register, where the
/// length would be read from memory right after it was written there.
struct JsonFields<'o, 'c> {
    out: &'o mut Vec<u8>,
    end: End,
    context: Context<'c>,
    pending: &'o mut Pending<'c>,
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
        let sink = JsonField {
            out: self.out,
            end: self.end,
            pending: self.pending,
            keys: context.keys(),
            key: &field.key,
        };
        self.end = if L::NESTED {
            let outer = FieldPlace::Event { type_path: self.type_path, event: self.event };
            let place = FieldPlace::Inside { outer: &outer, step: Step::Field(field.name) };
            value.sanitize_into(context.at(&place), sink)?
        } else {
            value.sanitize_into(context, sink)?
        };
        Ok(())
    }

    #[inline]
    fn visit_dropped(&mut self, _field: &'static FieldSchema) -> Result<(), Error> {
        Ok(())
    }
}

/// The place of one field's value.
struct JsonField<'f, 'c> {
    out: &'f mut Vec<u8>,
    end: End,
    pending: &'f mut Pending<'c>,
    keys: Option<&'c Keys>,
    key: &'static JsonKey,
}

impl<'f> JsonField<'f, '_> {
    /// Writes the name, and says where the value goes.
    #[inline(always)]
    fn open(self) -> (&'f mut Vec<u8>, End) {
        let end = bytes::key(self.out, self.end, self.key);
        (self.out, end)
    }
}

/// Says where the next field begins.
impl Sink for JsonField<'_, '_> {
    type Ok = End;
    type Error = Error;

    fn value<T: Serialize + ?Sized>(self, value: &T) -> Result<End, Error> {
        let (out, end) = self.open();
        out.truncate(end);
        serde_json::to_writer(&mut *out, value)?;
        Ok(out.len())
    }

    #[inline(always)]
    fn absent(self) -> Result<End, Error> {
        Ok(self.end)
    }

    #[inline(always)]
    fn text(self, text: &str) -> Result<End, Error> {
        let (out, end) = self.open();
        Ok(bytes::text(out, end, text))
    }

    #[inline(always)]
    fn plain_text(self, text: &'static str) -> Result<End, Error> {
        let (out, end) = self.open();
        Ok(bytes::plain_text(out, end, text))
    }

    #[inline(always)]
    fn signed(self, integer: i64) -> Result<End, Error> {
        let (out, end) = self.open();
        Ok(bytes::signed(out, end, integer))
    }

    #[inline(always)]
    fn unsigned(self, integer: u64) -> Result<End, Error> {
        let (out, end) = self.open();
        Ok(bytes::unsigned(out, end, integer))
    }

    #[inline(always)]
    fn boolean(self, value: bool) -> Result<End, Error> {
        let (out, end) = self.open();
        Ok(bytes::boolean(out, end, value))
    }

    #[inline(always)]
    fn pseudonym(
        self,
        keys: &Keys,
        slot: &'static KeySlot,
        value: &[u8],
        remember: bool,
    ) -> Result<End, Error> {
        // The same keys, by the longer life that one under way needs.
        if let Some(keys) = self.keys {
            let start = bytes::key(self.out, self.end, self.key);
            let (end, digits) = bytes::pseudonym(self.out, start);
            if self.pending.add(keys, slot, value, remember, self.out, digits) {
                return Ok(end);
            }
        }
        match keys.pseudonym(slot, value) {
            Some(pseudonym) => self.text(pseudonym.as_str()),
            None => self.absent(),
        }
    }
}
