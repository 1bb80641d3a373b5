//! `histogram`: the number of a counted event, of which only the ranges of all
//! numbers in a period leave, and their sum.
//!
//! It owns the choice of the range. It must never know how the numbers are
//! added up.

use super::Numeric;
use super::bounds::bounds_below;
use crate::leaf::kind::Number;
use crate::leaf::{Applied, Context, LeafPolicy, Num, Sink};
use crate::schema::{
    Domain, Histogram, Numbers, Opening, ParameterValue, Policy, Shape, Values, Written,
};

/// The range of a number. A bound belongs to the range below it: receivers of
/// histograms hold it so.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Ascending; the derive has checked it.
    bounds: Numbers,
    clamp: Option<&'static [i128; 2]>,
}

impl LeafPolicy for Measured {
    type Kind = Number;

    #[inline]
    fn apply<R: Sink>(
        &self,
        number: Num,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        let number = match (number, self.clamp) {
            // It falls into no range, and would make the sum infinite.
            (Num::Float(float), _) if !float.is_finite() => return sink.absent(),
            (number, None) => number,
            (Num::Int(int), Some([low, high])) => Num::Int(int.clamp(*low, *high)),
            (Num::Float(float), Some([low, high])) => {
                Num::Float(float.clamp(*low as f64, *high as f64))
            }
        };
        sink.measured(bounds_below::<false>(self.bounds, number), number)
    }
}

/// Puts a value under `histogram`.
#[doc(hidden)]
pub fn histogram<T: Numeric + ?Sized>(bounds: Numbers, value: &T) -> Applied<'_, Measured, T> {
    Applied { policy: Measured { bounds, clamp: None }, value }
}

/// Puts a value under `histogram` and `clamp`.
#[doc(hidden)]
pub fn histogram_clamped<'v, T: Numeric + ?Sized>(
    bounds: Numbers,
    clamp: &'static [i128; 2],
    value: &'v T,
) -> Applied<'v, Measured, T> {
    Applied { policy: Measured { bounds, clamp: Some(clamp) }, value }
}

/// What the schema says of `histogram`. Of a single event in a period, the sum
/// is its number: what can leave is any.
#[doc(hidden)]
pub const fn histogram_schema(shape: Shape, bounds: Numbers) -> Policy {
    named(Domain::Open(Opening::Number), shape, bounds)
}

/// What the schema says of `histogram` and `clamp`: of a single event, a number
/// between these bounds.
#[doc(hidden)]
pub const fn histogram_clamped_schema(
    shape: Shape,
    bounds: Numbers,
    clamp: &'static [i128; 2],
) -> Policy {
    let [first, last] = *clamp;
    let domain = if shape.fractions {
        Domain::Open(Opening::Number)
    } else {
        shape.domain(Values::Integers { first, last, step: 1 })
    };
    named(domain, shape, bounds).with(
        "clamp",
        ParameterValue::Numbers(Numbers::Int(clamp)),
        Written::Beside,
    )
}

const fn named(domain: Domain, shape: Shape, bounds: Numbers) -> Policy {
    // A list has no one number: what refuses the event tells by the domain.
    let domain = match shape.domain(Values::Bool) {
        Domain::Closed(closed) if closed.list.is_none() => domain,
        _ => Domain::Open(Opening::Collection),
    };
    Policy::new("histogram", domain)
        .with("bounds", ParameterValue::Numbers(bounds), Written::Inside)
        .measured(Histogram::new(bounds, shape.fractions))
}
