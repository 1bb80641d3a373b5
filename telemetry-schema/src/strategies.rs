//! Stored lines at random, for `proptest`: what a schema can say, and what it
//! cannot.
//!
//! It owns the step from a domain to a strategy for its values. It must never
//! know how a line is checked: the two are written apart, so that each tests the
//! other.
//!
//! For whoever reads stored lines: a receiver, a loader, a dashboard's import.
//!
//! ```
//! use proptest::prelude::*;
//! use telemetry_schema::verify::Verifier;
//! use telemetry_schema::{lock, strategies};
//!
//! let text = "telemetry-lock 1\n\n\
//!     event run.finished; version 1; purpose diagnostics\n\
//!     field run.finished target; hash; optional pseudonym\n\
//!     field run.finished worked; allow; bool\n";
//! let schema = lock::parse(text)?;
//! let check = |line: &serde_json::Value| {
//!     let line = line.to_string();
//!     Verifier::new(&schema).read(line.as_bytes(), |_| {}).map(|summary| summary.wrong)
//! };
//! proptest!(|(line in strategies::line(&schema))| {
//!     prop_assert_eq!(check(&line)?, 0);
//! });
//! proptest!(|(miss in strategies::near_miss(&schema))| {
//!     prop_assert_eq!(check(&miss.line)?, 1, "{}", miss.wrong);
//! });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Number, Value, json};

use crate::domain::{Domain, Opening};
use crate::model::{Event, Field, Form, Schema};

/// A line that is wrong in one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct NearMiss {
    /// The line.
    pub line: Value,
    /// What is wrong about it.
    pub wrong: String,
}

/// A stored line of one of the schema's events, of which there must be one.
pub fn line(schema: &Schema) -> BoxedStrategy<Value> {
    let envelope = schema.envelope.clone();
    select(schema.events.clone()).prop_flat_map(move |event| line_of(&envelope, &event)).boxed()
}

/// The sanitised fields of an event. Those of histograms are none: their numbers
/// stand in lines of counts alone.
pub fn fields(event: &Event) -> BoxedStrategy<Map<String, Value>> {
    object(&event.fields)
}

/// A line of one of the schema's events that is wrong in one thing.
pub fn near_miss(schema: &Schema) -> BoxedStrategy<NearMiss> {
    let envelope = schema.envelope.clone();
    let events = select(schema.events.clone());
    let pair = events.prop_flat_map(move |event| (Just(event.clone()), line_of(&envelope, &event)));
    let broken = (pair, any::<prop::sample::Index>());
    broken
        .prop_map(|((event, line), index)| {
            let misses = misses(&event, &line);
            // There is always one: that of the purpose.
            misses
                .get(index.index(misses.len().max(1)))
                .cloned()
                .unwrap_or(NearMiss { line: Value::Null, wrong: "no object".to_owned() })
        })
        .boxed()
}

/// Every way in which a line of `event` can be wrong in one thing.
fn misses(event: &Event, line: &Value) -> Vec<NearMiss> {
    let mut misses = Vec::new();
    let mut add = |pointer: &str, key: &str, value: Value, wrong: String| {
        let mut line = line.clone();
        if let Some(Value::Object(map)) = line.pointer_mut(pointer) {
            map.insert(key.to_owned(), value);
            misses.push(NearMiss { line, wrong });
        }
    };
    add("", "purpose", json!("another-purpose"), "the purpose is another one".to_owned());
    add("", "event", json!("no.such.event"), "there is no such event".to_owned());
    add("", "version", json!(u64::from(event.version) + 1), "a later version".to_owned());
    add("", "hostname", json!("web-1"), "a key that no line has".to_owned());
    let pointer = if event.is_counted() { "/counts/0/fields" } else { "/fields" };
    add(pointer, "no_such_field", json!(true), "a field that the event has not".to_owned());
    for field in &event.fields {
        if let Some(value) = outside(field) {
            add(pointer, &field.name, value, format!("`{}` is outside of its domain", field.name));
        }
    }
    misses
}

/// A value that is not in the field's domain, but near it.
fn outside(field: &Field) -> Option<Value> {
    if field.is_dropped() || field.histogram().is_some() {
        return Some(json!(true));
    }
    Some(match field.domain.required() {
        Domain::Bool => json!("true"),
        Domain::Texts(texts) => {
            // Longer than all of them, and so none.
            json!(format!("{}x", texts.iter().max_by_key(|text| text.len()).map_or("", |t| t)))
        }
        Domain::Integers { to, .. } => json!(i64::try_from(to.checked_add(1)?).ok()?),
        Domain::Networks { .. } => json!("203.0.113.7"),
        Domain::Open(Opening::Pseudonym | Opening::Digest) => json!("web-1.corp.example"),
        Domain::Open(Opening::Number) => json!("many"),
        Domain::Open(Opening::Text | Opening::Program) => json!(3),
        // One value where a list of such values is due.
        Domain::List(_) | Domain::Array { .. } | Domain::Tuple(_) | Domain::Map(..) => json!("x"),
        Domain::Fields => json!([]),
        _ => return None,
    })
}

fn line_of(envelope: &[Field], event: &Event) -> BoxedStrategy<Value> {
    let event = event.clone();
    let said = said(&event);
    (keys(envelope), said)
        .prop_map(move |(mut line, said)| {
            line.insert("event".to_owned(), json!(event.name));
            line.insert("version".to_owned(), json!(event.version));
            line.insert("purpose".to_owned(), json!(event.purpose));
            line.extend(said);
            if matches!(event.form, Form::Counted { identified: false, .. }) {
                line.remove("installation");
            }
            Value::Object(line)
        })
        .boxed()
}

/// What stands around the fields, beside what the event says.
fn keys(envelope: &[Field]) -> BoxedStrategy<Map<String, Value>> {
    let key = |field: &Field| {
        let value = match field.name.as_str() {
            "id" => "[0-9a-f]{24}-[1-9][0-9]{0,8}".prop_map(Value::from).boxed(),
            "time" => time().boxed(),
            "generation" => (0..100_u64).prop_map(Value::from).boxed(),
            "event" | "version" | "purpose" => return None,
            _ => required(&field.domain, &field.fields),
        };
        let may_be_absent = field.domain.is_optional();
        let value = perhaps(may_be_absent, value);
        Some((Just(field.name.clone()), value))
    };
    let keys: Vec<_> = envelope.iter().filter_map(key).collect();
    keys.prop_map(present).boxed()
}

/// The value, or nothing where it may be absent.
fn perhaps(may_be_absent: bool, value: BoxedStrategy<Value>) -> BoxedStrategy<Option<Value>> {
    if may_be_absent { option::of(value).boxed() } else { value.prop_map(Some).boxed() }
}

fn present(all: Vec<(String, Option<Value>)>) -> Map<String, Value> {
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn time() -> impl Strategy<Value = Value> {
    (2020..2100_u32, 1..=12_u32, 1..=28_u32, 0..24_u32, 0..60_u32, 0..60_u32, 0..1000_u32).prop_map(
        |(year, month, day, hour, minute, second, thousandths)| {
            let time = format!("{hour:02}:{minute:02}:{second:02}.{thousandths:03}");
            json!(format!("{year}-{month:02}-{day:02}T{time}Z"))
        },
    )
}

/// `fields`, or `period` and `counts`.
fn said(event: &Event) -> BoxedStrategy<Map<String, Value>> {
    let object = |pairs: Vec<(&str, Value)>| -> Map<String, Value> {
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    };
    let Form::Counted { period, top, .. } = event.form else {
        return fields(event).prop_map(move |map| object(vec![("fields", map.into())])).boxed();
    };
    let histograms: Vec<_> = event.histograms().map(histogram).collect();
    let form = (fields(event), 1..1_000_000_u64, histograms).prop_map(
        move |(fields, count, histograms)| {
            let mut form = object(vec![("fields", fields.into()), ("count", count.into())]);
            if !histograms.is_empty() {
                let histograms: Map<String, Value> = histograms.into_iter().collect();
                form.insert("histograms".to_owned(), histograms.into());
            }
            Value::Object(form)
        },
    );
    let other = option::of(1..1_000_000_u64);
    (vec(form, 1..4), other)
        .prop_map(move |(mut counts, other)| {
            counts.extend(
                other
                    .filter(|_| top.is_some())
                    .map(|count| json!({ "other": true, "count": count })),
            );
            object(vec![("period", period.name().into()), ("counts", counts.into())])
        })
        .boxed()
}

fn histogram((field, bounds): (&Field, Vec<Number>)) -> BoxedStrategy<(String, Value)> {
    let name = field.name.clone();
    (vec(0..1_000_000_u64, bounds.len() + 1), any::<i64>())
        .prop_map(move |(ranges, sum)| {
            (name.clone(), json!({ "bounds": bounds, "ranges": ranges, "sum": sum }))
        })
        .boxed()
}

fn object(fields: &[Field]) -> BoxedStrategy<Map<String, Value>> {
    let there = fields.iter().filter(|field| !field.is_dropped() && field.histogram().is_none());
    let values: Vec<_> = there
        .map(|field| {
            // A field of which the purpose is refused is absent.
            let may_be_absent = field.domain.is_optional() || field.purpose.is_some();
            let value = required(&field.domain, &field.fields);
            let value = perhaps(may_be_absent, value);
            (Just(field.name.clone()), value)
        })
        .collect();
    values.prop_map(present).boxed()
}

/// A value of the domain, which is there.
fn required(domain: &Domain, fields: &[Field]) -> BoxedStrategy<Value> {
    match domain.required() {
        Domain::Nothing => Just(Value::Null).boxed(),
        Domain::Optional(inner) => required(inner, fields),
        Domain::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Domain::Texts(texts) if texts.is_empty() => Just(json!("")).boxed(),
        Domain::Texts(texts) => select(texts.clone()).prop_map(Value::from).boxed(),
        Domain::Integers { from, to, step } => integer(*from, *to, *step),
        Domain::Networks { v4, v6 } => network(*v4, *v6),
        Domain::Tuple(parts) => {
            let parts: Vec<_> = parts.iter().map(|part| element(part, fields)).collect();
            parts.prop_map(|parts| parts.into_iter().flatten().collect()).boxed()
        }
        Domain::Array { length, gaps, of } => {
            let least = if *gaps { 0 } else { *length };
            vec(required(of, fields), least..=*length).prop_map(Value::from).boxed()
        }
        Domain::Fields => object(fields).prop_map(Value::from).boxed(),
        Domain::List(of) => vec(required(of, fields), 0..4).prop_map(Value::from).boxed(),
        Domain::Map(keys, values) => {
            let entry = (required(keys, fields), required(values, fields));
            let key = |key: Value| match key {
                Value::String(text) => text,
                other => other.to_string(),
            };
            vec(entry, 0..4)
                .prop_map(move |all| all.into_iter().map(|(k, v)| (key(k), v)).collect())
                .boxed()
        }
        Domain::Open(opening) => open(*opening),
    }
}

/// A value of the domain, or nothing where there may be none.
fn element(domain: &Domain, fields: &[Field]) -> BoxedStrategy<Option<Value>> {
    if *domain == Domain::Nothing {
        return Just(None).boxed();
    }
    perhaps(domain.is_optional(), required(domain, fields))
}

/// One of the integers that JSON's readers agree on.
fn integer(from: i128, to: i128, step: u128) -> BoxedStrategy<Value> {
    let step = i128::try_from(step).unwrap_or(i128::MAX).max(1);
    let last = to.saturating_sub(from).max(0) / step;
    (0..=last)
        .prop_map(move |index| {
            let number = from.saturating_add(index.saturating_mul(step));
            i64::try_from(number)
                .map(Value::from)
                .or_else(|_| u64::try_from(number).map(Value::from))
        })
        .prop_filter_map("beyond 64 bits", Result::ok)
        .boxed()
}

fn network(v4: Option<u8>, v6: Option<u8>) -> BoxedStrategy<Value> {
    let of_v4 = move |bits: u8| {
        let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
        any::<u32>().prop_map(move |address| {
            json!(format!("{}/{bits}", std::net::Ipv4Addr::from_bits(address & mask)))
        })
    };
    let of_v6 = move |bits: u8| {
        let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
        any::<u128>().prop_map(move |address| {
            json!(format!("{}/{bits}", std::net::Ipv6Addr::from_bits(address & mask)))
        })
    };
    match (v4, v6) {
        (Some(v4), Some(v6)) => prop_oneof![of_v4(v4), of_v6(v6)].boxed(),
        (Some(v4), None) => of_v4(v4).boxed(),
        (None, Some(v6)) => of_v6(v6).boxed(),
        (None, None) => Just(Value::Null).boxed(),
    }
}

fn open(opening: Opening) -> BoxedStrategy<Value> {
    match opening {
        Opening::Pseudonym => "h1_[0-9a-f]{32}".prop_map(Value::from).boxed(),
        Opening::Digest => "[0-9a-f]{64}".prop_map(Value::from).boxed(),
        Opening::Random => "[0-9a-f]{32}".prop_map(Value::from).boxed(),
        Opening::Time => time().boxed(),
        Opening::Number => {
            prop_oneof![any::<i64>().prop_map(Value::from), (-1e9..1e9_f64).prop_map(Value::from)]
                .boxed()
        }
        Opening::Text | Opening::Program => any::<String>().prop_map(Value::from).boxed(),
        Opening::Collection | Opening::Vouched => {
            let leaf = prop_oneof![
                any::<bool>().prop_map(Value::from),
                any::<i64>().prop_map(Value::from),
                any::<String>().prop_map(Value::from),
            ];
            leaf.prop_recursive(3, 16, 4, |inner| vec(inner, 0..4).prop_map(Value::from)).boxed()
        }
    }
}
