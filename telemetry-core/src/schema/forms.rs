//! How many values a domain has, and which one has which index.
//!
//! It owns the calculus over what a domain is made of. It must never know how a
//! policy makes a value, nor what a number of values tells.

use super::domain::{Closed, Domain, List, Numbers, Values};
use super::{FieldSchema, Item, tuple};

impl Numbers {
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
            Self::Tuple(parts) => tuple::forms(parts),
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
                let (parts, index) = tuple::place(parts, index)?;
                let mut items = mixed(parts.into_iter(), index)?;
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
    /// How many values there are, nothing at all among them; the largest
    /// number when there are more. `None` when the domain is open.
    pub const fn forms(&self) -> Option<u128> {
        match self {
            Self::Closed(closed) => Some(closed.forms()),
            _ => None,
        }
    }

    /// The value with this index, from 0 to one below [`forms`](Self::forms).
    /// Where there may be none, that is the first.
    pub fn value(&self, index: u128) -> Option<Item> {
        match self {
            Self::Closed(closed) => closed.value(index),
            _ => None,
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
