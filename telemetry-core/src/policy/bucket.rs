//! `bucket`: the range that a number falls into.
//!
//! It owns the choice of the range. It must never know where the number came
//! from.

use super::Numeric;
use super::bounds::bounds_below;
use crate::leaf::kind::Number;
use crate::leaf::{Applied, Context, LeafPolicy, Num, Sink};
use crate::schema::{Numbers, ParameterValue, Policy, Shape, Values, Written};

/// The range that a number falls into. A bound belongs to the range above it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    /// Ascending; the derive has checked it.
    bounds: Numbers,
    labels: &'static [&'static str],
}

impl LeafPolicy for Bucket {
    type Kind = Number;

    #[inline(always)]
    fn apply<R: Sink>(
        &self,
        number: Num,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        if let Num::Float(float) = number
            && float.is_nan()
        {
            return sink.absent();
        }
        let index = bounds_below::<true>(self.bounds, number);
        match self.labels.get(index) {
            // Digits, and what stands between them.
            Some(label) => sink.indexed(|| index, |sink| sink.plain_text(label)),
            None => sink.absent(),
        }
    }
}

/// Puts a value under `bucket`.
#[doc(hidden)]
pub fn bucket<'v, T: Numeric + ?Sized>(
    bounds: Numbers,
    labels: &'static [&'static str],
    value: &'v T,
) -> Applied<'v, Bucket, T> {
    Applied { policy: Bucket { bounds, labels }, value }
}

/// What the schema says of `bucket`.
#[doc(hidden)]
pub const fn bucket_schema(shape: Shape, bounds: Numbers) -> Policy {
    Policy::new("bucket", shape.domain(Values::Ranges(bounds))).with(
        "bounds",
        ParameterValue::Numbers(bounds),
        Written::Inside,
    )
}
