//! A draft of the record of processing activities under Article 30 of the GDPR.

use std::fmt::Write as _;

use super::{DRAFT, MISSING, by_purpose};
use crate::dictionary::Facts;
use crate::domain::Opening;
use crate::model::Schema;
use crate::words;

/// The record as a Markdown page, in the order of the law's letters.
pub fn article30(schema: &Schema, facts: &Facts) -> String {
    let program = facts.program();
    let mut out = format!(
        "# Record of processing activities: telemetry of {program}\n\n\
         **{DRAFT}.** Written from the code, by Article 30(1) of the GDPR. What stands as **{MISSING}** the code \
         cannot know; nothing was guessed.\n\n"
    );
    let or_missing = |text: &Option<String>| text.clone().unwrap_or(format!("**{MISSING}**"));
    let _ = write!(
        out,
        "## (a) Controller\n\n| | |\n|---|---|\n| name | {} |\n| contact | {} |\n\
         | representative, data protection officer, joint controllers | **{MISSING}** |\n\n\
         ## (b) Purposes\n\n| purpose | events | legal basis |\n|---|---|---|\n",
        or_missing(&facts.controller),
        or_missing(&facts.contact)
    );
    for (purpose, events) in by_purpose(schema) {
        let names: Vec<String> = events.iter().map(|event| words::code(&event.title())).collect();
        let _ =
            writeln!(out, "| {} | {} | **{MISSING}** |", words::cell(purpose), names.join(", "));
    }
    let _ = write!(
        out,
        "\n## (c) Categories of data subjects and of personal data\n\n\
         Data subjects: **{MISSING}** (users of {program}; whether they are customers, employees or children the \
         code cannot know).\n\n| data | how it leaves | how much it can tell |\n|---|---|---|\n"
    );
    for field in &schema.envelope {
        let (leaves, size) = (words::leaves(field), words::size_of_field(field));
        let _ = writeln!(out, "| every line: {} | {leaves} | {size} |", words::code(&field.name));
    }
    for event in &schema.events {
        for row in event.rows().iter().filter(|row| !row.field.is_dropped()) {
            let place = words::code(&format!("{}.{}", event.title(), row.dotted()));
            let leaves = words::cell(&words::leaves(row.field));
            let _ = writeln!(out, "| {place} | {leaves} | {} |", words::size_of_field(row.field));
        }
    }
    let _ = write!(
        out,
        "\n## (d) Recipients\n\n**{MISSING}**\n\n## (e) Transfers to third countries\n\n**{MISSING}**\n\n\
         ## (f) Time limits for erasure\n\n**{MISSING}** at the receiver. On the user's machine events wait until they \
         are sent, and can be erased with `{} erase`.\n\n",
        facts.command()
    );
    for event in schema.events.iter().filter(|event| event.expires.is_some()) {
        let last = event.expires.as_deref().unwrap_or_default();
        let _ = writeln!(out, "- {} is collected until {last}.", words::code(&event.title()));
    }
    measures(&mut out, schema);
    out
}

fn measures(out: &mut String, schema: &Schema) {
    out.push_str("\n## (g) Technical and organisational measures\n\nIn the code:\n\n");
    let mut open = std::collections::BTreeSet::new();
    for event in &schema.events {
        open.extend(words::openings(&event.fields));
    }
    out.push_str(
        "- each field has a policy that the compiler checks; what has none cannot be collected;\n",
    );
    out.push_str(
        "- consent is asked for each purpose, before an event is stored and before it is sent;\n",
    );
    if open.contains(&Opening::Pseudonym) {
        out.push_str("- pseudonyms by HMAC-SHA-256, with a key that stays on the user's machine (Article 4(5));\n");
    }
    if open.contains(&Opening::Text) {
        out.push_str(
            "- personal data that is found in free text is replaced before the text is stored;\n",
        );
    }
    out.push_str("- files on the user's machine can be read by their owner alone.\n");
    let _ = write!(out, "\nAt the receiver: **{MISSING}**\n");
}
