//! Places for what a `static` stands for, in every object that keeps some.
//!
//! It owns the numbers of slots and tables that are looked up by them without
//! a lock. It must never know what is kept.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A number for a `static`, the same for the rest of the process.
#[derive(Debug)]
pub struct Slot {
    /// Given out at first use; 0 is none yet.
    index: AtomicU32,
}

impl Slot {
    /// A slot that has no number yet.
    #[expect(clippy::new_without_default, reason = "it is made in constants alone")]
    pub const fn new() -> Self {
        Self { index: AtomicU32::new(0) }
    }

    /// The number. `None` when the numbers have run out: two slots never share
    /// a number.
    #[inline]
    pub(crate) fn number(&self) -> Option<u32> {
        match self.index.load(Ordering::Relaxed) {
            0 => self.take_number(),
            index => Some(index - 1),
        }
    }

    #[cold]
    fn take_number(&self) -> Option<u32> {
        // The number of the next slot. Nothing is published through it, nor
        // through `index`: `OnceLock` orders what threads see in a table.
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let relaxed = Ordering::Relaxed;
        let index = NEXT.fetch_update(relaxed, relaxed, |next| next.checked_add(1)).ok()?;
        // Of two threads that are first, one wins; the other's number is lost.
        match self.index.compare_exchange(0, index, relaxed, relaxed) {
            Ok(_) => Some(index - 1),
            Err(winner) => Some(winner - 1),
        }
    }
}

/// Cells in the first bucket; each further bucket has twice as many as the
/// one before. Sixteen are more hashed fields than most programs have.
const FIRST: u32 = 16;

/// As many buckets as hold every number that a `u32` can be.
const BUCKETS: usize = (u32::BITS - FIRST.ilog2()) as usize;

/// One value for each slot, made when it is first asked for. Values never move,
/// so that no lock is taken to read one.
pub(crate) struct SlotTable<T> {
    buckets: [OnceLock<Box<[OnceLock<T>]>>; BUCKETS],
}

impl<T> SlotTable<T> {
    pub(crate) const fn new() -> Self {
        Self { buckets: [const { OnceLock::new() }; BUCKETS] }
    }

    /// The cell of a slot; its bucket is made when it is first used.
    #[inline]
    pub(crate) fn at(&self, number: u32) -> Option<&OnceLock<T>> {
        let (bucket, offset, size) = position(number)?;
        let bucket = self
            .buckets
            .get(bucket)?
            .get_or_init(|| std::iter::repeat_with(OnceLock::new).take(size).collect());
        bucket.get(offset)
    }

    /// Every value that was made.
    #[cfg(feature = "client")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        let buckets = self.buckets.iter().filter_map(OnceLock::get);
        buckets.flat_map(|bucket| bucket.iter().filter_map(OnceLock::get))
    }
}

impl<T> fmt::Debug for SlotTable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlotTable").finish_non_exhaustive()
    }
}

/// The bucket of a number, the offset in it, and the bucket's size.
#[inline]
fn position(number: u32) -> Option<(usize, usize, usize)> {
    let shifted = number.checked_add(FIRST)?;
    let power = shifted.ilog2();
    let size = 1 << power;
    Some(((power - FIRST.ilog2()) as usize, (shifted - size) as usize, size as usize))
}
