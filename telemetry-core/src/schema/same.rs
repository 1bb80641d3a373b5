//! Whether two domains say the same.
//!
//! It owns the comparison, for the compiler. It must never know a policy.

use super::domain::{Domain, Each, List, Lists, Many, Values};

impl Domain {
    /// Whether this says the same as `other`, for values that lead to another:
    /// they may not tell less than that one. Of what no such value has, ranges
    /// and fields, it says no.
    pub(crate) const fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Open(one), Self::Open(two)) => *one as u8 == *two as u8,
            (Self::Closed(one), Self::Closed(two)) => {
                one.absent == two.absent
                    && same_list(one.list, two.list)
                    && one.values.are(&two.values)
            }
            (Self::Many(one), Self::Many(two)) => one.is(two),
            _ => false,
        }
    }
}

impl Many {
    const fn is(&self, other: &Self) -> bool {
        let each = match (&self.each, &other.each) {
            (Each::Values(one), Each::Values(two)) => one.are(two),
            (Each::Open(one), Each::Open(two)) => *one as u8 == *two as u8,
            _ => false,
        };
        each && self.absent == other.absent && self.lists.are(&other.lists)
    }
}

impl Lists {
    #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
    const fn are(&self, other: &Self) -> bool {
        let mut level = 0;
        while level < Self::MOST && same_list(self.levels[level], other.levels[level]) {
            level += 1;
        }
        level == Self::MOST && self.depth == other.depth
    }
}

impl Values {
    #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
    const fn are(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, Self::Nothing) | (Self::Bool, Self::Bool) => true,
            (Self::Texts(one), Self::Texts(two)) => {
                let mut index = 0;
                while index < one.len() && index < two.len() && same_text(one[index], two[index]) {
                    index += 1;
                }
                index == one.len() && index == two.len()
            }
            (
                Self::Integers { first, last, step },
                Self::Integers { first: low, last: high, step: wide },
            ) => *first == *low && *last == *high && *step == *wide,
            (Self::Tuple(one), Self::Tuple(two)) => {
                let mut index = 0;
                while index < one.len() && index < two.len() && one[index].is(&two[index]) {
                    index += 1;
                }
                index == one.len() && index == two.len()
            }
            _ => false,
        }
    }
}

const fn same_list(one: Option<List>, two: Option<List>) -> bool {
    match (one, two) {
        (None, None) => true,
        (Some(one), Some(two)) => one.length == two.length && one.gaps == two.gaps,
        _ => false,
    }
}

#[expect(clippy::indexing_slicing, reason = "iterators are not const")]
const fn same_text(one: &str, two: &str) -> bool {
    let (one, two) = (one.as_bytes(), two.as_bytes());
    let mut index = 0;
    while index < one.len() && index < two.len() && one[index] == two[index] {
        index += 1;
    }
    index == one.len() && index == two.len()
}
