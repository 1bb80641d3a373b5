//! Values that cannot hold personal data.
//!
//! It owns the list of types that `allow` takes. It must never know a policy
//! other than `allow`.

use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8,
    NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize,
};
use std::time::Duration;

use serde::ser::{Serialize, SerializeSeq, Serializer};

use crate::leaf::{Context, Element, Literal, Sanitize, Sink, structure, then_index_in};
use crate::schema::{Closed, Domain, Open, Policy, Values};

/// A value that cannot hold personal data, and so may be `allow`ed.
///
/// Numbers, `bool`, `Duration` (written as seconds), texts that are part of
/// the program (`&'static str`), unit-only enums that derive this trait, and
/// whatever only holds such values. Text, paths and addresses are not among
/// them: they say who and where somebody is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be allowed: it can hold personal data",
    label = "can hold personal data",
    note = "choose what may leave: `hash` (a keyed pseudonym), `drop`, `scrub` (free text), `one_of(\"...\")` (known values), `length`, `presence`, `truncate_ip`, ...",
    note = "an enum of unit variants may be allowed when it derives `TelemetryValue`",
    note = "if the value is harmless for a reason that the type cannot show, say so: `allow(because = \"...\")`"
)]
pub trait TelemetryValue {
    /// The values that there are.
    #[doc(hidden)]
    const DOMAIN: Domain;

    /// Hands the value to `sink`, or says that there is none.
    #[doc(hidden)]
    fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error>;
}

/// A value that is allowed.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Allowed<'v, T: ?Sized>(pub(crate) &'v T);

impl<T: TelemetryValue + ?Sized> Sanitize for Allowed<'_, T> {
    const SHOWN: bool = true;

    fn emit<R: Sink>(&self, _context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        self.0.emit(sink)
    }
}

structure! {
    impl[] TelemetryValue {
        const DOMAIN: Domain;
        fn emit[](), element => Allowed(element), Context::WITHOUT_KEYS
    } {}
}

/// Numbers of so many bits that they are not listed.
macro_rules! numbers {
    ($($Type:ty),*) => {$(
        impl TelemetryValue for $Type {
            const DOMAIN: Domain = Domain::Open(Open::Number);

            fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
                sink.value(self)
            }
        }
    )*};
}
numbers! {
    u32, u64, u128, usize, i32, i64, i128, isize,
    NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize,
    NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize
}

/// Integers below 32 bits: every value of theirs has an index. Of those that
/// are never zero, the index of zero is never used.
macro_rules! small_integers {
    ($($Type:ty: $least:literal to $largest:literal, |$this:ident| $integer:expr;)*) => {$(
        impl TelemetryValue for $Type {
            const DOMAIN: Domain =
                Domain::closed(Values::Integers { first: $least, last: $largest, step: 1 });

            fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
                let $this = self;
                let above = i64::from($integer) - ($least);
                sink.indexed(
                    || usize::try_from(above).unwrap_or_default(),
                    |sink| sink.signed($integer.into()),
                )
            }
        }
    )*};
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

impl TelemetryValue for bool {
    const DOMAIN: Domain = Domain::closed(Values::Bool);

    fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
        sink.indexed(|| usize::from(*self), |sink| sink.boolean(*self))
    }
}

/// Text that is part of the program: `literal!` proves it.
impl TelemetryValue for Literal {
    const DOMAIN: Domain = Domain::Open(Open::Program);

    fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
        sink.value(self.as_str())
    }
}

/// Text that is part of the program. The lifetime proves it.
impl TelemetryValue for &'static str {
    const DOMAIN: Domain = Domain::Open(Open::Program);

    fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
        sink.value(*self)
    }
}

/// Infinities and NaN have no form in JSON: they are left out.
impl TelemetryValue for f64 {
    const DOMAIN: Domain = Domain::Open(Open::Number);

    fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
        if self.is_finite() { sink.value(self) } else { sink.absent() }
    }
}

/// Infinities and NaN have no form in JSON: they are left out.
impl TelemetryValue for f32 {
    const DOMAIN: Domain = Domain::Open(Open::Number);

    fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
        if self.is_finite() { sink.value(self) } else { sink.absent() }
    }
}

/// In seconds, as a floating-point number.
impl TelemetryValue for Duration {
    const DOMAIN: Domain = Domain::Open(Open::Number);

    fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
        sink.value(&self.as_secs_f64())
    }
}

/// Nothing to say: left out.
impl TelemetryValue for () {
    const DOMAIN: Domain = Domain::closed(Values::Nothing).or_absent();

    fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
        sink.absent()
    }
}

/// A tuple, written as a sequence.
struct Tuple<'v, T>(&'v T);

macro_rules! tuples {
    ($(($($T:ident $index:tt),+))*) => {$(
        impl<$($T: TelemetryValue),+> TelemetryValue for ($($T,)+) {
            const DOMAIN: Domain = Domain::tuple(&[$($T::DOMAIN),+]);

            fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
                let index = || {
                    let mut index = 0;
                    $(index = then_index_in(index, $T::DOMAIN, &Allowed(&self.$index));)+
                    index
                };
                sink.indexed(index, |sink| sink.value(&Tuple(self)))
            }
        }

        impl<$($T: TelemetryValue),+> Serialize for Tuple<'_, ($($T,)+)> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut sequence = serializer.serialize_seq(None)?;
                $(self.0.$index.emit(Element(&mut sequence))?;)+
                sequence.end()
            }
        }
    )*};
}
tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
}

/// Puts a value under `allow`.
#[doc(hidden)]
pub fn allow<T: TelemetryValue + ?Sized>(value: &T) -> Allowed<'_, T> {
    Allowed(value)
}

/// Hands on a value that another one wraps. What the derive of a newtype calls.
#[doc(hidden)]
pub fn emit_value<T: TelemetryValue + ?Sized, R: Sink>(
    value: &T,
    sink: R,
) -> Result<R::Ok, R::Error> {
    value.emit(sink)
}

/// What the schema says of `allow`.
pub(super) const fn allow_schema(domain: Domain) -> Policy {
    Policy::new("allow", domain)
}

/// Hands on the text at `index` of a domain that is a list of texts. What the
/// derive of an enum calls.
#[doc(hidden)]
pub fn text<R: Sink>(domain: &'static Domain, index: usize, sink: R) -> Result<R::Ok, R::Error> {
    match domain {
        Domain::Closed(Closed { values: Values::Texts(texts), .. }) => match texts.get(index) {
            Some(text) => sink.indexed(|| index, |sink| sink.text(text)),
            None => sink.absent(),
        },
        _ => sink.absent(),
    }
}
