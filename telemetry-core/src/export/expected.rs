//! Which stored lines this program can have written.
//!
//! It owns the comparison of a stored event with the schemas of the program's
//! events. It must never know how a value was sanitised.
//!
//! The spool is a folder of plain files: a restored backup, another program with
//! the same name or a careless script may leave lines in it that no policy has
//! seen. What is not one of the program's events, field by field and by the kind
//! of value that each policy leaves, is not sent.

use std::fmt;
use std::net::IpAddr;
use std::time::SystemTime;

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use crate::envelope::{Line, time_of};
use crate::schema::{
    Domain, EventSchema, FieldSchema, Form, Histogram, Item, Numbers, Opening, Parts, Policy,
    Values,
};

/// The events of a program.
#[derive(Clone, Debug, Default)]
pub struct Expected(Vec<&'static EventSchema>);

impl Expected {
    /// Exactly these events.
    pub fn of(events: impl IntoIterator<Item = &'static EventSchema>) -> Self {
        Self(events.into_iter().collect())
    }

    /// Every event that is linked into the program. `None` without the feature
    /// `registry`, by which they are known.
    pub(crate) fn linked() -> Option<Self> {
        #[cfg(feature = "registry")]
        return Some(Self(crate::schema::linked().collect()));
        #[cfg(not(feature = "registry"))]
        None
    }

    /// These too.
    pub(crate) fn and(mut self, events: &[&'static EventSchema]) -> Self {
        self.0.extend(events);
        self
    }

    /// Whether the program can have written `line`; if not, why. The words name
    /// what the program knows, and never what stands in the line.
    pub(crate) fn check(&self, line: &Line<'_>) -> Result<(), String> {
        let mut same = self.0.iter().filter(|schema| schema.name == line.event).peekable();
        if same.peek().is_none() {
            return Err("this program has no such event; one with type parameters is named by \
                        `Receiver::event`"
                .to_owned());
        }
        if !is_id(line.id) || time_of(line.time).is_none() {
            return Err("its id or its time is not of the form that this program writes".to_owned());
        }
        let mut why = String::new();
        for schema in same {
            match fits(schema, line) {
                Ok(()) => return Ok(()),
                Err(error) => why = format!("not an event `{}`: {error}", schema.name),
            }
        }
        Err(why)
    }
}

/// A run of 24 lower-case hex digits, `-`, and a number.
fn is_id(id: &str) -> bool {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    id.split_once('-').is_some_and(|(run, number)| {
        run.len() == 24
            && run.bytes().all(hex)
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn fits(schema: &EventSchema, line: &Line<'_>) -> Result<(), String> {
    if schema.expires.is_some() && schema.is_expired(SystemTime::now()) {
        return Err("its last day is over".to_owned());
    }
    if line.purpose != schema.purpose.name() {
        return Err("it has another purpose".to_owned());
    }
    // An earlier version of the program may have left it; a later one's fields
    // are unknown here.
    if line.version == 0 || line.version > u64::from(schema.version) {
        return Err("it is of a version that this program does not know".to_owned());
    }
    match (line.counts, schema.form) {
        (None, Form::Each) => {}
        (Some((period, counts)), Form::Counted { period: due, .. }) if period == due.name() => {
            let mut json = serde_json::Deserializer::from_str(counts);
            return ExpectedCounts(schema.fields)
                .deserialize(&mut json)
                .map_err(|error| words(&error));
        }
        _ => return Err("it is not counted as the event is".to_owned()),
    }
    let mut json = serde_json::Deserializer::from_str(line.fields);
    ExpectedFields(schema.fields).deserialize(&mut json).map_err(|error| words(&error))
}

/// The error without the place in the line, which helps nobody.
fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text.get(..end).unwrap_or_default().to_owned()
}

/// A list of counts of forms of these fields.
struct ExpectedCounts(&'static [FieldSchema]);

impl<'de> DeserializeSeed<'de> for ExpectedCounts {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ExpectedCounts {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of counts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut counts: A) -> Result<(), A::Error> {
        while counts.next_element_seed(ExpectedCount(self.0))?.is_some() {}
        Ok(())
    }
}

/// One form and its count, or all others and theirs.
struct ExpectedCount(&'static [FieldSchema]);

impl<'de> DeserializeSeed<'de> for ExpectedCount {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ExpectedCount {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a form and its count")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match &*key {
                "fields" => map.next_value_seed(ExpectedFields(self.0))?,
                "other" if map.next_value::<bool>()? => {}
                "count" => drop(map.next_value::<u64>()?),
                "histograms" => map.next_value_seed(Histograms(self.0))?,
                _ => return Err(de::Error::custom("a count has a key that it cannot have")),
            }
        }
        Ok(())
    }
}

/// The histograms of these fields.
struct Histograms(&'static [FieldSchema]);

impl<'de> DeserializeSeed<'de> for Histograms {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Histograms {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("histograms by the names of their fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let known = self.0.iter().filter(|field| field.policy.histogram.is_some());
        while let Some(field) = map.next_key_seed(ExpectedKey(known.clone()))? {
            let said: Json = map.next_value()?;
            let fits = field.policy.histogram.is_some_and(|histogram| {
                ExpectedHistogram::read(&said).is_some_and(|said| said.fits(&histogram))
            });
            if !fits {
                let name = field.name;
                return Err(de::Error::custom(format_args!(
                    "the histogram `{name}` has other bounds than the event's"
                )));
            }
        }
        Ok(())
    }
}

/// A histogram as a line says it.
struct ExpectedHistogram {
    bounds: Vec<f64>,
    ranges: Vec<u64>,
}

impl ExpectedHistogram {
    /// None unless it has these keys and no other. By hand: serde's derive would
    /// be one more crate for every program that uses this one.
    fn read(said: &Json) -> Option<Self> {
        let said = said.as_object()?;
        let list = |key: &str| said.get(key)?.as_array();
        said.get("sum")?.as_f64()?;
        let bounds = list("bounds")?.iter().map(Json::as_f64).collect::<Option<_>>()?;
        let ranges = list("ranges")?.iter().map(Json::as_u64).collect::<Option<_>>()?;
        (said.len() == 3).then_some(Self { bounds, ranges })
    }

    fn fits(&self, histogram: &Histogram) -> bool {
        let bound = |index: usize| match histogram.bounds {
            Numbers::Int(bounds) => bounds.get(index).map(|bound| *bound as f64),
            Numbers::Float(bounds) => bounds.get(index).copied(),
        };
        // A decimal fraction is read to within its last binary place.
        let is = |(index, said): (usize, &f64)| {
            bound(index).is_some_and(|due| (said - due).abs() <= due.abs() * 1e-15)
        };
        self.bounds.len() == histogram.bounds.len()
            && self.bounds.iter().enumerate().all(is)
            && self.ranges.len() == histogram.ranges()
    }
}

/// An object with these fields and no others. Any may be absent.
struct ExpectedFields(&'static [FieldSchema]);

impl<'de> DeserializeSeed<'de> for ExpectedFields {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ExpectedFields {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the fields of the event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let leaves =
            |field: &&FieldSchema| !field.policy.is_drop() && field.policy.histogram.is_none();
        let known = self.0.iter().filter(leaves);
        while let Some(field) = map.next_key_seed(ExpectedKey(known.clone()))? {
            map.next_value_seed(ExpectedLeaf::of(field.name, &field.policy))?;
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while values.next_element_seed(ExpectedFields(self.0))?.is_some() {}
        Ok(())
    }
}

/// The field that a key names.
struct ExpectedKey<I>(I);

impl<'de, I: Iterator<Item = &'static FieldSchema>> DeserializeSeed<'de> for ExpectedKey<I> {
    type Value = &'static FieldSchema;

    fn deserialize<D: de::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<I: Iterator<Item = &'static FieldSchema>> Visitor<'_> for ExpectedKey<I> {
    type Value = &'static FieldSchema;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: de::Error>(mut self, name: &str) -> Result<Self::Value, E> {
        let field = self.0.find(|field| field.name == name);
        field.ok_or_else(|| E::custom("it has a field that the event does not have"))
    }
}

/// What a policy can leave of a value, or of each value of a collection.
#[derive(Clone, Copy)]
struct ExpectedLeaf {
    /// The field that it is in.
    name: &'static str,
    policy: &'static str,
    /// Of one value, in no list any more.
    domain: Domain,
    /// How many lists there are around it.
    depth: usize,
    parts: Parts,
}

impl ExpectedLeaf {
    fn of(name: &'static str, policy: &Policy) -> Self {
        let (policy, parts, domain) = (policy.name, policy.parts, policy.domain);
        Self { name, policy, domain: domain.each(), depth: domain.depth(), parts }
    }

    fn part(self, domain: Domain) -> Self {
        Self { domain: domain.each(), depth: domain.depth(), ..self }
    }

    fn when<E: de::Error>(self, fits: bool) -> Result<(), E> {
        if fits {
            return Ok(());
        }
        let Self { name, policy, .. } = self;
        Err(E::custom(format_args!("`{name}` holds what `{policy}` does not leave")))
    }

    fn is_whole(self) -> bool {
        matches!(self.parts, Parts::Whole)
    }

    fn is_text(self, text: &str) -> bool {
        match self.domain {
            Domain::Closed(closed) => is_text_of(closed.values, text),
            Domain::Open(Opening::Pseudonym) => is_pseudonym(text),
            Domain::Open(Opening::Digest) => text.len() == 64 && is_hex(text),
            Domain::Open(Opening::Number) => false,
            _ => true,
        }
    }

    fn is_integer(self, integer: i128) -> bool {
        match self.domain {
            Domain::Closed(closed) => match closed.values {
                Values::Integers { first, last, step } => {
                    (first..=last).contains(&integer)
                        && integer.abs_diff(first).is_multiple_of(u128::from(step.max(1)))
                }
                _ => false,
            },
            open => open.open().is_some_and(holds_numbers),
        }
    }
}

fn holds_numbers(open: Opening) -> bool {
    matches!(open, Opening::Number | Opening::Vouched | Opening::Collection)
}

fn is_text_of(values: Values, text: &str) -> bool {
    match values {
        Values::Texts(texts) => texts.contains(&text),
        Values::Known(texts) => text == "other" || texts.contains(&text),
        Values::Ranges(_) => Domain::closed(values)
            .values()
            .any(|item| matches!(item, Item::Text(label) if label == text)),
        Values::Networks { v4, v6 } => text.split_once('/').is_some_and(|(address, bits)| {
            let of = match address.parse::<IpAddr>() {
                Ok(IpAddr::V4(_)) => v4,
                Ok(IpAddr::V6(_)) => v6,
                Err(_) => None,
            };
            of.is_some_and(|of| bits.parse() == Ok(of))
        }),
        _ => false,
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// As in the table of [`Pseudonym`](crate::pseudonym::Pseudonym).
fn is_pseudonym(text: &str) -> bool {
    text.strip_prefix("h1_").is_some_and(|hex| (16..=64).contains(&hex.len()) && is_hex(hex))
}

impl<'de> DeserializeSeed<'de> for ExpectedLeaf {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match (self.parts, self.domain) {
            (Parts::Nested(fields), _) => ExpectedFields(fields).deserialize(deserializer),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for ExpectedLeaf {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "what `{}` leaves", self.policy)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        self.when(
            self.is_whole()
                && match self.domain {
                    Domain::Closed(closed) => matches!(closed.values, Values::Bool),
                    open => matches!(open.open(), Some(Opening::Vouched | Opening::Collection)),
                },
        )
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        self.when(self.is_whole() && self.is_integer(number.into()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<(), E> {
        self.when(self.is_whole() && self.is_integer(number.into()))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        let fits = matches!(self.domain, Domain::Open(open) if holds_numbers(open));
        self.when(self.is_whole() && fits)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.when(self.is_whole() && self.is_text(text))
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        // An element of a list that is not there.
        Ok(())
    }

    /// Each element by itself. Of a tuple each is one of its parts: those that
    /// are absent leave no gap.
    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        if let Some(depth) = self.depth.checked_sub(1) {
            while elements.next_element_seed(Self { depth, ..self })?.is_some() {}
            return Ok(());
        }
        if let Domain::Closed(closed) = self.domain
            && let Values::Tuple(parts) = closed.values
        {
            while let Some(element) = elements.next_element::<serde_json::Value>()? {
                let fits = |part: &Domain| self.part(*part).deserialize(&element).is_ok();
                self.when(parts.iter().any(fits))?;
            }
            return Ok(());
        }
        while elements.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        match (self.parts, self.domain) {
            (Parts::Entries { keys, values }, _) => {
                while map.next_key_seed(ExpectedLeaf::of(self.name, keys))?.is_some() {
                    map.next_value_seed(ExpectedLeaf::of(self.name, values))?;
                }
                Ok(())
            }
            (Parts::Whole, Domain::Open(Opening::Vouched | Opening::Collection)) => {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(())
            }
            _ => self.when(false),
        }
    }
}
