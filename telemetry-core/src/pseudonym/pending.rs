//! Pseudonyms that are made together.
//!
//! It owns those that an event is still waiting for, and the order in which
//! their hashes are made. It must never know what they stand in.

use super::cache::{self, Announced, CacheAnswer};
use super::format::{self, DIGITS};
use super::keys::{KeySlot, Keys};
use super::primitives::{Block, Keyed, ShortTag};

/// Pseudonyms under way, and where in the output their digits go.
///
/// The first of a pair waits for the second: see [`Keyed::short_tags`]. For
/// more than two the processor has no units. What is made is written last, so
/// that nothing waits for a hash while there are fields to write.
#[derive(Default)]
pub(crate) struct Pending<'k> {
    waiting: Option<PendingHash<'k>>,
    made: Option<(FinishedHash, FinishedHash)>,
}

struct PendingHash<'k> {
    digits: DigitsPlace,
    key: &'k Keyed,
    message: Block,
}

struct FinishedHash {
    digits: DigitsPlace,
    tag: ShortTag,
}

/// Where digits go.
#[derive(Clone, Copy)]
struct DigitsPlace {
    position: usize,
    announced: Option<Announced>,
}

impl<'k> Pending<'k> {
    /// Writes the digits of the pseudonym of `value` to `position` in `out`:
    /// now, if this thread has made it lately, or else until
    /// [`finish`](Self::finish) returns. With `remember`, the thread keeps it.
    ///
    /// False when [`Keys::pseudonym`] must make it: of an empty or a long value,
    /// by a key that has no place, or in another length than the usual one.
    #[inline(never)]
    pub(crate) fn add(
        &mut self,
        keys: &'k Keys,
        slot: &'static KeySlot,
        value: &[u8],
        remember: bool,
        out: &mut [u8],
        position: usize,
    ) -> bool {
        if value.is_empty() || value.len() > Block::LONGEST {
            return false;
        }
        let Some(name) = keys.name(slot) else { return false };
        let digits = out.get_mut(position..).and_then(|out| out.first_chunk_mut());
        let Some(digits) = digits else { return false };
        let announced = match remember && name.0 != 0 {
            true => match cache::look_up(name, value, digits) {
                CacheAnswer::Copied => return true,
                CacheAnswer::Announced(announced) => Some(announced),
                CacheAnswer::No => None,
            },
            false => None,
        };
        let Some(key) = keys.key_of(slot, name) else { return false };
        let Some(message) = Block::new(value) else { return false };
        let digits = DigitsPlace { position, announced };
        let Some(first) = &self.waiting else {
            self.waiting = Some(PendingHash { digits, key, message });
            return true;
        };
        let tags = Keyed::short_tags((first.key, &first.message), (key, &message));
        let made = (
            FinishedHash { digits: first.digits, tag: tags.0 },
            FinishedHash { digits, tag: tags.1 },
        );
        self.waiting = None;
        self.write(out);
        self.made = Some(made);
        true
    }

    /// Writes the digits of all that are under way.
    pub(crate) fn finish(&mut self, out: &mut [u8]) {
        self.write(out);
        if let Some(PendingHash { digits, key, message }) = &self.waiting {
            FinishedHash { digits: *digits, tag: key.short_tag(message) }.write(out);
        }
    }

    fn write(&mut self, out: &mut [u8]) {
        if let Some((first, second)) = self.made.take() {
            first.write(out);
            second.write(out);
        }
    }
}

impl FinishedHash {
    #[inline]
    fn write(&self, out: &mut [u8]) {
        let digits: [u8; DIGITS] = format::digits(self.tag);
        let DigitsPlace { position, announced } = self.digits;
        if let Some(place) = out.get_mut(position..).and_then(|out| out.first_chunk_mut()) {
            *place = digits;
        }
        if let Some(announced) = announced {
            cache::keep(announced, &digits);
        }
    }
}
