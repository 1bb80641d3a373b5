//! Free text: personal data is found and replaced.
//!
//! It owns the rules and the engine that runs them. It must never know where
//! a text came from or goes to.

use std::borrow::Cow;

use crate::event::kind::Text;
use crate::event::{Context, LeafPolicy, Receive};

/// Finds personal data in free text and replaces it.
#[derive(Clone, Debug, Default)]
pub struct Scrubber {}

impl Scrubber {
    /// The text with every find replaced by the rule's name in brackets.
    pub fn scrub<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let _ = text;
        todo!()
    }
}

#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Scrub;

impl LeafPolicy for Scrub {
    type Kind = Text;

    fn apply<R: Receive>(
        &self,
        text: &str,
        context: Context<'_>,
        receive: R,
    ) -> Result<R::Ok, R::Error> {
        match context.scrubber() {
            Some(scrubber) => receive.value(&*scrubber.scrub(text)),
            None => receive.absent(),
        }
    }
}
