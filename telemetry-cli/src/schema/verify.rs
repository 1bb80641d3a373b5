//! Stored lines, checked.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::json;
use telemetry_schema::Schema;
use telemetry_schema::verify::{InvalidLine, Summary, Verifier};

use super::source::{file, linked};
use crate::CommandContext;
use crate::exit::{CommandResult, Exit, Stop};
use crate::io::Io;
use crate::text::{count, visible};

/// What to check, and against what.
#[derive(Clone, Debug, clap::Args)]
pub struct Verify {
    /// The lock's file; the program's own events without it
    #[arg(long, value_name = "FILE")]
    pub schema: Option<PathBuf>,
    /// Stored lines, one JSON object each; `-` is the standard input
    #[arg(value_name = "FILE")]
    pub lines: PathBuf,
    /// Print each finding as a JSON object
    #[arg(long)]
    pub json: bool,
    /// Show at most so many findings; the rest is counted
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    pub most: u64,
}

impl Verify {
    /// Runs without a program, if a lock's file is named.
    pub(crate) fn run_alone(&self, io: &mut Io<'_>) -> Option<CommandResult> {
        let schema = file(self.schema.as_ref()?);
        Some(schema.and_then(|schema| self.check(&schema, io)))
    }

    pub(crate) fn run(&self, context: &mut CommandContext<'_, '_>) -> CommandResult {
        if let Some(outcome) = self.run_alone(context.io) {
            return outcome;
        }
        if context.is_outside() {
            return Err(Stop::usage(
                "it is not known which events there are",
                "name the lock's file with `--schema`",
            ));
        }
        self.check(&linked()?, context.io)
    }

    fn check(&self, schema: &Schema, io: &mut Io<'_>) -> CommandResult {
        let mut verifier = Verifier::new(schema);
        let mut shown = 0;
        let mut written = Ok(());
        let mut found = |finding: InvalidLine| {
            shown += 1;
            if shown <= self.most && written.is_ok() {
                written = self.say(&finding, io);
            }
        };
        let summary = if self.lines == Path::new("-") {
            verifier.read(std::io::stdin().lock(), &mut found)
        } else {
            verifier.read(self.open()?, &mut found)
        };
        written?;
        let summary = summary.map_err(|error| {
            Stop::failed(
                format!("{} cannot be read: {error}", self.lines.display()),
                "name a file of stored lines, or `-`",
            )
        })?;
        sum(&summary, shown.saturating_sub(self.most), io)?;
        Ok(if summary.wrong == 0 { Exit::Done } else { Exit::Found })
    }

    fn open(&self) -> Result<File, Stop> {
        File::open(&self.lines).map_err(|error| {
            Stop::failed(
                format!("{} cannot be read: {error}", self.lines.display()),
                "name a file of stored lines, or `-`",
            )
        })
    }

    fn say(&self, finding: &InvalidLine, io: &mut Io<'_>) -> std::io::Result<()> {
        if self.json {
            let object = json!({
                "line": finding.line,
                "event": finding.event,
                "field": finding.field,
                "kind": finding.kind.name(),
                "text": finding.text,
            });
            writeln!(io.out(), "{object}")
        } else {
            writeln!(io.out(), "{}", visible(&finding.to_string()))
        }
    }
}

/// What was read, on the error stream: results alone go to the output.
fn sum(summary: &Summary, hidden: u64, io: &mut Io<'_>) -> std::io::Result<()> {
    if hidden > 0 {
        writeln!(io.err(), "... and {} more", count(hidden, "finding"))?;
    }
    let kinds: Vec<String> =
        summary.findings.iter().map(|(kind, count)| format!("{} {count}", kind.name())).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(": {}", kinds.join(", ")) };
    let (lines, wrong) = (count(summary.lines, "line"), summary.wrong);
    writeln!(io.err(), "{lines} read, {wrong} with something wrong{kinds}")
}
