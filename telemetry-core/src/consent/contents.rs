//! What the choice file holds, and how it is written.
//!
//! It owns the text of the file. It must never know where the file is.
//!
//! It is written by hand, and read by the crate `toml`: its writer puts no
//! comments for the user beside the keys, and with it every program would carry
//! a serialiser for a file of twenty lines.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::consent::cutoff::Cutoff;
use crate::consent::document::{Record, ShownNotice};
use crate::consent::notice::{Notice, Receipt};
use crate::consent::signal::Signal;

/// How many receipts are kept: enough for a lifetime of notices, and few
/// enough to stay far below the largest file that is read.
const RECEIPTS: usize = 64;

/// The first line of a choice.
pub(crate) const CHOICE_HEAD: &str =
    "# What you chose about telemetry. Written by the program's telemetry command;";
/// The first line of a copy.
pub(crate) const COPY_HEAD: &str =
    "# A copy of what you refused about telemetry, so that it holds without the other file.";

/// What the choice file holds.
#[derive(Default)]
pub(crate) struct Contents {
    pub(crate) signal: Signal,
    pub(crate) record: Record,
}

impl Contents {
    /// Whether anything was ever refused.
    pub(crate) fn has_refused(&self) -> bool {
        self.record.cutoff != Cutoff::default()
    }

    pub(crate) fn sign(&mut self, notice: &Notice, purposes: Vec<String>, time: Timestamp) {
        let receipts = &mut self.record.receipts;
        receipts.push(Receipt { notice: notice.version().to_owned(), time, purposes });
        // Forgetting the oldest can only make a purpose ask again.
        let surplus = receipts.len().saturating_sub(RECEIPTS);
        receipts.drain(..surplus);
    }

    /// The file's text. A copy has no receipts and no notice.
    pub(crate) fn to_toml(&self, copy: bool) -> String {
        let mut text = format!("{}\n", if copy { COPY_HEAD } else { CHOICE_HEAD });
        text.push_str("# whatever cannot be understood in here means off.\n[telemetry]\n");
        let Record { written, cutoff, counted, shown, receipts } = &self.record;
        if let Some(answer) = self.signal.enabled {
            let _ = writeln!(text, "enabled = {}", answer.on);
        }
        if let Some((names, _)) = &self.signal.only {
            let _ = writeln!(text, "only = {}", list(names));
        }
        if let Some(time) = written {
            let _ = writeln!(text, "written = \"{time}\"");
        }
        let purposes = self.signal.purposes.iter();
        let purposes = purposes.map(|(name, answer)| (name.as_str(), answer.on.to_string()));
        table(&mut text, "purposes", purposes);
        if *cutoff != Cutoff::default() {
            text.push_str("\n# How often you refused: what was recorded before is never sent.\n");
            let _ = writeln!(text, "[telemetry.cutoff]\nall = {}", cutoff.all());
            let purposes = cutoff.purposes().map(|(name, number)| (name, number.to_string()));
            table(&mut text, "cutoff.purposes", purposes);
        }
        if copy {
            let counted = counted.iter().map(|(source, names)| (source.as_str(), list(names)));
            table(&mut text, "counted", counted);
            return text;
        }
        if let Some(ShownNotice { version, time, purposes }) = shown {
            text.push_str("\n# The notice that was shown last, and what the first one spoke of.\n");
            let _ = writeln!(text, "[telemetry.notice]\nshown = {}", quoted(version));
            let _ = writeln!(text, "time = \"{time}\"\npurposes = {}", list(purposes));
        }
        for Receipt { notice, time, purposes } in receipts {
            let _ = writeln!(text, "\n[[telemetry.receipts]]\nnotice = {}", quoted(notice));
            let _ = writeln!(text, "time = \"{time}\"\npurposes = {}", list(purposes));
        }
        text
    }
}

/// A table, unless it would be empty.
fn table<'k>(text: &mut String, name: &str, rows: impl Iterator<Item = (&'k str, String)>) {
    for (index, (key, value)) in rows.enumerate() {
        if index == 0 {
            let _ = writeln!(text, "\n[telemetry.{name}]");
        }
        let _ = writeln!(text, "{} = {value}", quoted(key));
    }
}

fn list(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
    format!("[{}]", names.join(", "))
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
