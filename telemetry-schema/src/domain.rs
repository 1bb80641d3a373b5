//! Which values can stand in a field's place, and how much they can tell.
//!
//! It owns the arithmetic of forms and bits. It must never know a policy: two
//! policies that let the same values through have the same domain.

/// The values that can stand in a field's place.
///
/// A domain is closed when it can be listed before the program runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// No value: the field is dropped.
    Nothing,
    /// `true` or `false`.
    Bool,
    /// One of these texts.
    Texts(Vec<String>),
    /// Every `step`th integer from `from` to `to`.
    Integers {
        /// The smallest.
        from: i128,
        /// The largest.
        to: i128,
        /// From one to the next; 1 or more.
        step: u128,
    },
    /// A network of IP addresses, such as `203.0.113.0/24`.
    Networks {
        /// Bits kept of an IPv4 address, if there can be one.
        v4: Option<u8>,
        /// Bits kept of an IPv6 address, if there can be one.
        v6: Option<u8>,
    },
    /// A value of the other domain, or nothing.
    Optional(Box<Domain>),
    /// One value of each, in this order.
    Tuple(Vec<Domain>),
    /// So many values of the other domain.
    Array {
        /// How many.
        length: usize,
        /// Whether there may be fewer.
        gaps: bool,
        /// What each of them is.
        of: Box<Domain>,
    },
    /// A value whose fields have domains of their own.
    Fields,
    /// Any number of values of the other domain.
    List(Box<Domain>),
    /// Any number of entries: keys, and values.
    Map(Box<Domain>, Box<Domain>),
    /// What cannot be listed.
    Open(Opening),
}

/// What is in an open domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Opening {
    /// The program's own words, which the compiler put there.
    Program,
    /// A keyed pseudonym.
    Pseudonym,
    /// A random id that stands for an installation, a run or an event.
    Random,
    /// A time.
    Time,
    /// Any number.
    Number,
    /// Any number of values.
    Collection,
    /// Free text, in which personal data was replaced.
    Text,
    /// A plain SHA-256.
    Digest,
    /// What the author vouches for, or what a function of the author makes.
    Vouched,
}

impl Opening {
    /// Every opening, for reading the lock.
    pub(crate) const ALL: [Self; 9] = [
        Self::Program,
        Self::Pseudonym,
        Self::Random,
        Self::Time,
        Self::Number,
        Self::Collection,
        Self::Text,
        Self::Digest,
        Self::Vouched,
    ];

    /// As the lock writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Pseudonym => "pseudonym",
            Self::Random => "random",
            Self::Time => "time",
            Self::Number => "number",
            Self::Collection => "collection",
            Self::Text => "text",
            Self::Digest => "digest",
            Self::Vouched => "vouched",
        }
    }

    /// What a user is told that the field holds.
    pub const fn holds(self) -> &'static str {
        match self {
            Self::Program => "holds words of the program itself",
            Self::Pseudonym => "holds a pseudonym",
            Self::Random => "holds a random id",
            Self::Time => "holds a time",
            Self::Number => "holds any number",
            Self::Collection => "holds any number of values",
            Self::Text => "holds free text",
            Self::Digest => "holds a plain SHA-256",
            Self::Vouched => "holds a value that the author vouches for",
        }
    }
}

impl Domain {
    /// The domain, or that there may be nothing.
    #[must_use]
    pub fn optional(self) -> Self {
        match self {
            Self::Nothing | Self::Optional(_) => self,
            other => Self::Optional(Box::new(other)),
        }
    }

    /// Without the mark that there may be nothing.
    pub fn required(&self) -> &Self {
        match self {
            Self::Optional(inner) => inner.required(),
            other => other,
        }
    }

    /// Whether there may be nothing.
    pub fn is_optional(&self) -> bool {
        matches!(self, Self::Optional(_) | Self::Nothing)
    }

    /// How many forms, the largest number if there are more; nothing if open.
    pub fn forms(&self) -> Option<u128> {
        self.forms_with(&|| None)
    }

    /// The same; `fields` counts those of a nested value.
    pub(crate) fn forms_with(&self, fields: &dyn Fn() -> Option<u128>) -> Option<u128> {
        Some(match self {
            Self::Nothing => 1,
            Self::Bool => 2,
            Self::Texts(texts) => texts.len() as u128,
            Self::Integers { from, to, step } => count(*from, *to, *step),
            Self::Networks { v4, v6 } => networks(*v4).saturating_add(networks(*v6)),
            Self::Optional(inner) => inner.forms_with(fields)?.saturating_add(1),
            Self::Tuple(parts) => sequences(parts).iter().try_fold(0_u128, |all, sequence| {
                let forms = sequence.iter().try_fold(1_u128, |all, part| {
                    part.forms_with(fields).map(|forms| all.saturating_mul(forms))
                })?;
                Some(all.saturating_add(forms))
            })?,
            Self::Array { length, gaps, of } => arrays(of.forms_with(fields)?, *length, *gaps),
            Self::Fields => fields()?,
            Self::List(_) | Self::Map(..) | Self::Open(_) => return None,
        })
    }

    /// The most that a value can tell, in thousandths of a bit, rounded up;
    /// nothing if the domain is open.
    pub fn millibits(&self) -> Option<u64> {
        self.millibits_with(&|| None, &|| None)
    }

    /// The same; `fields` counts the forms of a nested value, and `bits` says
    /// what they tell. Exact while the forms can be numbered in 128 bits; above
    /// that the sum of what the parts tell, each rounded up.
    pub(crate) fn millibits_with(
        &self,
        fields: &dyn Fn() -> Option<u128>,
        bits: &dyn Fn() -> Option<u64>,
    ) -> Option<u64> {
        match self.forms_with(fields)? {
            u128::MAX => {}
            forms => return Some(millibits(forms)),
        }
        Some(match self {
            Self::Optional(inner) => inner.millibits_with(fields, bits)?.saturating_add(LEAST),
            Self::Tuple(parts) => parts.iter().try_fold(0_u64, |sum, part| {
                part.millibits_with(fields, bits).map(|bits| sum.saturating_add(bits))
            })?,
            Self::Array { length, gaps, of } => {
                let element = match (gaps, of.forms_with(fields)?) {
                    // As if each could be left out by itself.
                    (true, u128::MAX) => of.millibits_with(fields, bits)?.saturating_add(LEAST),
                    (true, forms) => millibits(forms + 1),
                    (false, _) => of.millibits_with(fields, bits)?,
                };
                element.saturating_mul(*length as u64)
            }
            Self::Fields => bits()?,
            // Networks of 128 bits, beside those of IPv4.
            Self::Networks { .. } => millibits(u128::MAX) + LEAST,
            _ => millibits(u128::MAX),
        })
    }

    /// Whether all values can be listed, nested fields left aside.
    pub fn is_closed(&self) -> bool {
        let mut closed = true;
        self.openings(&mut |_| closed = false);
        closed
    }

    /// Calls `see` with every part that is open.
    pub fn openings(&self, see: &mut dyn FnMut(Opening)) {
        match self {
            Self::Optional(inner) | Self::Array { of: inner, .. } => inner.openings(see),
            Self::Tuple(parts) => parts.iter().for_each(|part| part.openings(see)),
            Self::List(inner) => {
                see(Opening::Collection);
                inner.openings(see);
            }
            Self::Map(keys, values) => {
                see(Opening::Collection);
                keys.openings(see);
                values.openings(see);
            }
            Self::Open(opening) => see(*opening),
            _ => {}
        }
    }
}

/// More than one form tells beside 2^128 others.
const LEAST: u64 = 1;

fn count(from: i128, to: i128, step: u128) -> u128 {
    if to < from || step == 0 {
        return 0;
    }
    (to.abs_diff(from) / step).saturating_add(1)
}

fn networks(bits: Option<u8>) -> u128 {
    match bits {
        None => 0,
        Some(bits) => 1_u128.checked_shl(u32::from(bits)).unwrap_or(u128::MAX),
    }
}

/// So many of `each`; with gaps, so many or fewer.
fn arrays(each: u128, length: usize, gaps: bool) -> u128 {
    let power = |elements| {
        u32::try_from(elements).map_or(u128::MAX, |elements| each.saturating_pow(elements))
    };
    if !gaps {
        return power(length);
    }
    let mut all = 0_u128;
    for elements in 0..=length {
        all = all.saturating_add(power(elements));
        if all == u128::MAX {
            break;
        }
    }
    all
}

/// How many fractional binary digits of the logarithm are worked out: far
/// more than thousandths need.
const DIGITS: u32 = 40;

/// The logarithm of `forms` to the base 2, in thousandths, rounded up; by
/// integer arithmetic, so that every machine says the same.
pub(crate) fn millibits(forms: u128) -> u64 {
    let Some(whole) = forms.checked_ilog2() else { return 0 };
    if forms.is_power_of_two() {
        return u64::from(whole) * 1000;
    }
    // `forms / 2^whole` as a number from 1 to 2 with 62 binary places. Squared
    // it is 2 or more exactly when the next digit of the logarithm is a 1.
    let mut rest = if whole > 62 { forms >> (whole - 62) } else { forms << (62 - whole) };
    let mut fraction = 0_u64;
    for _ in 0..DIGITS {
        rest = (rest * rest) >> 62;
        fraction <<= 1;
        if rest >= 1 << 63 {
            rest >>= 1;
            fraction |= 1;
        }
    }
    let thousandths = (u128::from(fraction) * 1000).div_ceil(1 << DIGITS);
    // Of what is no power of two the logarithm is never whole.
    u64::from(whole) * 1000 + u64::try_from(thousandths).unwrap_or(1000).max(1)
}

/// Every sequence that a tuple can leave, by what stands in each place: a part that
/// is absent leaves no gap. Two ways to fill the tuple that
/// look the same are one.
///
/// ```text
/// (bool, optional bool) -> [bool], [bool, bool]
/// ```
pub(crate) fn sequences(parts: &[Domain]) -> Vec<Vec<&Domain>> {
    let mut all: Vec<Vec<&Domain>> = vec![Vec::new()];
    for part in parts {
        let longer = all.iter().map(|before| before.iter().copied().chain([part.required()]));
        let mut longer: Vec<Vec<&Domain>> = longer.map(Iterator::collect).collect();
        match part {
            Domain::Nothing => {}
            Domain::Optional(_) => all.append(&mut longer),
            _ => all = longer,
        }
    }
    let mut apart: Vec<Vec<&Domain>> = Vec::new();
    for sequence in all {
        if !apart.contains(&sequence) {
            apart.push(sequence);
        }
    }
    apart.sort_by_key(Vec::len);
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_exact_to_the_thousandth_and_rounded_up() {
        for (forms, expected) in [
            (0, 0),
            (1, 0),
            (2, 1000),
            (3, 1585),
            (5, 2322),
            (10, 3322),
            (1000, 9966),
            (5832, 12_510),
            (1 << 100, 100_000),
            ((1 << 100) + 1, 100_001),
            (u128::MAX, 128_000),
        ] {
            assert_eq!(millibits(forms), expected, "{forms}");
        }
        for forms in 3_u32..20_000 {
            let exact = f64::from(forms).log2() * 1000.0;
            let expected = if forms.is_power_of_two() { exact.round() } else { exact.ceil() };
            assert_eq!(millibits(forms.into()) as f64, expected, "{forms}");
        }
    }

    #[test]
    fn an_option_is_one_form_more_and_a_tuple_the_product() {
        let port = Domain::Integers { from: 0, to: 65_535, step: 1 };
        assert_eq!(port.forms(), Some(65_536));
        assert_eq!(port.clone().optional().forms(), Some(65_537));
        assert_eq!(Domain::Tuple(vec![Domain::Bool, port]).millibits(), Some(17_000));
        assert_eq!(Domain::Integers { from: -10, to: 10, step: 10 }.forms(), Some(3));
        assert_eq!(
            Domain::Integers { from: i128::MIN, to: i128::MAX, step: 1 }.forms(),
            Some(u128::MAX)
        );
        assert_eq!(Domain::Networks { v4: Some(24), v6: Some(128) }.millibits(), Some(128_001));
        let flags = |gaps| Domain::Array { length: 3, gaps, of: Box::new(Domain::Bool) };
        assert_eq!((flags(false).forms(), flags(true).forms()), (Some(8), Some(15)));
        assert_eq!(Domain::Open(Opening::Text).millibits(), None);
    }
}
