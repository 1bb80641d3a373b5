//! Results for programs: one JSON document.
//!
//! It owns how a document is written, and the keys that several commands share.
//! It must never know a command.

use std::time::SystemTime;

use serde_json::{Value, json};
use telemetry_core::consent::{Decision, Diagnostic, Ruling, Source};

use crate::exit::Stop;
use crate::io::Io;
use crate::text::visible_json;

/// The form of every document. A key that is taken away or gets another meaning
/// raises it; a key that is added does not.
const FORM: u64 = 1;

/// Whether a result is for people or for programs.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Output {
    /// Print one JSON document, for programs
    #[arg(long)]
    pub json: bool,
}

/// Writes the result of `command`.
pub(crate) fn write(io: &mut Io<'_>, command: &str, mut result: Value) -> Result<(), Stop> {
    if let Value::Object(keys) = &mut result {
        keys.insert("form".to_owned(), FORM.into());
        keys.insert("command".to_owned(), command.into());
    }
    let text = format!("{result:#}");
    let text = if io.is_terminal() { visible_json(&text) } else { text };
    writeln!(io.out(), "{text}")?;
    Ok(())
}

pub(crate) fn on_or_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// A source of consent.
pub(crate) fn source(source: &Source) -> Value {
    json!({
        "layer": source.layer().name(),
        "place": source.place(),
        "says": on_or_off(source.is_on()),
        "change": source.how_to_change(),
    })
}

/// What holds for a purpose, and why.
pub(crate) fn ruling(ruling: &Ruling) -> Value {
    json!({
        "state": on_or_off(ruling.is_granted()),
        "reason": ruling.reason(),
        "change": ruling.how_to_change(),
        "decided_by": ruling.source().map(source),
        "agreeing": ruling.agreeing().iter().map(source).collect::<Vec<_>>(),
        "outweighed": ruling.beaten().iter().map(source).collect::<Vec<_>>(),
    })
}

/// What could not be understood.
pub(crate) fn problems(decision: &Decision) -> Vec<Value> {
    let problem = |wrong: &Diagnostic| {
        json!({
            "layer": wrong.layer().name(),
            "place": wrong.place(),
            "what": wrong.what(),
            "remedy": wrong.remedy(),
        })
    };
    decision.diagnostics().iter().map(problem).collect()
}

/// RFC 3339, UTC.
pub(crate) fn time(time: SystemTime) -> Option<String> {
    Some(jiff::Timestamp::try_from(time).ok()?.to_string())
}
