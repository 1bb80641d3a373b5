//! What one cell adds up.
//!
//! It owns adding to a cell, and adding up what several hold. It must never
//! know which event a cell is of.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::leaf::Num;
use crate::schema::EventSchema;

/// The kinds of sums, each in 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sum {
    /// How often.
    Count,
    /// Whole numbers, of which the sum stops at the ends of `i64`.
    Whole,
    /// Numbers with a fraction, of which the sum stops at the largest.
    Fraction,
}

impl Sum {
    /// The cells of one combination of `event`: its count, and for each
    /// histogram the sum of its numbers and the counts of its ranges.
    pub(super) fn row(event: &EventSchema) -> Box<[Self]> {
        let mut row = vec![Self::Count];
        for histogram in event.fields.iter().filter_map(|field| field.policy.histogram) {
            row.push(if histogram.fractions { Self::Fraction } else { Self::Whole });
            row.extend(std::iter::repeat_n(Self::Count, histogram.ranges()));
        }
        row.into()
    }

    /// What two cells of this kind hold together.
    pub(super) fn and(self, one: u64, other: u64) -> u64 {
        match self {
            Self::Count => one.saturating_add(other),
            Self::Whole => one.cast_signed().saturating_add(other.cast_signed()).cast_unsigned(),
            Self::Fraction => within(f64::from_bits(one) + f64::from_bits(other)).to_bits(),
        }
    }
}

/// JSON has no infinite numbers.
fn within(sum: f64) -> f64 {
    sum.clamp(f64::MIN, f64::MAX)
}

/// Counts once in `cell`.
#[inline]
pub(super) fn count(cell: &AtomicU64) {
    cell.fetch_add(1, Ordering::Relaxed);
}

/// Adds `number` to the sum in `cell`. Neither wraps around nor waits: when
/// another thread was quicker, it tries again with what that one left.
#[inline]
pub(super) fn add(cell: &AtomicU64, number: Num) {
    let (kind, number) = match number {
        Num::Int(int) => {
            let int = i64::try_from(int).unwrap_or(if int < 0 { i64::MIN } else { i64::MAX });
            (Sum::Whole, int.cast_unsigned())
        }
        Num::Float(float) => (Sum::Fraction, float.to_bits()),
    };
    let relaxed = Ordering::Relaxed;
    let _ = cell.fetch_update(relaxed, relaxed, |sum| Some(kind.and(sum, number)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_stop_at_the_ends() {
        let cell = AtomicU64::new(0);
        for number in [i128::from(u64::MAX), 1, i128::MAX] {
            add(&cell, Num::Int(number));
        }
        assert_eq!(cell.load(Ordering::Relaxed).cast_signed(), i64::MAX);
        add(&cell, Num::Int(-1));
        assert_eq!(cell.swap(0, Ordering::Relaxed).cast_signed(), i64::MAX - 1);
        for number in [f64::MAX, f64::MAX] {
            add(&cell, Num::Float(number));
        }
        assert_eq!(f64::from_bits(cell.load(Ordering::Relaxed)), f64::MAX);
        assert_eq!(Sum::Count.and(u64::MAX, 1), u64::MAX);
    }

    #[test]
    fn threads_lose_nothing_of_a_sum() {
        let cell = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (1..=1000).for_each(|n| add(&cell, Num::Int(n))));
            }
        });
        assert_eq!(cell.load(Ordering::Relaxed), 4 * 500_500);
    }
}
