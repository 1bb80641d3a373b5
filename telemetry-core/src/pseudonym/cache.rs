//! Pseudonyms that a thread has made lately.
//!
//! It owns a small table for each thread, in which a value that comes again
//! finds its pseudonym: a program hashes the same host and the same user again
//! and again. It must never know what a value means.
//!
//! The table holds values as they are, as the program's own structs do. It is
//! bounded, is never written anywhere, and is wiped when its thread ends. What
//! is `Private` is never put into it. A value that does not fit into one block
//! of the hash, as nearly all names do, is made each time.

use std::cell::RefCell;

use zeroize::Zeroize;

use super::format::DIGITS;
use super::primitives::Block;
use crate::words;

/// Places of a table. A program has a few hosts, users and projects at a time;
/// 64 places of about a hundred bytes fit into the processor's first cache
/// beside the program's own data.
const PLACES: usize = 64;

#[derive(Clone, Copy)]
struct CacheEntry {
    /// The key: of which set of keys, and which of them.
    key: KeyNumber,
    /// Counts the values that have stood here.
    tenant: u32,
    /// Whether the digits are there; until then the value is only announced.
    ready: bool,
    /// The value, and behind its length what is left of longer ones.
    length: u8,
    value: [u8; Block::LONGEST],
    digits: [u8; DIGITS],
}

/// Names a key: the number of the set of keys, and the key's own in it.
pub(super) type KeyNumber = (u32, u32);

const EMPTY: CacheEntry = CacheEntry {
    key: (0, 0),
    tenant: 0,
    ready: false,
    length: 0,
    value: [0; Block::LONGEST],
    digits: [0; DIGITS],
};

impl CacheEntry {
    /// All is compared, whatever comes of the first: the one answer can be
    /// guessed, and four that depend on which value was here before cannot.
    #[inline]
    fn holds(&self, key: KeyNumber, value: &[u8]) -> bool {
        self.ready
            & (self.key.0 == key.0)
            & (self.key.1 == key.1)
            & (usize::from(self.length) == value.len())
            & words::begins_with(&self.value, value)
    }

    /// Takes a value in the place of another, if it fits.
    #[inline]
    fn announce(&mut self, key: KeyNumber, value: &[u8]) -> Option<()> {
        self.ready = false;
        words::copy(value, &mut self.value)?;
        self.length = u8::try_from(value.len()).ok()?;
        self.key = key;
        self.tenant = self.tenant.wrapping_add(1);
        Some(())
    }
}

struct CacheEntries([CacheEntry; PLACES]);

impl Drop for CacheEntries {
    fn drop(&mut self) {
        for place in &mut self.0 {
            place.value.zeroize();
            place.digits.zeroize();
        }
    }
}

thread_local! {
    static TABLE: RefCell<CacheEntries> = const { RefCell::new(CacheEntries([EMPTY; PLACES])) };
}

/// Where a value stands, if it stands anywhere. The mixing only spreads values
/// over the table: whether the place holds this value is compared byte by byte.
#[inline]
fn position(key: KeyNumber, value: &[u8]) -> usize {
    let (first, last) = (value.first_chunk::<8>(), value.last_chunk::<8>());
    let (first, last) = match (first, last) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (words::word(value).unwrap_or_default() as u64, 0),
    };
    let mixed = (first ^ last.rotate_left(29) ^ value.len() as u64 ^ u64::from(key.1) << 40)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (u64::BITS - PLACES.ilog2())) as usize
}

/// What the table says of a value.
pub(super) enum CacheAnswer {
    /// Its digits, which are copied.
    Copied,
    /// Nothing yet; the digits may be brought to this place.
    Announced(Announced),
    /// Nothing, and it is not to be kept.
    No,
}

/// A place that waits for its digits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Announced {
    position: usize,
    tenant: u32,
}

/// Copies the digits of `value` under `key` to `digits`, or gives a place for
/// them. The value is compared as it came: no block is made of one that is known.
#[inline]
pub(super) fn look_up(key: KeyNumber, value: &[u8], digits: &mut [u8; DIGITS]) -> CacheAnswer {
    // A thread that is ending has no table, and needs none.
    let known = TABLE.try_with(|table| {
        let mut table = table.try_borrow_mut().ok()?;
        let position = position(key, value);
        let place = table.0.get_mut(position)?;
        if place.holds(key, value) {
            *digits = place.digits;
            return Some(CacheAnswer::Copied);
        }
        place.announce(key, value)?;
        Some(CacheAnswer::Announced(Announced { position, tenant: place.tenant }))
    });
    known.ok().flatten().unwrap_or(CacheAnswer::No)
}

/// Brings the digits of an announced value, unless another has taken its place.
#[inline]
pub(super) fn keep(announced: Announced, digits: &[u8; DIGITS]) {
    let _ = TABLE.try_with(|table| {
        let mut table = table.try_borrow_mut().ok()?;
        let place = table.0.get_mut(announced.position)?;
        if place.tenant == announced.tenant {
            place.digits = *digits;
            place.ready = true;
        }
        Some(())
    });
}
