//! From the constants of the derive to the owned schema.

use telemetry_schema as owned;

use crate::envelope;
use crate::schema::{
    Closed, Domain, Each, EventSchema, FieldSchema, Form, Item, List, Many, Opening, Parts, Period,
    Policy, TimePrecision, Values, instances,
};

/// Everything that the program can say: all events that are linked into it,
/// and what every stored line says.
///
/// # Errors
///
/// The name of two events that differ.
pub fn linked() -> Result<owned::Schema, String> {
    let mut events = Vec::new();
    let all = inventory::iter::<crate::schema::registry::Linked>.into_iter();
    events.extend(all.flat_map(|linked| linked.events).map(event));
    for (instance, schema) in instances() {
        events.push(owned::Event { instance: Some(instance.to_owned()), ..event(schema) });
    }
    let envelope = envelope::DESCRIBED.iter().map(line).collect();
    owned::Schema { settings: owned::Settings::default(), envelope, events }.sorted()
}

fn line((name, domain, description): &(&str, &str, &str)) -> owned::Field {
    let domain = owned::lock::domain_from_text(domain);
    owned::Field {
        name: (*name).to_owned(),
        policy: owned::Policy::new("library"),
        // Out of reach: a test reads every one of them.
        domain: domain.unwrap_or(owned::Domain::Open(owned::Opening::Vouched)),
        description: (*description).to_owned(),
        purpose: None,
        since: None,
        renamed_from: None,
        private: false,
        fields: Vec::new(),
    }
}

/// One event, owned.
pub fn event(event: &EventSchema) -> owned::Event {
    let text = |text: Option<&str>| text.map(str::to_owned);
    owned::Event {
        name: event.name.to_owned(),
        instance: None,
        version: event.version,
        purpose: event.purpose.name().to_owned(),
        description: one_line(event.description),
        since: text(event.since),
        owner: text(event.owner),
        question: text(event.question),
        expires: text(event.expires),
        form: match event.form {
            Form::Each => owned::Form::Each,
            Form::Counted { period, top, identified } => {
                owned::Form::Counted { period: self::period(period), top, identified }
            }
        },
        time: match event.time {
            TimePrecision::Millisecond => owned::Time::Millisecond,
            TimePrecision::Hour => owned::Time::Hour,
            TimePrecision::Day => owned::Time::Day,
        },
        max_bits: event.max_bits,
        fields: event.fields.iter().map(field).collect(),
    }
}

fn period(period: Period) -> owned::Period {
    match period {
        Period::Run => owned::Period::Run,
        Period::Hour => owned::Period::Hour,
        Period::Day => owned::Period::Day,
        Period::Week => owned::Period::Week,
    }
}

fn field(field: &FieldSchema) -> owned::Field {
    let policy = &field.policy;
    owned::Field {
        name: field.name.to_owned(),
        policy: owned::Policy::new(one_line(&policy.to_string())),
        domain: domain_under(policy, field.domain()),
        description: one_line(field.description),
        purpose: field.purpose.map(|purpose| purpose.name().to_owned()),
        since: field.since.map(str::to_owned),
        renamed_from: field.renamed_from.map(str::to_owned),
        private: field.private,
        fields: fields_of(policy),
    }
}

/// The source breaks attributes and doc comments into lines as it needs to: to
/// break them elsewhere is no change.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The fields of a nested value, alone, in lists, or as the values of a map.
fn fields_of(policy: &Policy) -> Vec<owned::Field> {
    match policy.parts {
        Parts::Nested(fields) => fields.iter().map(field).collect(),
        Parts::Entries { values, .. } => fields_of(values),
        Parts::Whole => Vec::new(),
    }
}

/// What stands in a value's place; `domain` is that of the policy, or nothing if
/// the field can be refused alone.
fn domain_under(policy: &Policy, domain: Domain) -> owned::Domain {
    match policy.parts {
        Parts::Entries { keys, values } => owned::Domain::Map(
            Box::new(keys_under(keys)),
            Box::new(domain_under(values, values.domain)),
        ),
        Parts::Nested(_) | Parts::Whole => plain(domain),
    }
}

/// Of keys that are none of the known ones, the entries are left out: two of
/// them would meet in `other`.
fn keys_under(policy: &Policy) -> owned::Domain {
    match policy.domain {
        Domain::Closed(Closed { values: Values::Known(known), list: None, .. }) => {
            closed(&Closed::new(Values::Texts(known)))
        }
        // A key that is not there takes its entry with it.
        Domain::Closed(one) => closed(&Closed { absent: false, ..one }),
        domain => plain(domain),
    }
}

fn opening(open: Opening) -> owned::Opening {
    match open {
        Opening::Pseudonym => owned::Opening::Pseudonym,
        Opening::Digest => owned::Opening::Digest,
        Opening::Text => owned::Opening::Text,
        Opening::Number => owned::Opening::Number,
        Opening::Vouched => owned::Opening::Vouched,
        Opening::Collection | Opening::Fields => owned::Opening::Collection,
        Opening::Program => owned::Opening::Program,
    }
}

fn closed(closed: &Closed) -> owned::Domain {
    let mut domain = values(closed.values);
    if let Some(List { length, gaps }) = closed.list {
        domain = owned::Domain::Array { length, gaps, of: Box::new(domain) };
    }
    if closed.absent { domain.optional() } else { domain }
}

fn values(values: Values) -> owned::Domain {
    match values {
        Values::Nothing => owned::Domain::Nothing,
        Values::Bool => owned::Domain::Bool,
        Values::Texts(_) | Values::Known(_) | Values::Ranges(_) => {
            let listed = Domain::closed(values);
            let texts = listed.values().filter_map(|item| match item {
                Item::Text(text) => Some(text.into_owned()),
                _ => None,
            });
            owned::Domain::Texts(texts.collect())
        }
        Values::Integers { first, last, step } => {
            owned::Domain::Integers { from: first, to: last, step: step.into() }
        }
        Values::Networks { v4, v6 } => owned::Domain::Networks { v4, v6 },
        Values::Tuple(parts) => {
            owned::Domain::Tuple(parts.iter().map(|part| self::part(*part)).collect())
        }
        Values::Fields(_) => owned::Domain::Fields,
    }
}

/// A part of a tuple: a number that is not finite leaves nothing.
fn part(domain: Domain) -> owned::Domain {
    match domain {
        Domain::Open(Opening::Number) => plain(domain).optional(),
        domain => plain(domain),
    }
}

fn plain(domain: Domain) -> owned::Domain {
    match domain {
        Domain::Closed(closed) => self::closed(&closed),
        Domain::Open(open) => self::open(open),
        Domain::Many(Many { each, lists, .. }) => {
            let each = match each {
                Each::Values(values) => self::values(values),
                Each::Open(open) => self::open(open),
            };
            let levels = lists.levels().unwrap_or_default();
            levels.iter().fold(each, |of, list| match *list {
                Some(List { length, gaps }) => {
                    owned::Domain::Array { length, gaps, of: Box::new(of) }
                }
                None => owned::Domain::List(Box::new(of)),
            })
        }
    }
}

fn open(open: Opening) -> owned::Domain {
    match open {
        // What is open about a nested value are its fields, which say so.
        Opening::Fields => owned::Domain::Fields,
        open => owned::Domain::Open(opening(open)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_envelope_has_a_domain_that_can_be_read() {
        for (key, domain, about) in envelope::DESCRIBED {
            assert!(owned::lock::domain_from_text(domain).is_some(), "{key}: {domain}");
            assert!(about.ends_with('.'), "{key}");
        }
    }
}
