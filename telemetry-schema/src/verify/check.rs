//! One value against its domain.
//!
//! It owns what counts as inside. It must never put a value into words: what
//! is wrong may be personal data.

use std::cell::Cell;
use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::Violation;
use super::cursor::{Cursor, JsonType, NotJson, RawString};
use crate::domain::{Domain, Opening, sequences};
use crate::model::Field;

/// What is wrong, before the line's number is known.
#[derive(Clone, Debug)]
pub(super) struct LineProblem {
    pub(super) event: Option<String>,
    pub(super) field: Option<String>,
    pub(super) kind: Violation,
    pub(super) text: String,
}

impl LineProblem {
    pub(super) fn line(kind: Violation, text: &str) -> Self {
        Self { event: None, field: None, kind, text: text.to_owned() }
    }

    pub(super) fn key(key: &str, text: &str) -> Self {
        Self { field: Some(shown(key)), ..Self::line(Violation::UnknownField, text) }
    }
}

/// A name from a line: it may be anything, so that not much of it is shown.
pub(super) fn shown(name: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown: String =
        name.chars().take(LONGEST).map(|c| if c.is_control() { '?' } else { c }).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    shown
}

/// Where a value stands. Put into words only when something is wrong.
pub(super) enum Trail<'t> {
    Top(Option<&'t str>, &'t str),
    Event(&'t str),
    Below(&'t Trail<'t>, &'t str),
}

impl Trail<'_> {
    fn event(&self) -> Option<String> {
        match self {
            Self::Top(event, _) => event.map(str::to_owned),
            Self::Event(name) => Some((*name).to_owned()),
            Self::Below(above, _) => above.event(),
        }
    }

    fn field(&self) -> Option<String> {
        match self {
            Self::Top(_, key) => Some((*key).to_owned()),
            Self::Event(_) => None,
            Self::Below(above, name) => Some(match above.field() {
                Some(field) => format!("{field}.{name}"),
                None => (*name).to_owned(),
            }),
        }
    }

    #[cold]
    fn problem(&self, kind: Violation, text: impl Into<String>) -> LineProblem {
        LineProblem { event: self.event(), field: self.field(), kind, text: text.into() }
    }
}

/// The fields of an event or of a nested value.
#[derive(Debug)]
pub(super) struct FieldPlans {
    fields: Vec<(Box<str>, Check)>,
    /// Which field came behind each one the last time, and first of all:
    /// programs write them in the order of declaration.
    follows: Vec<Cell<usize>>,
    /// In which object each field was last seen, to find what is there twice.
    seen: Vec<Cell<u64>>,
    objects: Cell<u64>,
}

impl FieldPlans {
    pub(super) fn new<'f>(fields: impl Iterator<Item = &'f Field>) -> Self {
        let checks =
            |field: &Field| (field.name.as_str().into(), Check::new(&field.domain, &field.fields));
        let fields: Vec<_> = fields.map(checks).collect();
        Self {
            follows: vec![Cell::new(0); fields.len() + 1],
            seen: vec![Cell::new(0); fields.len()],
            objects: Cell::new(0),
            fields,
        }
    }

    /// Checks the object that stands here.
    pub(super) fn object(
        &self,
        cursor: &mut Cursor<'_>,
        trail: &Trail<'_>,
        problems: &mut Vec<LineProblem>,
    ) -> Result<(), NotJson> {
        let object = self.objects.get() + 1;
        self.objects.set(object);
        let mut before = self.fields.len();
        cursor.each(b'{', b'}', |cursor| {
            let key = cursor.text()?;
            cursor.must(b':')?;
            let place = self.place(before, key.raw);
            let Some((place, (name, check))) =
                place.and_then(|place| Some((place, self.fields.get(place)?)))
            else {
                let text = key.unescaped().unwrap_or_default();
                let text = shown(&text);
                let below = Trail::Below(trail, &text);
                problems
                    .push(below.problem(Violation::UnknownField, "the schema has no such field"));
                return cursor.skip();
            };
            before = place;
            if self.seen.get(place).is_some_and(|seen| seen.replace(object) == object) {
                let below = Trail::Below(trail, name);
                problems.push(below.problem(Violation::Twice, "the field is there twice"));
            }
            check.value(cursor, &Trail::Below(trail, name), problems)
        })
    }

    /// How many fields there are: what stands before the first one.
    pub(super) fn before_first(&self) -> usize {
        self.fields.len()
    }

    /// The check of the field at this place, with its name.
    #[inline]
    pub(super) fn at(&self, place: usize) -> Option<(&str, &Check)> {
        self.fields.get(place).map(|(name, check)| (&**name, check))
    }

    /// The place of the field with this name, guessed from the one before.
    #[inline]
    pub(super) fn place(&self, before: usize, key: &[u8]) -> Option<usize> {
        let is =
            |place: usize| self.fields.get(place).is_some_and(|(name, _)| name.as_bytes() == key);
        let guess = self.follows.get(before)?;
        if is(guess.get()) {
            return Some(guess.get());
        }
        let place = (0..self.fields.len()).find(|place| is(*place))?;
        guess.set(place);
        Some(place)
    }
}

/// What may stand in a place.
#[derive(Debug)]
pub(super) enum Check {
    Nothing,
    Bool,
    /// Few texts, compared one by one.
    Texts(Vec<Box<[u8]>>),
    /// Many texts.
    ManyTexts(HashSet<Box<[u8]>>),
    Integers {
        from: i128,
        to: i128,
        step: u128,
    },
    Networks {
        v4: Option<u8>,
        v6: Option<u8>,
    },
    /// The sequences that there can be, by their parts.
    Tuple(Vec<Vec<Check>>),
    Array {
        length: usize,
        gaps: bool,
        of: Box<Check>,
    },
    Fields(Box<FieldPlans>),
    List(Box<Check>),
    Map(Box<Check>, Box<Check>),
    Pseudonym,
    Digest,
    Text,
    Number,
    Any,
}

/// Up to so many texts, comparing each costs less than a hash of the value.
const FEW: usize = 8;

impl Check {
    pub(super) fn new(domain: &Domain, fields: &[Field]) -> Self {
        let inner = |domain: &Domain| Box::new(Self::new(domain, fields));
        match domain {
            Domain::Nothing => Self::Nothing,
            Domain::Bool => Self::Bool,
            Domain::Texts(texts) if texts.len() <= FEW => {
                Self::Texts(texts.iter().map(|text| text.as_bytes().into()).collect())
            }
            Domain::Texts(texts) => {
                Self::ManyTexts(texts.iter().map(|text| text.as_bytes().into()).collect())
            }
            Domain::Integers { from, to, step } => {
                Self::Integers { from: *from, to: *to, step: *step }
            }
            Domain::Networks { v4, v6 } => Self::Networks { v4: *v4, v6: *v6 },
            // What there is none of is absent, and there is nothing to check.
            Domain::Optional(inner) => Self::new(inner, fields),
            Domain::Tuple(parts_of) => {
                let parts = |sequence: Vec<&Domain>| {
                    sequence.into_iter().map(|part| Self::new(part, fields)).collect()
                };
                Self::Tuple(sequences(parts_of).into_iter().map(parts).collect())
            }
            Domain::Array { length, gaps, of } => {
                Self::Array { length: *length, gaps: *gaps, of: inner(of) }
            }
            Domain::Fields => Self::Fields(Box::new(FieldPlans::new(fields.iter()))),
            Domain::List(of) => Self::List(inner(of)),
            Domain::Map(keys, values) => Self::Map(inner(keys), inner(values)),
            Domain::Open(Opening::Pseudonym) => Self::Pseudonym,
            Domain::Open(Opening::Digest) => Self::Digest,
            Domain::Open(Opening::Text | Opening::Program | Opening::Random | Opening::Time) => {
                Self::Text
            }
            Domain::Open(Opening::Number) => Self::Number,
            Domain::Open(Opening::Collection | Opening::Vouched) => Self::Any,
        }
    }

    /// Checks the value that stands here, and moves over it.
    pub(super) fn value(
        &self,
        cursor: &mut Cursor<'_>,
        trail: &Trail<'_>,
        problems: &mut Vec<LineProblem>,
    ) -> Result<(), NotJson> {
        let shape = cursor.shape()?;
        let wrong = match (self, shape) {
            (Self::Any, _) => return cursor.skip(),
            (
                Self::Pseudonym
                | Self::Digest
                | Self::Texts(_)
                | Self::ManyTexts(_)
                | Self::Networks { .. }
                | Self::Text,
                JsonType::Text,
            ) => self.text(cursor.text()?),
            (Self::Bool, JsonType::Bool) => return cursor.bool().map(drop),
            (Self::Number, JsonType::Number) => return cursor.number().map(drop),
            (Self::Integers { from, to, step }, JsonType::Number) => {
                let (digits, integer) = cursor.number()?;
                outside_integers(digits, integer, (*from, *to, *step))
            }
            (Self::Fields(fields), JsonType::Object) => {
                return fields.object(cursor, trail, problems);
            }
            (Self::List(of), JsonType::Array) => {
                return cursor.each(b'[', b']', |cursor| of.value(cursor, trail, problems));
            }
            (Self::Array { length, gaps, of }, JsonType::Array) => {
                let mut count = 0;
                cursor.each(b'[', b']', |cursor| {
                    count += 1;
                    of.value(cursor, trail, problems)
                })?;
                let fits = count == *length || *gaps && count < *length;
                (!fits).then_some((Violation::OutsideDomain, ANOTHER_NUMBER))
            }
            (Self::Tuple(each), JsonType::Array) => return tuple(each, cursor, trail, problems),
            (Self::Map(keys, values), JsonType::Object) => {
                return map(keys, values, cursor, trail, problems);
            }
            _ => {
                cursor.skip()?;
                problems.push(self.wrong_type(trail, shape));
                return Ok(());
            }
        };
        if let Some((kind, text)) = wrong {
            problems.push(trail.problem(kind, text));
        }
        Ok(())
    }

    #[cold]
    fn wrong_type(&self, trail: &Trail<'_>, shape: JsonType) -> LineProblem {
        let (kind, due) = match self {
            Self::Nothing => (Violation::UnknownField, "nothing: the field is dropped"),
            Self::Bool => (Violation::WrongType, "true or false"),
            Self::Texts(_) | Self::ManyTexts(_) => {
                (Violation::OutsideDomain, "one of the listed texts")
            }
            Self::Networks { .. } => (Violation::OutsideDomain, "a network"),
            Self::Integers { .. } => (Violation::OutsideDomain, "a whole number"),
            Self::Tuple(_) | Self::Array { .. } | Self::List(_) => {
                (Violation::WrongType, "an array")
            }
            Self::Fields(_) | Self::Map(..) => (Violation::WrongType, "an object"),
            Self::Pseudonym => (Violation::NotAPseudonym, "a pseudonym"),
            Self::Digest => (Violation::NotAPseudonym, "a SHA-256"),
            Self::Text => (Violation::WrongType, "a text"),
            Self::Number => (Violation::WrongType, "a number"),
            Self::Any => (Violation::WrongType, "anything"),
        };
        trail.problem(kind, format!("there is {}, and due is {due}", shape.name()))
    }

    /// What is wrong about a text, if anything.
    #[inline]
    fn text(&self, text: RawString<'_>) -> Option<(Violation, &'static str)> {
        if text.escaped && !matches!(self, Self::Text) {
            let Some(plain) = text.unescaped() else {
                return Some((Violation::NotAnEvent, "the text cannot be read"));
            };
            return self.text(RawString { raw: plain.as_bytes(), escaped: false });
        }
        let raw = text.raw;
        match self {
            Self::Text => None,
            Self::Texts(texts) if texts.iter().any(|known| **known == *raw) => None,
            Self::ManyTexts(texts) if texts.contains(raw) => None,
            Self::Texts(_) | Self::ManyTexts(_) => {
                Some((Violation::OutsideDomain, "the text is none of those that the schema lists"))
            }
            Self::Networks { v4, v6 } if is_network(raw, *v4, *v6) => None,
            Self::Networks { .. } => Some((
                Violation::OutsideDomain,
                "the text is no network of the length that the schema says",
            )),
            Self::Pseudonym => not_a_pseudonym(raw),
            Self::Digest => not_a_digest(raw),
            _ => None,
        }
    }
}

/// One sequence must fit; of none that does, the first of this length is told of.
fn tuple(
    each: &[Vec<Check>],
    cursor: &mut Cursor<'_>,
    trail: &Trail<'_>,
    problems: &mut Vec<LineProblem>,
) -> Result<(), NotJson> {
    let start = cursor.clone();
    let mut length = 0;
    cursor.each(b'[', b']', |cursor| {
        length += 1;
        cursor.skip()
    })?;
    let mut first = None;
    for sequence in each.iter().filter(|sequence| sequence.len() == length) {
        let mut parts = sequence.iter();
        let mut wrong = Vec::new();
        start.clone().each(b'[', b']', |cursor| match parts.next() {
            Some(part) => part.value(cursor, trail, &mut wrong),
            None => cursor.skip(),
        })?;
        if wrong.is_empty() {
            return Ok(());
        }
        first.get_or_insert(wrong);
    }
    let other = || vec![trail.problem(Violation::OutsideDomain, ANOTHER_NUMBER)];
    problems.extend(first.unwrap_or_else(other));
    Ok(())
}

const ANOTHER_NUMBER: &str = "the number of elements is another one";

fn map(
    keys: &Check,
    values: &Check,
    cursor: &mut Cursor<'_>,
    trail: &Trail<'_>,
    problems: &mut Vec<LineProblem>,
) -> Result<(), NotJson> {
    cursor.each(b'{', b'}', |cursor| {
        let key = cursor.text()?;
        cursor.must(b':')?;
        // A number or a truth value as a key is a text in JSON.
        let wrong = match keys {
            Check::Integers { from, to, step } => {
                outside_integers(key.raw, true, (*from, *to, *step))
            }
            Check::Bool if !matches!(key.raw, b"true" | b"false") => {
                Some((Violation::WrongType, "the text is neither `true` nor `false`"))
            }
            keys => keys.text(key),
        };
        if let Some((kind, text)) = wrong {
            problems.push(Trail::Below(trail, "(a key)").problem(kind, text));
        }
        values.value(cursor, trail, problems)
    })
}

/// What is wrong about a histogram with these bounds, if anything.
pub(super) fn histogram(
    cursor: &mut Cursor<'_>,
    bounds: &[f64],
) -> Result<Option<(Violation, &'static str)>, NotJson> {
    if cursor.shape()? != JsonType::Object {
        cursor.skip()?;
        return Ok(Some((Violation::WrongType, "a histogram is no object")));
    }
    let (mut said, mut ranges, mut wrong) = (0, 0, None);
    // A decimal fraction is read to within its last binary place.
    let is = |digits: &[u8], due: Option<&f64>| {
        let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<f64>().ok());
        number.zip(due).is_some_and(|(number, due)| (number - due).abs() <= due.abs() * 1e-15)
    };
    cursor.each(b'{', b'}', |cursor| {
        let key = cursor.text()?;
        cursor.must(b':')?;
        match (key.raw, cursor.shape()?) {
            (b"bounds", JsonType::Array) => cursor.each(b'[', b']', |cursor| {
                if !is(cursor.number()?.0, bounds.get(said)) {
                    wrong = Some((Violation::OutsideDomain, "the bounds are other ones"));
                }
                said += 1;
                Ok(())
            }),
            (b"ranges", JsonType::Array) => cursor.each(b'[', b']', |cursor| {
                let (digits, integer) = cursor.number()?;
                if !integer || digits.starts_with(b"-") {
                    wrong = Some((Violation::WrongType, "a range holds no count"));
                }
                ranges += 1;
                Ok(())
            }),
            (b"sum", JsonType::Number) => cursor.number().map(drop),
            _ => {
                wrong =
                    Some((Violation::UnknownField, "a histogram has a key that it must not have"));
                cursor.skip()
            }
        }
    })?;
    if wrong.is_none() && (said, ranges) != (bounds.len(), bounds.len() + 1) {
        wrong = Some((Violation::OutsideDomain, "the number of ranges is another one"));
    }
    Ok(wrong)
}

/// What is wrong about a number, if anything.
#[inline]
fn outside_integers(
    digits: &[u8],
    integer: bool,
    (from, to, step): (i128, i128, u128),
) -> Option<(Violation, &'static str)> {
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<i128>().ok());
    match number {
        Some(number) if integer && (from..=to).contains(&number) => {
            let on_step = step <= 1 || number.abs_diff(from).checked_rem(step) == Some(0);
            (!on_step).then_some((Violation::OutsideDomain, "the number lies between the steps"))
        }
        _ => Some((
            Violation::OutsideDomain,
            "the number lies outside of the range that the schema says",
        )),
    }
}

/// In front of each keyed pseudonym of the first algorithm.
const PSEUDONYM: &[u8] = b"h1_";

fn is_hex(bytes: &[u8]) -> bool {
    // Without a branch for each byte, so that the compiler takes many at once.
    let wrong = |byte: u8| {
        let digit = byte.wrapping_sub(b'0') < 10;
        let letter = byte.wrapping_sub(b'a') < 6;
        !(digit | letter)
    };
    !bytes.iter().fold(false, |any, byte| any | wrong(*byte))
}

#[inline]
fn not_a_pseudonym(raw: &[u8]) -> Option<(Violation, &'static str)> {
    // 64 to 256 bits, in whole bytes.
    if let Some(digits) = raw.strip_prefix(PSEUDONYM)
        && (16..=64).contains(&digits.len())
        && digits.len().is_multiple_of(2)
        && is_hex(digits)
    {
        return None;
    }
    Some(looks(raw, "there is no pseudonym, and one is due"))
}

#[inline]
fn not_a_digest(raw: &[u8]) -> Option<(Violation, &'static str)> {
    if raw.len() == 64 && is_hex(raw) {
        return None;
    }
    Some(looks(raw, "there is no SHA-256, and one is due"))
}

/// Whether a text in a pseudonym's place was made by some other scheme, or is
/// what the pseudonym should stand for.
#[cold]
fn looks(raw: &[u8], scheme: &'static str) -> (Violation, &'static str) {
    // An algorithm's mark and hexadecimal digits, or digits alone: of enough
    // length, chance and names do not make them.
    let digits = match raw {
        [b'h', b'0'..=b'9', b'_', digits @ ..] => digits,
        digits => digits,
    };
    let made = digits.len() >= 16 && digits.iter().all(u8::is_ascii_hexdigit);
    if made {
        (Violation::NotAPseudonym, scheme)
    } else {
        (Violation::RawText, "there is text that looks raw, and a pseudonym or digest is due")
    }
}

fn is_network(raw: &[u8], v4: Option<u8>, v6: Option<u8>) -> bool {
    let Some((address, bits)) = std::str::from_utf8(raw).ok().and_then(|text| text.split_once('/'))
    else {
        return false;
    };
    let Ok(bits) = bits.parse::<u8>() else { return false };
    if let Ok(address) = address.parse::<Ipv4Addr>() {
        let host = u32::MAX.checked_shr(bits.into()).unwrap_or(0);
        return v4 == Some(bits) && address.to_bits() & host == 0;
    }
    address.parse::<Ipv6Addr>().is_ok_and(|address| {
        let host = u128::MAX.checked_shr(bits.into()).unwrap_or(0);
        v6 == Some(bits) && address.to_bits() & host == 0
    })
}
