//! `scrub`: free text, personal data found and replaced.
//!
//! It owns the policy. It must never know a rule.

use crate::leaf::kind::Text;
use crate::leaf::{Context, LeafPolicy, Sink};

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
