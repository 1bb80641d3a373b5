//! TypeScript types of stored lines, for those who work with them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::DRAFT;
use crate::domain::{Domain, Opening, sequences};
use crate::model::{Field, Form, Schema};
use crate::words;

/// Up to so many elements, a list of known length is written with a place for each.
const LONGEST: usize = 8;

/// An interface for each event's fields, one for lines, and a union over all.
pub fn typescript(schema: &Schema) -> String {
    let mut out = format!(
        "// {DRAFT}: written from the code; change the code, and write it again.\n\n\
         /** A keyed pseudonym. */\nexport type Pseudonym = `h1_${{string}}`;\n\n\
         /** An IPv4 or IPv6 network, such as `203.0.113.0/24`. */\nexport type Network = `${{string}}/${{number}}`;\n\n"
    );
    let mut taken = BTreeSet::new();
    let mut lines = Vec::new();
    for event in &schema.events {
        let name = type_name(&event.title(), &mut taken);
        comment(&mut out, "", &event.description);
        let _ = write!(out, "export interface {name} {{\n{}}}\n\n", members(&event.fields, "  "));
        let said = match event.form {
            Form::Each => format!("{{ \"fields\": {name} }}"),
            Form::Counted { period, .. } => {
                let names: Vec<String> =
                    event.histograms().map(|(field, _)| literal(&field.name)).collect();
                let histograms = if names.is_empty() {
                    String::new()
                } else {
                    format!(", {{ \"histograms\": Record<{}, Histogram> }}", names.join(" | "))
                };
                format!("Counts<\"{}\", {name}{histograms}>", period.name())
            }
        };
        lines.push(format!("Line<{}, {}> & {said}", literal(&event.name), event.version));
    }
    out.push_str("/** What every stored line says. */\nexport interface Line<Name extends string, Version extends number> {\n");
    for field in &schema.envelope {
        comment(&mut out, "  ", &field.description);
        let kind = match field.name.as_str() {
            "event" => "Name".to_owned(),
            "version" => "Version".to_owned(),
            _ => kind(&field.domain, &field.fields, "  "),
        };
        // Only what may be nothing is left out of the envelope.
        let optional = if field.domain.is_optional() { "?" } else { "" };
        let _ = writeln!(out, "  {}{optional}: {kind};", literal(&field.name));
    }
    if schema.envelope.is_empty() {
        out.push_str("  \"event\": Name;\n  \"version\": Version;\n");
    }
    out.push_str("}\n\n");
    out.push_str(
        "/** How often each form occurred in a period; `other` are those that were counted together. */\n\
         export interface Counts<Period extends string, Fields, Histograms = {}> {\n  \"period\": Period;\n  \
         \"counts\": (({ \"fields\": Fields; \"count\": number } & Histograms) | { \"other\": true; \"count\": number })[];\n}\n\n\
         /** The numbers of a field: a bound belongs to the range that ends with it. */\n\
         export interface Histogram {\n  \"bounds\": number[];\n  \"ranges\": number[];\n  \"sum\": number;\n}\n\n",
    );
    let union = if lines.is_empty() { "never".to_owned() } else { lines.join("\n  | ") };
    let _ = write!(out, "/** Any stored line. */\nexport type AnyLine =\n  | {union};\n");
    out
}

fn members(fields: &[Field], indent: &str) -> String {
    let mut out = String::new();
    let is_there = |field: &&Field| !field.is_dropped() && field.histogram().is_none();
    for field in fields.iter().filter(is_there) {
        let about = format!("{} {}", field.description, sentence(&words::leaves(field)));
        comment(&mut out, indent, &about);
        let kind = kind(&field.domain, &field.fields, indent);
        let _ = writeln!(out, "{indent}{}{}: {kind};", literal(&field.name), optional(field));
    }
    out
}

/// What may be refused alone, or may be nothing, may be absent.
fn optional(field: &Field) -> &'static str {
    let always = !field.domain.is_optional() && field.purpose.is_none() && field.since.is_none();
    // Of what is open, such as an empty name, there may be nothing left.
    if always && field.domain.is_closed() { "" } else { "?" }
}

fn kind(domain: &Domain, fields: &[Field], indent: &str) -> String {
    let inner = |domain: &Domain| kind(domain, fields, indent);
    match domain {
        Domain::Nothing => "never".to_owned(),
        Domain::Bool => "boolean".to_owned(),
        Domain::Texts(texts) if texts.is_empty() => "never".to_owned(),
        Domain::Texts(texts) => {
            texts.iter().map(|text| literal(text)).collect::<Vec<_>>().join(" | ")
        }
        Domain::Integers { .. } | Domain::Open(Opening::Number) => "number".to_owned(),
        Domain::Networks { .. } => "Network".to_owned(),
        Domain::Optional(of) => inner(of),
        // A part of which nothing is left leaves no gap.
        Domain::Tuple(parts) => {
            let each = sequences(parts).into_iter().map(|sequence| {
                format!("[{}]", sequence.into_iter().map(inner).collect::<Vec<_>>().join(", "))
            });
            each.collect::<Vec<_>>().join(" | ")
        }
        Domain::Array { length, gaps: false, of } if *length <= LONGEST => {
            format!("[{}]", vec![inner(of); *length].join(", "))
        }
        Domain::List(of) | Domain::Array { of, .. } => format!("({})[]", inner(of)),
        Domain::Map(keys, values) => {
            let keys = match inner(keys).as_str() {
                "boolean" => "\"true\" | \"false\"".to_owned(),
                "Network" | "number" | "unknown" => "string".to_owned(),
                other => other.to_owned(),
            };
            format!("Partial<Record<{keys}, {}>>", inner(values))
        }
        Domain::Fields => format!("{{\n{}{indent}}}", members(fields, &format!("{indent}  "))),
        Domain::Open(Opening::Pseudonym) => "Pseudonym".to_owned(),
        Domain::Open(Opening::Collection | Opening::Vouched) => "unknown".to_owned(),
        Domain::Open(_) => "string".to_owned(),
    }
}

/// `run.finished` as `RunFinished`, and no name twice.
fn type_name(title: &str, taken: &mut BTreeSet<String>) -> String {
    let mut name = String::new();
    for word in title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        let mut chars = word.chars();
        name.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(chars.as_str());
    }
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name.insert_str(0, "Event");
    }
    let own =
        ["Line", "AnyLine", "Counts", "Histogram", "Pseudonym", "Network", "Record", "Partial"];
    let mut unique =
        if own.contains(&name.as_str()) { format!("{name}Event") } else { name.clone() };
    let mut number = 2;
    while !taken.insert(unique.clone()) {
        unique = format!("{name}{number}");
        number += 1;
    }
    unique
}

fn comment(out: &mut String, indent: &str, text: &str) {
    let text = words::one_line(text).replace("*/", "* /");
    if !text.is_empty() {
        let _ = writeln!(out, "{indent}/** {text} */");
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).chain(['.']).collect()).unwrap_or_default()
}

/// What JSON writes in quotation marks is a text in TypeScript too.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
