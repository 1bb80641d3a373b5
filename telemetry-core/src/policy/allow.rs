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

use crate::leaf::{Context, Element, Literal, Sanitize, Sink, structure};

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
        fn emit[](), element => Allowed(element), Context::WITHOUT_KEYS
    } {}
}

macro_rules! values {
    ($($Type:ty)*) => {$(
        impl TelemetryValue for $Type {
            fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
                sink.value(self)
            }
        }
    )*};
}
values! {
    bool u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize
    NonZeroU8 NonZeroU16 NonZeroU32 NonZeroU64 NonZeroU128 NonZeroUsize
    NonZeroI8 NonZeroI16 NonZeroI32 NonZeroI64 NonZeroI128 NonZeroIsize
}

/// Text that is part of the program: `literal!` proves it.
impl TelemetryValue for Literal {
    fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
        sink.value(self.as_str())
    }
}

/// Text that is part of the program. The lifetime proves it.
impl TelemetryValue for &'static str {
    fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
        sink.value(*self)
    }
}

/// Infinities and NaN have no form in JSON: they are left out.
impl TelemetryValue for f64 {
    fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
        if self.is_finite() { sink.value(self) } else { sink.absent() }
    }
}

/// Infinities and NaN have no form in JSON: they are left out.
impl TelemetryValue for f32 {
    fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
        if self.is_finite() { sink.value(self) } else { sink.absent() }
    }
}

/// In seconds, as a floating-point number.
impl TelemetryValue for Duration {
    fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
        sink.value(&self.as_secs_f64())
    }
}

/// Nothing to say: left out.
impl TelemetryValue for () {
    fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
        sink.absent()
    }
}

/// A tuple, written as a sequence.
struct Tuple<'v, T>(&'v T);

macro_rules! tuples {
    ($(($($T:ident $index:tt),+))*) => {$(
        impl<$($T: TelemetryValue),+> TelemetryValue for ($($T,)+) {
            fn emit<R: Sink>(&self, sink: R) -> Result<R::Ok, R::Error> {
                sink.value(&Tuple(self))
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
