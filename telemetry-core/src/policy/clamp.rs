//! `clamp`: the nearest whole number between two bounds.
//!
//! It owns the policy, and the domain of whole numbers that other policies put
//! between bounds. It must never know what the number measures.

use super::Whole;
use super::round::{Rounded, domain, rounded};
use crate::leaf::Applied;
use crate::schema::{Numbers, ParameterValue, Policy, Shape, Values, Written};

/// Puts a value under `clamp`.
#[doc(hidden)]
pub fn clamp<'v, T: Whole + ?Sized>(
    bounds: &'static [i128; 2],
    value: &'v T,
) -> Applied<'v, Rounded, T> {
    rounded(1, Some((bounds[0], bounds[1])), value)
}

/// What the schema says of `clamp`.
#[doc(hidden)]
pub const fn clamp_schema(shape: Shape, bounds: &'static [i128; 2]) -> Policy {
    let domain = domain(shape, 1, Some((bounds[0], bounds[1])));
    Policy::new("clamp", domain).with("bounds", numbers(bounds), Written::Inside)
}

/// The same policy with what it counts between `bounds`, of which every one can be
/// listed: what the schema says of `clamp` beside another policy.
pub(super) const fn clamped(policy: Policy, shape: Shape, bounds: &'static [i128; 2]) -> Policy {
    let (first, last) = of_count(bounds);
    let values = Values::Integers { first, last, step: 1 };
    let policy = Policy { domain: shape.domain(values), ..policy };
    policy.with("clamp", numbers(bounds), Written::Beside)
}

/// The bounds of what is counted, which is never below zero.
pub(super) const fn of_count([low, high]: &[i128; 2]) -> (i128, i128) {
    match (*low, *high) {
        (low, high @ ..=0) if low < high => (high, high),
        (..=0, high) => (0, high),
        bounds => bounds,
    }
}

const fn numbers(bounds: &'static [i128; 2]) -> ParameterValue {
    ParameterValue::Numbers(Numbers::Int(bounds))
}
