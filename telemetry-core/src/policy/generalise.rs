//! Policies that keep less: a range, a known value, a network, a length.
//!
//! It owns what is kept. It must never know a key, nor the shape of a field's
//! type beyond counting its elements.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Serialize;
use serde::ser::{Impossible, Serializer};

use super::allow::TelemetryValue;
use crate::leaf::kind::{Address, Number, Text};
use crate::leaf::{Context, LeafPolicy, Num, Sanitize, Sink};

/// What stands for every value that is not a known one.
const OTHER: &str = "other";

/// The bounds between buckets, ascending; the derive has checked it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Bounds {
    Int(&'static [i128]),
    Float(&'static [f64]),
}

/// The range that a number falls into. A bound belongs to the range above it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    pub(super) bounds: Bounds,
    pub(super) labels: &'static [&'static str],
}

impl LeafPolicy for Bucket {
    type Kind = Number;

    fn apply<R: Sink>(
        &self,
        number: Num,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        let index = match (self.bounds, number) {
            (_, Num::Float(float)) if float.is_nan() => return sink.absent(),
            (Bounds::Int(bounds), Num::Int(int)) => bounds.partition_point(|bound| *bound <= int),
            (Bounds::Int(bounds), Num::Float(float)) => {
                bounds.partition_point(|bound| *bound as f64 <= float)
            }
            (Bounds::Float(bounds), Num::Int(int)) => {
                bounds.partition_point(|bound| *bound <= int as f64)
            }
            (Bounds::Float(bounds), Num::Float(float)) => {
                bounds.partition_point(|bound| *bound <= float)
            }
        };
        match self.labels.get(index) {
            Some(label) => sink.value(label),
            None => sink.absent(),
        }
    }
}

fn known<R: Sink>(
    values: &'static [&'static str],
    is: impl Fn(&str) -> bool,
    sink: R,
) -> Result<R::Ok, R::Error> {
    sink.value(values.iter().find(|value| is(value)).unwrap_or(&OTHER))
}

/// A known value, or `other`.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct OneOf(pub(super) &'static [&'static str]);

impl LeafPolicy for OneOf {
    type Kind = Text;

    fn apply<R: Sink>(
        &self,
        text: &str,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        known(self.0, |value| value == text, sink)
    }
}

/// A known value, or nothing: of a map's keys, two unknown ones would collide
/// in `other`, so that their entries are left out.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct KnownKey(pub(super) &'static [&'static str]);

impl LeafPolicy for KnownKey {
    type Kind = Text;

    fn apply<R: Sink>(
        &self,
        text: &str,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        match self.0.iter().find(|value| **value == text) {
            Some(value) => sink.value(value),
            None => sink.absent(),
        }
    }
}

/// The extension of a file name, if it is a known one. Case does not matter.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct FileExtension(pub(super) &'static [&'static str]);

impl LeafPolicy for FileExtension {
    type Kind = Text;

    fn apply<R: Sink>(
        &self,
        text: &str,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        // Both separators: the path may be of another system than this one.
        let name = text.rsplit(['/', '\\']).next().unwrap_or_default();
        match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => {
                known(self.0, |value| value.eq_ignore_ascii_case(extension), sink)
            }
            _ => sink.absent(),
        }
    }
}

fn in_domain(host: &str, domain: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let Some(start) = host.len().checked_sub(domain.len()) else { return false };
    let (Some(before), Some(end)) = (host.get(..start), host.get(start..)) else { return false };
    end.eq_ignore_ascii_case(domain) && (before.is_empty() || before.ends_with('.'))
}

/// The domain that a host is in, if it is a known one.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct HostSuffix(pub(super) &'static [&'static str]);

impl LeafPolicy for HostSuffix {
    type Kind = Text;

    fn apply<R: Sink>(
        &self,
        host: &str,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        if host.is_empty() {
            return sink.absent();
        }
        known(self.0, |domain| in_domain(host, domain), sink)
    }
}

/// The domain of an e-mail address, if it is a known one.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct EmailDomain(pub(super) &'static [&'static str]);

impl LeafPolicy for EmailDomain {
    type Kind = Text;

    fn apply<R: Sink>(
        &self,
        address: &str,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        match address.rsplit_once('@') {
            Some((_, domain)) => {
                // The dot of the root, as in the names of hosts.
                let domain = domain.strip_suffix('.').unwrap_or(domain);
                known(self.0, |value| value.eq_ignore_ascii_case(domain), sink)
            }
            None => sink.absent(),
        }
    }
}

/// The network of an IP address, such as `203.0.113.0/24`. An IPv4 address
/// that is mapped into IPv6 is an IPv4 address.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct TruncateIp {
    pub(super) v4: u8,
    pub(super) v6: u8,
}

impl LeafPolicy for TruncateIp {
    type Kind = Address;

    fn apply<R: Sink>(
        &self,
        address: IpAddr,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.v4)).unwrap_or(0);
                let network = Ipv4Addr::from_bits(v4.to_bits() & mask);
                sink.value(&format_args!("{network}/{}", self.v4))
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.v6)).unwrap_or(0);
                let network = Ipv6Addr::from_bits(v6.to_bits() & mask);
                sink.value(&format_args!("{network}/{}", self.v6))
            }
        }
    }
}

/// The number of characters of a text.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Length;

impl LeafPolicy for Length {
    type Kind = Text;

    fn apply<R: Sink>(
        &self,
        text: &str,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        sink.value(&text.chars().count())
    }
}

/// A value whose elements can be counted.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be counted",
    label = "not a collection",
    note = "`count` is for slices, `Vec`, sets and maps, alone or in `Option`; of a text, use `length`"
)]
pub trait Countable {
    /// The number of elements; `None` when there is no collection.
    fn count(&self) -> Option<usize>;
}

/// A value that may be there or not.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is always there",
    label = "nothing to ask for",
    note = "`presence` is for `Option`, text and collections: it says whether there is a value, or whether it is not empty"
)]
pub trait Present {
    /// Whether there is a value. An empty text or collection is none.
    fn is_present(&self) -> bool;
}

macro_rules! collections {
    ($([$($generics:tt)*] $Type:ty;)*) => {$(
        impl<$($generics)*> Countable for $Type {
            fn count(&self) -> Option<usize> {
                Some(self.len())
            }
        }

        impl<$($generics)*> Present for $Type {
            fn is_present(&self) -> bool {
                self.len() != 0
            }
        }
    )*};
}
collections! {
    [T] [T];
    [T, const N: usize] [T; N];
    [T] Vec<T>;
    [T] VecDeque<T>;
    [T] BTreeSet<T>;
    [T, S] HashSet<T, S>;
    [K, V] BTreeMap<K, V>;
    [K, V, S] HashMap<K, V, S>;
}

impl Present for str {
    fn is_present(&self) -> bool {
        !self.is_empty()
    }
}

impl Present for String {
    fn is_present(&self) -> bool {
        !self.is_empty()
    }
}

impl<T> Present for Option<T> {
    fn is_present(&self) -> bool {
        self.is_some()
    }
}

impl<T: Countable> Countable for Option<T> {
    fn count(&self) -> Option<usize> {
        self.as_ref().and_then(Countable::count)
    }
}

macro_rules! through {
    ($($Type:ty),*) => {$(
        impl<T: Countable + ?Sized> Countable for $Type {
            fn count(&self) -> Option<usize> {
                T::count(self)
            }
        }

        impl<T: Present + ?Sized> Present for $Type {
            fn is_present(&self) -> bool {
                T::is_present(self)
            }
        }
    )*};
}
through!(&T, Box<T>, std::rc::Rc<T>, std::sync::Arc<T>);

impl<T: Countable + ToOwned + ?Sized> Countable for std::borrow::Cow<'_, T> {
    fn count(&self) -> Option<usize> {
        T::count(self)
    }
}

impl<T: Present + ToOwned + ?Sized> Present for std::borrow::Cow<'_, T> {
    fn is_present(&self) -> bool {
        T::is_present(self)
    }
}

/// The number of elements.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Counted<'v, T: ?Sized>(pub(super) &'v T);

impl<T: Countable + ?Sized> Sanitize for Counted<'_, T> {
    fn emit<R: Sink>(&self, _context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        match self.0.count() {
            Some(count) => sink.value(&count),
            None => sink.absent(),
        }
    }
}

/// Whether there is a value.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct PresentOrNot<'v, T: ?Sized>(pub(super) &'v T);

impl<T: Present + ?Sized> Sanitize for PresentOrNot<'_, T> {
    fn emit<R: Sink>(&self, _context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        sink.value(&self.0.is_present())
    }
}

/// What the author's function makes of the value.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct WithFunction<F>(pub(super) F);

impl<U: TelemetryValue, F: Fn() -> U> Sanitize for WithFunction<F> {
    fn emit<R: Sink>(&self, _context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        (self.0)().emit(sink)
    }
}

/// A value that the author vouches for.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Vouched<'v, T: ?Sized>(pub(super) &'v T);

impl<T: Serialize + ?Sized> Sanitize for Vouched<'_, T> {
    const SHOWN: bool = true;

    fn emit<R: Sink>(&self, _context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        // The rule that `None` is left out holds here too, and only the
        // value's own `Serialize` can tell.
        if self.0.serialize(IsNone).is_ok() { sink.absent() } else { sink.value(self.0) }
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
