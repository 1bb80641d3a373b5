//! The bounds that several policies share.
//!
//! It owns the words of the compiler for a value that is not text, or not a
//! number, and the search among bounds between ranges. It must never know what a
//! policy does with either.

use super::TelemetryValue;
use crate::leaf::kind::{Number, Text};
use crate::leaf::{HasLeaves, Num};
use crate::schema::Numbers;

/// Values that are text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not text, and this policy is for text",
    label = "not text",
    note = "text is `str` and `String`, alone or in `Option`, `Vec`, ...; a newtype of yours derives `TelemetryValue`",
    note = "for numbers there are `allow` and `bucket`, for collections `count`, for paths `hash`, for addresses `truncate_ip`, for all `drop`"
)]
pub trait Textual: HasLeaves<Text> {}
#[diagnostic::do_not_recommend]
impl<T: HasLeaves<Text> + ?Sized> Textual for T {}

/// Values that are numbers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number, and this policy is for numbers",
    label = "not a number",
    note = "numbers are integers, floating-point numbers and `Duration` (in seconds), alone or in `Option`, `Vec`, ...; of a text, use `length`"
)]
pub trait Numeric: HasLeaves<Number> {}
#[diagnostic::do_not_recommend]
impl<T: HasLeaves<Number> + ?Sized> Numeric for T {}

/// Values that may leave as whole numbers, or nearly so: numbers that may be
/// allowed. A list of them may not, for enough numbers in a row are a text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot leave as a whole number",
    label = "not one number",
    note = "`round` and `clamp` are for one number, alone or in `Option`, `Box`, ...: an integer, a floating-point number or a `Duration` (in seconds); of a text, use `length`",
    note = "bytes are text, four numbers an address: of a list, `count` keeps how many there are, and `bucket(...)` the range of each"
)]
pub trait Whole: Numeric + TelemetryValue {}
#[diagnostic::do_not_recommend]
impl<T: Numeric + TelemetryValue + ?Sized> Whole for T {}

/// Up to so many bounds are all compared: the compiler knows them, so that each
/// is an instruction or two, and no branch has to be guessed.
const FEW: usize = 8;

/// How many of the ascending `bounds` are below `number`; `OR_AT` says whether
/// one that is equal to it counts too.
#[inline(always)]
pub(super) fn bounds_below<const OR_AT: bool>(bounds: Numbers, number: Num) -> usize {
    match (bounds, number) {
        (Numbers::Int(bounds), Num::Int(int)) => {
            count_below(bounds, |bound| is_below::<OR_AT, _>(*bound, int))
        }
        (Numbers::Int(bounds), Num::Float(float)) => {
            count_below(bounds, |bound| is_below::<OR_AT, _>(*bound as f64, float))
        }
        (Numbers::Float(bounds), Num::Int(int)) => {
            count_below(bounds, |bound| is_below::<OR_AT, _>(*bound, int as f64))
        }
        (Numbers::Float(bounds), Num::Float(float)) => {
            count_below(bounds, |bound| is_below::<OR_AT, _>(*bound, float))
        }
    }
}

#[inline(always)]
fn is_below<const OR_AT: bool, T: PartialOrd>(bound: T, number: T) -> bool {
    if OR_AT { bound <= number } else { bound < number }
}

#[inline(always)]
fn count_below<T>(bounds: &[T], is_below: impl Fn(&T) -> bool) -> usize {
    if bounds.len() <= FEW {
        bounds.iter().map(|bound| usize::from(is_below(bound))).sum()
    } else {
        bounds.partition_point(is_below)
    }
}
