//! `scrub`: free text, personal data found and replaced.
//!
//! It owns the policy. It must never know a rule.

use super::Textual;
use crate::leaf::kind::Text;
use crate::leaf::{Applied, Context, LeafPolicy, Sink};
use crate::schema::{Opening, ParameterValue, Policy, Shape, Written};

#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Scrub;

impl LeafPolicy for Scrub {
    type Kind = Text;

    fn apply<R: Sink>(&self, text: &str, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        match context.scrubber() {
            Some(scrubber) => sink.value(&*scrubber.scrub(text)),
            None => sink.absent(),
        }
    }
}

/// Puts a value under `scrub`.
#[doc(hidden)]
pub fn scrub<T: Textual + ?Sized>(value: &T) -> Applied<'_, Scrub, T> {
    Applied { policy: Scrub, value }
}

/// Free text of which only known words stay.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct ScrubKnown;

impl LeafPolicy for ScrubKnown {
    type Kind = Text;

    fn apply<R: Sink>(&self, text: &str, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        match context.scrubber() {
            Some(scrubber) => sink.text(&scrubber.scrub_known(text)),
            None => sink.absent(),
        }
    }
}

/// Puts a value under `scrub(known)`.
#[doc(hidden)]
pub fn scrub_known<T: Textual + ?Sized>(value: &T) -> Applied<'_, ScrubKnown, T> {
    Applied { policy: ScrubKnown, value }
}

/// What the schema says of `scrub(known)`.
#[doc(hidden)]
pub const fn scrub_known_schema(shape: Shape) -> Policy {
    scrub_schema(shape).with("known", ParameterValue::Flag, Written::Inside)
}

/// What the schema says of `scrub`.
#[doc(hidden)]
pub const fn scrub_schema(shape: Shape) -> Policy {
    Policy::new("scrub", shape.open(Opening::Text))
}
