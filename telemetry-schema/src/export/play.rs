//! Google Play's data safety form, as the CSV that Play Console imports.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Category, DRAFT, MISSING, categories};
use crate::model::Schema;

/// The head of the form.
const HEAD: &str = "Question ID (machine readable),Response ID (machine readable),Response value,\
                    Answer requirement,Human-friendly question label";

/// The rows that the code can answer, and those that it cannot, marked.
///
/// Play Console takes whole forms alone: copy the answers into the form that it
/// exports. The first row is no question of Google's, so that a draft cannot
/// be imported by mistake.
pub fn play(schema: &Schema) -> String {
    let mut out = format!("{HEAD}\n");
    let mut row = |question: &str, response: &str, value: &str, label: &str| {
        let cells = [question, response, value, "", label].map(cell);
        let _ = writeln!(out, "{}", cells.join(","));
    };
    let draft = format!(
        "{DRAFT}: written from the code; complete what is marked {MISSING}, then remove this row"
    );
    row(DRAFT, "", "", &draft);
    let collects = if schema.events.is_empty() { "false" } else { "true" };
    row("PSL_DATA_COLLECTION_COLLECTS_PERSONAL_DATA", "", collects, "Is data collected?");
    for (question, label) in [
        ("PSL_DATA_COLLECTION_ENCRYPTED_IN_TRANSIT", "Is all data encrypted in transit?"),
        ("PSL_SUPPORT_DATA_DELETION_BY_USER", "Can users ask for deletion?"),
    ] {
        row(question, "", "", &format!("{label} {MISSING}: the code does not know the receiver"));
    }
    for (category, (purposes, places)) in categories(schema) {
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        let from = format!("from {}", places.join(", "));
        let Some((group, kind)) = kind(category) else {
            let label =
                format!("{MISSING}: the kind of data in {}: it can hold any", places.join(", "));
            row("", "", "", &label);
            continue;
        };
        row(group, kind, "true", &from);
        let usage = |question: &str| format!("PSL_DATA_USAGE_RESPONSES:{kind}:{question}");
        let shared = usage("PSL_DATA_USAGE_COLLECTION_AND_SHARING");
        row(&shared, "PSL_DATA_USAGE_ONLY_COLLECTED", "true", "Collected");
        let label = format!("{MISSING}: is it shared with others?");
        row(&shared, "PSL_DATA_USAGE_ONLY_SHARED", "", &label);
        row(&usage("PSL_DATA_USAGE_EPHEMERAL"), "", "false", "It is stored before it is sent");
        let control = usage("DATA_USAGE_USER_CONTROL");
        row(&control, "PSL_DATA_USAGE_USER_CONTROL_OPTIONAL", "true", "The user can switch it off");
        let collected = usage("DATA_USAGE_COLLECTION_PURPOSE");
        let known: BTreeSet<&str> = purposes.iter().copied().filter_map(purpose).collect();
        for name in known {
            row(&collected, name, "true", "Why it is collected");
        }
        for name in purposes.iter().filter(|name| purpose(name).is_none()) {
            row(&collected, "", "", &format!("{MISSING}: Google's name for {name}"));
        }
    }
    out
}

fn kind(category: Category) -> Option<(&'static str, &'static str)> {
    match category {
        Category::Usage => Some(("PSL_DATA_TYPES_APP_ACTIVITY", "PSL_USER_INTERACTION")),
        Category::Diagnostics => {
            Some(("PSL_DATA_TYPES_APP_PERFORMANCE", "PSL_PERFORMANCE_DIAGNOSTICS"))
        }
        Category::Identifier => Some(("PSL_DATA_TYPES_IDENTIFIERS", "PSL_DEVICE_ID")),
        Category::Unknown => None,
    }
}

fn purpose(purpose: &str) -> Option<&'static str> {
    match purpose {
        "service" => Some("PSL_APP_FUNCTIONALITY"),
        // Google counts crashes and diagnosis among analytics.
        "diagnostics" | "product-improvement" => Some("PSL_ANALYTICS"),
        _ => None,
    }
}

/// A cell by RFC 4180. A cell that a spreadsheet would take for a formula gets
/// a space before it.
fn cell(text: &str) -> String {
    let text = match text.chars().next() {
        Some('=' | '+' | '-' | '@') => format!(" {text}"),
        _ => text.to_owned(),
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
