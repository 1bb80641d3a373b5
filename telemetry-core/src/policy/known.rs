//! A value from a list that the author wrote, or `other`.
//!
//! It owns the search in the list. It must never know which part of a value is
//! looked for.

use crate::leaf::Sink;
use crate::schema::{ParameterValue, Policy, Shape, Values, Written};

/// What stands for every value that is not a known one.
const OTHER: &str = "other";

/// The first of `values` that `is` the value, or `other`.
pub(super) fn known<R: Sink>(
    values: &'static [&'static str],
    is: impl Fn(&str) -> bool,
    sink: R,
) -> Result<R::Ok, R::Error> {
    let found = values.iter().enumerate().find(|(_, value)| is(value));
    let (index, value) = found.unwrap_or((values.len(), &OTHER));
    sink.indexed(|| index, |sink| sink.text(value))
}

/// What the schema says of a policy whose only parameter is the list.
pub(super) const fn known_schema(
    name: &'static str,
    shape: Shape,
    values: &'static [&'static str],
) -> Policy {
    Policy::new(name, shape.domain(Values::Known(values))).with(
        "values",
        ParameterValue::Texts(values),
        Written::Inside,
    )
}
