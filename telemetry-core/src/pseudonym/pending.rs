//! Pseudonyms that are made together.
//!
//! It owns those that an event is still waiting for, and the order in which
//! their hashes are made. It must never know what they stand in.

use super::cache::{self, Announced, CacheAnswer};
use super::format::{self, DIGITS};
use super::keys::{KeySlot, Keys};
use super::primitives::{Block, Keyed};

/// Pseudonyms under way, and where in the output their digits go.
///
/// A pseudonym is two hashes in a row. That of the second one's value comes
/// before the outer one of the first: neither waits for the other, and the
/// processor works at both at once, and at the fields that stand between them.
/// For more than two it has no units.
#[derive(Default)]
pub(crate) struct Pending<'k>(Option<PendingHash<'k>>);

struct PendingHash<'k> {
    position: usize,
    key: &'k Keyed,
    inner: Block,
    announced: Option<Announced>,
}

impl<'k> Pending<'k> {
    /// Writes the digits of the pseudonym of `value` to `position` in `out`:
    /// now, if this thread has made it lately, or else until
    /// [`finish`](Self::finish) returns. With `remember`, the thread keeps it.
    ///
    /// False when [`Keys::pseudonym`] must make it: of an empty or a long value,
    /// by a key that has no place, or in another length than the usual one.
    #[inline]
    pub(crate) fn add(
        &mut self,
        keys: &'k Keys,
        slot: &'static KeySlot,
        value: &[u8],
        remember: bool,
        out: &mut [u8],
        position: usize,
    ) -> bool {
        if value.is_empty() {
            return false;
        }
        let Some(message) = Block::new(value) else { return false };
        let Some(name) = keys.name(slot) else { return false };
        let digits = out.get_mut(position..).and_then(|out| out.first_chunk_mut());
        let Some(digits) = digits else { return false };
        let announced = match remember && name.0 != 0 {
            true => match cache::look_up(name, value, &message, digits) {
                CacheAnswer::Copied => return true,
                CacheAnswer::Announced(announced) => Some(announced),
                CacheAnswer::No => None,
            },
            false => None,
        };
        let Some(key) = keys.key_of(slot, name) else { return false };
        let this = PendingHash { position, key, inner: key.inner(&message), announced };
        match &self.0 {
            None => self.0 = Some(this),
            Some(first) => {
                let tags = (first.key.outer(&first.inner), this.key.outer(&this.inner));
                first.end(&tags.0, out);
                this.end(&tags.1, out);
                self.0 = None;
            }
        }
        true
    }

    /// Writes the digits of all that are under way.
    #[inline]
    pub(crate) fn finish(&mut self, out: &mut [u8]) {
        if let Some(last) = self.0.take() {
            last.end(&last.key.outer(&last.inner), out);
        }
    }
}

impl PendingHash<'_> {
    #[inline]
    fn end(&self, tag: &[u8; DIGITS / 2], out: &mut [u8]) {
        let digits: [u8; DIGITS] = format::digits(tag);
        if let Some(place) = out.get_mut(self.position..).and_then(|out| out.first_chunk_mut()) {
            *place = digits;
        }
        if let Some(announced) = self.announced {
            cache::keep(announced, &digits);
        }
    }
}
