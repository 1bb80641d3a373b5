//! The values that can leave under a policy, as a constant.
//!
//! It owns which values there are. It must never know how many that makes, nor
//! how a policy makes them.

use super::FieldSchema;

/// The values that can leave: all of them known to the compiler, or open.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Domain {
    /// Every value is known.
    Closed(Closed),
    /// The program cannot list the values.
    Open(Opening),
    /// Each value is of a known kind, and they stand in lists: of any size, or
    /// of values that cannot be listed. Or a tuple with such a part.
    Many(Many),
}

/// Values in lists that cannot be listed together.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Many {
    /// What each of them is.
    pub each: Each,
    /// The lists that they stand in.
    pub lists: Lists,
    /// Whether there may be nothing at all.
    pub absent: bool,
}

/// What each value in a list is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Each {
    /// One of these.
    Values(Values),
    /// Something that cannot be listed.
    Open(Opening),
}

/// Lists within lists: those that a value stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lists {
    /// The innermost first; of any size without a [`List`].
    pub(super) levels: [Option<List>; Self::MOST],
    pub(super) depth: usize,
}

impl Lists {
    /// No type that a person writes has more.
    pub(super) const MOST: usize = 3;

    /// None: the value stands by itself.
    pub const NONE: Self = Self { levels: [None; Self::MOST], depth: 0 };

    /// The same in one more list around it.
    #[expect(clippy::indexing_slicing, reason = "within its length, as checked")]
    pub(super) const fn within(mut self, list: Option<List>) -> Self {
        if self.depth < Self::MOST {
            self.levels[self.depth] = list;
        }
        self.depth += 1;
        self
    }

    /// The same, where elements of the innermost may be left out.
    pub(super) const fn innermost_with_gaps(mut self) -> Self {
        if self.depth > 0
            && let Some(List { length, .. }) = self.levels[0]
        {
            self.levels[0] = Some(List { length, gaps: true });
        }
        self
    }

    /// The lists, the innermost first; `None` for one of any size. Nothing, when
    /// there are more than three.
    pub fn levels(&self) -> Option<&[Option<List>]> {
        self.levels.get(..self.depth)
    }

    /// How many lists there are, one in the other.
    pub const fn depth(&self) -> usize {
        self.depth
    }

    /// No list, or one of known length: what values that can be listed stand in
    /// so that they still can. Nothing for all others.
    pub(super) const fn countable(&self) -> Option<Option<List>> {
        match (self.depth, self.levels) {
            (0, _) => Some(None),
            (1, [Some(list), ..]) => Some(Some(list)),
            _ => None,
        }
    }
}

/// Why the values cannot be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Opening {
    /// A pseudonym.
    Pseudonym,
    /// A plain SHA-256 sum.
    Digest,
    /// Free text, scrubbed.
    Text,
    /// A number of 32 bits and more, or a floating-point number.
    Number,
    /// Whatever the value is: the author vouches for it.
    Vouched,
    /// A collection without a fixed number of elements.
    Collection,
    /// A text that stands in the program, which of them is not said.
    Program,
    /// A nested value with a field that is open.
    Fields,
}

impl Opening {
    /// What it holds, in words for the user: `a pseudonym`.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Pseudonym => "a pseudonym",
            Self::Digest => "a plain SHA-256 sum",
            Self::Text => "free text",
            Self::Number => "any number",
            Self::Vouched => "a value that the author vouches for",
            Self::Collection => "a collection of any size",
            Self::Program => "a text of the program's own",
            Self::Fields => "fields that are open themselves",
        }
    }
}

/// Values that can be listed.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Closed {
    /// The values themselves; of a list, those of its elements.
    pub values: Values,
    /// Whether there may be no value at all.
    pub absent: bool,
    /// Whether a list of the values leaves.
    pub list: Option<List>,
}

/// A list of known length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct List {
    /// The number of elements.
    pub length: usize,
    /// Whether elements may be left out, so that the list is shorter.
    pub gaps: bool,
}

/// The kinds of values that can be listed.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Values {
    /// There is none: what has this alone is always absent.
    Nothing,
    /// `false` and `true`.
    Bool,
    /// These texts.
    Texts(&'static [&'static str]),
    /// These texts, and `other` for all others.
    Known(&'static [&'static str]),
    /// The ranges between these bounds, by their labels: `<10`, `10..100`, `>=100`.
    Ranges(Numbers),
    /// Whole numbers from `first` to `last`, each `step` after the one before.
    Integers {
        /// The lowest.
        first: i128,
        /// The highest.
        last: i128,
        /// The distance between two neighbours, from 1 on.
        step: u64,
    },
    /// Networks of so many bits; `None` where there are no such addresses.
    Networks {
        /// Of IPv4.
        v4: Option<u8>,
        /// Of IPv6.
        v6: Option<u8>,
    },
    /// A sequence of values that each have their own domain.
    Tuple(&'static [Domain]),
    /// A nested value, by its fields.
    Fields(&'static [FieldSchema]),
}

/// Numbers as an attribute gives them: all whole, or not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Numbers {
    /// Whole numbers.
    Int(&'static [i128]),
    /// Floating-point numbers.
    Float(&'static [f64]),
}

impl Numbers {
    /// How many there are.
    pub(crate) const fn len(self) -> usize {
        match self {
            Self::Int(numbers) => numbers.len(),
            Self::Float(numbers) => numbers.len(),
        }
    }
}

impl Closed {
    /// These values, of which one is always there.
    pub const fn new(values: Values) -> Self {
        Self { values, absent: false, list: None }
    }

    /// The same, or nothing.
    pub const fn or_absent(mut self) -> Self {
        self.absent = true;
        self
    }
}

impl Domain {
    /// Values that are known, of which one is always there.
    #[doc(hidden)]
    pub const fn closed(values: Values) -> Self {
        Self::Closed(Closed::new(values))
    }

    /// The same, or nothing. What is open by itself has room for that already.
    #[doc(hidden)]
    pub const fn or_absent(self) -> Self {
        match self {
            Self::Closed(closed) => Self::Closed(closed.or_absent()),
            Self::Many(many) => Self::Many(Many { absent: true, ..many }),
            Self::Open(open) => Self::Open(open),
        }
    }

    /// A collection of such values, of any size.
    #[doc(hidden)]
    pub const fn collection(self) -> Self {
        self.within(None)
    }

    /// A list of `length` such values.
    #[doc(hidden)]
    pub const fn array(self, length: usize) -> Self {
        let gaps = match self {
            Self::Closed(Closed { absent, .. }) | Self::Many(Many { absent, .. }) => absent,
            // Of a number that is not finite there is nothing left.
            Self::Open(_) => true,
        };
        let list = Some(List { length, gaps });
        match self {
            Self::Closed(Closed { values, list: None, .. }) => {
                Self::Closed(Closed { values, absent: false, list })
            }
            _ => self.within(list),
        }
    }

    const fn within(self, list: Option<List>) -> Self {
        let (each, lists) = match self {
            Self::Closed(Closed { values, list: None, .. }) => (Each::Values(values), Lists::NONE),
            Self::Closed(Closed { values, list, .. }) => {
                (Each::Values(values), Lists::NONE.within(list))
            }
            Self::Open(open) => (Each::Open(open), Lists::NONE),
            Self::Many(Many { each, lists, .. }) => (each, lists),
        };
        Self::many(each, lists.within(list), false)
    }

    /// Values in these lists, or nothing at all.
    pub(super) const fn many(each: Each, lists: Lists, absent: bool) -> Self {
        match each {
            Each::Open(open) if lists.depth == 0 => Self::Open(open),
            _ if lists.depth > Lists::MOST => Self::Open(Opening::Collection),
            _ => Self::Many(Many { each, lists, absent }),
        }
    }

    /// A sequence of one value of each.
    #[doc(hidden)]
    pub const fn tuple(parts: &'static [Self]) -> Self {
        let mut index = 0;
        while index < parts.len() {
            #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
            if !matches!(parts[index], Self::Closed(_)) {
                return Self::many(Each::Values(Values::Tuple(parts)), Lists::NONE, false);
            }
            index += 1;
        }
        Self::closed(Values::Tuple(parts))
    }

    /// What makes the domain open; `None` when it is closed.
    pub const fn open(&self) -> Option<Opening> {
        match self {
            Self::Closed(_) => None,
            Self::Open(open) | Self::Many(Many { each: Each::Open(open), .. }) => Some(*open),
            Self::Many(_) => Some(Opening::Collection),
        }
    }

    /// In how many lists each value stands, as far as they can be told.
    #[cfg(feature = "client")]
    pub(crate) const fn depth(&self) -> usize {
        match self {
            Self::Closed(closed) => closed.list.is_some() as usize,
            Self::Many(many) => many.lists.depth,
            Self::Open(_) => 0,
        }
    }

    /// What one value is that stands in no list any more.
    #[cfg(feature = "client")]
    pub(crate) const fn each(&self) -> Self {
        match self {
            Self::Closed(Closed { values, .. }) => Self::closed(*values),
            Self::Many(Many { each: Each::Values(values), .. }) => Self::closed(*values),
            Self::Many(Many { each: Each::Open(open), .. }) => Self::Open(*open),
            Self::Open(open) => Self::Open(*open),
        }
    }
}
