//! The index of an event among all its forms.
//!
//! It owns the number that stands for a combination of values, which a counted
//! event is counted by. It must never see a value.

use std::convert::Infallible;

use super::FieldVisitor;
use crate::leaf::{Num, Sanitize, index_in, measure};
use crate::schema::{EventSchema, FieldSchema};

/// Adds up the indices of fields: the places of a number system whose places
/// are the fields' domains, the last one the fastest.
#[derive(Default)]
pub(super) struct Index(pub(super) usize);

impl FieldVisitor for Index {
    type Error = Infallible;

    #[inline(always)]
    fn visit_field<L: Sanitize>(
        &mut self,
        field: &'static FieldSchema,
        value: L,
    ) -> Result<(), Infallible> {
        // The digit of the value in a number system whose places are domains.
        // Within `usize`, because no event with more forms is counted.
        let own;
        let domain = match field.purpose {
            None => &field.policy.domain,
            Some(_) => {
                own = field.domain();
                &own
            }
        };
        self.0 = self.0.wrapping_mul(field.forms).wrapping_add(index_in(domain, &value));
        Ok(())
    }

    #[inline]
    fn visit_dropped(&mut self, _field: &'static FieldSchema) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Shows the numbers of histograms, and where each is added up.
pub(super) struct Measures<F> {
    pub(super) see: F,
    /// The cells of the fields before, and one for the count.
    pub(super) cell: usize,
}

impl<F: FnMut(usize, usize, Num)> FieldVisitor for Measures<F> {
    type Error = Infallible;

    #[inline(always)]
    fn visit_field<L: Sanitize>(
        &mut self,
        field: &'static FieldSchema,
        value: L,
    ) -> Result<(), Infallible> {
        if field.policy.histogram.is_some() {
            if let Some((range, number)) = measure(&value) {
                (self.see)(self.cell, range, number);
            }
            self.cell += field.cells();
        }
        Ok(())
    }

    #[inline]
    fn visit_dropped(&mut self, _field: &'static FieldSchema) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The most cells that a combination of one of `events` takes.
pub(super) const fn cells(events: &[EventSchema]) -> usize {
    let (mut most, mut event) = (1, 0);
    while event < events.len() {
        #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
        let cells = events[event].cells();
        if cells > most {
            most = cells;
        }
        event += 1;
    }
    most
}

/// The combinations of all `events` together; 0 when one is open or `usize` is too small.
pub(super) const fn forms(events: &[EventSchema]) -> usize {
    let mut sum: usize = 0;
    let mut event = 0;
    while event < events.len() {
        #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
        let forms = match events[event].combinations() {
            Some(forms) if forms <= usize::MAX as u128 => forms as usize,
            _ => return 0,
        };
        match sum.checked_add(forms) {
            Some(all) => sum = all,
            None => return 0,
        }
        event += 1;
    }
    sum
}

/// The forms of the events before the one at `variant`.
#[inline]
pub(super) fn before(events: &'static [EventSchema], variant: usize) -> usize {
    if events.len() < 2 { 0 } else { forms(events.get(..variant).unwrap_or_default()) }
}
