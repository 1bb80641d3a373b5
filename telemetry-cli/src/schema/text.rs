//! The dictionary on a terminal.

use std::io::{self, Write};

use telemetry_schema::{Event, Form, Schema, Time, words};

use crate::io::Paint;
use crate::text::visible;

/// Events, each with its fields, then what every line says.
pub(super) fn write(out: &mut dyn Write, paint: Paint, schema: &Schema) -> io::Result<()> {
    if schema.events.is_empty() {
        writeln!(out, "This program has no event: it can collect nothing.")?;
        return Ok(());
    }
    for event in &schema.events {
        one(out, paint, event)?;
    }
    writeln!(out, "{}", paint.bold("With every event"))?;
    for field in &schema.envelope {
        fields(out, paint, &[(field.name.clone(), field)])?;
    }
    Ok(())
}

fn one(out: &mut dyn Write, paint: Paint, event: &Event) -> io::Result<()> {
    let heading = paint.bold(&shown(&event.title()));
    writeln!(out, "{heading}  version {}  for {}", event.version, shown(&event.purpose))?;
    if !event.description.is_empty() {
        writeln!(out, "    {}", shown(&event.description))?;
    }
    let open = words::openings(&event.fields);
    writeln!(out, "    {}", words::size(event.forms(), event.millibits(), &open))?;
    for note in notes(event) {
        writeln!(out, "    {}", shown(&note))?;
    }
    let rows = event.rows();
    let rows: Vec<_> = rows.iter().map(|row| (row.dotted(), row.field)).collect();
    fields(out, paint, &rows)?;
    writeln!(out)
}

fn notes(event: &Event) -> Vec<String> {
    let mut notes = Vec::new();
    if event.form != Form::Each {
        notes.push(format!("leaves only as {}", words::form(event.form)));
    }
    if event.time != Time::Millisecond {
        notes.push(format!("its time is told to the {}", event.time.name()));
    }
    for (what, text) in [
        ("to learn: ", &event.question),
        ("answers for it: ", &event.owner),
        ("since version of the notice: ", &event.since),
        ("until: ", &event.expires),
    ] {
        notes.extend(text.iter().map(|text| format!("{what}{text}")));
    }
    notes
}

fn fields(
    out: &mut dyn Write,
    paint: Paint,
    rows: &[(String, &telemetry_schema::Field)],
) -> io::Result<()> {
    for (path, field) in rows {
        let policy = field.policy.as_str();
        let size = words::size_of_field(field);
        match policy {
            // What the library writes has no attribute.
            "library" => writeln!(out, "  {}  {size}", paint.bold(&shown(path)))?,
            policy => writeln!(out, "  {}  {}  {size}", paint.bold(&shown(path)), shown(policy))?,
        }
        if !field.description.is_empty() {
            writeln!(out, "    {}", shown(&field.description))?;
        }
        if policy != "library" && !field.is_dropped() {
            writeln!(out, "    {}", shown(&words::leaves(field)))?;
        }
        if let Some(purpose) = &field.purpose {
            writeln!(out, "    absent unless {} is agreed to", shown(purpose))?;
        }
    }
    Ok(())
}

/// What the events can tell, in one line; nothing without events.
pub(super) fn size(schema: &Schema) -> Option<String> {
    let most = schema
        .events
        .iter()
        .filter_map(|event| Some((event.millibits()?, event)))
        .max_by_key(|(bits, _)| *bits);
    let mut open = std::collections::BTreeSet::new();
    for event in schema.events.iter().filter(|event| event.millibits().is_none()) {
        open.extend(words::openings(&event.fields));
    }
    let mut parts = Vec::new();
    if let Some((_, event)) = most {
        let size =
            words::size(event.forms(), event.millibits(), &std::collections::BTreeSet::new());
        parts.push(format!("at most {} {size}", event.title()));
    }
    if !open.is_empty() {
        let count = schema.events.iter().filter(|event| event.millibits().is_none()).count();
        let (events, verb) = if count == 1 { ("event", "holds") } else { ("events", "hold") };
        let what = words::holds(&open);
        let what = what.strip_prefix("holds").unwrap_or(&what);
        parts.push(format!("{count} {events} {verb}{what}"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn shown(text: &str) -> String {
    visible(&words::one_line(text))
}
