//! A registry for OpenTelemetry Weaver: attributes and events.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{DRAFT, MISSING};
use crate::dictionary::Facts;
use crate::domain::{Domain, Opening};
use crate::model::{Event, Field, FieldRow, Form, Schema};
use crate::words;

/// The registry's file of groups, by version 1 of its schema.
///
/// The attributes stand once, in a group of their own, and the events refer to
/// them: fields of one name have one attribute, as they have on the wire. An
/// event of which only counts leave is a counter, and each of its histograms a
/// metric beside it, as the OTLP exporter sends them.
pub fn weaver(schema: &Schema) -> String {
    let mut out = format!("# {DRAFT}: written from the code\ngroups:\n");
    let mut attributes: BTreeMap<String, Vec<&Field>> = BTreeMap::new();
    for row in schema.events.iter().flat_map(|event| leaves(event.rows())) {
        attributes.entry(row.dotted()).or_default().push(row.field);
    }
    if !attributes.is_empty() {
        out.push_str("  - id: registry.telemetry\n    type: attribute_group\n    brief: Fields of events.\n    attributes:\n");
    }
    for (name, fields) in &attributes {
        attribute(&mut out, name, fields);
    }
    for event in &schema.events {
        if event.is_counted() {
            metrics(&mut out, event);
        } else {
            let name = quoted(&event.name);
            group(&mut out, event, "event", &event.title(), &event.description);
            let _ = writeln!(out, "    name: {name}");
            references(&mut out, event);
        }
    }
    if schema.events.is_empty() {
        out = format!("# {DRAFT}: written from the code\ngroups: []\n");
    }
    out
}

/// The head of a group: an event, or a metric.
fn group(out: &mut String, event: &Event, kind: &str, title: &str, description: &str) {
    let id = quoted(&format!("{kind}.{title}"));
    let brief = brief(description, title);
    let _ = write!(
        out,
        "  - id: {id}\n    type: {kind}\n    stability: development\n    brief: {brief}\n    \
         annotations:\n      telemetry:\n        purpose: {}\n        version: {}\n",
        quoted(&event.purpose),
        event.version
    );
    if let Form::Counted { period, .. } = event.form {
        let _ = writeln!(out, "        period: {}", period.name());
    }
}

/// What is counted: how often, and the histograms.
fn metrics(out: &mut String, event: &Event) {
    let mut metric = |name: &str, title: &str, instrument: &str, unit: &str, about: &str| {
        group(out, event, "metric", title, about);
        let (name, unit) = (quoted(name), quoted(unit));
        let _ = writeln!(
            out,
            "    metric_name: {name}\n    instrument: {instrument}\n    unit: {unit}"
        );
        references(out, event);
    };
    metric(&event.name, &event.title(), "counter", "{event}", &event.description);
    for (field, _) in event.histograms() {
        let (name, title) =
            (format!("{}.{}", event.name, field.name), format!("{}.{}", event.title(), field.name));
        metric(&name, &title, "histogram", unit(&field.name), &field.description);
    }
}

/// The unit that the end of a name says, in UCUM; else none.
fn unit(name: &str) -> &'static str {
    match name.rsplit('_').next().unwrap_or_default() {
        "ns" | "nanos" => "ns",
        "us" | "micros" => "us",
        "ms" | "millis" => "ms",
        "s" | "secs" | "seconds" => "s",
        "bytes" => "By",
        "percent" => "%",
        _ => "1",
    }
}

fn references(out: &mut String, event: &Event) {
    let rows: Vec<FieldRow<'_>> = leaves(event.rows()).collect();
    out.push_str(if rows.is_empty() { "    attributes: []\n" } else { "    attributes:\n" });
    for row in rows {
        let always = !row.field.domain.is_optional() && row.field.domain.is_closed();
        let level = if always && row.field.purpose.is_none() { "required" } else { "recommended" };
        let _ = writeln!(
            out,
            "      - ref: {}\n        requirement_level: {level}\n        brief: {}",
            quoted(&row.dotted()),
            brief(&row.field.description, &row.field.name)
        );
    }
}

/// The registry's manifest. Its name and address are the author's to choose.
pub fn weaver_manifest(facts: &Facts) -> String {
    let name = facts.program.as_deref().unwrap_or(MISSING);
    format!(
        "# {DRAFT}: written from the code; the address is {MISSING}\n\
         name: {}\ndescription: {}\nschema_url: \"https://{MISSING}.invalid/0.1.0\"\n",
        quoted(name),
        quoted(&format!("What the telemetry of {} can say", facts.program()))
    )
}

/// The fields that are on the wire as attributes: what is nested, by its parts;
/// a histogram is none, but a metric.
fn leaves(rows: Vec<FieldRow<'_>>) -> impl Iterator<Item = FieldRow<'_>> {
    let is_one = |field: &Field| {
        !field.is_dropped() && field.fields.is_empty() && field.histogram().is_none()
    };
    rows.into_iter().filter(move |row| is_one(row.field))
}

fn attribute(out: &mut String, name: &str, fields: &[&Field]) {
    let Some(first) = fields.first() else { return };
    let _ = writeln!(
        out,
        "      - id: {}\n        stability: development\n        brief: {}",
        quoted(name),
        brief(&first.description, name)
    );
    kind(out, fields);
    let _ = writeln!(
        out,
        "        annotations:\n          telemetry:\n            policy: {}\n            leaves: {}",
        quoted(first.policy.as_str()),
        quoted(&words::leaves(first))
    );
}

/// The type that holds the values of all fields of the name.
fn kind(out: &mut String, fields: &[&Field]) {
    let mut members: Vec<&str> = Vec::new();
    let mut kinds: Vec<&str> = Vec::new();
    for field in fields {
        match field.domain.required() {
            Domain::Texts(texts) => {
                members.extend(texts.iter().map(String::as_str));
                kinds.push("enum");
            }
            other => kinds.push(simple(other)),
        }
    }
    kinds.sort_unstable();
    kinds.dedup();
    match kinds.as_slice() {
        ["enum"] => {
            members.sort_unstable();
            members.dedup();
            out.push_str("        type:\n          members:\n");
            for (index, member) in members.iter().enumerate() {
                let _ = writeln!(
                    out,
                    "            - id: {}\n              value: {}\n              stability: development",
                    quoted(&member_id(member, index)),
                    quoted(member)
                );
            }
        }
        [one] => {
            let _ = writeln!(out, "        type: {one}");
            examples(out, one, fields);
        }
        _ => out.push_str("        type: any\n"),
    }
}

/// What is a text needs an example by the registry's rules.
fn examples(out: &mut String, kind: &str, fields: &[&Field]) {
    let element = |domain: &Domain| match domain {
        Domain::List(of) | Domain::Array { of, .. } => of.required().clone(),
        one => one.clone(),
    };
    let example = match fields.first().map(|field| element(field.domain.required())) {
        Some(Domain::Open(Opening::Pseudonym)) => "h1_00112233445566778899aabbccddeeff",
        Some(Domain::Networks { .. }) => "203.0.113.0/24",
        _ if kind.starts_with("string") => "text",
        _ => return,
    };
    let text = if kind.ends_with("[]") {
        format!("[[\"{example}\"]]")
    } else {
        format!("[\"{example}\"]")
    };
    let _ = writeln!(out, "        examples: {text}");
}

fn simple(domain: &Domain) -> &'static str {
    match domain {
        Domain::Bool => "boolean",
        Domain::Integers { .. } => "int",
        Domain::Open(Opening::Number) => "double",
        Domain::List(of) | Domain::Array { of, .. } => match simple(of.required()) {
            "boolean" => "boolean[]",
            "int" => "int[]",
            "double" => "double[]",
            "string" => "string[]",
            _ => "any",
        },
        Domain::Texts(_)
        | Domain::Networks { .. }
        | Domain::Open(
            Opening::Pseudonym
            | Opening::Digest
            | Opening::Text
            | Opening::Program
            | Opening::Random
            | Opening::Time,
        ) => "string",
        Domain::Optional(inner) => simple(inner),
        _ => "any",
    }
}

/// An id of letters, digits and underscores, each once.
fn member_id(member: &str, index: usize) -> String {
    let id: String =
        member.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if id.starts_with(|c: char| c.is_ascii_alphabetic()) && id == member {
        id.to_ascii_lowercase()
    } else {
        format!("value_{index}")
    }
}

fn brief(description: &str, name: &str) -> String {
    let text = words::one_line(description);
    quoted(if text.is_empty() { name } else { &text })
}

/// A text in quotation marks. What JSON writes, YAML reads as the same text.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
