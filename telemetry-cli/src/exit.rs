//! How a command ends.
//!
//! It owns the exit codes and the form of an error. It must never know which
//! command ran.

use std::error::Error as _;
use std::io;
use std::process::ExitCode;

use telemetry_core::Error;
use telemetry_schema::diff::Rank;

use crate::io::Io;
use crate::text::visible;

/// How a command ended that did not fail. The codes stand in the table of the
/// crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    /// Telemetry is off, or the answer was no.
    Not,
    /// There are findings.
    Found,
    /// What telemetry can say has changed, by this rank.
    Changed(Rank),
}

/// Why a command stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It failed: what happened, and what to do next.
    Failed { what: String, next: String },
    /// It cannot be done as it was asked for.
    Usage { what: String, next: String },
    /// The reader of the output went away, or the output cannot be written.
    Output(io::Error),
}

pub(crate) type CommandResult = Result<Exit, Stop>;

impl Stop {
    pub(crate) fn failed(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Failed { what: what.into(), next: next.into() }
    }

    pub(crate) fn usage(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Usage { what: what.into(), next: next.into() }
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        let what = words(&error);
        let next = remedy(&error).to_owned();
        if error.is_argument() { Self::Usage { what, next } } else { Self::Failed { what, next } }
    }
}

/// The error with everything that caused it, on one line.
pub(crate) fn words(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    text
}

/// What helps against most errors of the kind; the message itself names the
/// place and often the exact remedy.
fn remedy(error: &Error) -> &'static str {
    if error.is_io() {
        "check that the file and its folder are yours, that the disk is not full, and try again"
    } else if error.is_config() {
        "put the file right, or remove it; until then telemetry is off"
    } else if error.is_secret() {
        "put the file right; until then no event is stored"
    } else if error.is_spool() {
        "`show` says what can be read; `erase` removes the rest"
    } else if error.is_argument() {
        "`--help` says what can be given, `purposes` lists the purposes"
    } else {
        "try again; `status` says what is waiting"
    }
}

/// Says what went wrong, and gives the exit code.
pub(crate) fn finish(outcome: CommandResult, io: &mut Io<'_>) -> ExitCode {
    // What was written before an error comes first. A reader that went away
    // has seen what it wanted.
    let outcome = match (outcome, io.flush()) {
        (Ok(_), Err(error)) => Err(Stop::Output(error)),
        (outcome, _) => outcome,
    };
    let (what, next, code) = match outcome {
        Ok(Exit::Done) => return ExitCode::SUCCESS,
        Ok(Exit::Not) => return ExitCode::from(3),
        Ok(Exit::Found) => return ExitCode::from(4),
        Ok(Exit::Changed(rank)) => {
            return ExitCode::from(match rank {
                Rank::Cosmetic => 10,
                Rank::Tightened => 11,
                Rank::Widened => 12,
                Rank::Loosened => 13,
            });
        }
        Err(Stop::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return ExitCode::SUCCESS;
        }
        Err(Stop::Output(error)) => (
            format!("the output could not be written: {error}"),
            "check where it goes".to_owned(),
            1,
        ),
        Err(Stop::Failed { what, next }) => (what, next, 1),
        Err(Stop::Usage { what, next }) => (what, next, 2),
    };
    let label = io.paint_err().red("error:");
    // Who cannot be told still gets the exit code.
    let _ = writeln!(io.err(), "{label} {}\nnext: {}", visible(&what), visible(&next));
    ExitCode::from(code)
}
