//! How values are built from parts, written once for every policy.
//!
//! It owns the walk through `Option`, references, boxes and collections down
//! to the leaves. It must never know what a policy does with a leaf.
//!
//! One rule for what is not there: it is *left out*. A `None` field is left
//! out of its event, a `None` element out of its sequence, an entry whose key
//! or value is `None` out of its map. It is never written as null.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{
    NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU32, NonZeroU64, NonZeroU128,
    NonZeroUsize,
};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{Context, Leaves};

/// Takes what a policy lets through: one value, or nothing.
#[doc(hidden)]
pub trait Receive: Sized {
    type Ok;
    type Error;
    fn value<T: Serialize + ?Sized>(self, value: &T) -> Result<Self::Ok, Self::Error>;
    fn absent(self) -> Result<Self::Ok, Self::Error>;
}

/// The kinds of leaves that policies take.
pub mod kind {
    use std::net::IpAddr;

    /// A kind of leaf.
    pub trait Kind {
        /// What a policy of this kind sees of a value.
        type Leaf<'a>: Copy;
    }

    /// Something with so many possible values that a keyed hash hides which
    /// one: seen as its canonical bytes. Text is its UTF-8, an integer its
    /// decimal digits, an address its usual text form, a path its bytes.
    #[derive(Debug)]
    pub struct Identifier;
    impl Kind for Identifier {
        type Leaf<'a> = &'a [u8];
    }

    /// Text.
    #[derive(Debug)]
    pub struct Text;
    impl Kind for Text {
        type Leaf<'a> = &'a str;
    }

    /// An integer or a floating-point number; of a `Duration`, its seconds.
    #[derive(Debug)]
    pub struct Number;
    impl Kind for Number {
        type Leaf<'a> = super::Num;
    }

    /// An IP address.
    #[derive(Debug)]
    pub struct Address;
    impl Kind for Address {
        type Leaf<'a> = IpAddr;
    }
}

/// A number, as policies see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Num {
    /// An integer. Of a `u128` above `i128::MAX`, `i128::MAX`.
    Int(i128),
    /// A floating-point number.
    Float(f64),
}

/// What a policy does with one leaf.
#[doc(hidden)]
pub trait LeafPolicy {
    type Kind: kind::Kind;
    fn apply<R: Receive>(
        &self,
        leaf: <Self::Kind as kind::Kind>::Leaf<'_>,
        context: Context<'_>,
        receive: R,
    ) -> Result<R::Ok, R::Error>;
}

/// A value that holds leaves of kind `K`: one, none or many.
///
/// A newtype joins in by handing the call on:
///
/// ```
/// use telemetry_core::event::{Context, Receive, Shape, kind};
/// # use telemetry_core::event::LeafPolicy;
///
/// struct UserId(String);
///
/// impl Shape<kind::Identifier> for UserId {
///     fn emit<P, R>(&self, policy: &P, context: Context<'_>, receive: R) -> Result<R::Ok, R::Error>
///     where
///         P: LeafPolicy<Kind = kind::Identifier>,
///         R: Receive,
///     {
///         self.0.emit(policy, context, receive)
///     }
/// }
/// ```
pub trait Shape<K: kind::Kind> {
    /// Applies `policy` to each leaf and hands what is left to `receive`.
    fn emit<P: LeafPolicy<Kind = K>, R: Receive>(
        &self,
        policy: &P,
        context: Context<'_>,
        receive: R,
    ) -> Result<R::Ok, R::Error>;
}

/// A value and the policy it is under.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Under<'v, P, T: ?Sized> {
    pub(crate) policy: P,
    pub(crate) value: &'v T,
}

impl<P: LeafPolicy, T: Shape<P::Kind> + ?Sized> Leaves for Under<'_, P, T> {
    fn emit<R: Receive>(&self, context: Context<'_>, receive: R) -> Result<R::Ok, R::Error> {
        self.value.emit(&self.policy, context, receive)
    }
}

/// Writes, for one trait, the impls for all types that only hold others.
/// `$leaves` makes a [`Leaves`] of one element.
macro_rules! structure {
    (
        impl[$($generics:tt)*] $Trait:path
        { fn emit[$($bounds:tt)*]($($argument:ident: $type:ty),*), $element:ident => $leaves:expr, $context:expr }
        $rest:tt
    ) => {
        structure!(@through [$($generics)*] $Trait, [$($bounds)*] [$($argument: $type),*] $rest,
            &T, &mut T, Box<T>, std::rc::Rc<T>, std::sync::Arc<T>);
        structure!(@sequence [$($generics)*] $Trait, [$($bounds)*] [$($argument: $type),*] $rest,
            [$element => $leaves, $context]
            [[] [T]] [[const N: usize] [T; N]] [[] Vec<T>] [[] std::collections::VecDeque<T>]
            [[] std::collections::BTreeSet<T>] [[H] std::collections::HashSet<T, H>]);
        structure!(@impl [$($generics)* T: $Trait] $Trait, Option<T>, [$($bounds)*] [$($argument: $type),*] $rest,
            this, receive => match this {
                Some(value) => value.emit($($argument,)* receive),
                None => receive.absent(),
            });
        structure!(@impl [$($generics)* T: $Trait + ToOwned + ?Sized] $Trait, std::borrow::Cow<'_, T>,
            [$($bounds)*] [$($argument: $type),*] $rest,
            this, receive => T::emit(this, $($argument,)* receive));
    };
    (@through $generics:tt $Trait:path, $bounds:tt $arguments:tt $rest:tt, $($Type:ty),*) => {
        $(structure!(@one_through $generics $Trait, $bounds $arguments $rest, $Type);)*
    };
    (@one_through [$($generics:tt)*] $Trait:path, $bounds:tt [$($argument:ident: $type:ty),*] $rest:tt, $Type:ty) => {
        structure!(@impl [$($generics)* T: $Trait + ?Sized] $Trait, $Type, $bounds [$($argument: $type),*] $rest,
            this, receive => T::emit(this, $($argument,)* receive));
    };
    (@sequence $generics:tt $Trait:path, $bounds:tt $arguments:tt $rest:tt, $leaves:tt $([$extra:tt $Type:ty])*) => {
        $(structure!(@one_sequence $generics $Trait, $bounds $arguments $rest, $leaves $extra $Type);)*
    };
    (@one_sequence [$($generics:tt)*] $Trait:path, $bounds:tt $arguments:tt $rest:tt,
        [$element:ident => $leaves:expr, $context:expr] [$($extra:tt)*] $Type:ty) => {
        structure!(@impl [$($generics)* T: $Trait, $($extra)*] $Trait, $Type, $bounds $arguments $rest,
            this, receive => receive.value(&$crate::event::shape::Sequence {
                items: this.iter().map(|$element| $leaves),
                context: $context,
            }));
    };
    (@impl [$($generics:tt)*] $Trait:path, $Type:ty, [$($bounds:tt)*] [$($argument:ident: $type:ty),*] { $($rest:tt)* },
        $this:ident, $receive:ident => $body:expr) => {
        impl<$($generics)*> $Trait for $Type {
            $($rest)*
            fn emit<$($bounds)* R: Receive>(&self, $($argument: $type,)* $receive: R) -> Result<R::Ok, R::Error> {
                let $this = self;
                $body
            }
        }
    };
}
pub(crate) use structure;

structure! {
    impl[K: kind::Kind,] Shape<K> {
        fn emit[P: LeafPolicy<Kind = K>,](policy: &P, context: Context<'_>),
        element => Under { policy: ByReference(policy), value: element }, context
    } {}
}

/// A sequence that is serialised element by element, without those that
/// nothing is left of.
#[derive(Debug)]
pub(crate) struct Sequence<'c, I> {
    pub(crate) items: I,
    pub(crate) context: Context<'c>,
}

impl<I: Iterator<Item: Leaves> + Clone> Serialize for Sequence<'_, I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(None)?;
        for item in self.items.clone() {
            item.emit(self.context, Element(&mut sequence))?;
        }
        sequence.end()
    }
}

pub(super) struct Element<'s, S>(pub(super) &'s mut S);

impl<S: SerializeSeq> Receive for Element<'_, S> {
    type Ok = ();
    type Error = S::Error;

    fn value<T: Serialize + ?Sized>(self, value: &T) -> Result<(), S::Error> {
        self.0.serialize_element(value)
    }

    fn absent(self) -> Result<(), S::Error> {
        Ok(())
    }
}

struct ByReference<'p, P>(&'p P);

impl<P: LeafPolicy> LeafPolicy for ByReference<'_, P> {
    type Kind = P::Kind;

    fn apply<R: Receive>(
        &self,
        leaf: <P::Kind as kind::Kind>::Leaf<'_>,
        context: Context<'_>,
        receive: R,
    ) -> Result<R::Ok, R::Error> {
        self.0.apply(leaf, context, receive)
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
    K: Leaves,
    V: Leaves,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.entries.clone() {
            key.emit(self.context, Key { map: &mut map, value: &value, context: self.context })?;
        }
        map.end()
    }
}

struct Key<'s, S, V> {
    map: &'s mut S,
    value: &'s V,
    context: Context<'s>,
}

impl<S: SerializeMap, V: Leaves> Receive for Key<'_, S, V> {
    type Ok = ();
    type Error = S::Error;

    fn value<T: Serialize + ?Sized>(self, key: &T) -> Result<(), S::Error> {
        self.value.emit(self.context, Entry { map: self.map, key })
    }

    fn absent(self) -> Result<(), S::Error> {
        Ok(())
    }
}

/// Writes `key` together with the value that is received, or neither.
pub(crate) struct Entry<'s, S, K: ?Sized> {
    pub(crate) map: &'s mut S,
    pub(crate) key: &'s K,
}

impl<S: SerializeMap, K: Serialize + ?Sized> Receive for Entry<'_, S, K> {
    type Ok = ();
    type Error = S::Error;

    fn value<T: Serialize + ?Sized>(self, value: &T) -> Result<(), S::Error> {
        self.map.serialize_entry(self.key, value)
    }

    fn absent(self) -> Result<(), S::Error> {
        Ok(())
    }
}

macro_rules! leaves {
    ($Kind:ty: $($Type:ty => |$this:ident, $each:ident| $body:expr;)*) => {$(
        impl Shape<$Kind> for $Type {
            fn emit<P: LeafPolicy<Kind = $Kind>, R: Receive>(
                &self,
                policy: &P,
                context: Context<'_>,
                receive: R,
            ) -> Result<R::Ok, R::Error> {
                let $this = self;
                let $each = |leaf: <$Kind as kind::Kind>::Leaf<'_>| policy.apply(leaf, context, receive);
                $body
            }
        }
    )*};
}

leaves! { kind::Text:
    str => |this, leaf| leaf(this);
    String => |this, leaf| leaf(this);
}

leaves! { kind::Identifier:
    str => |this, leaf| leaf(this.as_bytes());
    String => |this, leaf| leaf(this.as_bytes());
    [u8] => |this, leaf| leaf(this);
    Vec<u8> => |this, leaf| leaf(this);
    OsStr => |this, leaf| leaf(this.as_encoded_bytes());
    OsString => |this, leaf| leaf(this.as_encoded_bytes());
    Path => |this, leaf| leaf(this.as_os_str().as_encoded_bytes());
    PathBuf => |this, leaf| leaf(this.as_os_str().as_encoded_bytes());
    IpAddr => |this, leaf| leaf(this.to_canonical().to_string().as_bytes());
    Ipv4Addr => |this, leaf| leaf(this.to_string().as_bytes());
    Ipv6Addr => |this, leaf| leaf(this.to_canonical().to_string().as_bytes());
    SocketAddr => |this, leaf| leaf(SocketAddr::new(this.ip().to_canonical(), this.port()).to_string().as_bytes());
}

impl<const N: usize> Shape<kind::Identifier> for [u8; N] {
    fn emit<P: LeafPolicy<Kind = kind::Identifier>, R: Receive>(
        &self,
        policy: &P,
        context: Context<'_>,
        receive: R,
    ) -> Result<R::Ok, R::Error> {
        policy.apply(self, context, receive)
    }
}

leaves! { kind::Address:
    IpAddr => |this, leaf| leaf(*this);
    Ipv4Addr => |this, leaf| leaf(IpAddr::V4(*this));
    Ipv6Addr => |this, leaf| leaf(IpAddr::V6(*this));
    SocketAddr => |this, leaf| leaf(this.ip());
    SocketAddrV4 => |this, leaf| leaf(IpAddr::V4(*this.ip()));
    SocketAddrV6 => |this, leaf| leaf(IpAddr::V6(*this.ip()));
}

/// Integers of 32 bits and more are identifiers; smaller ones have so few
/// values that trying them all reverses any hash.
macro_rules! integers {
    ($($Type:ty, $NonZero:ty;)*) => {
        leaves! { kind::Identifier: $(
            $Type => |this, leaf| leaf(Decimal::new(*this).as_bytes());
            $NonZero => |this, leaf| leaf(Decimal::new(this.get()).as_bytes());
        )*}
    };
}
integers! {
    u32, NonZeroU32; u64, NonZeroU64; u128, NonZeroU128; usize, NonZeroUsize;
    i32, NonZeroI32; i64, NonZeroI64; i128, NonZeroI128; isize, NonZeroIsize;
}

/// The decimal digits of an integer, on the stack.
struct Decimal {
    // The longest is `i128::MIN`: 39 digits and the sign.
    bytes: [u8; 40],
    length: usize,
}

impl Decimal {
    fn new(integer: impl std::fmt::Display) -> Self {
        let mut bytes = [0; 40];
        let mut rest = bytes.as_mut_slice();
        // No integer is longer than the buffer, so that this cannot fail.
        let _ = write!(rest, "{integer}");
        let length = 40 - rest.len();
        Self { bytes, length }
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

macro_rules! numbers {
    ($($Type:ty)*) => {
        leaves! { kind::Number: $($Type => |this, leaf| leaf(Num::Int(i128::from(*this)));)* }
    };
}
numbers! { u8 u16 u32 u64 i8 i16 i32 i64 i128 }

leaves! { kind::Number:
    u128 => |this, leaf| leaf(Num::Int(i128::try_from(*this).unwrap_or(i128::MAX)));
    // Both are at most 64 bits wide on every platform that Rust has.
    usize => |this, leaf| leaf(Num::Int(*this as i128));
    isize => |this, leaf| leaf(Num::Int(*this as i128));
    f32 => |this, leaf| leaf(Num::Float(f64::from(*this)));
    f64 => |this, leaf| leaf(Num::Float(*this));
    Duration => |this, leaf| leaf(Num::Float(this.as_secs_f64()));
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
    /// The entries, or `None` when there is no map.
    fn entries(&self) -> Option<impl Iterator<Item = (&Self::Key, &Self::Value)> + Clone>;
}

impl<K, V> Map for std::collections::BTreeMap<K, V> {
    type Key = K;
    type Value = V;
    fn entries(&self) -> Option<impl Iterator<Item = (&K, &V)> + Clone> {
        Some(self.iter())
    }
}

impl<K, V, S> Map for std::collections::HashMap<K, V, S> {
    type Key = K;
    type Value = V;
    fn entries(&self) -> Option<impl Iterator<Item = (&K, &V)> + Clone> {
        Some(self.iter())
    }
}

impl<M: Map> Map for Option<M> {
    type Key = M::Key;
    type Value = M::Value;
    fn entries(&self) -> Option<impl Iterator<Item = (&M::Key, &M::Value)> + Clone> {
        self.as_ref().and_then(Map::entries)
    }
}

macro_rules! maps {
    ($($Type:ty),*) => {$(
        impl<M: Map + ?Sized> Map for $Type {
            type Key = M::Key;
            type Value = M::Value;
            fn entries(&self) -> Option<impl Iterator<Item = (&M::Key, &M::Value)> + Clone> {
                M::entries(self)
            }
        }
    )*};
}
maps!(&M, Box<M>, std::rc::Rc<M>, std::sync::Arc<M>);

/// A map under a policy for its keys and one for its values.
#[doc(hidden)]
#[derive(Debug)]
pub struct EntriesOf<'v, M: ?Sized, KF, VF> {
    pub(crate) map: &'v M,
    pub(crate) keys: KF,
    pub(crate) values: VF,
}

impl<'v, M, K, V, KF, VF> Leaves for EntriesOf<'v, M, KF, VF>
where
    M: Map + ?Sized,
    K: Leaves,
    V: Leaves,
    KF: Fn(&'v M::Key) -> K + Copy,
    VF: Fn(&'v M::Value) -> V + Copy,
{
    fn emit<R: Receive>(&self, context: Context<'_>, receive: R) -> Result<R::Ok, R::Error> {
        let map: &'v M = self.map;
        let (keys, values) = (self.keys, self.values);
        match map.entries() {
            Some(entries) => receive.value(&Entries {
                entries: entries.map(move |(key, value)| (keys(key), values(value))),
                context,
            }),
            None => receive.absent(),
        }
    }
}
