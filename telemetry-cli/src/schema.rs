//! What the program can collect: the data dictionary.
//!
//! It owns the three forms of the dictionary. It must never know an event's
//! values: it prints constants that the derive wrote.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::{Map, Value, json};
use telemetry_core::schema::{self, EventSchema, FieldSchema, Policy};

use crate::Context;
use crate::exit::{Exit, Outcome, Stop};
use crate::io::Paint;
use crate::text::visible;

/// In which form to print the dictionary; as text without a choice.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Schema {
    /// Print a JSON list of events
    #[arg(long, group = "form")]
    pub json: bool,
    /// Print Markdown, a table for each event
    #[arg(long, group = "form")]
    pub markdown: bool,
    /// Only the event of this name
    #[arg(long, value_name = "NAME")]
    pub event: Option<String>,
}

impl Schema {
    pub(crate) fn run(&self, context: &mut Context<'_, '_>) -> Outcome {
        if context.is_outside() {
            return Err(Stop::failed(
                "only the program itself can list the events that it can collect",
                "use the program's own `telemetry schema`; `show` here lists what is stored",
            ));
        }
        let wanted =
            |event: &&EventSchema| self.event.as_ref().is_none_or(|name| name == event.name);
        let events: Vec<&EventSchema> = schema::linked().filter(wanted).collect();
        let paint = context.io.paint();
        if self.json {
            let list = Value::from(events.iter().map(|event| as_json(event)).collect::<Vec<_>>());
            writeln!(context.io.out(), "{list:#}")?;
        } else if events.is_empty() {
            let text = match self.event {
                Some(_) => "No such event is linked into this program.",
                None => "This program has no event: it can collect nothing.",
            };
            writeln!(context.io.err(), "{text}")?;
        } else if self.markdown {
            events.iter().try_for_each(|event| as_markdown(context.io.out(), event))?;
        } else {
            events.iter().try_for_each(|event| as_text(context.io.out(), paint, event))?;
        }
        Ok(Exit::Done)
    }
}

/// The purposes of every linked event and field.
pub(crate) fn linked_purposes() -> BTreeSet<&'static str> {
    let mut purposes = BTreeSet::new();
    for event in schema::linked() {
        purposes.insert(event.purpose.name());
        for (_, field) in rows(event.fields) {
            purposes.extend(field.purpose.map(|purpose| purpose.name()));
        }
    }
    purposes
}

/// Every field with its path: those of nested values follow the field that
/// holds them, as `host.name`.
fn rows(fields: &'static [FieldSchema]) -> Vec<(String, &'static FieldSchema)> {
    fn walk(
        rows: &mut Vec<(String, &'static FieldSchema)>,
        prefix: &str,
        fields: &'static [FieldSchema],
    ) {
        for field in fields {
            let path = format!("{prefix}{}", field.name);
            rows.push((path.clone(), field));
            if let Policy::Nested { fields } = field.policy {
                walk(rows, &format!("{path}."), fields);
            }
        }
    }
    let mut all = Vec::new();
    walk(&mut all, "", fields);
    all
}

fn as_text(out: &mut dyn Write, paint: Paint, event: &EventSchema) -> io::Result<()> {
    let heading = paint.bold(event.name);
    writeln!(out, "{heading}  version {}  for {}", event.version, event.purpose)?;
    if !event.description.is_empty() {
        writeln!(out, "    {}", one_line(event.description))?;
    }
    for (path, field) in rows(event.fields) {
        let policy = policy(&field.policy);
        writeln!(out, "  {}  {}  {policy}", paint.bold(&path), one_line(field.rust_type))?;
        let notes = [one_line(field.description), remarks(field)];
        for note in notes.iter().filter(|note| !note.is_empty()) {
            writeln!(out, "    {note}")?;
        }
    }
    writeln!(out)
}

fn as_markdown(out: &mut dyn Write, event: &EventSchema) -> io::Result<()> {
    writeln!(out, "## `{}`\n", event.name)?;
    if !event.description.is_empty() {
        writeln!(out, "{}\n", event.description.trim())?;
    }
    writeln!(out, "Version {}, for the purpose `{}`.\n", event.version, event.purpose)?;
    if event.fields.is_empty() {
        return writeln!(out, "It has no fields.\n");
    }
    writeln!(out, "| field | type | how it leaves | description |\n|---|---|---|---|")?;
    for (path, field) in rows(event.fields) {
        let (kind, policy) = (one_line(field.rust_type), policy(&field.policy));
        let notes = [one_line(field.description), remarks(field)];
        let notes =
            notes.iter().filter(|note| !note.is_empty()).cloned().collect::<Vec<_>>().join(" ");
        let cells = [code(&path), code(&kind), code(&policy), notes.replace('|', "\\|")];
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    writeln!(out)
}

/// A cell of a Markdown table in code style. A type may hold `|`, and nothing
/// in it holds a backtick.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

fn as_json(event: &EventSchema) -> Value {
    json!({
        "name": event.name,
        "version": event.version,
        "purpose": event.purpose.name(),
        "description": event.description.trim(),
        "fields": fields_as_json(event.fields),
    })
}

fn fields_as_json(fields: &[FieldSchema]) -> Vec<Value> {
    fields
        .iter()
        .map(|field| {
            let mut map = Map::new();
            map.insert("name".to_owned(), field.name.into());
            map.insert("type".to_owned(), one_line(field.rust_type).into());
            map.insert("policy".to_owned(), policy_as_json(&field.policy));
            map.insert("description".to_owned(), field.description.trim().into());
            if let Some(purpose) = field.purpose {
                map.insert("purpose".to_owned(), purpose.name().into());
            }
            if let Policy::Vouched { because } = field.policy {
                map.insert("reason".to_owned(), because.into());
            }
            Value::Object(map)
        })
        .collect()
}

/// A policy's name and parameters.
fn policy_as_json(policy: &Policy) -> Value {
    let mut map = Map::new();
    let mut set = |key: &str, value: Value| map.insert(key.to_owned(), value);
    set("name", policy.name().into());
    match policy {
        Policy::Vouched { because } => drop(set("because", (*because).into())),
        Policy::Hash { domain, lowercase } => {
            set("domain", (*domain).into());
            set("lowercase", (*lowercase).into());
        }
        Policy::Sha256 { lowercase } => drop(set("lowercase", (*lowercase).into())),
        Policy::Bucket { labels } => drop(set("labels", json!(labels))),
        Policy::OneOf { values }
        | Policy::FileExtension { values }
        | Policy::HostSuffix { values }
        | Policy::EmailDomain { values } => drop(set("values", json!(values))),
        Policy::TruncateIp { v4, v6 } => {
            set("v4", (*v4).into());
            set("v6", (*v6).into());
        }
        Policy::With { function } => drop(set("function", one_line(function).into())),
        Policy::Nested { fields } => drop(set("fields", fields_as_json(fields).into())),
        Policy::Entries { keys, values } => {
            set("keys", policy_as_json(keys));
            set("values", policy_as_json(values));
        }
        _ => {}
    }
    Value::Object(map)
}

/// A policy as the attribute of a field writes it.
fn policy(policy: &Policy) -> String {
    let list =
        |values: &[&str]| values.iter().map(|v| format!("{v:?}")).collect::<Vec<_>>().join(", ");
    match policy {
        Policy::Vouched { because } => format!("allow(because = {because:?})"),
        Policy::Hash { domain: None, lowercase: false } => "hash".to_owned(),
        Policy::Hash { domain, lowercase } => {
            let domain = domain.map(|domain| format!("domain = {domain:?}"));
            let parts: Vec<String> =
                lowercase.then(|| "lowercase".to_owned()).into_iter().chain(domain).collect();
            format!("hash({})", parts.join(", "))
        }
        Policy::Sha256 { lowercase: true } => "hash(sha256, lowercase)".to_owned(),
        Policy::Bucket { labels } => format!("bucket({})", labels.join(", ")),
        Policy::OneOf { values }
        | Policy::FileExtension { values }
        | Policy::HostSuffix { values }
        | Policy::EmailDomain { values } => format!("{}({})", policy.name(), list(values)),
        Policy::TruncateIp { v4, v6 } => format!("truncate_ip(v4 = {v4}, v6 = {v6})"),
        Policy::With { function } => format!("with = {}", one_line(function)),
        Policy::Entries { keys, values } => {
            format!("keys({}), values({})", self::policy(keys), self::policy(values))
        }
        other => other.name().to_owned(),
    }
}

/// What a reader must know beyond the policy's name.
fn remarks(field: &FieldSchema) -> String {
    let mut remarks = Vec::new();
    if let Some(purpose) = field.purpose {
        remarks.push(format!("Absent unless {purpose} is agreed to."));
    }
    if has(&field.policy, &|policy| matches!(policy, Policy::Vouched { .. })) {
        remarks.push("Leaves as it is: the author vouches for it.".to_owned());
    }
    if has(&field.policy, &|policy| matches!(policy, Policy::Sha256 { .. })) {
        remarks.push("Plain SHA-256: who has a list of names can reverse it.".to_owned());
    }
    remarks.join(" ")
}

fn has(policy: &Policy, wanted: &dyn Fn(&Policy) -> bool) -> bool {
    match policy {
        Policy::Entries { keys, values } => has(keys, wanted) || has(values, wanted),
        policy => wanted(policy),
    }
}

fn one_line(text: &str) -> String {
    visible(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}
