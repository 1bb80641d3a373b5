//! `one_of`: a known text, or `other`.
//!
//! It owns the comparison, for values and for the keys of maps. It must never
//! know where the text came from.

use super::known::known;
use super::{Textual, known::known_schema};
use crate::leaf::kind::Text;
use crate::leaf::{Applied, Context, LeafPolicy, Sink};
use crate::schema::{Policy, Shape};

/// A known value, or `other`.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct OneOf(&'static [&'static str]);

impl LeafPolicy for OneOf {
    type Kind = Text;

    fn apply<R: Sink>(
        &self,
        text: &str,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        known(self.0, |value| value == text, sink)
    }
}

/// A known value, or nothing: of a map's keys, two unknown ones would collide
/// in `other`, so that their entries are left out.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct KnownKey(&'static [&'static str]);

impl LeafPolicy for KnownKey {
    type Kind = Text;

    fn apply<R: Sink>(
        &self,
        text: &str,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        match self.0.iter().find(|value| **value == text) {
            Some(value) => sink.value(value),
            None => sink.absent(),
        }
    }
}

/// Puts a value under `one_of`.
#[doc(hidden)]
pub fn one_of<'v, T: Textual + ?Sized>(
    values: &'static [&'static str],
    value: &'v T,
) -> Applied<'v, OneOf, T> {
    Applied { policy: OneOf(values), value }
}

/// What the schema says of `one_of`.
#[doc(hidden)]
pub const fn one_of_schema(shape: Shape, values: &'static [&'static str]) -> Policy {
    known_schema("one_of", shape, values)
}

/// For the keys of a map: the entry of an unknown key is left out.
#[doc(hidden)]
pub fn known_key<'v, T: Textual + ?Sized>(
    values: &'static [&'static str],
    value: &'v T,
) -> Applied<'v, KnownKey, T> {
    Applied { policy: KnownKey(values), value }
}
