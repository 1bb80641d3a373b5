//! Events, fields and policies, owned: as they were read from a file or taken
//! from a program.
//!
//! It owns the description. It must never know in which form it is written.

use std::fmt;

use crate::domain::{self, Domain};

/// Everything that a program's telemetry can say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// What the author wrote at the head of the lock's file.
    pub settings: Settings,
    /// What every stored line says beside the event's own fields.
    pub envelope: Vec<Field>,
    /// The events, by name.
    pub events: Vec<Event>,
}

/// What an author decides for all events, at the head of the lock's file.
/// Accepting a change keeps it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// No event may tell more bits than this, and none may have an open field.
    pub max_bits: Option<u32>,
    /// The purposes that the program's notice names, in the order of the
    /// alphabet, if the tests said them.
    pub noticed: Option<Vec<String>>,
    /// Findings that the author holds to be right, each with a reason.
    pub allowances: Vec<Allowance>,
}

/// A finding that is allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Allowance {
    /// The finding's name, such as `similar-names`.
    pub lint: String,
    /// Where it is allowed: an event, or an event and a field as
    /// `run.finished/target`.
    pub place: String,
    /// Why.
    pub because: String,
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The name, such as `run.finished`.
    pub name: String,
    /// Of a generic event, which of its instances this is.
    pub instance: Option<String>,
    /// Counts up when the meaning changes.
    pub version: u32,
    /// Why it is collected.
    pub purpose: String,
    /// What it says, in the author's words.
    pub description: String,
    /// The version of the notice that first told of it.
    pub since: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// What is learnt from it.
    pub question: Option<String>,
    /// The last day of its collection, as `2027-06-30`.
    pub expires: Option<String>,
    /// Whether each one leaves, or only how often.
    pub form: Form,
    /// How fine the time of a stored line is.
    pub time: Time,
    /// The bound on its bits that the compiler holds.
    pub max_bits: Option<u32>,
    /// Its fields, the dropped ones too.
    pub fields: Vec<Field>,
}

/// Whether each event leaves, or only how often it happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A line for each event.
    #[default]
    Each,
    /// A line for each period, with how often each combination occurred.
    Counted {
        /// How long is counted together.
        period: Period,
        /// How many combinations are told apart; the rest is `other`.
        top: Option<u32>,
        /// Whether the lines name the installation.
        identified: bool,
    },
}

/// How long a counted event is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    /// As attributes and the lock write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }
}

/// How fine the time of a stored line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Time {
    /// To the millisecond.
    #[default]
    Millisecond,
    /// To the hour.
    Hour,
    /// To the day.
    Day,
}

impl Time {
    /// As attributes and the lock write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Millisecond => "millisecond",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

/// One field of an event, of a nested value or of the envelope.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The name in the output.
    pub name: String,
    /// How it leaves, as the attribute writes it.
    pub policy: Policy,
    /// Which values can be in its place.
    pub domain: Domain,
    /// What it says, in the author's words.
    pub description: String,
    /// A purpose of its own.
    pub purpose: Option<String>,
    /// The version of the notice that first told of it.
    pub since: Option<String>,
    /// The name that it had before.
    pub renamed_from: Option<String>,
    /// Whether nothing in the program but the policy opens the value.
    pub private: bool,
    /// The fields of a nested value; else none.
    pub fields: Vec<Field>,
}

impl Field {
    /// Whether the field never leaves.
    pub fn is_dropped(&self) -> bool {
        self.domain == Domain::Nothing
    }

    /// The bounds between the ranges of a histogram, as the policy writes them;
    /// of any other field nothing.
    pub fn histogram(&self) -> Option<Vec<serde_json::Number>> {
        let numbers = || self.policy.arguments().into_iter().filter_map(|text| text.parse().ok());
        (self.policy.name() == "histogram").then(|| numbers().collect())
    }

    /// How many forms it can take, itself and what is nested in it, the largest
    /// number if there are more; nothing if open.
    pub fn forms(&self) -> Option<u128> {
        self.domain.forms_with(&|| forms(&self.fields))
    }

    /// The most that it can tell, in thousandths of a bit; nothing if open.
    pub fn millibits(&self) -> Option<u64> {
        self.domain.millibits_with(&|| forms(&self.fields), &|| millibits(&self.fields))
    }

    /// Calls `see` with every part of this field's values that is open.
    pub fn openings(&self, see: &mut dyn FnMut(domain::Opening)) {
        self.domain.openings(see);
        for field in &self.fields {
            field.openings(see);
        }
    }
}

/// How many forms fields can take together, the largest number if there are
/// more; nothing if one is open.
fn forms(fields: &[Field]) -> Option<u128> {
    fields.iter().try_fold(1_u128, |all, field| Some(all.saturating_mul(field.forms()?)))
}

/// The bits of fields together, exact while their forms can be counted.
fn millibits(fields: &[Field]) -> Option<u64> {
    match forms(fields)? {
        u128::MAX => {
            fields.iter().try_fold(0_u64, |sum, field| Some(sum.saturating_add(field.millibits()?)))
        }
        forms => Some(domain::millibits(forms)),
    }
}

impl Event {
    /// How many forms it can take; nothing if a field is open.
    pub fn forms(&self) -> Option<u128> {
        forms(&self.fields)
    }

    /// The most that it can tell, in thousandths of a bit; nothing if a field
    /// is open.
    pub fn millibits(&self) -> Option<u64> {
        millibits(&self.fields)
    }

    /// The bits of its closed fields alone, so that two versions of an open
    /// event can be compared.
    pub fn closed_millibits(&self) -> u64 {
        fn sum(fields: &[Field]) -> u64 {
            fields.iter().fold(0, |all, field| {
                all.saturating_add(field.millibits().unwrap_or_else(|| sum(&field.fields)))
            })
        }
        self.millibits().unwrap_or_else(|| sum(&self.fields))
    }

    /// Whether only counts of it leave.
    pub fn is_counted(&self) -> bool {
        matches!(self.form, Form::Counted { .. })
    }

    /// The fields whose numbers leave as histograms.
    pub fn histograms(&self) -> impl Iterator<Item = (&Field, Vec<serde_json::Number>)> {
        self.fields.iter().filter_map(|field| Some((field, field.histogram()?)))
    }

    /// The name, and of a generic event which instance.
    pub fn title(&self) -> String {
        match &self.instance {
            Some(instance) => format!("{} ({instance})", self.name),
            None => self.name.clone(),
        }
    }

    /// Every field with its path, those of nested values behind the field
    /// that holds them.
    pub fn rows(&self) -> Vec<FieldRow<'_>> {
        rows(&self.fields)
    }
}

/// A field and where it is: `["host", "name"]`.
#[derive(Clone, Debug)]
pub struct FieldRow<'a> {
    /// The names from the event down to the field.
    pub path: Vec<&'a str>,
    /// The field itself.
    pub field: &'a Field,
}

impl FieldRow<'_> {
    /// The path as text: `host.name`.
    pub fn dotted(&self) -> String {
        self.path.join(".")
    }
}

/// Every field below `fields`, with its path.
pub(crate) fn rows(fields: &[Field]) -> Vec<FieldRow<'_>> {
    fn walk<'a>(rows: &mut Vec<FieldRow<'a>>, path: &[&'a str], fields: &'a [Field]) {
        for field in fields {
            let path: Vec<&str> = path.iter().copied().chain([field.name.as_str()]).collect();
            rows.push(FieldRow { path: path.clone(), field });
            walk(rows, &path, &field.fields);
        }
    }
    let mut all = Vec::new();
    walk(&mut all, &[], fields);
    all
}

/// How a field leaves, as an attribute writes it: `round(10)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Policy(String);

impl Policy {
    /// A policy from its text, such as `hash(lowercase)`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The policy's name: `hash` of `hash(lowercase)`.
    pub fn name(&self) -> &str {
        self.0.split(['(', ' ', '=', ',']).next().unwrap_or_default()
    }

    /// The policy's parameters, in its brackets and behind them: `lowercase`
    /// and `domain = "host"` of `hash(lowercase), domain = "host"`.
    pub fn arguments(&self) -> Vec<&str> {
        let mut parts = crate::lock::split(&self.0, ',').map(str::trim);
        let first = parts.next().unwrap_or_default();
        let inner = first.strip_prefix(self.name()).unwrap_or_default();
        let inner = inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')'));
        let inside = inner.into_iter().flat_map(|inner| crate::lock::split(inner, ','));
        inside.map(str::trim).chain(parts).collect()
    }

    /// The value behind `key =`, as it is written.
    pub fn argument(&self, key: &str) -> Option<&str> {
        self.arguments().into_iter().find_map(|argument| {
            let value = argument.strip_prefix(key)?.trim_start().strip_prefix('=')?;
            Some(value.trim())
        })
    }

    /// Whether the word stands among the arguments.
    pub fn has(&self, word: &str) -> bool {
        self.arguments().contains(&word)
    }

    /// The author's reason, if one is given.
    pub fn because(&self) -> Option<String> {
        crate::lock::unquote(self.argument("because")?)
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Schema {
    /// The events in the order of their names, each once.
    ///
    /// # Errors
    ///
    /// The title of an event that is there twice with two descriptions.
    pub fn sorted(mut self) -> Result<Self, String> {
        self.events.sort_by(|a, b| (&a.name, &a.instance).cmp(&(&b.name, &b.instance)));
        self.events.dedup();
        for pair in self.events.windows(2) {
            if let [one, other] = pair
                && (&one.name, &one.instance) == (&other.name, &other.instance)
            {
                return Err(one.title());
            }
        }
        Ok(self)
    }
}
