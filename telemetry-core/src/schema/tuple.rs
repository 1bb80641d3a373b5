//! Tuples in which more than one part may be absent.
//!
//! It owns how many sequences such a tuple can leave: what is absent leaves no
//! gap, so that two ways to fill it can look the same, and are one. It must never
//! know how a part is made.
//!
//! Which parts are there is a set of bits, a place each. Two sets whose parts have
//! the same values leave the same sequences; the smaller set stands for both.
//! Parts that have only some values in common are held to be different: of such
//! a tuple the number is an upper bound.

use super::domain::{Closed, Domain};

/// As many parts as the longest tuple has that may be allowed.
const MOST: usize = 6;

/// In how many forms a tuple of closed parts can leave.
pub(super) const fn forms(parts: &[Domain]) -> u128 {
    if !is_ambiguous(parts) {
        return product(parts, usize::MAX, false);
    }
    let (mut sum, mut set) = (0_u128, 0);
    while set < 1 << parts.len() {
        if let Some(smallest) = stands_for(parts, set)
            && smallest == set
        {
            sum = sum.saturating_add(product(parts, set, true));
        }
        set += 1;
    }
    sum
}

/// Where the sequence with this index is to be found: the parts that are there,
/// and the index among their sequences.
pub(super) fn place(parts: &[Domain], index: u128) -> Option<(Vec<Domain>, u128)> {
    if !is_ambiguous(parts) {
        return Some((parts.to_vec(), index));
    }
    let mut rest = index;
    for set in (0..1 << parts.len()).filter(|set| stands_for(parts, *set) == Some(*set)) {
        let forms = product(parts, set, true);
        if rest < forms {
            let there = parts.iter().enumerate().filter(|(place, _)| set & (1 << place) != 0);
            return Some((there.map(|(_, part)| present(*part)).collect(), rest));
        }
        rest -= forms;
    }
    None
}

/// The way from the places of a tuple's parts, each in its own domain, to the
/// place of the tuple. A constant, because it is walked when an event is recorded.
#[derive(Debug)]
pub(crate) struct Places<const N: usize> {
    /// How many values each part has, an absent one left aside.
    present: [usize; N],
    absent: [bool; N],
    /// For each set of parts that are there, the index of the first sequence; of
    /// a tuple of which at most one part may be absent, nothing.
    first: Option<[usize; 1 << MOST]>,
}

impl<const N: usize> Places<N> {
    #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
    pub(crate) const fn new(parts: &[Domain; N]) -> Self {
        let (mut present, mut absent) = ([1; N], [false; N]);
        let mut index = 0;
        while index < N {
            absent[index] = may_be_absent(&parts[index]);
            // Of an open part there is no index, and none is asked for.
            if let Some(forms) = self::present(parts[index]).forms() {
                present[index] = forms as usize;
            }
            index += 1;
        }
        let first = if is_ambiguous(parts) { Some(first(parts)) } else { None };
        Self { present, absent, first }
    }

    /// The index of the sequence whose parts have these indices.
    #[inline]
    pub(crate) fn index(&self, places: [usize; N]) -> usize {
        let (mut set, mut index) = (0, 0_usize);
        let parts = places.into_iter().zip(self.present).zip(self.absent).enumerate();
        for (number, ((place, present), absent)) in parts {
            if self.first.is_none() {
                let forms = present.wrapping_add(usize::from(absent));
                index = index.wrapping_mul(forms).wrapping_add(place);
            } else if let Some(place) = place.checked_sub(usize::from(absent)) {
                set |= 1 << number;
                index = index.wrapping_mul(present).wrapping_add(place);
            }
        }
        match &self.first {
            Some(first) => index.wrapping_add(first.get(set).copied().unwrap_or_default()),
            None => index,
        }
    }
}

#[expect(clippy::indexing_slicing, reason = "iterators are not const")]
const fn first(parts: &[Domain]) -> [usize; 1 << MOST] {
    let mut first = [0; 1 << MOST];
    let (mut before, mut set) = (0_u128, 0);
    while set < 1 << parts.len() && set < 1 << MOST {
        match stands_for(parts, set) {
            Some(other) if other == set => {
                first[set] = before as usize;
                before = before.saturating_add(product(parts, set, true));
            }
            Some(smaller) => first[set] = first[smaller],
            None => {}
        }
        set += 1;
    }
    first
}

/// Whether two ways to fill the tuple can look the same.
const fn is_ambiguous(parts: &[Domain]) -> bool {
    let (mut optional, mut index) = (0, 0);
    while index < parts.len() {
        #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
        if may_be_absent(&parts[index]) {
            optional += 1;
        }
        index += 1;
    }
    optional > 1 && parts.len() <= MOST
}

const fn may_be_absent(part: &Domain) -> bool {
    matches!(part, Domain::Closed(Closed { absent: true, .. }))
}

/// The same, of which there is always a value.
const fn present(part: Domain) -> Domain {
    match part {
        Domain::Closed(closed) => Domain::Closed(Closed { absent: false, ..closed }),
        other => other,
    }
}

/// The product over the parts of `set`, with `present` over what they are when
/// they are there.
const fn product(parts: &[Domain], set: usize, present: bool) -> u128 {
    let (mut product, mut index) = (1_u128, 0);
    while index < parts.len() {
        #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
        let part = if present { self::present(parts[index]) } else { parts[index] };
        if set & (1 << index) != 0
            && let Some(forms) = part.forms()
        {
            product = product.saturating_mul(forms);
        }
        index += 1;
    }
    product
}

/// The smallest set of parts that leaves the same sequences as `set`; nothing if
/// a part is missing that is always there.
const fn stands_for(parts: &[Domain], set: usize) -> Option<usize> {
    if !can_be(parts, set) {
        return None;
    }
    let mut smaller = 0;
    while smaller < set {
        if can_be(parts, smaller) && are_same(parts, smaller, set) {
            return Some(smaller);
        }
        smaller += 1;
    }
    Some(set)
}

const fn can_be(parts: &[Domain], set: usize) -> bool {
    let mut index = 0;
    while index < parts.len() {
        #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
        if set & (1 << index) == 0 && !may_be_absent(&parts[index]) {
            return false;
        }
        index += 1;
    }
    true
}

/// Whether the parts of both sets have the same values, one after the other.
const fn are_same(parts: &[Domain], mut one: usize, mut other: usize) -> bool {
    while one != 0 && other != 0 {
        let (first, second) = (one.trailing_zeros() as usize, other.trailing_zeros() as usize);
        #[expect(clippy::indexing_slicing, reason = "a set holds places of parts")]
        if !is_same(&parts[first], &parts[second]) {
            return false;
        }
        (one, other) = (one & (one - 1), other & (other - 1));
    }
    one == other
}

/// Whether both have the same values, when they are there. Only what is closed
/// has a place in a tuple.
const fn is_same(one: &Domain, other: &Domain) -> bool {
    let closed = matches!((one, other), (Domain::Closed(_), Domain::Closed(_)));
    closed && present(*one).is(&present(*other))
}
