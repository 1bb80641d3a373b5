//! How leaves stand in a field's type.
//!
//! It owns whether there may be none and in which lists they stand. It must
//! never know what a policy makes of a leaf.

use super::domain::{Closed, Domain, Each, List, Lists, Opening, Values};

/// What a field's type is beside its leaves: whether it may hold none, and
/// whether it holds many.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    absent: bool,
    lists: Lists,
    /// The least and the largest leaf, of integers that are this small.
    pub integers: Option<(i128, i128)>,
    /// Whether a leaf may be an IPv6 address.
    pub v6: bool,
    /// Whether a leaf may be a number with a fraction.
    pub fractions: bool,
}

impl Shape {
    /// One leaf.
    pub const ONE: Self =
        Self { absent: false, lists: Lists::NONE, integers: None, v6: true, fractions: false };

    /// One leaf, a number that may have a fraction.
    pub const FRACTION: Self = Self { fractions: true, ..Self::ONE };

    /// One leaf, an integer within these bounds.
    pub const fn integer(least: i128, largest: i128) -> Self {
        Self { integers: Some((least, largest)), ..Self::ONE }
    }

    /// One leaf, an IPv4 address.
    pub const V4: Self = Self { v6: false, ..Self::ONE };

    /// The same, or no leaf.
    pub const fn or_absent(self) -> Self {
        Self { absent: true, ..self }
    }

    /// The same, and of each leaf there may be nothing left.
    pub const fn leaf_or_absent(self) -> Self {
        if self.lists.depth() == 0 {
            return self.or_absent();
        }
        Self { lists: self.lists.innermost_with_gaps(), ..self }
    }

    /// A list of `length` of it.
    pub const fn array(self, length: usize) -> Self {
        let list = List { length, gaps: self.absent };
        Self { absent: false, lists: self.lists.within(Some(list)), ..self }
    }

    /// A collection of it, of any size.
    pub const fn collection(self) -> Self {
        Self { absent: false, lists: self.lists.within(None), ..self }
    }

    /// The domain of a policy that makes one of these values of each leaf.
    pub const fn domain(self, values: Values) -> Domain {
        match self.lists.countable() {
            Some(list) => Domain::Closed(Closed { values, absent: self.absent, list }),
            None => Domain::many(Each::Values(values), self.lists, self.absent),
        }
    }

    /// The domain of a policy that makes of each leaf what cannot be listed.
    pub const fn open(self, open: Opening) -> Domain {
        Domain::many(Each::Open(open), self.lists, self.absent)
    }
}
