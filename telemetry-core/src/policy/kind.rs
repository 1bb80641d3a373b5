//! `kind`: what an error or a message tells by its parts.
//!
//! It owns the policy and its bound. It must never know an error's type.

use crate::leaf::kind::Parts;
use crate::leaf::{Applied, Context, Describe, Description, HasLeaves, LeafPolicy, Sink};
use crate::schema::{Opening, Policy, Shape};

/// Values that are told by their parts.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no parts with policies of their own",
    label = "no error that is known, and no message",
    note = "`kind` is for `Message` (made by `message!`), for errors that derive `TelemetryError`, for `std::io::Error` and the errors of well-known crates, for `dyn Error` and for `Backtrace`, alone or in `Option`, `Box`, ...",
    note = "of another error, `scrub` leaves the words: `error: &dyn Error` under `scrub` or `scrub(known)`"
)]
pub trait Describable: HasLeaves<Parts> {}
#[diagnostic::do_not_recommend]
impl<T: HasLeaves<Parts> + ?Sized> Describable for T {}

/// Literal pieces as they are, and every value by its own policy.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct KindOnly;

impl LeafPolicy for KindOnly {
    type Kind = Parts;

    fn apply<R: Sink>(
        &self,
        parts: &dyn Describe,
        context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        sink.text(&Description::write(parts, context))
    }
}

/// Puts a value under `kind`.
#[doc(hidden)]
pub fn kind<T: Describable + ?Sized>(value: &T) -> Applied<'_, KindOnly, T> {
    Applied { policy: KindOnly, value }
}

/// What the schema says of `kind`.
#[doc(hidden)]
pub const fn kind_schema(shape: Shape) -> Policy {
    Policy::new("kind", shape.open(Opening::Text))
}
