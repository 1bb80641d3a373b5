//! `with`: what a function of the author's makes of a value.
//!
//! It owns when the function is called. It must never know what it does.

use super::TelemetryValue;
use crate::leaf::{Context, Sanitize, Sink};
use crate::schema::{Domain, ParameterValue, Policy, Written};

/// What the author's function makes of the value.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct WithFunction<F> {
    function: F,
    /// The domain of what it returns.
    domain: Domain,
}

impl<U: TelemetryValue, F: Fn() -> U> Sanitize for WithFunction<F> {
    fn sanitize_into<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        (self.function)().send(context, sink)
    }
}

/// Puts a value under `with`. The function is called when the event is
/// sanitised, and not before.
#[doc(hidden)]
pub const fn with<U: TelemetryValue, F: Fn() -> U>(function: F) -> WithFunction<F> {
    WithFunction { function, domain: U::DOMAIN }
}

/// What the schema says of `with`. It takes what [`with`] returns, so that a
/// function of the wrong type is reported once.
#[doc(hidden)]
pub const fn with_schema<F>(applied: &WithFunction<F>, function: &'static str) -> Policy {
    Policy::new("with", applied.domain).with(
        "function",
        ParameterValue::Path(function),
        Written::Assigned,
    )
}

/// Stands for a field's value where only its type matters. Never called.
#[doc(hidden)]
pub fn any_value<T>() -> T {
    std::process::abort()
}
