//! How much a value of a domain can tell.
//!
//! It owns the sum over what a domain is made of, for domains of more values
//! than 128 bits can number. It must never know how a policy makes a value.

use super::FieldSchema;
use super::bits::millibits;
use super::domain::{Closed, Domain, List, Values};
use super::forms::forms_of;

impl Domain {
    /// How much one value can tell, in thousandths of a bit, rounded up. `None`
    /// when the domain is open.
    pub const fn millibits(&self) -> Option<u64> {
        match self {
            Self::Closed(closed) => Some(closed.millibits()),
            _ => None,
        }
    }
}

impl Closed {
    /// How much one of the values can tell. Exact while they can be numbered in
    /// 128 bits; above that the sum of what the parts tell, each rounded up.
    pub(super) const fn millibits(&self) -> u64 {
        match self.forms() {
            u128::MAX => {}
            forms => return millibits(forms),
        }
        let lists = match self.list {
            None => self.values.millibits(),
            Some(List { length, gaps }) => {
                let element = match (gaps, self.values.forms()) {
                    // As if each could be left out by itself.
                    (true, u128::MAX) => self.values.millibits().saturating_add(LEAST),
                    (true, forms) => millibits(forms + 1),
                    (false, _) => self.values.millibits(),
                };
                element.saturating_mul(length as u64)
            }
        };
        lists.saturating_add(if self.absent { LEAST } else { 0 })
    }
}

/// More than one value tells beside 2^128 others.
const LEAST: u64 = 1;

impl Values {
    const fn millibits(&self) -> u64 {
        match (self.forms(), self) {
            (u128::MAX, Self::Tuple(parts)) => {
                let (mut sum, mut index) = (0_u64, 0);
                while index < parts.len() {
                    #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
                    if let Some(bits) = parts[index].millibits() {
                        sum = sum.saturating_add(bits);
                    }
                    index += 1;
                }
                sum
            }
            (u128::MAX, Self::Fields(fields)) => match millibits_of(fields) {
                Some(bits) => bits,
                // Not closed, and so never made.
                None => u64::MAX,
            },
            // Networks of 128 bits, beside those of IPv4.
            (u128::MAX, Self::Networks { .. }) => millibits(u128::MAX) + LEAST,
            (forms, _) => millibits(forms),
        }
    }
}

/// The information of all `fields` together, `None` when one is open. Exact
/// while the product can be written in 128 bits; above that the sum of what
/// each field tells, each rounded up.
pub(super) const fn millibits_of(fields: &[FieldSchema]) -> Option<u64> {
    match forms_of(fields) {
        None => return None,
        Some(u128::MAX) => {}
        Some(forms) => return Some(millibits(forms)),
    }
    let (mut sum, mut index) = (0_u64, 0);
    while index < fields.len() {
        #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
        match fields[index].domain().millibits() {
            Some(bits) => sum = sum.saturating_add(bits),
            None => return None,
        }
        index += 1;
    }
    Some(sum)
}
