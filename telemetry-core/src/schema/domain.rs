//! The values that can leave under a policy, as a constant.
//!
//! It owns the calculus: how many values there are, which one has which index,
//! and whether a given value is among them. It must never know how a policy
//! makes them.

use super::{FieldSchema, Item};

/// The values that can leave: all of them known to the compiler, or open.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Domain {
    /// Every value is known.
    Closed(Closed),
    /// The program cannot list the values.
    Open(Opening),
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

    /// The label of the range at `index`, counted from the lowest.
    fn label(self, index: usize) -> Option<String> {
        let number = |index: usize| match self {
            Self::Int(numbers) => numbers.get(index).map(ToString::to_string),
            Self::Float(numbers) => numbers.get(index).map(ToString::to_string),
        };
        match (index.checked_sub(1).and_then(number), number(index)) {
            (None, Some(first)) => Some(format!("<{first}")),
            (Some(low), Some(high)) => Some(format!("{low}..{high}")),
            (Some(last), None) => Some(format!(">={last}")),
            (None, None) => None,
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

    /// How many there are; the largest number when there are more.
    pub const fn forms(&self) -> u128 {
        let values = self.values.forms();
        let lists = match self.list {
            None => values,
            Some(List { length, gaps: false }) => power(values, length),
            Some(List { length, gaps: true }) => {
                let (mut all, mut elements) = (0_u128, 0);
                while elements <= length && all < u128::MAX {
                    all = all.saturating_add(power(values, elements));
                    elements += 1;
                }
                all
            }
        };
        lists.saturating_add(self.absent as u128)
    }

    /// The value with this index; `None` when there are fewer.
    fn value(&self, index: u128) -> Option<Item> {
        let index = match (self.absent, index) {
            (true, 0) => return Some(Item::Absent),
            (true, index) => index - 1,
            (false, index) => index,
        };
        let Some(list) = self.list else { return self.values.value(index) };
        let values = self.values.forms();
        let mut rest = index;
        let mut length = if list.gaps { 0 } else { list.length };
        while rest >= power(values, length) {
            rest -= power(values, length);
            length += 1;
            if length > list.length {
                return None;
            }
        }
        let mut elements = Vec::new();
        for _ in 0..length {
            elements.push(self.values.value(rest % values)?);
            rest /= values;
        }
        elements.reverse();
        Some(Item::List(elements))
    }
}

/// `base` to the power of `exponent`, or the largest number.
const fn power(base: u128, exponent: usize) -> u128 {
    let mut product = 1_u128;
    let mut times = 0;
    while times < exponent && product != 0 && product < u128::MAX {
        product = product.saturating_mul(base);
        times += 1;
        if base < 2 {
            break;
        }
    }
    product
}

impl Values {
    pub(super) const fn forms(&self) -> u128 {
        match self {
            Self::Nothing => 0,
            Self::Bool => 2,
            Self::Texts(texts) => texts.len() as u128,
            Self::Known(texts) => texts.len() as u128 + 1,
            Self::Ranges(bounds) => bounds.len() as u128 + 1,
            Self::Integers { first, last, step } => {
                (last.abs_diff(*first) / (*step as u128)).saturating_add(1)
            }
            Self::Networks { v4, v6 } => networks(*v4).saturating_add(networks(*v6)),
            Self::Tuple(parts) => {
                let (mut product, mut index) = (1_u128, 0);
                while index < parts.len() {
                    #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
                    if let Some(forms) = parts[index].forms() {
                        product = product.saturating_mul(forms);
                    }
                    index += 1;
                }
                product
            }
            Self::Fields(fields) => match forms_of(fields) {
                Some(forms) => forms,
                // Not closed, and so never made.
                None => u128::MAX,
            },
        }
    }

    fn value(&self, index: u128) -> Option<Item> {
        let place = usize::try_from(index).ok();
        let text = |texts: &[&'static str]| place.and_then(|place| texts.get(place).copied());
        match *self {
            Self::Nothing => None,
            Self::Bool => match index {
                0 => Some(Item::Bool(false)),
                1 => Some(Item::Bool(true)),
                _ => None,
            },
            Self::Texts(texts) => text(texts).map(Item::from),
            Self::Known(texts) => match text(texts) {
                None if place == Some(texts.len()) => Some(Item::from(OTHER)),
                known => known.map(Item::from),
            },
            Self::Ranges(bounds) => bounds.label(place?).map(|label| Item::Text(label.into())),
            Self::Integers { first, last, step } => {
                let above = index.checked_mul(u128::from(step))?;
                let integer = first.checked_add_unsigned(above)?;
                (integer <= last).then_some(Item::Integer(integer))
            }
            Self::Networks { v4, v6 } => network(v4, v6, index),
            Self::Tuple(parts) => {
                let mut items = mixed(parts.iter().copied(), index)?;
                items.retain(|item| *item != Item::Absent);
                Some(Item::List(items))
            }
            Self::Fields(fields) => combination(fields, index).map(Item::Map),
        }
    }
}

/// What stands for every text that is not a known one.
const OTHER: &str = "other";

const fn networks(bits: Option<u8>) -> u128 {
    match bits {
        None => 0,
        Some(bits) => match 1_u128.checked_shl(bits as u32) {
            Some(networks) => networks,
            None => u128::MAX,
        },
    }
}

fn network(v4: Option<u8>, v6: Option<u8>, index: u128) -> Option<Item> {
    let text = match (index.checked_sub(networks(v4)), v4, v6) {
        (None, Some(bits), _) => {
            let network = u32::try_from(index).ok()?.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            format!("{}/{bits}", std::net::Ipv4Addr::from_bits(network))
        }
        (Some(index), _, Some(bits)) if index < networks(v6) => {
            let network = index.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            format!("{}/{bits}", std::net::Ipv6Addr::from_bits(network))
        }
        _ => return None,
    };
    Some(Item::Text(text.into()))
}

/// One value of each domain: `index` written in a number system whose places
/// are the domains, the last one the fastest.
fn mixed(domains: impl DoubleEndedIterator<Item = Domain>, index: u128) -> Option<Vec<Item>> {
    let mut rest = index;
    let mut items = Vec::new();
    for domain in domains.rev() {
        let forms = domain.forms()?;
        items.push(domain.value(rest.checked_rem(forms)?)?);
        rest /= forms;
    }
    items.reverse();
    (rest == 0).then_some(items)
}

/// The values of all fields that are there, with the fields' names. The numbers
/// of a histogram are no part of a combination.
pub(super) fn combination(
    fields: &'static [FieldSchema],
    index: u128,
) -> Option<Vec<(&'static str, Item)>> {
    let told = || fields.iter().filter(|field| field.policy.histogram.is_none());
    let items = mixed(told().map(FieldSchema::domain), index)?;
    let named = told().map(|field| field.name).zip(items);
    Some(named.filter(|(_, item)| *item != Item::Absent).collect())
}

impl Domain {
    /// Values that are known, of which one is always there.
    #[doc(hidden)]
    pub const fn closed(values: Values) -> Self {
        Self::Closed(Closed::new(values))
    }

    /// The same, or nothing. An open domain has room for that already.
    #[doc(hidden)]
    pub const fn or_absent(self) -> Self {
        match self {
            Self::Closed(closed) => Self::Closed(closed.or_absent()),
            open => open,
        }
    }

    /// A collection of such values, of any size.
    #[doc(hidden)]
    pub const fn collection(self) -> Self {
        Self::Open(Opening::Collection)
    }

    /// A list of `length` such values.
    #[doc(hidden)]
    pub const fn array(self, length: usize) -> Self {
        match self {
            Self::Closed(Closed { values, absent, list: None }) => Self::Closed(Closed {
                values,
                absent: false,
                list: Some(List { length, gaps: absent }),
            }),
            _ => Self::Open(Opening::Collection),
        }
    }

    /// A sequence of one value of each.
    #[doc(hidden)]
    pub const fn tuple(parts: &'static [Self]) -> Self {
        let mut index = 0;
        while index < parts.len() {
            #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
            if let Self::Open(_) = parts[index] {
                return Self::Open(Opening::Collection);
            }
            index += 1;
        }
        Self::closed(Values::Tuple(parts))
    }

    /// How many values there are, nothing at all among them; the largest
    /// number when there are more. `None` when the domain is open.
    pub const fn forms(&self) -> Option<u128> {
        match self {
            Self::Closed(closed) => Some(closed.forms()),
            Self::Open(_) => None,
        }
    }

    /// The value with this index, from 0 to one below [`forms`](Self::forms).
    /// Where there may be none, that is the first.
    pub fn value(&self, index: u128) -> Option<Item> {
        match self {
            Self::Closed(closed) => closed.value(index),
            Self::Open(_) => None,
        }
    }

    /// Every value, in the order of their indices; of an open domain none.
    pub fn values(&self) -> impl Iterator<Item = Item> {
        let domain = *self;
        (0..domain.forms().unwrap_or_default()).map_while(move |index| domain.value(index))
    }
}

/// The product over `fields`, `None` when one is open.
pub(super) const fn forms_of(fields: &[FieldSchema]) -> Option<u128> {
    let (mut product, mut index) = (1_u128, 0);
    while index < fields.len() {
        #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
        match fields[index].domain().forms() {
            Some(forms) => product = product.saturating_mul(forms),
            None => return None,
        }
        index += 1;
    }
    Some(product)
}

/// The same over the fields that a combination is made of: all but histograms.
pub(super) const fn combinations_of(fields: &[FieldSchema]) -> Option<u128> {
    let (mut product, mut index) = (1_u128, 0);
    while index < fields.len() {
        #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
        let field = &fields[index];
        match field.domain().forms() {
            _ if field.policy.histogram.is_some() => {}
            Some(forms) => product = product.saturating_mul(forms),
            None => return None,
        }
        index += 1;
    }
    Some(product)
}

/// What a field's type is beside its leaves: whether it may hold none, and
/// whether it holds many.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    absent: bool,
    list: Many,
    /// The least and the largest leaf, of integers that are this small.
    pub integers: Option<(i128, i128)>,
    /// Whether a leaf may be an IPv6 address.
    pub v6: bool,
    /// Whether a leaf may be a number with a fraction.
    pub fractions: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Many {
    No,
    List(List),
    Any,
}

impl Shape {
    /// One leaf.
    pub const ONE: Self =
        Self { absent: false, list: Many::No, integers: None, v6: true, fractions: false };

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
        match self.list {
            Many::No => self.or_absent(),
            Many::List(List { length, .. }) => {
                Self { list: Many::List(List { length, gaps: true }), ..self }
            }
            Many::Any => self,
        }
    }

    /// A list of `length` of it.
    pub const fn array(self, length: usize) -> Self {
        let list = match self.list {
            Many::No => Many::List(List { length, gaps: self.absent }),
            Many::List(_) | Many::Any => Many::Any,
        };
        Self { absent: false, list, ..self }
    }

    /// A collection of it, of any size.
    pub const fn collection(self) -> Self {
        Self { absent: false, list: Many::Any, ..self }
    }

    /// The domain of a policy that makes one of these values of each leaf.
    pub const fn domain(self, values: Values) -> Domain {
        let list = match self.list {
            Many::No => None,
            Many::List(list) => Some(list),
            Many::Any => return Domain::Open(Opening::Collection),
        };
        Domain::Closed(Closed { values, absent: self.absent, list })
    }
}
