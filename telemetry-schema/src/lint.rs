//! What looks wrong in a schema although it compiles.
//!
//! It owns the findings, each with a name and a page (`docs/lints.md`), and
//! whether the author allowed one. It must never know the program's code.

use std::fmt;

use crate::domain::{Domain, Opening};
use crate::model::{Event, FieldRow, Form, Schema};
use crate::words;

/// The kinds of findings. `docs/lints.md` has a section for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lint {
    /// Two names that a reader can take for one another.
    SimilarNames,
    /// An event or field without a doc comment.
    MissingDescription,
    /// A number whose name does not say its unit.
    MissingUnit,
    /// A plain SHA-256 without a reason beside it.
    ReversibleHash,
    /// `allow(because)`, where text may leave as it is.
    VouchedText,
    /// An event that can tell more than most questions need.
    LargeDomain,
    /// Fields that together point at one person.
    SingleOut,
    /// A purpose that no notice tells of.
    PurposeWithoutNotice,
    /// An event after its last day.
    Expired,
    /// An event whose last day is near.
    ExpiresSoon,
    /// An event over the bound that the lock's file sets for all.
    OverMaxBits,
    /// An allowance in the lock's file that allows nothing.
    UnusedAllowance,
}

impl Lint {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::SimilarNames,
        Self::MissingDescription,
        Self::MissingUnit,
        Self::ReversibleHash,
        Self::VouchedText,
        Self::LargeDomain,
        Self::SingleOut,
        Self::PurposeWithoutNotice,
        Self::Expired,
        Self::ExpiresSoon,
        Self::OverMaxBits,
        Self::UnusedAllowance,
    ];

    /// The name, by which it is allowed and found in `docs/lints.md`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SimilarNames => "similar-names",
            Self::MissingDescription => "missing-description",
            Self::MissingUnit => "missing-unit",
            Self::ReversibleHash => "reversible-hash",
            Self::VouchedText => "vouched-text",
            Self::LargeDomain => "large-domain",
            Self::SingleOut => "single-out",
            Self::PurposeWithoutNotice => "purpose-without-notice",
            Self::Expired => "expired",
            Self::ExpiresSoon => "expires-soon",
            Self::OverMaxBits => "over-max-bits",
            Self::UnusedAllowance => "unused-allowance",
        }
    }
}

/// One thing that looks wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its kind.
    pub lint: Lint,
    /// Where: `run.finished` or `run.finished/target`.
    pub place: String,
    /// What is wrong, and what to do.
    pub text: String,
    /// The author's reason, if it is allowed.
    pub allowed: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.place, self.text, self.lint.name())?;
        match &self.allowed {
            Some(because) => write!(f, " allowed: {because}"),
            None => Ok(()),
        }
    }
}

/// What a schema does not say itself.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Today, as `2027-06-30`; without it no date is judged.
    pub today: Option<String>,
    /// The day until which an end is near.
    pub soon: Option<String>,
    /// The purposes of the notice that the program shows, if that is known. What
    /// the head of the lock's file says stands for it.
    pub noticed: Option<Vec<String>>,
}

/// The most an event should tell without a reason, in thousandths of a bit.
/// With 33 bits everybody on earth can be told apart; with 20, in a product
/// with a million users, each of them.
const LARGE: u64 = 20_000;

/// Every finding, in the order of events and fields. Those that the lock's
/// file allows say so.
pub fn lint(schema: &Schema, known: &Known) -> Vec<Finding> {
    let mut found = Findings { schema, findings: Vec::new(), used: Vec::new() };
    names(&mut found);
    for event in &schema.events {
        descriptions(&mut found, event);
        for row in event.rows() {
            field(&mut found, event, &row);
        }
        size(&mut found, event);
        notice(&mut found, event, known);
        dates(&mut found, event, known);
    }
    found.unused();
    found.findings
}

struct Findings<'s> {
    schema: &'s Schema,
    findings: Vec<Finding>,
    /// The places in the list of allowances that allowed something.
    used: Vec<usize>,
}

impl Findings<'_> {
    fn add(
        &mut self,
        lint: Lint,
        event: &Event,
        row: Option<&FieldRow<'_>>,
        text: impl Into<String>,
    ) {
        let place = match row {
            Some(row) => format!("{}/{}", event.name, row.dotted()),
            None => event.name.clone(),
        };
        let mut allowances = self.schema.settings.allowances.iter().enumerate();
        let allowance = allowances.find(|(_, a)| a.lint == lint.name() && a.place == place);
        self.used.extend(allowance.map(|(index, _)| index));
        let allowed = allowance.map(|(_, allowance)| allowance.because.clone());
        self.findings.push(Finding { lint, place, text: text.into(), allowed });
    }

    fn unused(&mut self) {
        for (index, allowance) in self.schema.settings.allowances.iter().enumerate() {
            if !self.used.contains(&index) {
                let known = Lint::ALL.iter().any(|lint| lint.name() == allowance.lint);
                let why = if known { "there is no such finding" } else { "there is no such lint" };
                self.findings.push(Finding {
                    lint: Lint::UnusedAllowance,
                    place: allowance.place.clone(),
                    text: format!("`allow {}` allows nothing: {why}. Remove it", allowance.lint),
                    allowed: None,
                });
            }
        }
    }
}

/// Names of events among themselves, and of the fields of each event.
fn names(found: &mut Findings<'_>) {
    let schema = found.schema;
    // Events by what is left of their names: only those that share it, or
    // differ by one letter, can be similar. Comparing all with all would take
    // a minute for ten thousand.
    let mut bare: Vec<(String, &Event)> =
        schema.events.iter().map(|event| (bare(&event.name), event)).collect();
    bare.sort_by(|a, b| a.0.cmp(&b.0));
    bare.dedup_by(|a, b| a.1.name == b.1.name);
    for pair in bare.windows(2) {
        if let [(one, first), (other, second)] = pair
            && is_similar(one, other)
        {
            let text = format!(
                "`{}` and `{}` can be taken for one another: rename one",
                first.name, second.name
            );
            found.add(Lint::SimilarNames, second, None, text);
        }
    }
    for event in &schema.events {
        let rows = event.rows();
        let names: Vec<String> = rows.iter().map(|row| self::bare(&row.dotted())).collect();
        for (index, (row, name)) in rows.iter().zip(&names).enumerate() {
            let before = rows.iter().zip(&names).take(index);
            let similar = before.into_iter().find(|(_, other)| is_similar(other, name));
            if let Some((other, _)) = similar {
                let text = format!(
                    "`{}` and `{}` can be taken for one another: rename one",
                    other.dotted(),
                    row.dotted()
                );
                found.add(Lint::SimilarNames, event, Some(row), text);
            }
        }
    }
}

/// A name without what the eye passes over: case, and signs between words.
fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether two bare names are the same, or long and one letter apart. Names
/// that differ in a digit alone are a series, and meant to be alike.
fn is_similar(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().min(other.len()) < 6 || one.len().abs_diff(other.len()) > 1 {
        return false;
    }
    let front = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let back = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    let differing = |name: &[char]| -> Vec<char> {
        let back = back.min(name.len().saturating_sub(front));
        name.get(front..name.len() - back).unwrap_or_default().to_vec()
    };
    let (left, right) = (differing(&one), differing(&other));
    let letters = left.iter().chain(&right).all(|c| !c.is_ascii_digit());
    let swapped = left.len() == 2 && right.iter().rev().eq(left.iter());
    letters && (left.len() <= 1 && right.len() <= 1 || swapped)
}

fn descriptions(found: &mut Findings<'_>, event: &Event) {
    if event.description.trim().is_empty() {
        let text = "has no description: say in a doc comment what happened";
        found.add(Lint::MissingDescription, event, None, text);
    }
}

fn field(found: &mut Findings<'_>, event: &Event, row: &FieldRow<'_>) {
    let field = row.field;
    if field.is_dropped() {
        return;
    }
    if field.description.trim().is_empty() {
        let text = "has no description: say in a doc comment what it means";
        found.add(Lint::MissingDescription, event, Some(row), text);
    }
    if is_measure(row) && !has_unit(&field.name) {
        let text = "is a measure without a unit: end the name in one, such as `_ms`, `_bytes` or `_percent`";
        found.add(Lint::MissingUnit, event, Some(row), text);
    }
    let policy = &field.policy;
    if policy.name() == "hash" && policy.has("sha256") && policy.because().is_none() {
        let text = "is a plain SHA-256, which a list of likely values reverses in seconds: use `hash`, \
                    or allow it with the reason";
        found.add(Lint::ReversibleHash, event, Some(row), text);
    }
    if policy.name() == "allow" && policy.because().is_some() {
        let because = policy.because().unwrap_or_default();
        let text = format!("leaves as it is because \"{because}\": is it still true?");
        found.add(Lint::VouchedText, event, Some(row), text);
    }
}

/// Whether the field tells a quantity: its values are numbers or ranges of them.
fn is_measure(row: &FieldRow<'_>) -> bool {
    let number = matches!(row.field.domain.required(), Domain::Open(Opening::Number));
    let policy = row.field.policy.name();
    let name = row.field.name.to_ascii_lowercase();
    let measures =
        ["duration", "elapsed", "latency", "timeout", "size", "memory", "speed", "delay", "age"];
    let named = name.split('_').any(|word| measures.contains(&word));
    (number || policy == "bucket" || policy == "round") && named
}

fn has_unit(name: &str) -> bool {
    const UNITS: [&str; 34] = [
        "ns", "us", "ms", "s", "sec", "secs", "seconds", "millis", "micros", "nanos", "min",
        "mins", "minutes", "h", "hours", "days", "weeks", "months", "years", "b", "bytes", "kb",
        "kib", "mb", "mib", "gb", "gib", "bits", "percent", "hz", "mhz", "px", "pages", "lines",
    ];
    let last = name.rsplit('_').next().unwrap_or_default().to_ascii_lowercase();
    UNITS.contains(&last.as_str())
}

fn size(found: &mut Findings<'_>, event: &Event) {
    let bits = event.millibits();
    if let Some(millibits) = bits
        && millibits > LARGE
        && event.form == Form::Each
    {
        let text = format!(
            "can tell {} bits; {}. Use larger buckets, fewer values, or count it",
            words::bits(millibits),
            largest(event)
        );
        found.add(Lint::LargeDomain, event, None, text);
    }
    if let Some(most) = found.schema.settings.max_bits {
        match bits {
            Some(millibits) if millibits <= u64::from(most) * 1000 => {}
            Some(millibits) => {
                let text = format!(
                    "can tell {} bits, and `max_bits` of the lock's file is {most}; {}",
                    words::bits(millibits),
                    largest(event)
                );
                found.add(Lint::OverMaxBits, event, None, text);
            }
            None => {
                let text = format!(
                    "{}, and `max_bits` of the lock's file is {most}: no bound holds",
                    words::holds(&words::openings(&event.fields))
                );
                found.add(Lint::OverMaxBits, event, None, text);
            }
        }
    }
    single_out(found, event);
}

/// The fields that tell most, the largest first.
fn largest(event: &Event) -> String {
    let mut fields: Vec<(u64, &str)> = event
        .fields
        .iter()
        .filter_map(|field| Some((field.millibits()?, field.name.as_str())))
        .filter(|(bits, _)| *bits > 0)
        .collect();
    fields.sort_by(|a, b| b.cmp(a));
    let shown: Vec<String> = fields
        .iter()
        .take(4)
        .map(|(bits, name)| format!("{name} {}", words::bits(*bits)))
        .collect();
    format!("the most by {}", shown.join(", "))
}

/// Several things that stay the same for one person, beside each other: a
/// pseudonym joins all events, free text often names, a fine number is rare.
fn single_out(found: &mut Findings<'_>, event: &Event) {
    let rows = event.rows();
    let is = |row: &FieldRow<'_>, wanted: &[Opening]| {
        let mut there = false;
        row.field.domain.openings(&mut |opening| there |= wanted.contains(&opening));
        there
    };
    let linking = [Opening::Pseudonym, Opening::Digest];
    let telling = [Opening::Text, Opening::Vouched, Opening::Number];
    let any = |row: &&FieldRow<'_>| is(row, &linking) || is(row, &telling);
    let all: Vec<String> = rows.iter().filter(any).map(FieldRow::dotted).collect();
    if all.len() >= 3 && rows.iter().any(|row| is(row, &telling)) {
        let text = format!(
            "{} together are likely to point at one person: split the event, or make some coarser",
            all.join(", ")
        );
        found.add(Lint::SingleOut, event, None, text);
    }
}

fn notice(found: &mut Findings<'_>, event: &Event, known: &Known) {
    let said = found.schema.settings.noticed.as_ref();
    let Some(noticed) = known.noticed.as_ref().or(said) else { return };
    let mut purposes: Vec<(&str, Option<FieldRow<'_>>)> = vec![(&event.purpose, None)];
    for row in event.rows() {
        if let Some(purpose) = &row.field.purpose {
            purposes.push((purpose, Some(row)));
        }
    }
    for (purpose, row) in purposes {
        if !noticed.iter().any(|known| known == purpose) {
            let text = format!("is for {purpose}, of which the notice says nothing");
            found.add(Lint::PurposeWithoutNotice, event, row.as_ref(), text);
        }
    }
}

fn dates(found: &mut Findings<'_>, event: &Event, known: &Known) {
    let (Some(last), Some(today)) = (&event.expires, &known.today) else { return };
    if last < today {
        let text = format!(
            "expired on {last}: it is neither recorded nor sent. Remove it, or say why it goes on"
        );
        found.add(Lint::Expired, event, None, text);
    } else if known.soon.as_ref().is_some_and(|soon| last <= soon) {
        let text = format!("expires on {last}, and is neither recorded nor sent afterwards");
        found.add(Lint::ExpiresSoon, event, None, text);
    }
}
