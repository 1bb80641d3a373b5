//! What looks wrong in a schema.

use serde_json::json;
use telemetry_core::lock::dates;
use telemetry_schema::lint::{self, Known};

use super::source::{LoadedSchema, SchemaSource};
use crate::exit::{CommandResult, Exit};
use crate::io::Io;
use crate::text::{count, visible};

/// How to say it.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct LintArguments {
    /// Print the findings as a JSON list
    #[arg(long)]
    json: bool,
    /// Show those too that the lock's file allows
    #[arg(long)]
    allowed: bool,
    #[command(flatten)]
    pub(super) source: SchemaSource,
}

impl LintArguments {
    pub(super) fn run(&self, from: LoadedSchema, io: &mut Io<'_>) -> CommandResult {
        if from.noticed.is_none() && from.schema.settings.noticed.is_none() {
            // Not judged is not the same as nothing found.
            writeln!(
                io.err(),
                "purpose-without-notice is not judged: the file does not say which purposes the notice names; \
                 `schema_lock!(\"telemetry.lock\", notice: [\"diagnostics\"])` writes it"
            )?;
        }
        let known = Known { noticed: from.noticed, ..dates() };
        let all = lint::lint(&from.schema, &known);
        let open = all.iter().filter(|finding| finding.allowed.is_none()).count();
        let shown: Vec<_> =
            all.iter().filter(|finding| self.allowed || finding.allowed.is_none()).collect();
        if self.json {
            let list: Vec<_> = shown
                .iter()
                .map(|finding| {
                    json!({
                        "lint": finding.lint.name(),
                        "place": finding.place,
                        "text": finding.text,
                        "allowed": finding.allowed,
                    })
                })
                .collect();
            writeln!(io.out(), "{:#}", json!(list))?;
        } else {
            for finding in shown {
                writeln!(io.out(), "{}", visible(&finding.to_string()))?;
            }
            let allowed = u64::try_from(all.len() - open).unwrap_or(u64::MAX);
            let found = count(u64::try_from(open).unwrap_or(u64::MAX), "finding");
            writeln!(io.err(), "{found}, {allowed} allowed")?;
        }
        Ok(if open == 0 { Exit::Done } else { Exit::Found })
    }
}
