//! `Debug` of events, raw and sanitised.
//!
//! It owns how a serialisable value is shown to a developer. It must never
//! know a key: of a raw event it shows allowed values, and of everything else
//! the policy's name.

use std::fmt::{self, Debug, Formatter};

use serde::ser::{self, Serialize};

use super::{FieldVisitor, TelemetryEvent, TelemetryFields};
use crate::leaf::{Context, Sanitize, Sink};
use crate::schema::FieldSchema;

/// Writes `Debug` of a raw event. What the derive calls.
#[doc(hidden)]
pub fn debug_event<E: TelemetryEvent + ?Sized>(event: &E, f: &mut Formatter<'_>) -> fmt::Result {
    let mut shown = f.debug_struct(event.schema().name);
    let _ = event.visit_fields(&mut ShownFields(&mut shown));
    shown.finish()
}

/// Writes `Debug` of a raw nested value. What the derive calls.
#[doc(hidden)]
pub fn debug_fields<T: TelemetryFields + ?Sized>(
    name: &'static str,
    value: &T,
    f: &mut Formatter<'_>,
) -> fmt::Result {
    let mut shown = f.debug_struct(name);
    let _ = value.visit_fields(&mut ShownFields(&mut shown));
    shown.finish()
}

/// Writes nothing, of a type whose mistakes have been reported. What the derive
/// calls.
#[doc(hidden)]
pub fn debug_nothing<T: ?Sized>(_: &T, _: &mut Formatter<'_>) -> fmt::Result {
    Ok(())
}

/// Shows allowed values, and the policies of all others.
struct ShownFields<'s, 'a, 'b>(&'s mut fmt::DebugStruct<'a, 'b>);

impl FieldVisitor for ShownFields<'_, '_, '_> {
    type Error = std::convert::Infallible;

    fn visit_field<L: Sanitize>(
        &mut self,
        field: &'static FieldSchema,
        value: L,
    ) -> Result<(), Self::Error> {
        if L::SHOWN {
            value.sanitize_into(Context::WITHOUT_KEYS, ShownField(self.0, field.name))
        } else {
            self.0.field(field.name, &ShownName(field.policy.name));
            Ok(())
        }
    }

    fn visit_dropped(&mut self, field: &'static FieldSchema) -> Result<(), Self::Error> {
        self.0.field(field.name, &ShownName(field.policy.name));
        Ok(())
    }
}

struct ShownField<'s, 'a, 'b>(&'s mut fmt::DebugStruct<'a, 'b>, &'static str);

impl Sink for ShownField<'_, '_, '_> {
    type Ok = ();
    type Error = std::convert::Infallible;

    fn value<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Self::Error> {
        self.0.field(self.1, &ShownAsDebug(value));
        Ok(())
    }

    fn absent(self) -> Result<(), Self::Error> {
        self.0.field(self.1, &ShownName("absent"));
        Ok(())
    }
}

struct ShownName(&'static str);

impl Debug for ShownName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

/// Shows a serialisable value in the style of `Debug`.
pub(crate) struct ShownAsDebug<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: Serialize + ?Sized> Debug for ShownAsDebug<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // A failure of the value's own: an error here would be a panic of `format!`.
        self.0.serialize(DebugSerializer(f)).or_else(|_| f.write_str("<could not be shown>"))
    }
}

struct DebugSerializer<'s, 'a>(&'s mut Formatter<'a>);

/// A failed write, or a value whose own `Serialize` failed. It has no text:
/// a `Serialize` of the author's could put a field's value into its message.
#[derive(Debug)]
struct Failed;

impl From<fmt::Error> for Failed {
    fn from(_: fmt::Error) -> Self {
        Self
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("the value could not be shown")
    }
}

impl std::error::Error for Failed {}

impl ser::Error for Failed {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

macro_rules! scalars {
    ($($method:ident $Type:ty),*) => {$(
        fn $method(self, value: $Type) -> Result<(), Failed> {
            Ok(value.fmt(self.0)?)
        }
    )*};
}

impl<'s, 'a> ser::Serializer for DebugSerializer<'s, 'a> {
    type Ok = ();
    type Error = Failed;
    type SerializeSeq = DebugList<'s, 'a>;
    type SerializeTuple = DebugList<'s, 'a>;
    type SerializeTupleStruct = DebugList<'s, 'a>;
    type SerializeTupleVariant = DebugList<'s, 'a>;
    type SerializeMap = DebugMap<'s, 'a>;
    type SerializeStruct = DebugMap<'s, 'a>;
    type SerializeStructVariant = DebugMap<'s, 'a>;

    scalars!(
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32,
        serialize_i64 i64, serialize_i128 i128, serialize_u8 u8, serialize_u16 u16,
        serialize_u32 u32, serialize_u64 u64, serialize_u128 u128, serialize_f32 f32,
        serialize_f64 f64, serialize_char char, serialize_str &str, serialize_bytes &[u8]
    );

    fn serialize_none(self) -> Result<(), Failed> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Failed> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Failed> {
        Ok(().fmt(self.0)?)
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), Failed> {
        Ok(self.0.write_str(name)?)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), Failed> {
        Ok(self.0.write_str(variant)?)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), Failed> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Failed> {
        Ok(self.0.debug_tuple(variant).field(&ShownAsDebug(value)).finish()?)
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Self::SerializeSeq, Failed> {
        Ok(DebugList(self.0.debug_list()))
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeSeq, Failed> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeSeq, Failed> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeSeq, Failed> {
        self.0.write_str(variant)?;
        self.serialize_seq(Some(length))
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Self::SerializeMap, Failed> {
        Ok(DebugMap(self.0.debug_map()))
    }

    fn serialize_struct(
        self,
        _name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeMap, Failed> {
        self.serialize_map(Some(length))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeMap, Failed> {
        self.0.write_str(variant)?;
        self.serialize_map(Some(length))
    }
}

struct DebugList<'s, 'a>(fmt::DebugList<'s, 'a>);

macro_rules! lists {
    ($($Trait:ident $method:ident),*) => {$(
        impl ser::$Trait for DebugList<'_, '_> {
            type Ok = ();
            type Error = Failed;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
                self.0.entry(&ShownAsDebug(value));
                Ok(())
            }

            fn end(mut self) -> Result<(), Failed> {
                Ok(self.0.finish()?)
            }
        }
    )*};
}
lists!(
    SerializeSeq serialize_element, SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field, SerializeTupleVariant serialize_field
);

struct DebugMap<'s, 'a>(fmt::DebugMap<'s, 'a>);

impl ser::SerializeMap for DebugMap<'_, '_> {
    type Ok = ();
    type Error = Failed;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failed> {
        self.0.key(&ShownAsDebug(key));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.0.value(&ShownAsDebug(value));
        Ok(())
    }

    fn end(mut self) -> Result<(), Failed> {
        Ok(self.0.finish()?)
    }
}

macro_rules! structs {
    ($($Trait:ident),*) => {$(
        impl ser::$Trait for DebugMap<'_, '_> {
            type Ok = ();
            type Error = Failed;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Failed> {
                self.0.entry(&name, &ShownAsDebug(value));
                Ok(())
            }

            fn end(mut self) -> Result<(), Failed> {
                Ok(self.0.finish()?)
            }
        }
    )*};
}
structs!(SerializeStruct, SerializeStructVariant);
