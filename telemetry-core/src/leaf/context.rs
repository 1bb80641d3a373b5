//! What policies need when they are applied.
//!
//! It owns [`Context`]: keys, rules for text, and the purposes that are granted.
//! It must never know an event.

use std::fmt;

use crate::pseudonym::{FieldPlace, Keys};
use crate::schema::{FieldSchema, Purpose};
use crate::scrub::Scrubber;

/// Says for which purposes data may be collected.
pub trait Grants {
    /// Whether data may be collected for `purpose`.
    fn grants(&self, purpose: Purpose) -> bool;

    /// Whether the user knows this version of the notice, by which a field or
    /// an event says since when it is told of. Without an answer of its own,
    /// yes: there is no notice.
    fn covers(&self, notice: &str) -> bool {
        let _ = notice;
        true
    }
}

impl<const N: usize> Grants for [Purpose; N] {
    fn grants(&self, purpose: Purpose) -> bool {
        self.contains(&purpose)
    }
}

impl Grants for Vec<Purpose> {
    fn grants(&self, purpose: Purpose) -> bool {
        self.contains(&purpose)
    }
}

/// What policies need when they are applied.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    keys: Option<&'a Keys>,
    scrubber: Option<&'a Scrubber>,
    granted: &'a dyn Grants,
    /// Where the nested value is that is walked; in an event itself, nothing.
    place: Option<&'a FieldPlace<'a>>,
    /// Whether a thread may keep the value, to know its pseudonym again.
    remember: bool,
}

impl<'a> Context<'a> {
    /// For values that are allowed, and so need neither keys nor rules.
    pub(crate) const WITHOUT_KEYS: Context<'static> = Context {
        keys: None,
        scrubber: None,
        granted: &[] as &[Purpose; 0],
        place: None,
        remember: false,
    };

    pub(crate) fn new(keys: &'a Keys, scrubber: &'a Scrubber, granted: &'a dyn Grants) -> Self {
        Self { keys: Some(keys), scrubber: Some(scrubber), granted, place: None, remember: true }
    }

    /// The same for what is nested at `place`.
    #[inline]
    pub(crate) fn at(self, place: &'a FieldPlace<'a>) -> Self {
        Self { place: Some(place), ..self }
    }

    /// The same for a value that nothing may keep.
    #[inline]
    pub(crate) fn forgetting(self) -> Self {
        Self { remember: false, ..self }
    }

    #[inline]
    pub(crate) fn may_remember(self) -> bool {
        self.remember
    }

    #[inline]
    pub(crate) fn place(self) -> Option<&'a FieldPlace<'a>> {
        self.place
    }

    #[inline]
    pub(crate) fn keys(self) -> Option<&'a Keys> {
        self.keys
    }

    #[inline]
    pub(crate) fn scrubber(self) -> Option<&'a Scrubber> {
        self.scrubber
    }

    /// Whether the field may leave: a purpose of its own is granted, and the
    /// user knows the notice that tells of it.
    #[inline]
    pub(crate) fn grants(self, field: &FieldSchema) -> bool {
        field.purpose.is_none_or(|purpose| self.granted.grants(purpose))
            && field.since.is_none_or(|notice| self.granted.covers(notice))
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}
