//! The index of a value in the domain of its policy.
//!
//! It owns the number that stands for a value, by which a counted event is
//! counted. It must never see the value: policies tell the index of what they
//! would let through.

use std::convert::Infallible;

use serde::Serialize;

use super::{Context, Num, Sanitize, Sink};
use crate::schema::{Closed, Domain};

/// The index that `value` has in `domain`; of an open domain 0.
#[inline]
pub(crate) fn index_in<L: Sanitize>(domain: &Domain, value: &L) -> usize {
    let Domain::Closed(closed) = domain else { return 0 };
    // Neither a key nor a rule is needed for a value of a closed domain.
    let Ok(index) = value.sanitize_into(Context::WITHOUT_KEYS, IndexSink(closed));
    match index {
        Some(index) => index.wrapping_add(usize::from(closed.absent)),
        None => 0,
    }
}

/// The range and the number that a histogram takes of `value`, if it has one.
#[inline]
pub(crate) fn measure<L: Sanitize>(value: &L) -> Option<(usize, Num)> {
    let Ok(measured) = value.sanitize_into(Context::WITHOUT_KEYS, MeasureSink);
    measured
}

/// Takes what a histogram takes, and nothing else.
struct MeasureSink;

impl Sink for MeasureSink {
    type Ok = Option<(usize, Num)>;
    type Error = Infallible;

    #[inline]
    fn value<T: Serialize + ?Sized>(self, _value: &T) -> Result<Self::Ok, Infallible> {
        Ok(None)
    }

    #[inline]
    fn absent(self) -> Result<Self::Ok, Infallible> {
        Ok(None)
    }

    #[inline]
    fn measured(self, range: usize, number: Num) -> Result<Self::Ok, Infallible> {
        Ok(Some((range, number)))
    }
}

/// Takes the index of a value, counted from those that are there.
struct IndexSink<'d>(&'d Closed);

impl Sink for IndexSink<'_> {
    type Ok = Option<usize>;
    type Error = Infallible;

    #[inline]
    fn value<T: Serialize + ?Sized>(self, _value: &T) -> Result<Option<usize>, Infallible> {
        Ok(Some(0))
    }

    #[inline]
    fn absent(self) -> Result<Option<usize>, Infallible> {
        Ok(None)
    }

    #[inline]
    fn indexed(
        self,
        index: impl FnOnce() -> usize,
        _hand_on: impl FnOnce(Self) -> Result<Option<usize>, Infallible>,
    ) -> Result<Option<usize>, Infallible> {
        Ok(Some(index()))
    }

    /// Shorter lists stand before longer ones, where elements may be left out.
    fn list<I: Iterator<Item: Sanitize> + Clone>(
        self,
        elements: I,
        _context: Context<'_>,
    ) -> Result<Option<usize>, Infallible> {
        let element = Closed { absent: false, list: None, ..*self.0 };
        let forms = element.forms() as usize;
        let (mut index, mut shorter, mut power) = (0_usize, 0_usize, 1_usize);
        for value in elements {
            let Ok(place) = value.sanitize_into(Context::WITHOUT_KEYS, IndexSink(&element));
            if let Some(place) = place {
                index = index.wrapping_mul(forms).wrapping_add(place);
                shorter = shorter.wrapping_add(power);
                power = power.wrapping_mul(forms);
            }
        }
        let gaps = self.0.list.is_some_and(|list| list.gaps);
        Ok(Some(if gaps { index.wrapping_add(shorter) } else { index }))
    }
}
