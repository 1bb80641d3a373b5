//! How values are built from parts, written once for every policy.
//!
//! It owns the walk through `Option`, references, boxes, sequences and maps
//! down to the leaves. It must never know what a policy does with a leaf.
//!
//! One rule for what is not there: it is *left out*. A `None` field is left
//! out of its event, a `None` element out of its sequence, an entry whose key
//! or value is `None` out of its map. It is never written as null.

use std::ffi::{OsStr, OsString};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8,
    NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize,
};
use std::path::{Path, PathBuf};

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::Sanitize;
use super::context::Context;
use super::literal::Literal;
use super::private::Private;
use super::sink::{Element, EntrySink, Sink};
use crate::pseudonym::{FieldPlace, Step};

/// Writes, for one trait, the impls for all types that only hold others.
/// `$Part` is what the elements of a sequence must be, and `$leaves` makes a
/// [`Sanitize`] of one. `$SHAPE` is the trait's
/// constant for what such a type may hold; its type has the methods
/// `or_absent`, `array` and `collection`.
macro_rules! structure {
    (
        impl[$($generics:tt)*] $Trait:path, of $Part:path
        { const $SHAPE:ident: $Shape:ty; fn $method:ident[$($bounds:tt)*]($($argument:ident: $type:ty),*), $element:ident => $leaves:expr, $context:expr }
        $rest:tt
    ) => {
        structure!(@through [$($generics)*] $Trait, [$SHAPE: $Shape] [$($bounds)*] [$method; $($argument: $type),*] $rest,
            &T, &mut T, Box<T>, std::rc::Rc<T>, std::sync::Arc<T>);
        structure!(@sequence [$($generics)*] $Trait, $Part, [$SHAPE: $Shape] [$($bounds)*] [$method; $($argument: $type),*] $rest,
            [$element => $leaves, $context]
            [[] [T] [collection()]] [[const N: usize] [T; N] [array(N)]] [[] Vec<T> [collection()]]
            [[] std::collections::VecDeque<T> [collection()]]
            [[] std::collections::BTreeSet<T> [collection()]] [[H] std::collections::HashSet<T, H> [collection()]]);
        structure!(@impl [$($generics)* T: $Trait] $Trait, Option<T>,
            [$SHAPE: $Shape = <T as $Trait>::$SHAPE.or_absent()] [$($bounds)*] [$method; $($argument: $type),*] $rest,
            this, sink => match this {
                Some(value) => value.$method($($argument,)* sink),
                None => sink.absent(),
            });
        structure!(@impl [$($generics)* T: $Trait + ToOwned + ?Sized] $Trait, std::borrow::Cow<'_, T>,
            [$SHAPE: $Shape = <T as $Trait>::$SHAPE] [$($bounds)*] [$method; $($argument: $type),*] $rest,
            this, sink => <T as $Trait>::$method(this, $($argument,)* sink));
    };
    (@through $generics:tt $Trait:path, $shape:tt $bounds:tt $arguments:tt $rest:tt, $($Type:ty),*) => {
        $(structure!(@one_through $generics $Trait, $shape $bounds $arguments $rest, $Type);)*
    };
    (@one_through [$($generics:tt)*] $Trait:path, [$SHAPE:ident: $Shape:ty] $bounds:tt [$method:ident; $($argument:ident: $type:ty),*] $rest:tt, $Type:ty) => {
        structure!(@impl [$($generics)* T: $Trait + ?Sized] $Trait, $Type,
            [$SHAPE: $Shape = <T as $Trait>::$SHAPE] $bounds [$method; $($argument: $type),*] $rest,
            this, sink => <T as $Trait>::$method(this, $($argument,)* sink));
    };
    (@sequence $generics:tt $Trait:path, $Part:path, $shape:tt $bounds:tt $arguments:tt $rest:tt, $leaves:tt $([$extra:tt $Type:ty [$($many:tt)*]])*) => {
        $(structure!(@one_sequence $generics $Trait, $Part, $shape $bounds $arguments $rest, $leaves $extra $Type, $($many)*);)*
    };
    (@one_sequence [$($generics:tt)*] $Trait:path, $Part:path, [$SHAPE:ident: $Shape:ty] $bounds:tt $arguments:tt $rest:tt,
        [$element:ident => $leaves:expr, $context:expr] [$($extra:tt)*] $Type:ty, $($many:tt)*) => {
        structure!(@impl [$($generics)* T: $Part, $($extra)*] $Trait, $Type,
            [$SHAPE: $Shape = <T as $Trait>::$SHAPE.$($many)*] $bounds $arguments $rest,
            this, sink => sink.list(this.iter().map(|$element| $leaves), $context));
    };
    (@impl [$($generics:tt)*] $Trait:path, $Type:ty, [$SHAPE:ident: $Shape:ty = $shape:expr] [$($bounds:tt)*] [$method:ident; $($argument:ident: $type:ty),*] { $($rest:tt)* },
        $this:ident, $sink:ident => $body:expr) => {
        impl<$($generics)*> $Trait for $Type {
            const $SHAPE: $Shape = $shape;
            $($rest)*
            #[inline(always)]
            fn $method<$($bounds)* R: Sink>(&self, $($argument: $type,)* $sink: R) -> Result<R::Ok, R::Error> {
                let $this = self;
                $body
            }
        }
    };
}
pub(crate) use structure;

/// A sequence that is serialised element by element, without those that
/// nothing is left of.
#[derive(Debug)]
pub(crate) struct Sequence<'c, I> {
    pub(crate) items: I,
    pub(crate) context: Context<'c>,
}

impl<I: Iterator<Item: Sanitize> + Clone> Serialize for Sequence<'_, I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(None)?;
        for item in self.items.clone() {
            item.sanitize_into(self.context, Element(&mut sequence))?;
        }
        sequence.end()
    }
}

/// A map whose keys and values have a policy each. An entry is left out when
/// nothing is left of its key or of its value.
#[derive(Debug)]
pub(crate) struct Entries<'c, I> {
    pub(crate) entries: I,
    pub(crate) context: Context<'c>,
}

impl<I, K, V> Serialize for Entries<'_, I>
where
    I: Iterator<Item = (K, V)> + Clone,
    K: Sanitize,
    V: Sanitize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let context = self.context;
        if let (true, Some(outer)) = (V::NESTED, context.place()) {
            let values = FieldPlace::Inside { outer, step: Step::Values };
            for (key, value) in self.entries.clone() {
                let context = context.at(&values);
                key.sanitize_into(context, KeySink { map: &mut map, value: &value, context })?;
            }
        } else {
            for (key, value) in self.entries.clone() {
                key.sanitize_into(context, KeySink { map: &mut map, value: &value, context })?;
            }
        }
        map.end()
    }
}

struct KeySink<'s, S, V> {
    map: &'s mut S,
    value: &'s V,
    context: Context<'s>,
}

impl<S: SerializeMap, V: Sanitize> Sink for KeySink<'_, S, V> {
    type Ok = ();
    type Error = S::Error;

    fn value<T: Serialize + ?Sized>(self, key: &T) -> Result<(), S::Error> {
        self.value.sanitize_into(self.context, EntrySink { map: self.map, key })
    }

    fn absent(self) -> Result<(), S::Error> {
        Ok(())
    }
}

/// A map, seen as its entries.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a map, and `keys(...)`, `values(...)` are for maps",
    label = "not a map",
    note = "maps are `HashMap` and `BTreeMap`, alone or in `Option`, `Box`, ..."
)]
pub trait Map {
    type Key;
    type Value;
    /// The entries, or `None` when there is no map. Nobody outside of this
    /// crate can name the context, and so call it.
    fn entries(
        &self,
        context: Context<'_>,
    ) -> Option<impl Iterator<Item = (&Self::Key, &Self::Value)> + Clone>;
}

impl<K, V> Map for std::collections::BTreeMap<K, V> {
    type Key = K;
    type Value = V;
    fn entries(&self, _: Context<'_>) -> Option<impl Iterator<Item = (&K, &V)> + Clone> {
        Some(self.iter())
    }
}

impl<K, V, S> Map for std::collections::HashMap<K, V, S> {
    type Key = K;
    type Value = V;
    fn entries(&self, _: Context<'_>) -> Option<impl Iterator<Item = (&K, &V)> + Clone> {
        Some(self.iter())
    }
}

impl<M: Map> Map for Option<M> {
    type Key = M::Key;
    type Value = M::Value;
    fn entries(
        &self,
        context: Context<'_>,
    ) -> Option<impl Iterator<Item = (&M::Key, &M::Value)> + Clone> {
        self.as_ref().and_then(|map| map.entries(context))
    }
}

macro_rules! maps {
    ($($Type:ty),*) => {$(
        impl<M: Map + ?Sized> Map for $Type {
            type Key = M::Key;
            type Value = M::Value;
            fn entries(
                &self,
                context: Context<'_>,
            ) -> Option<impl Iterator<Item = (&M::Key, &M::Value)> + Clone> {
                M::entries(self, context)
            }
        }
    )*};
}
maps!(&M, Box<M>, std::rc::Rc<M>, std::sync::Arc<M>);

impl<M: Map> Map for Private<M> {
    type Key = M::Key;
    type Value = M::Value;
    fn entries(
        &self,
        context: Context<'_>,
    ) -> Option<impl Iterator<Item = (&M::Key, &M::Value)> + Clone> {
        self.open().entries(context)
    }
}

/// What may be the key of a map: one text, one number, one IPv4 address. A list or
/// a tuple has no form as a name in JSON, and would cost the whole event.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a map that leaves",
    label = "not one text, number or IPv4 address",
    note = "in the output a key is a name: one text, one number or one IPv4 address; a list or a tuple has no form as one, and two IPv6 addresses may carry one IPv4 address, and would be one key",
    note = "`count` keeps the number of entries; `drop` leaves the map out"
)]
pub trait MapKey {}

/// A key that serde writes as one text or number. Bytes are a list to it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a map that leaves as it is",
    label = "not one text or number",
    note = "bytes have no form as a name: choose `keys(hash)`"
)]
pub trait WrittenKey: MapKey {}

macro_rules! map_keys {
    ($Trait:ident: $($Type:ty),* $(,)?) => {$(impl $Trait for $Type {})*};
}
macro_rules! written_keys {
    ($($Type:ty),* $(,)?) => {
        map_keys! { MapKey: $($Type),* }
        map_keys! { WrittenKey: $($Type),* }
    };
}
written_keys! {
    str, String, bool, Literal,
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize,
    NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize,
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize,
    // Two IPv6 addresses may carry one IPv4 address, and be one key.
    Ipv4Addr, SocketAddrV4,
    Path, PathBuf,
}
map_keys! { MapKey: OsStr, OsString, [u8], Vec<u8> }
impl<const N: usize> MapKey for [u8; N] {}

macro_rules! keys_through {
    ($($Trait:ident),*) => {$(
        /// An entry whose key is `None` is left out.
        impl<T: $Trait> $Trait for Option<T> {}
        impl<T: $Trait + ?Sized> $Trait for &T {}
        impl<T: $Trait + ?Sized> $Trait for Box<T> {}
        impl<T: $Trait + ?Sized> $Trait for std::rc::Rc<T> {}
        impl<T: $Trait + ?Sized> $Trait for std::sync::Arc<T> {}
        impl<T: $Trait + ToOwned + ?Sized> $Trait for std::borrow::Cow<'_, T> {}
    )*};
}
keys_through!(MapKey, WrittenKey);

/// A map under a policy for its keys and one for its values.
#[doc(hidden)]
#[derive(Debug)]
pub struct EntriesOf<'v, M: ?Sized, KF, VF> {
    pub(crate) map: &'v M,
    pub(crate) keys: KF,
    pub(crate) values: VF,
}

impl<'v, M, K, V, KF, VF> Sanitize for EntriesOf<'v, M, KF, VF>
where
    M: Map + ?Sized,
    K: Sanitize,
    V: Sanitize,
    KF: Fn(&'v M::Key) -> K + Copy,
    VF: Fn(&'v M::Value) -> V + Copy,
{
    const NESTED: bool = V::NESTED;

    fn sanitize_into<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        let map: &'v M = self.map;
        let (keys, values) = (self.keys, self.values);
        match map.entries(context) {
            Some(entries) => sink.value(&Entries {
                entries: entries.map(move |(key, value)| (keys(key), values(value))),
                context,
            }),
            None => sink.absent(),
        }
    }
}
