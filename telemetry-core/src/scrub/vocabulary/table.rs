//! A set of words, kept as their fingerprints.
//!
//! It owns the fingerprint and the table. It must never know where a word came
//! from, nor what becomes of one that is not in it.
//!
//! Words are not kept: what is cached beside the spool says which fingerprints
//! there are, and takes six to eleven bytes a word.

/// The fingerprint of a word, or of two that stand beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Print(u64);

/// FNV-1a: short texts, a byte at a time, and no state to set up. Who chooses
/// the words of a program is its author, so that nobody gains by collisions.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Print {
    pub(super) fn of(word: &[u8]) -> Self {
        Self(word.iter().fold(OFFSET, |print, byte| (print ^ u64::from(*byte)).wrapping_mul(PRIME)))
    }

    /// As [`of`](Self::of) the word in ASCII lower case.
    pub(super) fn of_lowercase(word: &[u8]) -> Self {
        let lower = |print: u64, byte: &u8| {
            (print ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(PRIME)
        };
        Self(word.iter().fold(OFFSET, lower))
    }

    /// Of this word with `next` behind it.
    pub(super) fn before(self, next: Self) -> Self {
        Self((self.0.rotate_left(23) ^ next.0).wrapping_mul(PRIME) ^ (next.0 >> 29))
    }

    /// Of this word in quotes, of whatever form.
    pub(super) fn quoted(self) -> Self {
        Self::of(b"'").before(self)
    }

    pub(super) fn number(self) -> u64 {
        self.0
    }

    /// The 32 bits that are kept. With 100,000 of them one foreign word in
    /// 40,000 is taken for a known one; zero marks a free place.
    fn kept(self) -> u32 {
        let mixed = (self.0 ^ (self.0 >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed >> 32) as u32).max(1)
    }
}

/// Fingerprints in open addressing: a look-up reads one or two cache lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FingerprintTable {
    slots: Vec<u32>,
    words: usize,
}

impl FingerprintTable {
    /// At least this many, and at most three of four are taken.
    const SMALLEST: usize = 16;

    pub(super) fn with_room(words: usize) -> Self {
        let slots = (words.saturating_mul(4) / 3 + 1).next_power_of_two().max(Self::SMALLEST);
        Self { slots: vec![0; slots], words: 0 }
    }

    pub(super) fn from_slots(slots: Vec<u32>) -> Option<Self> {
        let words = slots.iter().filter(|slot| **slot != 0).count();
        let usable = slots.is_empty() || slots.len().is_power_of_two() && words < slots.len();
        usable.then_some(Self { slots, words })
    }

    pub(super) fn slots(&self) -> &[u32] {
        &self.slots
    }

    pub(super) fn insert(&mut self, print: Print) {
        self.place(print.kept());
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for slot in other.slots.iter().filter(|slot| **slot != 0) {
            self.place(*slot);
        }
    }

    fn place(&mut self, kept: u32) {
        if self.words * 4 >= self.slots.len() * 3 {
            let mut larger = Self::with_room(self.words * 2);
            for slot in self.slots.iter().filter(|slot| **slot != 0) {
                larger.place(*slot);
            }
            *self = larger;
        }
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = kept as usize & mask;
        while let Some(slot) = self.slots.get_mut(at) {
            if *slot == kept {
                return;
            }
            if *slot == 0 {
                *slot = kept;
                self.words += 1;
                return;
            }
            at = (at + 1) & mask;
        }
    }

    pub(super) fn contains(&self, print: Print) -> bool {
        let kept = print.kept();
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = kept as usize & mask;
        while let Some(slot) = self.slots.get(at) {
            match *slot {
                0 => return false,
                slot if slot == kept => return true,
                _ => at = (at + 1) & mask,
            }
        }
        false
    }
}
