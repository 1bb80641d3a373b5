//! Writing the lock's file.

use std::fmt::Write as _;

use super::terms::{domain_into, name_into, quote_into};
use crate::model::{Allowance, Event, Field, FieldRow, Form, Schema, Settings, Time, rows};

/// What the file says of itself.
pub(super) const HEAD: [&str; 2] = [
    "# All that this program's telemetry can say. `telemetry_core::schema_lock!` compares it with the code.",
    "# Accept a change with TELEMETRY_LOCK=accept in the tests; write only `max_bits` and `allow` by hand.",
];

/// What may stand in an event's name, and in a place of a finding.
pub(super) const EVENT_NAME: &[u8] = b".";
pub(super) const PLACE: &[u8] = b"./";

/// The whole file. The events are written in the order of their names,
/// whatever order they come in.
///
/// ```
/// use telemetry_schema::{Schema, lock};
///
/// let text = lock::write(&Schema::default());
/// assert!(text.starts_with("telemetry-lock 1\n"));
/// assert_eq!(lock::parse(&text)?, Schema::default());
/// # Ok::<(), lock::LockError>(())
/// ```
pub fn write(schema: &Schema) -> String {
    let mut out = format!("telemetry-lock {}\n", super::VERSION);
    for line in HEAD {
        out.push_str(line);
        out.push('\n');
    }
    write_settings(&mut out, &schema.settings);
    if !schema.envelope.is_empty() {
        out.push('\n');
    }
    let mut fields: Vec<FieldRow<'_>> = rows(&schema.envelope);
    fields.sort_by(|a, b| a.path.cmp(&b.path));
    for row in &fields {
        envelope_line(&mut out, row);
        out.push('\n');
    }
    let mut events: Vec<&Event> = schema.events.iter().collect();
    events.sort_by(|a, b| (&a.name, &a.instance).cmp(&(&b.name, &b.instance)));
    for event in events {
        out.push('\n');
        event_line(&mut out, event);
        out.push('\n');
        let mut fields = event.rows();
        fields.sort_by(|a, b| a.path.cmp(&b.path));
        for row in &fields {
            field_line(&mut out, event, row);
            out.push('\n');
        }
    }
    out
}

fn write_settings(out: &mut String, settings: &Settings) {
    if *settings != Settings::default() {
        out.push('\n');
    }
    if let Some(bits) = settings.max_bits {
        let _ = writeln!(out, "max_bits {bits}");
    }
    if let Some(noticed) = &settings.noticed {
        notice_line(out, noticed);
        out.push('\n');
    }
    for allowance in &settings.allowances {
        allowance_line(out, allowance);
        out.push('\n');
    }
}

pub(super) fn notice_line(out: &mut String, noticed: &[String]) {
    out.push_str("notice ");
    for (index, purpose) in noticed.iter().enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        name_into(out, purpose, b"");
    }
}

pub(super) fn allowance_line(out: &mut String, allowance: &Allowance) {
    out.push_str("allow ");
    name_into(out, &allowance.lint, b"");
    out.push(' ');
    name_into(out, &allowance.place, PLACE);
    text_part(out, "because", Some(&allowance.because));
}

pub(super) fn envelope_line(out: &mut String, row: &FieldRow<'_>) {
    out.push_str("envelope ");
    path_into(out, &row.path);
    rest_of_field(out, row.field);
}

pub(super) fn field_line(out: &mut String, event: &Event, row: &FieldRow<'_>) {
    out.push_str("field ");
    key_into(out, &event.name, event.instance.as_deref());
    out.push(' ');
    path_into(out, &row.path);
    rest_of_field(out, row.field);
}

fn rest_of_field(out: &mut String, field: &Field) {
    out.push_str("; ");
    out.push_str(field.policy.as_str());
    out.push_str("; ");
    domain_into(out, &field.domain);
    word_part(out, "purpose", field.purpose.as_deref());
    text_part(out, "since", field.since.as_deref());
    word_part(out, "renamed_from", field.renamed_from.as_deref());
    word_part(out, "private", field.private.then_some("yes"));
    text_part(out, "about", Some(&field.description).filter(|text| !text.is_empty()).map(|t| &**t));
}

pub(super) fn event_line(out: &mut String, event: &Event) {
    out.push_str("event ");
    key_into(out, &event.name, event.instance.as_deref());
    let _ = write!(out, "; version {}", event.version);
    word_part(out, "purpose", Some(&event.purpose));
    text_part(out, "since", event.since.as_deref());
    if let Form::Counted { period, top, identified } = event.form {
        word_part(out, "count", Some(period.name()));
        number_part(out, "top", top);
        word_part(out, "identified", identified.then_some("yes"));
    }
    let time = (event.time != Time::Millisecond).then(|| event.time.name());
    word_part(out, "time", time);
    number_part(out, "max_bits", event.max_bits);
    text_part(out, "owner", event.owner.as_deref());
    text_part(out, "question", event.question.as_deref());
    word_part(out, "expires", event.expires.as_deref());
    text_part(out, "about", Some(&event.description).filter(|text| !text.is_empty()).map(|t| &**t));
}

pub(super) fn key_into(out: &mut String, name: &str, instance: Option<&str>) {
    name_into(out, name, EVENT_NAME);
    if let Some(instance) = instance {
        out.push(' ');
        quote_into(out, instance);
    }
}

fn path_into(out: &mut String, path: &[&str]) {
    for (index, name) in path.iter().enumerate() {
        out.push_str(if index == 0 { "" } else { "." });
        name_into(out, name, b"");
    }
}

fn word_part(out: &mut String, key: &str, word: Option<&str>) {
    if let Some(word) = word {
        out.push_str("; ");
        out.push_str(key);
        out.push(' ');
        name_into(out, word, b".");
    }
}

fn text_part(out: &mut String, key: &str, text: Option<&str>) {
    if let Some(text) = text {
        out.push_str("; ");
        out.push_str(key);
        out.push(' ');
        quote_into(out, text);
    }
}

fn number_part(out: &mut String, key: &str, number: Option<u32>) {
    if let Some(number) = number {
        let _ = write!(out, "; {key} {number}");
    }
}
