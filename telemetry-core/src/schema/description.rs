//! Events, fields and policies, described by constants.
//!
//! It owns the description and how it is written out as an attribute would be. A
//! policy of a nested value has fields, so that they stand together. It must never
//! know how the derive says it, nor what a policy does with a value.

use std::fmt::{self, Display, Formatter, Write};

use super::Item;
use super::Shape;
use super::domain::{Closed, Domain, Numbers, Opening, Values};
use super::parameter::{Parameter, ParameterValue, Parameters, Written};

/// Why data is collected.
///
/// A name in kebab case. The four constants are the ones most programs need;
/// an author's own is made with [`Purpose::new`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purpose(&'static str);

impl Purpose {
    /// Needed to provide the service itself.
    pub const SERVICE: Self = Self("service");
    /// Finding and fixing errors.
    pub const DIAGNOSTICS: Self = Self("diagnostics");
    /// Learning how the product is used, to improve it.
    pub const PRODUCT_IMPROVEMENT: Self = Self("product-improvement");
    /// Training or fine-tuning of models.
    pub const MODEL_TRAINING: Self = Self("model-training");

    /// The four above.
    #[cfg(feature = "client")]
    pub(crate) const STANDARD: [Self; 4] =
        [Self::SERVICE, Self::DIAGNOSTICS, Self::PRODUCT_IMPROVEMENT, Self::MODEL_TRAINING];

    /// A purpose of the author's own.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name, as it stands in schemas, consent files and stored events.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl Display for Purpose {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// One event: a struct, or one variant of an enum.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct EventSchema {
    /// The event's name, such as `run.finished`.
    pub name: &'static str,
    /// Counts up when the meaning of the event changes.
    pub version: u32,
    /// Why it is collected.
    pub purpose: Purpose,
    /// The doc comment.
    pub description: &'static str,
    /// Every field, the dropped ones too, in the order of declaration.
    pub fields: &'static [FieldSchema],
    /// The version of the notice that first spoke of this event.
    pub since: Option<&'static str>,
    /// Who answers for it.
    pub owner: Option<&'static str>,
    /// What is to be learnt from it.
    pub question: Option<&'static str>,
    /// The last day on which it is recorded and sent, such as `2027-06-30`.
    pub expires: Option<&'static str>,
    /// Whether each event leaves, or how often each combination occurred.
    pub form: Form,
    /// How exact the time is that leaves with it.
    pub time: TimePrecision,
    /// The most that one event may tell, in whole bits; the compiler holds it.
    pub max_bits: Option<u32>,
}

impl EventSchema {
    /// Whether every text of the event is [private](crate::Private): neither a
    /// derive of another crate nor the program's own code can take one out of it.
    ///
    /// ```
    /// use telemetry_core::{Private, TelemetryEvent};
    ///
    /// #[derive(TelemetryEvent)]
    /// #[telemetry(purpose = "diagnostics")]
    /// struct Connected {
    ///     #[telemetry(hash)]
    ///     host: Private<String>,
    ///     #[telemetry(allow)]
    ///     attempts: u32,
    /// }
    ///
    /// assert!(Connected::SCHEMA[0].is_private());
    /// ```
    pub const fn is_private(&self) -> bool {
        all_kept(self.fields)
    }

    pub(super) const fn new(
        name: &'static str,
        version: u32,
        purpose: &'static str,
        description: &'static str,
        fields: &'static [FieldSchema],
    ) -> Self {
        Self {
            name,
            version,
            purpose: Purpose::new(purpose),
            description,
            fields,
            since: None,
            owner: None,
            question: None,
            expires: None,
            form: Form::Each,
            time: TimePrecision::Millisecond,
            max_bits: None,
        }
    }

    #[doc(hidden)]
    pub const fn since(mut self, notice: &'static str) -> Self {
        self.since = Some(notice);
        self
    }

    #[doc(hidden)]
    pub const fn owner(mut self, owner: &'static str) -> Self {
        self.owner = Some(owner);
        self
    }

    #[doc(hidden)]
    pub const fn question(mut self, question: &'static str) -> Self {
        self.question = Some(question);
        self
    }

    #[doc(hidden)]
    pub const fn expires(mut self, day: &'static str) -> Self {
        self.expires = Some(day);
        self
    }

    #[doc(hidden)]
    pub const fn counted(mut self, period: Period, top: Option<u32>) -> Self {
        self.form = Form::Counted { period, top, identified: false };
        self
    }

    #[doc(hidden)]
    pub const fn identified(mut self) -> Self {
        if let Form::Counted { period, top, .. } = self.form {
            self.form = Form::Counted { period, top, identified: true };
        }
        self
    }

    #[doc(hidden)]
    pub const fn time(mut self, time: TimePrecision) -> Self {
        self.time = time;
        self
    }

    #[doc(hidden)]
    pub const fn max_bits(mut self, bits: u32) -> Self {
        self.max_bits = Some(bits);
        self
    }

    /// In how many forms the event can leave: the product over its fields.
    /// `None` when a field is open; the largest number when there are more.
    pub const fn forms(&self) -> Option<u128> {
        super::forms::forms_of(self.fields)
    }

    /// Of how many combinations of its fields the occurrences are counted, when
    /// only counts leave: the product over the fields, histograms left aside.
    /// `None` when one of them is open.
    pub const fn combinations(&self) -> Option<u128> {
        super::forms::combinations_of(self.fields)
    }

    /// How many numbers stand for one combination: its count, and for each
    /// histogram the sum and its ranges.
    #[doc(hidden)]
    #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
    pub const fn cells(&self) -> usize {
        let (mut cells, mut index) = (1, 0);
        while index < self.fields.len() {
            cells += self.fields[index].cells();
            index += 1;
        }
        cells
    }

    /// The fields of the event in this form, from 0 to one below
    /// [`forms`](Self::forms), by name and without those that are absent. Of an
    /// event with histograms, from 0 to one below
    /// [`combinations`](Self::combinations): their numbers are no part of it.
    pub fn form_at(&self, index: u128) -> Option<Item> {
        super::forms::combination(self.fields, index).map(Item::Map)
    }

    /// How much one event can tell, in thousandths of a bit, rounded up.
    /// `None` when a field is open.
    pub const fn millibits(&self) -> Option<u64> {
        super::information::millibits_of(self.fields)
    }
}

/// What of an event leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// Each event.
    Each,
    /// How often each combination of values occurred in a period.
    Counted {
        /// The period that is counted over.
        period: Period,
        /// How many combinations are counted apart, when not all of them.
        top: Option<u32>,
        /// Whether the lines name the installation; without it nobody can tell
        /// from how many the counts come.
        identified: bool,
    },
}

/// The period that a counted event is counted over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Period {
    /// One run of the program.
    Run,
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A week.
    Week,
}

impl Period {
    /// The name, as an attribute writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }
}

/// How exact a time is that leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimePrecision {
    /// To the millisecond.
    Millisecond,
    /// To the hour.
    Hour,
    /// To the day.
    Day,
}

impl TimePrecision {
    /// The name, as an attribute writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Millisecond => "millisecond",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

/// One field of an event.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct FieldSchema {
    /// The name as JSON writes it before the value: `,"name":`.
    #[doc(hidden)]
    pub key: JsonKey,
    /// How many values it has; 0 when that cannot be said or counted.
    #[doc(hidden)]
    pub forms: usize,
    /// The name in the output; of a tuple struct's field, its position.
    pub name: &'static str,
    /// The type, as the source writes it.
    pub rust_type: &'static str,
    /// How the field leaves.
    pub policy: Policy,
    /// The doc comment.
    pub description: &'static str,
    /// A purpose of the field's own: refused alone, the field alone is absent.
    pub purpose: Option<Purpose>,
    /// The version of the notice that first spoke of this field.
    pub since: Option<&'static str>,
    /// The name that the field had before.
    pub renamed_from: Option<&'static str>,
    /// Whether the value is wrapped so that nothing but a policy opens it.
    pub private: bool,
}

/// A field's name as JSON writes it before the value, for writing it fast: it is
/// copied in one piece of a length that the compiler knows, and what is too much
/// is cut off.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonKey {
    text: &'static str,
    /// The same with zeros behind it, if there is room.
    padded: [u8; JsonKey::ROOM],
}

impl JsonKey {
    /// Names of more than 28 bytes are rare, and cost a call.
    const ROOM: usize = 32;

    pub(super) const fn new(text: &'static str) -> Self {
        let mut padded = [0; Self::ROOM];
        if text.len() <= Self::ROOM {
            let (start, _) = padded.split_at_mut(text.len());
            start.copy_from_slice(text.as_bytes());
        }
        Self { text, padded }
    }

    #[cfg(feature = "client")]
    #[inline(always)]
    pub(crate) const fn text(&self) -> &'static str {
        self.text
    }

    /// It, with zeros behind it, if there is room.
    #[cfg(feature = "client")]
    #[inline(always)]
    pub(crate) fn piece(&self) -> Option<&[u8; Self::ROOM]> {
        (self.text.len() <= Self::ROOM).then_some(&self.padded)
    }
}

impl FieldSchema {
    /// Whether the program itself cannot show the value: it is private, or of a
    /// type that cannot hold text.
    const fn is_kept(&self) -> bool {
        if self.private {
            return true;
        }
        match self.policy.name.as_bytes() {
            // Numbers, and what `allow` takes without a reason.
            b"bucket" | b"round" | b"clamp" => true,
            b"allow" => !matches!(self.policy.domain, Domain::Open(Opening::Vouched)),
            b"nested" => match self.policy.parts {
                Parts::Nested(fields) => all_kept(fields),
                _ => false,
            },
            _ => false,
        }
    }

    /// How many numbers a histogram keeps for each combination: its ranges, and
    /// the sum; of any other field none.
    pub(crate) const fn cells(&self) -> usize {
        match self.policy.histogram {
            Some(histogram) => histogram.ranges() + 1,
            None => 0,
        }
    }

    /// What can leave of the field, also when its own purpose is refused.
    pub const fn domain(&self) -> Domain {
        match self.purpose {
            Some(_) => self.policy.domain.or_absent(),
            None => self.policy.domain,
        }
    }
}

#[expect(clippy::indexing_slicing, reason = "iterators are not const")]
const fn all_kept(fields: &[FieldSchema]) -> bool {
    let mut index = 0;
    while index < fields.len() {
        if !fields[index].is_kept() {
            return false;
        }
        index += 1;
    }
    true
}

/// How a field leaves the process, with its parameters.
///
/// `Display` writes it as an attribute does, with every parameter:
/// `bucket(10, 100)`, `hash(lowercase), domain = "user"`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// The name, as an attribute writes it.
    pub name: &'static str,
    /// The parameters, in the order in which an attribute writes them.
    pub parameters: Parameters,
    /// The values that can leave.
    pub domain: Domain,
    /// The parts of the value that have policies of their own.
    pub parts: Parts,
    /// Of `histogram`, the ranges whose numbers are counted and added up.
    pub histogram: Option<Histogram>,
}

/// The ranges of a histogram. A bound belongs to the range below it, as in
/// OpenTelemetry and Prometheus.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Histogram {
    /// The bounds between the ranges, ascending.
    pub bounds: Numbers,
    /// Whether the numbers may have a fraction, and so their sum.
    pub fractions: bool,
}

impl Histogram {
    pub(crate) const fn new(bounds: Numbers, fractions: bool) -> Self {
        Self { bounds, fractions }
    }

    /// How many ranges there are: one more than bounds.
    pub const fn ranges(self) -> usize {
        self.bounds.len() + 1
    }
}

impl Policy {
    /// `drop`: never read, and absent.
    pub const DROP: Self =
        Self::new("drop", Domain::Closed(Closed::new(Values::Nothing).or_absent()));

    /// The policy of this name without parameters.
    #[doc(hidden)]
    pub const fn new(name: &'static str, domain: Domain) -> Self {
        Self { name, parameters: Parameters::NONE, domain, parts: Parts::Whole, histogram: None }
    }

    /// The same, of which the numbers of a combination are counted by ranges.
    pub(crate) const fn measured(mut self, histogram: Histogram) -> Self {
        self.histogram = Some(histogram);
        self
    }

    /// The same with one parameter more.
    #[doc(hidden)]
    pub const fn with(
        mut self,
        name: &'static str,
        value: ParameterValue,
        written: Written,
    ) -> Self {
        self.parameters = self.parameters.and(Parameter { name, value, written });
        self
    }

    /// The same, by the key of a domain.
    #[doc(hidden)]
    pub const fn in_domain(self, domain: &'static str) -> Self {
        self.with("domain", ParameterValue::Text(domain), Written::Beside)
    }

    /// The same, for a reason.
    #[doc(hidden)]
    pub const fn because(self, reason: &'static str) -> Self {
        self.with("because", ParameterValue::Text(reason), Written::InsideNamed)
    }

    /// The same, of what a function makes of the value.
    #[doc(hidden)]
    pub const fn via(self, function: &'static str) -> Self {
        self.with("via", ParameterValue::Path(function), Written::InsideNamed)
    }

    /// A value whose fields have policies of their own.
    #[doc(hidden)]
    pub const fn nested(shape: Shape, fields: &'static [FieldSchema]) -> Self {
        let domain = match super::forms::forms_of(fields) {
            Some(_) => shape.domain(Values::Fields(fields)),
            None => shape.open(Opening::Fields),
        };
        let mut policy = Self::new("nested", domain);
        policy.parts = Parts::Nested(fields);
        policy
    }

    /// A map: its keys are data too.
    #[doc(hidden)]
    pub const fn entries(keys: &'static Self, values: &'static Self) -> Self {
        let mut policy = Self::new("keys, values", Domain::Open(Opening::Collection));
        policy.parts = Parts::Entries { keys, values };
        policy
    }

    /// The parameter of this name.
    pub fn parameter(&self, name: &str) -> Option<ParameterValue> {
        self.parameters.iter().find(|parameter| parameter.name == name).map(|found| found.value)
    }

    /// Whether a field under it is never read and never there.
    pub fn is_drop(&self) -> bool {
        self.name == "drop"
    }
}

impl Display for Policy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Parts::Entries { keys, values } = self.parts {
            return write!(f, "keys({keys}), values({values})");
        }
        f.write_str(self.name)?;
        let is_inside = |parameter: &&Parameter| {
            matches!(parameter.written, Written::Inside | Written::InsideNamed)
        };
        let mut before = "(";
        for parameter in self.parameters.iter().filter(is_inside) {
            f.write_str(before)?;
            before = ", ";
            match (parameter.written, parameter.value) {
                (_, ParameterValue::Flag) => f.write_str(parameter.name)?,
                (Written::InsideNamed, value) => write!(f, "{} = {value}", parameter.name)?,
                (_, value) => write!(f, "{value}")?,
            }
        }
        if before == ", " {
            f.write_char(')')?;
        }
        for Parameter { name, value, written } in self.parameters.iter() {
            match (written, value) {
                (Written::Inside | Written::InsideNamed, _) => {}
                (Written::Assigned, value) => write!(f, " = {value}")?,
                (Written::Beside, ParameterValue::Flag) => write!(f, ", {name}")?,
                (Written::Beside, ParameterValue::Text(_)) => write!(f, ", {name} = {value}")?,
                (Written::Beside, value) => write!(f, ", {name}({value})")?,
            }
        }
        Ok(())
    }
}

/// The parts of a value that have policies of their own.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Parts {
    /// None: the policy is for the whole value.
    Whole,
    /// The fields of a nested value.
    Nested(&'static [FieldSchema]),
    /// The entries of a map.
    Entries {
        /// How keys leave.
        keys: &'static Policy,
        /// How values leave.
        values: &'static Policy,
    },
}
