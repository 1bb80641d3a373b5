//! The kinds of leaves, and the types that hold them.
//!
//! It owns what a policy sees of a value: text, a number, an identifier's bytes,
//! an address. It must never know what a policy does with a leaf.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{
    NonZero, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU32, NonZeroU64,
    NonZeroU128, NonZeroUsize, Wrapping,
};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Sanitize;
use super::collection::structure;
use super::context::Context;
use super::private::Private;
use super::sink::Sink;
use crate::schema::Shape;

/// The kinds of leaves that policies take.
pub mod kind {
    use std::net::IpAddr;

    /// A kind of leaf.
    pub trait LeafKind {
        /// What a policy of this kind sees of a value.
        type Leaf<'a>: Copy;
    }

    /// Something with so many possible values that a keyed hash hides which
    /// one: seen as its canonical bytes. Text is its UTF-8, an integer its
    /// decimal digits, an address its usual text form, a path its bytes.
    #[derive(Debug)]
    pub struct Identifier;
    impl LeafKind for Identifier {
        type Leaf<'a> = &'a [u8];
    }

    /// An identifier of which nobody can list all values, so that it may be
    /// hashed without a key as well: text, paths, bytes and numbers of 128 bits
    /// and more. A list of *likely* values reverses such a hash all the same.
    #[derive(Debug)]
    pub struct Unlisted;
    impl LeafKind for Unlisted {
        type Leaf<'a> = &'a [u8];
    }

    /// Text.
    #[derive(Debug)]
    pub struct Text;
    impl LeafKind for Text {
        type Leaf<'a> = &'a str;
    }

    /// An integer or a floating-point number; of a `Duration`, its seconds.
    #[derive(Debug)]
    pub struct Number;
    impl LeafKind for Number {
        type Leaf<'a> = super::Num;
    }

    /// An error or a message, seen as its parts.
    #[derive(Debug)]
    pub struct Parts;
    impl LeafKind for Parts {
        type Leaf<'a> = &'a dyn crate::leaf::Describe;
    }

    /// The name of a file: text, or a path.
    #[derive(Debug)]
    pub struct FileName;
    impl LeafKind for FileName {
        type Leaf<'a> = &'a str;
    }

    /// An IP address.
    #[derive(Debug)]
    pub struct Address;
    impl LeafKind for Address {
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
    type Kind: kind::LeafKind;
    fn apply<R: Sink>(
        &self,
        leaf: <Self::Kind as kind::LeafKind>::Leaf<'_>,
        context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error>;
}

/// A value that holds leaves of kind `K`: one, none or many.
///
/// `#[derive(TelemetryValue)]` gives a newtype the leaves of what it wraps.
/// Another type of yours joins by returning something that holds them. It is
/// never shown where they go:
///
/// ```
/// use telemetry_core::leaf::{HasLeaves, kind};
///
/// struct Connection {
///     host: String,
///     port: u16,
/// }
///
/// /// `hash` and `hash(lowercase)` of a connection are those of its host.
/// impl HasLeaves<kind::Identifier> for Connection {
///     type Inner<'v> = &'v str;
///     fn inner(&self) -> &str {
///         &self.host
///     }
/// }
/// # let _ = Connection { host: String::new(), port: 22 }.port;
/// ```
pub trait HasLeaves<K: kind::LeafKind> {
    /// Whether there may be no leaf, or many, and which leaves there are.
    #[doc(hidden)]
    const SHAPE: Shape = Shape::ONE;

    /// What holds the leaves.
    type Inner<'v>: HasLeaves<K>
    where
        Self: 'v;

    /// What holds the leaves.
    fn inner(&self) -> Self::Inner<'_>;

    /// Applies `policy` to each leaf and hands what is left to `sink`. Nobody
    /// outside of this crate can name the context, and so write it anew.
    #[doc(hidden)]
    fn apply_to_leaves<P: LeafPolicy<Kind = K>, R: Sink>(
        &self,
        policy: &P,
        context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        self.inner().apply_to_leaves(policy, context, sink)
    }
}

/// A value and the policy it is under.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Applied<'v, P, T: ?Sized> {
    pub(crate) policy: P,
    pub(crate) value: &'v T,
}

impl<P: LeafPolicy, T: HasLeaves<P::Kind> + ?Sized> Sanitize for Applied<'_, P, T> {
    // What is handed on stays in registers: a place that is written in two parts
    // and read in one is waited for.
    #[inline(always)]
    fn sanitize_into<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        self.value.apply_to_leaves(&self.policy, context, sink)
    }
}

structure! {
    impl[K: kind::LeafKind,] HasLeaves<K>, of HasLeaves<K> {
        const SHAPE: Shape;
        fn apply_to_leaves[P: LeafPolicy<Kind = K>,](policy: &P, context: Context<'_>),
        element => Applied { policy: ByReference(policy), value: element }, context
    } {
        type Inner<'v> = &'v Self where Self: 'v;

        fn inner(&self) -> &Self {
            self
        }
    }
}

struct ByReference<'p, P>(&'p P);

impl<P: LeafPolicy> LeafPolicy for ByReference<'_, P> {
    type Kind = P::Kind;

    fn apply<R: Sink>(
        &self,
        leaf: <P::Kind as kind::LeafKind>::Leaf<'_>,
        context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        self.0.apply(leaf, context, sink)
    }
}

macro_rules! leaves {
    ($Kind:ty: $($Type:ty $([$shape:expr])? => |$this:ident, $each:ident| $body:expr;)*) => {$(
        impl HasLeaves<$Kind> for $Type {
            $(const SHAPE: Shape = $shape;)?
            type Inner<'v> = &'v Self;
            fn inner(&self) -> &Self {
                self
            }
            #[inline(always)]
            fn apply_to_leaves<P: LeafPolicy<Kind = $Kind>, R: Sink>(
                &self,
                policy: &P,
                context: Context<'_>,
                sink: R,
            ) -> Result<R::Ok, R::Error> {
                let $this = self;
                let $each = |leaf: <$Kind as kind::LeafKind>::Leaf<'_>| policy.apply(leaf, context, sink);
                $body
            }
        }
    )*};
}

leaves! { kind::Text:
    str => |this, leaf| leaf(this);
    String => |this, leaf| leaf(this);
}

// What is not Unicode in a path has no extension that could be known.
leaves! { kind::FileName:
    str => |this, leaf| leaf(this);
    String => |this, leaf| leaf(this);
    OsStr => |this, leaf| leaf(&this.to_string_lossy());
    OsString => |this, leaf| leaf(&this.to_string_lossy());
    Path => |this, leaf| leaf(&this.to_string_lossy());
    PathBuf => |this, leaf| leaf(&this.to_string_lossy());
}

/// Leaves of both kinds: what is hashed with a key, and may also be hashed
/// without one.
macro_rules! unlisted {
    ($($Type:ty => |$this:ident, $each:ident| $body:expr;)*) => {
        leaves! { kind::Identifier: $($Type => |$this, $each| $body;)* }
        leaves! { kind::Unlisted: $($Type => |$this, $each| $body;)* }
    };
}

unlisted! {
    str => |this, leaf| leaf(this.as_bytes());
    String => |this, leaf| leaf(this.as_bytes());
    [u8] => |this, leaf| leaf(this);
    Vec<u8> => |this, leaf| leaf(this);
    OsStr => |this, leaf| leaf(this.as_encoded_bytes());
    OsString => |this, leaf| leaf(this.as_encoded_bytes());
    Path => |this, leaf| leaf(this.as_os_str().as_encoded_bytes());
    PathBuf => |this, leaf| leaf(this.as_os_str().as_encoded_bytes());
    u128 => |this, leaf| leaf(Decimal::new(*this).as_bytes());
    i128 => |this, leaf| leaf(Decimal::new(*this).as_bytes());
    NonZeroU128 => |this, leaf| leaf(Decimal::new(this.get()).as_bytes());
    NonZeroI128 => |this, leaf| leaf(Decimal::new(this.get()).as_bytes());
}

// SHA-256 of every IPv4 address takes two minutes on two cores, and an IPv6
// address may carry one: no address is hashed without a key.
leaves! { kind::Identifier:
    IpAddr => |this, leaf| leaf(this.to_canonical().to_string().as_bytes());
    Ipv4Addr => |this, leaf| leaf(this.to_string().as_bytes());
    Ipv6Addr => |this, leaf| leaf(this.to_canonical().to_string().as_bytes());
    SocketAddr => |this, leaf| leaf(canonical(*this).to_string().as_bytes());
    SocketAddrV4 => |this, leaf| leaf(this.to_string().as_bytes());
    SocketAddrV6 => |this, leaf| leaf(canonical(SocketAddr::V6(*this)).to_string().as_bytes());
}

fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip @ IpAddr::V4(_) => SocketAddr::new(ip, address.port()),
        IpAddr::V6(_) => address,
    }
}

/// Arrays of bytes. Below 32 bits, trying all values reverses any hash, and
/// below 128 bits one without a key.
macro_rules! byte_arrays {
    ($Kind:ty: $($length:literal)*) => {
        leaves! { $Kind: $([u8; $length] => |this, leaf| leaf(this);)* }
    };
}
byte_arrays! { kind::Identifier:
    4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32
    40 48 56 64 96 128 256
}
byte_arrays! { kind::Unlisted:
    16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 40 48 56 64 96 128 256
}

leaves! { kind::Address:
    IpAddr => |this, leaf| leaf(*this);
    Ipv4Addr [Shape::V4] => |this, leaf| leaf(IpAddr::V4(*this));
    Ipv6Addr => |this, leaf| leaf(IpAddr::V6(*this));
    SocketAddr => |this, leaf| leaf(this.ip());
    SocketAddrV4 [Shape::V4] => |this, leaf| leaf(IpAddr::V4(*this.ip()));
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
    u32, NonZeroU32; u64, NonZeroU64; usize, NonZeroUsize;
    i32, NonZeroI32; i64, NonZeroI64; isize, NonZeroIsize;
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
    ($($Type:ty),*) => {
        leaves! { kind::Number: $($Type => |this, leaf| leaf(Num::Int(i128::from(*this)));)* }
    };
}
numbers! { u32, u64, i32, i64, i128 }

/// Of integers below 32 bits every value can be listed.
macro_rules! small_numbers {
    ($($Type:ty),*) => {
        leaves! { kind::Number: $(
            $Type [Shape::integer(<$Type>::MIN as i128, <$Type>::MAX as i128)] =>
                |this, leaf| leaf(Num::Int(i128::from(*this)));
        )*}
    };
}
small_numbers! { u8, u16, i8, i16 }

leaves! { kind::Number:
    u128 => |this, leaf| leaf(Num::Int(i128::try_from(*this).unwrap_or(i128::MAX)));
    // Both are at most 64 bits wide on every platform that Rust has.
    usize => |this, leaf| leaf(Num::Int(*this as i128));
    isize => |this, leaf| leaf(Num::Int(*this as i128));
    // What is not a number falls into no range and has no multiple.
    f32 [Shape::FRACTION.or_absent()] => |this, leaf| leaf(Num::Float(f64::from(*this)));
    f64 [Shape::FRACTION.or_absent()] => |this, leaf| leaf(Num::Float(*this));
    Duration [Shape::FRACTION] => |this, leaf| leaf(Num::Float(this.as_secs_f64()));
}

// What only wraps a number is that number.
macro_rules! wrapped_numbers {
    ($($Type:ty),*) => {$(
        impl HasLeaves<kind::Number> for NonZero<$Type> {
            const SHAPE: Shape = <$Type as HasLeaves<kind::Number>>::SHAPE;
            type Inner<'v> = $Type;
            fn inner(&self) -> $Type {
                self.get()
            }
        }
    )*};
}
wrapped_numbers! { u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize }

impl<K: kind::LeafKind, T: HasLeaves<K>> HasLeaves<K> for Wrapping<T> {
    const SHAPE: Shape = T::SHAPE;
    type Inner<'v>
        = &'v T
    where
        T: 'v;
    fn inner(&self) -> &T {
        &self.0
    }
}

/// Only a policy opens it, and every policy does.
impl<K: kind::LeafKind, T: HasLeaves<K>> HasLeaves<K> for Private<T> {
    const SHAPE: Shape = T::SHAPE;
    type Inner<'v>
        = &'v Self
    where
        T: 'v;
    fn inner(&self) -> &Self {
        self
    }
    fn apply_to_leaves<P: LeafPolicy<Kind = K>, R: Sink>(
        &self,
        policy: &P,
        context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        self.open().apply_to_leaves(policy, context.forgetting(), sink)
    }
}
