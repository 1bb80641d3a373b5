//! Values that hold one number at most.
//!
//! It owns which numbers of the standard library do; what is closed does too, and
//! says so itself. It must never know why that is asked.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::num::{NonZero, Saturating, Wrapping};
use std::rc::Rc;
use std::sync::{Arc, atomic};
use std::time::Duration;

use crate::leaf::Private;

/// A value that holds one number at most, and so may be part of a tuple. A
/// tuple of numbers is none: of two tuples of two numbers, an address.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a tuple that is allowed",
    label = "more than one number",
    note = "at most three numbers may stand together in a tuple: four are an address; make fields of them, or `drop` them",
    note = "if they are harmless for a reason that the type cannot show, say so: `allow(because = \"...\")`"
)]
pub trait OneNumber {}

macro_rules! one_number {
    ($([$($generics:tt)*] $Type:ty;)*) => {$(impl<$($generics)*> OneNumber for $Type {})*};
}
one_number! {
    [] Ordering; [] Duration; [] f32; [] f64;
    [] u8; [] u16; [] u32; [] u64; [] u128; [] usize;
    [] i8; [] i16; [] i32; [] i64; [] i128; [] isize;
    [] NonZero<u8>; [] NonZero<u16>; [] NonZero<u32>; [] NonZero<u64>; [] NonZero<u128>; [] NonZero<usize>;
    [] NonZero<i8>; [] NonZero<i16>; [] NonZero<i32>; [] NonZero<i64>; [] NonZero<i128>; [] NonZero<isize>;
    [] atomic::AtomicBool; [] atomic::AtomicU8; [] atomic::AtomicU16; [] atomic::AtomicU32;
    [] atomic::AtomicUsize; [] atomic::AtomicI8; [] atomic::AtomicI16; [] atomic::AtomicI32;
    [] atomic::AtomicIsize;
    [T: OneNumber] Option<T>;
    [T: OneNumber] Wrapping<T>;
    [T: OneNumber] Saturating<T>;
    [T: OneNumber] Private<T>;
    [T: OneNumber + ?Sized] &T;
    [T: OneNumber + ?Sized] &mut T;
    [T: OneNumber + ?Sized] Box<T>;
    [T: OneNumber + ?Sized] Rc<T>;
    [T: OneNumber + ?Sized] Arc<T>;
    [T: OneNumber + ToOwned + ?Sized] Cow<'_, T>;
}
#[cfg(target_has_atomic = "64")]
one_number! { [] atomic::AtomicU64; [] atomic::AtomicI64; }
