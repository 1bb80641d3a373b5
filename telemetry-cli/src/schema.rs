//! What the program can collect: the data dictionary.
//!
//! It owns the three forms of the dictionary. It must never know an event's
//! values: it prints constants that the derive wrote.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::{Map, Value, json};
use telemetry_core::schema::{
    self, Domain, EventSchema, FieldSchema, Numbers, Open, ParameterValue, Parts, Policy,
};

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
            if let Parts::Nested(fields) = field.policy.parts {
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
        let policy = one_line(&field.policy.to_string());
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
        let (kind, policy) = (one_line(field.rust_type), one_line(&field.policy.to_string()));
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
            if let Some(ParameterValue::Text(because)) = field.policy.parameter("because") {
                map.insert("reason".to_owned(), because.into());
            }
            Value::Object(map)
        })
        .collect()
}

/// A policy's name and parameters, whatever they are.
fn policy_as_json(policy: &Policy) -> Value {
    let mut map = Map::new();
    map.insert("name".to_owned(), policy.name.into());
    for parameter in policy.parameters.iter() {
        let value = match parameter.value {
            ParameterValue::Flag => true.into(),
            ParameterValue::Number(number) => json!(number),
            ParameterValue::Numbers(Numbers::Int(numbers)) => json!(numbers),
            ParameterValue::Numbers(Numbers::Float(numbers)) => json!(numbers),
            ParameterValue::Texts(texts) => json!(texts),
            ParameterValue::Text(text) => text.into(),
            other => one_line(&other.to_string()).into(),
        };
        map.insert(parameter.name.to_owned(), value);
    }
    match policy.parts {
        Parts::Nested(fields) => {
            map.insert("fields".to_owned(), fields_as_json(fields).into());
        }
        Parts::Entries { keys, values } => {
            map.insert("keys".to_owned(), policy_as_json(keys));
            map.insert("values".to_owned(), policy_as_json(values));
        }
        _ => {}
    }
    Value::Object(map)
}

/// What a reader must know beyond the policy's name.
fn remarks(field: &FieldSchema) -> String {
    let mut remarks = Vec::new();
    if let Some(purpose) = field.purpose {
        remarks.push(format!("Absent unless {purpose} is agreed to."));
    }
    if has(&field.policy, &|policy| policy.domain == Domain::Open(Open::Vouched)) {
        remarks.push("Leaves as it is: the author vouches for it.".to_owned());
    }
    if has(&field.policy, &|policy| policy.domain == Domain::Open(Open::Digest)) {
        remarks.push("Plain SHA-256: who has a list of names can reverse it.".to_owned());
    }
    remarks.join(" ")
}

fn has(policy: &Policy, wanted: &dyn Fn(&Policy) -> bool) -> bool {
    match policy.parts {
        Parts::Entries { keys, values } => has(keys, wanted) || has(values, wanted),
        _ => wanted(policy),
    }
}

fn one_line(text: &str) -> String {
    visible(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}
