//! `scrub`: free text, personal data found and replaced.
//!
//! It owns the policy. It must never know a rule.

use super::Textual;
use crate::leaf::kind::Text;
use crate::leaf::{Applied, Context, LeafPolicy, Sink};
use crate::schema::{Domain, Open, Policy};

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

/// What the schema says of `scrub`.
#[doc(hidden)]
pub const fn scrub_schema() -> Policy {
    Policy::new("scrub", Domain::Open(Open::Text))
}
