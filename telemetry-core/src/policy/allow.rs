//! Values that cannot hold personal data.
//!
//! It owns the list of types that `allow` takes. It must never know a policy
//! other than `allow`.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::fmt;
use std::marker::PhantomData;
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8,
    NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize, Saturating, Wrapping,
};
use std::sync::atomic;
use std::time::Duration;

use super::one_number::OneNumber;
use crate::leaf::{Context, Literal, Private, Sanitize, Sink, structure};
use crate::schema::{Domain, Opening, Policy, Values};

/// A value that cannot hold personal data, and so may be `allow`ed.
///
/// Numbers, `bool`, `Duration` (written as seconds), [`Literal`]s, unit-only
/// enums that derive this trait, newtypes of such values that derive it, and
/// what only holds such values: `Option`, references, up to three of them in a
/// tuple. Collections are for [closed values](ClosedValue) alone: enough
/// numbers in a row are a text.
///
/// Text, bytes, paths and addresses are not among them: they say who and where
/// somebody is. A number can say that too, and no type tells: see the names
/// that ask for a reason.
///
/// ```
/// use telemetry_core::{TelemetryEvent, TelemetryValue};
///
/// #[derive(TelemetryValue)]
/// enum Exit {
///     Success,
///     Failure,
/// }
///
/// #[derive(TelemetryValue)]
/// struct Millis(u64);
///
/// #[derive(TelemetryEvent)]
/// #[telemetry(purpose = "product-improvement")]
/// struct Ended {
///     #[telemetry(allow)]
///     exit: Exit,
///     #[telemetry(allow)]
///     took: Millis,
/// }
/// # let _ = (Ended { exit: Exit::Success, took: Millis(2) }, Exit::Failure);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be allowed: nothing about the type says that it holds no personal data",
    label = "may hold personal data",
    note = "choose what may leave: `hash` (a keyed pseudonym), `drop`, `scrub` (free text), `one_of(\"...\")` (known values), `length`, `presence`, `truncate_ip`, ...",
    note = "text that is part of the program is a `Literal`, `literal!(\"ssh\")` or `literal!(env!(\"CARGO_PKG_VERSION\"))`; a `&'static str` may be a leaked `String`",
    note = "a map is allowed by its parts, `keys(hash), values(allow)`",
    note = "an enum of unit variants, and a newtype of a value that may be allowed, may be when they derive `TelemetryValue`",
    note = "if the value is harmless for a reason that the type cannot show, say so: `allow(because = \"...\")`"
)]
pub trait TelemetryValue {
    /// The values that there are.
    #[doc(hidden)]
    const DOMAIN: Domain;

    /// What the value is made of.
    #[doc(hidden)]
    type Inner<'v>: TelemetryValue
    where
        Self: 'v;

    /// What the value is made of.
    #[doc(hidden)]
    fn inner(&self) -> Self::Inner<'_>;

    /// Hands the value to `sink`, or says that there is none. Nobody outside of
    /// this crate can name the context, and so write it anew: whatever
    /// implements this trait leads to a value that this crate has put on the
    /// list.
    #[doc(hidden)]
    #[inline]
    fn send<'s, R: Sink>(&'s self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        const {
            assert!(
                Self::DOMAIN.is(&<Self::Inner<'s> as TelemetryValue>::DOMAIN),
                "a value's `DOMAIN` is that of its `Inner`: derive `TelemetryValue`, which writes both"
            );
        }
        self.inner().send(context, sink)
    }
}

/// A value of a set that is known in advance, and so may be allowed in any
/// number: `bool`, enums that derive [`TelemetryValue`], [`Literal`]s, and what
/// only holds such values.
///
/// Numbers are not among them: a list of them can spell out anything. Bytes are
/// text, four of them an address, six a device.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be allowed in a collection: enough of them can spell out anything",
    label = "not a closed value",
    note = "bytes are text, four numbers an address, six a device, sixteen an id: `count` keeps how many there are, `hash` (of bytes) a pseudonym, `drop` nothing",
    note = "collections may be allowed of `bool`, `Literal` and enums that derive `TelemetryValue`; at most three numbers in a tuple",
    note = "if they are harmless for a reason that the type cannot show, say so: `allow(because = \"...\")`"
)]
pub trait ClosedValue: TelemetryValue + OneNumber {
    /// What the value is made of.
    #[doc(hidden)]
    type Closed<'v>: ClosedValue
    where
        Self: 'v;

    /// What the value is made of.
    #[doc(hidden)]
    fn closed(&self) -> Self::Closed<'_>;

    /// As [`TelemetryValue::send`], and as impossible to write anew.
    #[doc(hidden)]
    #[inline]
    fn emit_closed<'s, R: Sink>(
        &'s self,
        context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        const {
            assert!(
                Self::DOMAIN.is(&<Self::Closed<'s> as TelemetryValue>::DOMAIN),
                "a value's `DOMAIN` is that of its `Closed`: derive `TelemetryValue`, which writes both"
            );
        }
        self.closed().emit_closed(context, sink)
    }
}

/// A value that is allowed.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Allowed<'v, T: ?Sized>(pub(crate) &'v T);

/// A value that is allowed whatever its field's name says. It leaves as the
/// closed value that it says it is, and by no other way.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct AllowedNamed<'v, T: ?Sized>(&'v T);

impl<T: NoIdentifier + ?Sized> Sanitize for AllowedNamed<'_, T> {
    const SHOWN: bool = true;

    #[inline]
    fn sanitize_into<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        self.0.send_named(context, sink)
    }
}

impl<T: TelemetryValue + ?Sized> Sanitize for Allowed<'_, T> {
    const SHOWN: bool = true;

    #[inline]
    fn sanitize_into<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        self.0.send(context, sink)
    }
}

/// An element of a collection that is allowed.
pub(super) struct AllowedPart<'v, T: ?Sized>(pub(super) &'v T);

impl<T: ClosedValue + ?Sized> Sanitize for AllowedPart<'_, T> {
    const SHOWN: bool = true;

    fn sanitize_into<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        self.0.emit_closed(context, sink)
    }
}

structure! {
    impl[] TelemetryValue, of ClosedValue {
        const DOMAIN: Domain;
        fn send[](context: Context<'_>), element => AllowedPart(element), context
    } {
        type Inner<'v> = &'v Self where Self: 'v;

        fn inner(&self) -> &Self {
            self
        }
    }
}

/// Values that are on the list by themselves.
macro_rules! values {
    ($($Type:ty: $DOMAIN:expr, |$this:ident, $sink:ident| $send:expr;)*) => {$(
        impl TelemetryValue for $Type {
            const DOMAIN: Domain = $DOMAIN;
            type Inner<'v> = &'v Self;

            fn inner(&self) -> &Self {
                self
            }

            #[inline]
            fn send<R: Sink>(&self, _: Context<'_>, $sink: R) -> Result<R::Ok, R::Error> {
                let $this = self;
                $send
            }
        }
    )*};
}

/// Numbers of so many bits that they are not listed.
macro_rules! numbers {
    ($($Type:ty, $NonZero:ty: $method:ident;)*) => {
        values! {$(
            $Type: Domain::Open(Opening::Number), |this, sink| sink.$method((*this).into());
            $NonZero: Domain::Open(Opening::Number), |this, sink| sink.$method(this.get().into());
        )*}
    };
}
numbers! {
    u32, NonZeroU32: unsigned;
    u64, NonZeroU64: unsigned;
    i32, NonZeroI32: signed;
    i64, NonZeroI64: signed;
}

/// Numbers that are, or may be, of other sizes.
macro_rules! other_numbers {
    ($($Type:ty),*) => {
        values! { $($Type: Domain::Open(Opening::Number), |this, sink| sink.value(this);)* }
    };
}
other_numbers! {
    u128, usize, i128, isize, NonZeroU128, NonZeroUsize, NonZeroI128, NonZeroIsize
}

/// Integers below 32 bits: every value of theirs has an index. Of those that
/// are never zero, the index of zero is never used.
macro_rules! small_integers {
    ($($Type:ty: $least:literal to $largest:literal, |$this:ident| $integer:expr;)*) => {
        values! {$(
            $Type: Domain::closed(Values::Integers { first: $least, last: $largest, step: 1 }),
            |$this, sink| {
                let above = i64::from($integer) - ($least);
                sink.indexed(
                    || usize::try_from(above).unwrap_or_default(),
                    |sink| sink.signed($integer.into()),
                )
            };
        )*}
    };
}
small_integers! {
    u8: 0 to 0xff, |this| *this;
    u16: 0 to 0xffff, |this| *this;
    i8: -0x80 to 0x7f, |this| *this;
    i16: -0x8000 to 0x7fff, |this| *this;
    NonZeroU8: 1 to 0xff, |this| this.get();
    NonZeroU16: 1 to 0xffff, |this| this.get();
    NonZeroI8: -0x80 to 0x7f, |this| this.get();
    NonZeroI16: -0x8000 to 0x7fff, |this| this.get();
}

values! {
    bool: Domain::closed(Values::Bool),
        |this, sink| sink.indexed(|| usize::from(*this), |sink| sink.boolean(*this));
    // Text that is part of the program: `literal!` proves it.
    Literal: Domain::Open(Opening::Program), |this, sink| sink.text(this.as_str());
    // Infinities and NaN have no form in JSON: they are left out.
    f64: Domain::Open(Opening::Number),
        |this, sink| if this.is_finite() { sink.value(this) } else { sink.absent() };
    f32: Domain::Open(Opening::Number),
        |this, sink| if this.is_finite() { sink.value(this) } else { sink.absent() };
    // In seconds, as a floating-point number.
    Duration: Domain::Open(Opening::Number), |this, sink| sink.value(&this.as_secs_f64());
    // Nothing to say: left out.
    (): Domain::closed(Values::Nothing).or_absent(), |_this, sink| sink.absent();
}

/// The names of the variants of an enum. What the derive writes for one: a
/// constant, so that no text of a run can be among them.
#[doc(hidden)]
pub trait Names {
    const NAMES: &'static [&'static str];
}

/// One of the names of `E`, by its place.
#[doc(hidden)]
pub struct ChosenName<E: ?Sized>(usize, PhantomData<fn(&E)>);

impl<E: Names + ?Sized> ChosenName<E> {
    /// The name at `place`.
    pub const fn new(place: usize) -> Self {
        Self(place, PhantomData)
    }
}

impl<E: ?Sized> fmt::Debug for ChosenName<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ChosenName").field(&self.0).finish()
    }
}

impl<E: Names + ?Sized> TelemetryValue for ChosenName<E> {
    const DOMAIN: Domain = Domain::closed(Values::Texts(E::NAMES));
    type Inner<'v>
        = &'v Self
    where
        E: 'v;

    fn inner(&self) -> &Self {
        self
    }

    #[inline]
    fn send<R: Sink>(&self, _: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        match E::NAMES.get(self.0) {
            Some(name) => sink.indexed(
                || self.0,
                |sink| {
                    if const { are_plain(E::NAMES) } {
                        sink.plain_text(name)
                    } else {
                        sink.text(name)
                    }
                },
            ),
            None => sink.absent(),
        }
    }
}

/// Whether nothing in any of the names must be escaped in JSON.
const fn are_plain(mut names: &[&str]) -> bool {
    while let [name, rest @ ..] = names {
        let mut bytes = name.as_bytes();
        while let [byte, rest @ ..] = bytes {
            if matches!(*byte, 0..b' ' | b'"' | b'\\') {
                return false;
            }
            bytes = rest;
        }
        names = rest;
    }
    true
}

impl Names for Ordering {
    const NAMES: &'static [&'static str] = &["less", "equal", "greater"];
}

/// Values that lead to another by a copy of it.
macro_rules! copied {
    ($($Type:ty => $To:ty, |$this:ident| $copy:expr;)*) => {$(
        impl TelemetryValue for $Type {
            const DOMAIN: Domain = <$To as TelemetryValue>::DOMAIN;
            type Inner<'v> = $To;

            fn inner(&self) -> $To {
                let $this = self;
                $copy
            }
        }
    )*};
}

macro_rules! atomics {
    ($($Atomic:ident => $Type:ty),*) => {
        // Whatever it is at some moment: nothing is published through it.
        copied! { $(atomic::$Atomic => $Type, |this| this.load(atomic::Ordering::Relaxed);)* }
    };
}
atomics! {
    AtomicBool => bool, AtomicU8 => u8, AtomicU16 => u16, AtomicU32 => u32,
    AtomicUsize => usize, AtomicI8 => i8, AtomicI16 => i16, AtomicI32 => i32,
    AtomicIsize => isize
}
#[cfg(target_has_atomic = "64")]
atomics! { AtomicU64 => u64, AtomicI64 => i64 }

copied! {
    Ordering => ChosenName<Self>,
        |this| ChosenName::new(usize::from(this.is_ge()) + usize::from(this.is_gt()));
}

macro_rules! closed_by_a_copy {
    ($($Type:ty => $To:ty;)*) => {$(
        impl ClosedValue for $Type {
            type Closed<'v> = $To;

            fn closed(&self) -> $To {
                self.inner()
            }
        }
    )*};
}
closed_by_a_copy! {
    atomic::AtomicBool => bool;
    Ordering => ChosenName<Self>;
}

macro_rules! wrapped {
    ($($Type:ident),*) => {$(
        impl<T: TelemetryValue> TelemetryValue for $Type<T> {
            const DOMAIN: Domain = T::DOMAIN;
            type Inner<'v> = &'v T where T: 'v;

            fn inner(&self) -> &T {
                &self.0
            }
        }
    )*};
}
wrapped!(Wrapping, Saturating);

/// Only a policy opens it, and `allow` is one where the type may be allowed.
impl<T: TelemetryValue> TelemetryValue for Private<T> {
    const DOMAIN: Domain = T::DOMAIN;
    type Inner<'v>
        = &'v Self
    where
        T: 'v;

    fn inner(&self) -> &Self {
        self
    }

    fn send<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        self.open().send(context, sink)
    }
}

/// Closed values that are so by themselves, or because their elements are: none
/// of them is a number.
macro_rules! closed {
    ($([$($generics:tt)*] $Type:ty;)*) => {$(
        impl<$($generics)*> $crate::policy::OneNumber for $Type {}

        impl<$($generics)*> $crate::policy::ClosedValue for $Type {
            type Closed<'v> = &'v Self where Self: 'v;

            fn closed(&self) -> &Self {
                self
            }

            #[inline]
            fn emit_closed<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
                self.send(context, sink)
            }
        }
    )*};
}
#[cfg(feature = "clap")]
pub(crate) use closed;
closed! {
    [] bool;
    [] ();
    [] Literal;
    [E: Names + ?Sized] ChosenName<E>;
    [T: ClosedValue] [T];
    [T: ClosedValue, const N: usize] [T; N];
    [T: ClosedValue] Vec<T>;
    [T: ClosedValue] VecDeque<T>;
    [T: ClosedValue] BTreeSet<T>;
    [T: ClosedValue, H] HashSet<T, H>;
}

/// What only holds closed values is one.
macro_rules! closed_through {
    ($($Type:ty),*) => {$(
        impl<T: ClosedValue + ?Sized> ClosedValue for $Type {
            type Closed<'v> = &'v Self where Self: 'v;

            fn closed(&self) -> &Self {
                self
            }

            #[inline]
            fn emit_closed<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
                T::emit_closed(self, context, sink)
            }
        }
    )*};
}
closed_through!(&T, &mut T, Box<T>, std::rc::Rc<T>, std::sync::Arc<T>);

impl<T: ClosedValue + ToOwned + ?Sized> ClosedValue for std::borrow::Cow<'_, T> {
    type Closed<'v>
        = &'v Self
    where
        Self: 'v;

    fn closed(&self) -> &Self {
        self
    }

    fn emit_closed<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        T::emit_closed(self, context, sink)
    }
}

impl<T: ClosedValue> ClosedValue for Option<T> {
    type Closed<'v>
        = &'v Self
    where
        T: 'v;

    fn closed(&self) -> &Self {
        self
    }

    #[inline]
    fn emit_closed<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        match self {
            Some(value) => value.emit_closed(context, sink),
            None => sink.absent(),
        }
    }
}

/// Puts a value under `allow`.
#[doc(hidden)]
pub fn allow<T: TelemetryValue + ?Sized>(value: &T) -> Allowed<'_, T> {
    Allowed(value)
}

/// A value that is no identifier, whatever its field's name says.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be allowed where the name of the field or of its type says an identifier",
    label = "may be an identifier",
    note = "text, addresses and numbers can be identifiers: choose `hash` (a keyed pseudonym), `bucket(...)` or `drop`; values of a closed set, such as an enum that derives `TelemetryValue`, may be allowed",
    note = "if it stands for nobody, say why: `allow(because = \"...\")`"
)]
pub trait NoIdentifier: TelemetryValue {
    /// As [`TelemetryValue::send`], and as impossible to write anew.
    #[doc(hidden)]
    fn send_named<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error>;
}
#[diagnostic::do_not_recommend]
impl<T: ClosedValue + ?Sized> NoIdentifier for T {
    #[inline]
    fn send_named<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        self.emit_closed(context, sink)
    }
}

/// Puts a value under `allow` whose field's name says an identifier.
#[doc(hidden)]
pub fn allow_named<T: NoIdentifier + ?Sized>(value: &T) -> AllowedNamed<'_, T> {
    AllowedNamed(value)
}

/// What the schema says of `allow`.
pub(super) const fn allow_schema(domain: Domain) -> Policy {
    Policy::new("allow", domain)
}
