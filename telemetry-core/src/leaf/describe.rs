//! What says of itself, part by part, what may be told of it.
//!
//! It owns [`Describe`] and the text that its parts are written to. It must
//! never know an error's type, nor which policies there are.
//!
//! The parts that stand in the program's source are written as they are; every
//! other part is a value under a policy of its own.

use std::fmt::{self, Write};

use serde::ser::{Impossible, Serialize, Serializer};

use super::{Context, Sanitize, Sink};

/// An error or a message that is told by its parts. Implemented by
/// `#[derive(TelemetryError)]` and by [`message!`](crate::message).
#[doc(hidden)]
pub trait Describe {
    /// Writes every part.
    fn describe(&self, description: &mut Description<'_>);
}

/// The words of an error or a message that stand in the program's source: what
/// an associated constant holds was known to the compiler. A part names its
/// words by their place, so that no text of a run can pass for one of them.
#[doc(hidden)]
pub trait Wording {
    const WORDS: &'static [&'static str];
}

/// The text that parts are written to. Nobody outside of this crate can make
/// one, and so apply a policy.
#[doc(hidden)]
#[derive(Debug)]
pub struct Description<'c> {
    text: String,
    context: Context<'c>,
}

impl<'c> Description<'c> {
    /// The text of `of`, under the rules of `context`.
    pub(crate) fn write(of: &dyn Describe, context: Context<'c>) -> String {
        let mut description = Self { text: String::new(), context };
        of.describe(&mut description);
        description.text
    }

    pub(crate) fn context(&self) -> Context<'c> {
        self.context
    }

    /// A part that stands in the program's source.
    pub fn literal<W: Wording + ?Sized>(&mut self, place: usize) {
        self.text.push_str(word::<W>(place));
    }

    /// A value, as its policy leaves it; or `[name]`, if nothing is left of it.
    pub fn value<W: Wording + ?Sized>(&mut self, name: usize, value: &impl Sanitize) {
        self.value_named(word::<W>(name), value);
    }

    /// What stands for a value that does not leave.
    pub fn dropped<W: Wording + ?Sized>(&mut self, name: usize) {
        self.stand_in(word::<W>(name));
    }

    pub(crate) fn value_named(&mut self, name: &'static str, value: &impl Sanitize) {
        let before = self.text.len();
        let left = value.sanitize_into(self.context, WordSink(&mut self.text));
        if !matches!(left, Ok(true)) {
            self.text.truncate(before);
            self.stand_in(name);
        }
    }

    /// The cause, behind `: `; nothing, if nothing is left of it.
    pub fn cause(&mut self, cause: &impl Sanitize) {
        let before = self.text.len();
        self.text.push_str(": ");
        if !matches!(cause.sanitize_into(self.context, WordSink(&mut self.text)), Ok(true)) {
            self.text.truncate(before);
        }
    }

    /// What stands for a value that does not leave.
    pub(crate) fn stand_in(&mut self, name: &'static str) {
        self.text.push('[');
        self.text.push_str(name);
        self.text.push(']');
    }

    /// Text that is known to hold nothing of the machine or its user.
    pub(crate) fn known(&mut self, text: impl fmt::Display) {
        // Writing to a `String` does not fail.
        let _ = write!(self.text, "{text}");
    }
}

fn word<W: Wording + ?Sized>(place: usize) -> &'static str {
    W::WORDS.get(place).copied().unwrap_or_default()
}

/// Takes a value as words; says whether there was one.
struct WordSink<'s>(&'s mut String);

impl Sink for WordSink<'_> {
    type Ok = bool;
    type Error = fmt::Error;

    fn value<T: Serialize + ?Sized>(self, value: &T) -> Result<bool, fmt::Error> {
        value.serialize(TextSink(self.0)).map(|()| true)
    }

    fn absent(self) -> Result<bool, fmt::Error> {
        Ok(false)
    }
}

/// Writes what has one usual form as text. Lists and maps have none.
struct TextSink<'s>(&'s mut String);

macro_rules! written {
    ($($method:ident($Type:ty);)*) => {$(
        fn $method(self, value: $Type) -> Result<(), fmt::Error> {
            write!(self.0, "{value}")
        }
    )*};
}

impl Serializer for TextSink<'_> {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = Impossible<(), fmt::Error>;
    type SerializeTuple = Impossible<(), fmt::Error>;
    type SerializeTupleStruct = Impossible<(), fmt::Error>;
    type SerializeTupleVariant = Impossible<(), fmt::Error>;
    type SerializeMap = Impossible<(), fmt::Error>;
    type SerializeStruct = Impossible<(), fmt::Error>;
    type SerializeStructVariant = Impossible<(), fmt::Error>;

    written! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_i128(i128);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_u128(u128);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_none(self) -> Result<(), fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), fmt::Error> {
        self.serialize_str(name)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), fmt::Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStruct, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, fmt::Error> {
        Err(fmt::Error)
    }
}
