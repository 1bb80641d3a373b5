//! Asking the user, once.
//!
//! It owns when a question may be asked and what its answer does. It must never
//! decide for somebody who did not answer.

use std::io;

use telemetry_core::Telemetry;

use crate::io::Io;
use crate::text::visible;

/// Asks whether telemetry may be collected, if nobody has said anything yet, and
/// says whether it is on now.
///
/// The question is asked on a terminal alone: when both the input and the error
/// stream are one. In a pipe, on a build machine, under cron, nothing is written
/// and nothing is remembered, so that the question is still there for a person.
/// The answer is remembered, also a no: it is not asked again. An empty line is a
/// no; an end of the input is no answer.
///
/// Call it once the program has done its work, or before it begins: it waits for
/// the answer.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let telemetry = telemetry_core::Telemetry::builder("tool").build()?;
/// telemetry_cli::ask(&telemetry)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// When the terminal cannot be read or written, or the answer cannot be kept: the
/// message says where and what to do. Telemetry is then off for this run.
pub fn ask(telemetry: &Telemetry) -> io::Result<bool> {
    ask_with(telemetry, &mut Io::of_process())
}

/// The same by these streams.
///
/// # Errors
///
/// As [`ask`].
pub fn ask_with(telemetry: &Telemetry, io: &mut Io<'_>) -> io::Result<bool> {
    if !telemetry.decision().is_undecided() || !io.can_ask() {
        return Ok(telemetry.is_on());
    }
    let choice = telemetry.choice().map_err(io::Error::other)?;
    if let Some(notice) = choice.notice() {
        writeln!(io.err(), "{}", visible(notice.text()))?;
    }
    let command = telemetry.command().to_owned();
    writeln!(
        io.err(),
        "Nothing has been collected yet. `{command} schema` lists what would be, and `{command} off` stops it at any time."
    )?;
    match io.answer("May this program collect telemetry?")? {
        Some(true) => telemetry.on().map_err(io::Error::other),
        Some(false) => {
            choice.refuse().map_err(io::Error::other)?;
            telemetry.refresh();
            Ok(false)
        }
        None => Ok(false),
    }
}
