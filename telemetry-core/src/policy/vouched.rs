//! `allow(because)`: a value that the author vouches for.
//!
//! It owns the rule that `None` is left out also of a value whose type it does
//! not know. It must never judge the reason.

use serde::Serialize;
use serde::ser::{Impossible, Serializer};

use crate::leaf::{Context, Sanitize, Sink, WrittenKey};
use crate::schema::{Domain, Opening, ParameterValue, Policy, Written};

/// A value that the author vouches for.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Vouched<'v, T: ?Sized>(&'v T);

impl<T: Serialize + ?Sized> Sanitize for Vouched<'_, T> {
    const SHOWN: bool = true;

    fn sanitize_into<R: Sink>(&self, _context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        // The rule that `None` is left out holds here too, and only the
        // value's own `Serialize` can tell.
        if self.0.serialize(IsNone).is_ok() { sink.absent() } else { sink.value(&Quiet(self.0)) }
    }
}

/// A value whose own `Serialize` may fail, and put the value into its message.
struct Quiet<'v, T: ?Sized>(&'v T);

impl<T: Serialize + ?Sized> Serialize for Quiet<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let said = |_| serde::ser::Error::custom("a value could not be serialised");
        self.0.serialize(serializer).map_err(said)
    }
}

/// A serialiser that succeeds for `None` and fails at once for all else.
struct IsNone;

/// There is a value.
#[derive(Debug)]
struct IsSome;

impl std::fmt::Display for IsSome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("there is a value")
    }
}

impl std::error::Error for IsSome {}

impl serde::ser::Error for IsSome {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}

macro_rules! there_is {
    ($($method:ident($($Type:ty),*) $(-> $Ok:ident)?;)*) => {$(
        there_is!(@ $method($($Type),*) $($Ok)?);
    )*};
    (@ $method:ident($($Type:ty),*)) => {
        fn $method(self, $(_: $Type),*) -> Result<(), IsSome> {
            Err(IsSome)
        }
    };
    (@ $method:ident($($Type:ty),*) $Ok:ident) => {
        fn $method(self, $(_: $Type),*) -> Result<Self::$Ok, IsSome> {
            Err(IsSome)
        }
    };
}

impl Serializer for IsNone {
    type Ok = ();
    type Error = IsSome;
    type SerializeSeq = Impossible<(), IsSome>;
    type SerializeTuple = Impossible<(), IsSome>;
    type SerializeTupleStruct = Impossible<(), IsSome>;
    type SerializeTupleVariant = Impossible<(), IsSome>;
    type SerializeMap = Impossible<(), IsSome>;
    type SerializeStruct = Impossible<(), IsSome>;
    type SerializeStructVariant = Impossible<(), IsSome>;

    there_is! {
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
        serialize_bytes(&[u8]);
        serialize_unit();
        serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
        serialize_seq(Option<usize>) -> SerializeSeq;
        serialize_tuple(usize) -> SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> SerializeTupleVariant;
        serialize_map(Option<usize>) -> SerializeMap;
        serialize_struct(&'static str, usize) -> SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> SerializeStructVariant;
    }

    fn serialize_none(self) -> Result<(), IsSome> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), IsSome> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), IsSome> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<(), IsSome> {
        Err(IsSome)
    }
}

/// Puts a value under `allow(because)`.
#[doc(hidden)]
pub fn vouched<T: Serialize + ?Sized>(value: &T) -> Vouched<'_, T> {
    Vouched(value)
}

/// Puts the key of a map under `allow(because)`.
#[doc(hidden)]
pub fn vouched_key<T: Serialize + WrittenKey + ?Sized>(value: &T) -> Vouched<'_, T> {
    Vouched(value)
}

/// What the schema says of `allow(because)`.
#[doc(hidden)]
pub const fn vouched_schema(because: &'static str) -> Policy {
    Policy::new("allow", Domain::Open(Opening::Vouched)).with(
        "because",
        ParameterValue::Text(because),
        Written::InsideNamed,
    )
}
