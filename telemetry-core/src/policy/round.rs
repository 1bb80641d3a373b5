//! `round`: the nearest multiple of a step.
//!
//! It owns how a number is rounded and held between bounds. It must never know
//! what the number measures.

use super::Whole;
use crate::leaf::kind::Number;
use crate::leaf::{Applied, Context, HasLeaves, LeafPolicy, Num, Sink};
use crate::schema::{Domain, Numbers, Opening, ParameterValue, Policy, Shape, Values, Written};

/// The nearest multiple of `step` that is not outside of `bounds`. Halves are
/// rounded away from zero; what is not a number leaves nothing.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Rounded {
    step: u64,
    bounds: Option<(i128, i128)>,
}

impl LeafPolicy for Rounded {
    type Kind = Number;

    fn apply<R: Sink>(
        &self,
        number: Num,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        let nearest = match number {
            Num::Int(int) => nearest(int, self.step),
            Num::Float(float) if float.is_nan() => return sink.absent(),
            // The conversion stops at the largest integer.
            Num::Float(float) => {
                let steps = (float / self.step as f64).round() as i128;
                steps.saturating_mul(self.step as i128)
            }
        };
        match self.bounds {
            Some((low, high)) => whole(nearest.clamp(low, high), low, self.step, sink),
            None => whole(nearest, 0, self.step, sink),
        }
    }
}

/// The multiple of `step` that is nearest to `int`.
const fn nearest(int: i128, step: u64) -> i128 {
    let step = step as i128;
    let (steps, rest) = (int / step, int % step);
    let away = if rest.unsigned_abs() * 2 >= step.unsigned_abs() { rest.signum() } else { 0 };
    (steps + away).saturating_mul(step)
}

/// Hands on a whole number and its index, counted in steps from `low`.
pub(super) fn whole<R: Sink>(
    number: i128,
    low: i128,
    step: u64,
    sink: R,
) -> Result<R::Ok, R::Error> {
    let index = || {
        let above = number.saturating_sub(low) / i128::from(step);
        usize::try_from(above).unwrap_or_default()
    };
    sink.indexed(index, |sink| match (i64::try_from(number), u64::try_from(number)) {
        (Ok(number), _) => sink.signed(number),
        (_, Ok(number)) => sink.unsigned(number),
        _ => sink.value(&number),
    })
}

/// The bounds within which a number of this shape is rounded: those that the
/// type has anyway, and within them those of the author.
const fn bounds_of(shape: Shape, step: u64, clamp: Option<(i128, i128)>) -> Option<(i128, i128)> {
    let Some((least, largest)) = shape.integers else { return clamp };
    let (least, largest) = (nearest(least, step), nearest(largest, step));
    match clamp {
        None => Some((least, largest)),
        Some(clamp) => Some((within(least, clamp), within(largest, clamp))),
    }
}

const fn within(number: i128, (low, high): (i128, i128)) -> i128 {
    if number < low {
        low
    } else if number > high {
        high
    } else {
        number
    }
}

/// Puts a value under rounding to `step`, between `clamp`.
pub(super) fn rounded<T: Whole + ?Sized>(
    step: u64,
    clamp: Option<(i128, i128)>,
    value: &T,
) -> Applied<'_, Rounded, T> {
    let bounds = const { <T as HasLeaves<Number>>::SHAPE };
    Applied { policy: Rounded { step, bounds: bounds_of(bounds, step, clamp) }, value }
}

/// The values that rounding to `step`, between `clamp`, leaves.
pub(super) const fn domain(shape: Shape, step: u64, clamp: Option<(i128, i128)>) -> Domain {
    match bounds_of(shape, step, clamp) {
        Some((first, last)) => shape.domain(Values::Integers { first, last, step }),
        None => shape.open(Opening::Number),
    }
}

/// Puts a value under `round`.
#[doc(hidden)]
pub fn round<T: Whole + ?Sized>(step: u64, value: &T) -> Applied<'_, Rounded, T> {
    rounded(step, None, value)
}

/// Puts a value under `round` and `clamp`.
#[doc(hidden)]
pub fn round_clamped<'v, T: Whole + ?Sized>(
    step: u64,
    bounds: &'static [i128; 2],
    value: &'v T,
) -> Applied<'v, Rounded, T> {
    rounded(step, Some((bounds[0], bounds[1])), value)
}

/// What the schema says of `round`.
#[doc(hidden)]
pub const fn round_schema(shape: Shape, step: u64) -> Policy {
    named(domain(shape, step, None), step)
}

/// What the schema says of `round` and `clamp`.
#[doc(hidden)]
pub const fn round_clamped_schema(shape: Shape, step: u64, bounds: &'static [i128; 2]) -> Policy {
    let clamp = Some((bounds[0], bounds[1]));
    named(domain(shape, step, clamp), step).with(
        "clamp",
        ParameterValue::Numbers(Numbers::Int(bounds)),
        Written::Beside,
    )
}

const fn named(domain: Domain, step: u64) -> Policy {
    Policy::new("round", domain).with("step", ParameterValue::Number(step as i128), Written::Inside)
}
