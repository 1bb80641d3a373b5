//! The page `PRIVACY.md`.

use std::fmt::Write as _;

use super::{Facts, notes, purpose, purposes, remarks, treatments, values};
use crate::model::{Event, Field, FieldRow, Schema, rows};
use crate::words;

/// What stands around the part of a page that is written from the code.
const BEGIN: &str = "<!-- telemetry: written from the code; a test keeps it true -->";
const END: &str = "<!-- telemetry: end -->";

/// The whole page: what, why, how treated, how to stop it, where to see it.
///
/// It stands between two marks; what an author writes before and behind them
/// stays: see [`between_marks`].
pub fn markdown(schema: &Schema, facts: &Facts) -> String {
    let mut out = String::new();
    let program = facts.program();
    let _ = write!(out, "{BEGIN}\n# What {program} collects\n\n");
    overview(&mut out, schema, facts);
    control(&mut out, facts);
    let treatments = treatments(schema);
    if !treatments.is_empty() {
        out.push_str("## How values are treated\n\n");
        out.push_str("Each value is treated on your machine, before it is stored anywhere.\n\n");
    }
    for (name, means) in treatments {
        let _ = writeln!(out, "- **{name}.** {means}");
    }
    if !schema.envelope.is_empty() {
        out.push_str("\n## With every event\n\n");
        table(&mut out, &rows(&schema.envelope));
    }
    out.push_str("\n## Events\n");
    for event in &schema.events {
        section(&mut out, event);
    }
    if schema.events.is_empty() {
        out.push_str("\nThere is none: nothing can be collected.\n");
    }
    out.push_str(END);
    out.push('\n');
    out
}

fn overview(out: &mut String, schema: &Schema, facts: &Facts) {
    let count = schema.events.len();
    let (events, verb) = if count == 1 { ("event", "is") } else { ("events", "are") };
    let _ = write!(
        out,
        "This page is written from the source of {}, and a test fails when it is out of date. \
         There {verb} {count} {events}. Nothing else can be collected: every value that can leave is on \
         this page.\n\n",
        facts.program()
    );
    if let Some(controller) = &facts.controller {
        let _ = write!(out, "Who decides what it is for: {controller}.");
        match &facts.contact {
            Some(contact) => {
                let _ = write!(out, " Questions go to {contact}.\n\n");
            }
            None => out.push_str("\n\n"),
        }
    }
    if count == 0 {
        return;
    }
    out.push_str("| why | events |\n|---|---|\n");
    for (name, events) in purposes(schema) {
        let mut names: Vec<String> = events
            .iter()
            .map(|event| format!("[{}](#{})", words::code(&event.title()), anchor(&event.title())))
            .collect();
        names.dedup();
        let _ = writeln!(out, "| {} | {} |", words::cell(&purpose(name)), names.join(", "));
    }
    out.push('\n');
}

fn control(out: &mut String, facts: &Facts) {
    let command = facts.command();
    out.push_str("## How to stop it, see it and erase it\n\n| to | do |\n|---|---|\n");
    let mut off = format!("run `{command} off`, or set `DO_NOT_TRACK=1`");
    if let Some(variable) = &facts.variable {
        let _ = write!(off, " or `{variable}`");
    }
    for (to, how) in [
        ("stop it, and erase what is stored", off),
        ("stop it for one purpose", format!("run `{command} off --purpose NAME`")),
        ("see whether it is on, and who decided", format!("run `{command} why`")),
        ("see what waits to be sent", format!("run `{command} show`")),
        ("see what was sent, byte for byte", format!("run `{command} show --sent`")),
        ("see this list in the program itself", format!("run `{command} schema`")),
        ("find the files", format!("run `{command} path`")),
        ("erase what is stored", format!("run `{command} erase`")),
    ] {
        let _ = writeln!(out, "| {to} | {how} |");
    }
    out.push_str("\nWhat has been sent cannot be called back from here.\n\n");
}

fn section(out: &mut String, event: &Event) {
    let _ = write!(out, "\n### {}\n\n", words::code(&event.title()));
    if !event.description.trim().is_empty() {
        let _ = write!(out, "{}\n\n", paragraph(&event.description));
    }
    for (name, text) in notes(event) {
        let _ = writeln!(out, "- **{name}:** {text}");
    }
    let rows = event.rows();
    let (dropped, kept): (Vec<FieldRow<'_>>, Vec<FieldRow<'_>>) =
        rows.into_iter().partition(|row| row.field.is_dropped());
    if !dropped.is_empty() {
        let names: Vec<String> = dropped.iter().map(|row| words::code(&row.dotted())).collect();
        let _ = writeln!(out, "- **Never leaves:** {}", names.join(", "));
    }
    out.push('\n');
    if kept.is_empty() {
        out.push_str("It has no fields.\n");
    } else {
        table(out, &kept);
    }
}

fn table(out: &mut String, rows: &[FieldRow<'_>]) {
    out.push_str("| field | what it says | what leaves | possible values | how much |\n|---|---|---|---|---|\n");
    for row in rows {
        let cells = [
            words::code(&row.dotted()),
            words::cell(&remarks(row.field)),
            words::cell(&words::leaves(row.field)),
            cell_of_values(row.field),
            words::cell(&words::size_of_field(row.field)),
        ];
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
}

/// Values are in code style already, where `<` means nothing.
fn cell_of_values(field: &Field) -> String {
    words::one_line(&values(field))
}

/// A doc comment as text of a page: its own headings would break ours.
fn paragraph(text: &str) -> String {
    text.trim()
        .lines()
        .map(|line| line.trim_start_matches('#').trim())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The name that a Markdown page gives to a heading, by the usual rule.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading.to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// `page` with the part between the marks replaced by that of `written`, what
/// stands around it left alone. Without marks the whole page is `written`.
pub fn between_marks(page: &str, written: &str) -> String {
    let bounds = page.find(BEGIN).and_then(|begin| {
        let end = page.get(begin..)?.find(END)? + begin + END.len();
        Some((page.get(..begin)?, page.get(end..)?))
    });
    match bounds {
        Some((before, behind)) => {
            let behind = behind.strip_prefix('\r').unwrap_or(behind);
            let behind = behind.strip_prefix('\n').unwrap_or(behind);
            format!("{before}{written}{behind}")
        }
        None => written.to_owned(),
    }
}
