//! `length`: the number of characters of a text.
//!
//! It owns what is counted. It must never know what the text says.

use super::Textual;
use super::clamp::{clamped, of_count};
use super::round::whole;
use crate::leaf::kind::Text;
use crate::leaf::{Applied, Context, LeafPolicy, Sink};
use crate::schema::{Opening, Policy, Shape};

/// The number of characters of a text.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Length {
    bounds: Option<&'static [i128; 2]>,
}

impl LeafPolicy for Length {
    type Kind = Text;

    fn apply<R: Sink>(
        &self,
        text: &str,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        let length = text.chars().count() as i128;
        match self.bounds {
            Some(bounds) => {
                let (low, high) = of_count(bounds);
                whole(length.clamp(low, high), low, 1, sink)
            }
            None => whole(length, 0, 1, sink),
        }
    }
}

/// Puts a value under `length`.
#[doc(hidden)]
pub fn length<T: Textual + ?Sized>(value: &T) -> Applied<'_, Length, T> {
    Applied { policy: Length { bounds: None }, value }
}

/// Puts a value under `length` and `clamp`.
#[doc(hidden)]
pub fn length_clamped<'v, T: Textual + ?Sized>(
    bounds: &'static [i128; 2],
    value: &'v T,
) -> Applied<'v, Length, T> {
    Applied { policy: Length { bounds: Some(bounds) }, value }
}

/// What the schema says of `length`.
#[doc(hidden)]
pub const fn length_schema(shape: Shape) -> Policy {
    Policy::new("length", shape.open(Opening::Number))
}

/// What the schema says of `length` and `clamp`.
#[doc(hidden)]
pub const fn length_clamped_schema(shape: Shape, bounds: &'static [i128; 2]) -> Policy {
    clamped(length_schema(shape), shape, bounds)
}
