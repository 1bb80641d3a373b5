//! `telemetry apps`: the programs of this user that keep telemetry.
//!
//! It owns how they are listed. It must never know how a program is recognised,
//! nor make or change anything.

use std::path::Path;

use serde_json::{Value, json};
use telemetry_core::client::{Program, programs};
use telemetry_core::consent::Layers;
use telemetry_core::spool;

use crate::View;
use crate::document::{self, Output};
use crate::exit::{CommandResult, Exit};
use crate::io::Io;
use crate::status::{Collection, WaitingEvents, reason};
use crate::text::{table, visible};

/// The command that looks at one program.
pub(crate) fn command(app: &str) -> String {
    format!("telemetry --app {app}")
}

/// A program, as far as it can be seen from outside.
struct FoundProgram {
    program: Program,
    state: Collection,
    why: String,
    /// What waits and what was dropped, or why that cannot be said.
    stored: Result<(WaitingEvents, u64), String>,
}

impl FoundProgram {
    fn of(program: Program) -> Self {
        // Decided, and not set up: setting up may write down a refusal.
        let decision = Layers::new(&program.name).command(command(&program.name)).decide();
        let stored =
            program.folder.as_deref().map_or(Ok((WaitingEvents::default(), 0)), |folder| {
                let waiting = WaitingEvents::of(folder)?;
                Ok((waiting, spool::counts(folder)?.total()))
            });
        Self {
            state: Collection::of(&decision, View::Outside),
            why: reason(&decision, View::Outside),
            stored: stored.map_err(|error: telemetry_core::Error| crate::exit::words(&error)),
            program,
        }
    }

    fn row(&self) -> Vec<String> {
        let (waiting, dropped) = match &self.stored {
            Ok((waiting, dropped)) => (waiting.text(), dropped.to_string()),
            Err(error) => (format!("cannot be read: {error}"), "?".to_owned()),
        };
        let folder = self.program.folder.as_deref().or(self.program.choice.as_deref());
        vec![
            visible(&self.program.name),
            self.state.text().to_owned(),
            visible(&waiting),
            dropped,
            folder.map_or(String::new(), |folder| visible(&folder.display().to_string())),
        ]
    }

    fn json(&self) -> Value {
        let stored = self.stored.as_ref().ok();
        json!({
            "program": self.program.name,
            "state": self.state.name(),
            "why": self.why,
            "folder": self.program.folder.as_deref().map(shown),
            "choice": self.program.choice.as_deref().map(shown),
            "waiting": stored.map(|(waiting, _)| waiting.json()),
            "dropped": stored.map(|(_, dropped)| dropped),
            "problem": self.stored.as_ref().err(),
        })
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Lists them.
pub(crate) fn apps(output: Output, io: &mut Io<'_>) -> CommandResult {
    let programs = programs()?;
    let seen: Vec<_> = programs.found.into_iter().map(FoundProgram::of).collect();
    let searched: Vec<_> = programs.searched.iter().map(|path| shown(path)).collect();
    if output.json {
        let programs: Vec<_> = seen.iter().map(FoundProgram::json).collect();
        document::write(io, "apps", json!({ "programs": programs, "searched": searched }))?;
        return Ok(Exit::Done);
    }
    if seen.is_empty() {
        let searched = visible(&searched.join(" and "));
        writeln!(io.err(), "No program of yours keeps telemetry by this library in {searched}.")?;
        return Ok(Exit::Done);
    }
    let rows: Vec<_> = seen.iter().map(FoundProgram::row).collect();
    let paint = io.paint();
    table(io.out(), paint, &["PROGRAM", "STATE", "WAITING", "DROPPED", "FOLDER"], &rows)?;
    if io.is_terminal() {
        writeln!(io.err(), "`telemetry --app PROGRAM status` says more; `off` instead stops it.")?;
    }
    Ok(Exit::Done)
}
