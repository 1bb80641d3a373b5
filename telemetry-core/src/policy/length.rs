//! `length`: the number of characters of a text.
//!
//! It owns what is counted. It must never know what the text says.

use super::Textual;
use crate::leaf::kind::Text;
use crate::leaf::{Applied, Context, LeafPolicy, Sink};
use crate::schema::{Domain, Open, Policy};

/// The number of characters of a text.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Length;

impl LeafPolicy for Length {
    type Kind = Text;

    fn apply<R: Sink>(
        &self,
        text: &str,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        sink.value(&text.chars().count())
    }
}

/// Puts a value under `length`.
#[doc(hidden)]
pub fn length<T: Textual + ?Sized>(value: &T) -> Applied<'_, Length, T> {
    Applied { policy: Length, value }
}

/// What the schema says of `length`.
#[doc(hidden)]
pub const fn length_schema() -> Policy {
    Policy::new("length", Domain::Open(Open::Number))
}
