//! What would be sent, on the standard error, in the place of all storing.
//!
//! It owns the variable that asks for it and the lines that are printed. It
//! must never know a file or a receiver.

use std::ffi::OsString;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use jiff::Timestamp;

use super::identity::{Identities, Identity};
use super::quiet;
use crate::consent::Decision;
use crate::envelope::{self, CountsHeader, EventMark, Tally};
use crate::error::{Error, Kind};
use crate::event::{Sanitizer, TelemetryEvent};
use crate::pseudonym::{Keys, Secret};
use crate::schema::{EventSchema, Form, Period};
use crate::scrub::Scrubber;

/// The variable that asks for it: `CHEF_WORKSTATION_TELEMETRY_DEBUG` of the
/// program `chef-workstation`.
fn variable(app: &str) -> String {
    let mut name: String = app
        .chars()
        .map(
            |letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' },
        )
        .collect();
    name.push_str("_TELEMETRY_DEBUG");
    name
}

/// Whether the environment asks for it.
pub(super) fn is_asked_for(app: &str, lookup: impl Fn(&str) -> Option<OsString>) -> bool {
    lookup(&variable(app)).is_some_and(|value| value == "print")
}

/// Prints events. It has a secret of its own that is never stored: pseudonyms
/// and ids look as they would, and belong to nobody.
pub(super) struct Printer {
    sanitizer: Sanitizer,
    identities: Identities,
    run: String,
    number: AtomicU64,
}

impl Printer {
    /// # Errors
    ///
    /// When the system's random source failed.
    pub(super) fn new(
        keys: Option<Keys>,
        scrubber: Scrubber,
        identity: Identity,
        shared: bool,
        in_container: bool,
    ) -> Result<Self, Error> {
        let mut run = [0; 12];
        getrandom::fill(&mut run).map_err(|error| {
            Error::new(Kind::Io, "the system's random source failed").because(error.to_string())
        })?;
        let secret = identity.needs_secret().then(Secret::generate).transpose()?;
        let keys = keys.map_or_else(Keys::session, Ok)?;
        quiet::install();
        Ok(Self {
            sanitizer: Sanitizer::new(keys).with_scrubber(scrubber),
            identities: Identities::new(identity, secret, shared, in_container)?,
            run: run.iter().map(|byte| format!("{byte:02x}")).collect(),
            number: AtomicU64::new(1),
        })
    }

    /// Prints the line that would be stored for `event`. False when the event's
    /// own code failed.
    pub(super) fn print<E: TelemetryEvent + ?Sized>(
        &self,
        event: &E,
        decision: &Decision,
        time: SystemTime,
    ) -> bool {
        let schema = event.schema();
        let origin = self.identities.origin(schema.purpose, time);
        let generation = decision.generation(schema.purpose);
        let mark = EventMark { run: &self.run, number: self.next(), time, generation };
        let sanitized = self.sanitizer.sanitize_for(event, decision);
        let mut line = Vec::new();
        let written = quiet::run(|| envelope::write(&mut line, mark, &origin, &sanitized));
        matches!(written, Ok(Ok(()))) && put(&line)
    }

    /// Prints the line of counts that one event would be stored as, which `tally` counts.
    pub(super) fn print_counted(
        &self,
        schema: &EventSchema,
        tally: Tally,
        decision: &Decision,
        start: impl FnOnce(Period) -> Timestamp,
    ) -> bool {
        let Form::Counted { period, .. } = schema.form else { return false };
        let start = start(period);
        let said = CountsHeader {
            id: (&self.run, self.next()),
            start,
            period: period.name(),
            generation: decision.generation(schema.purpose),
            origin: &self.identities.origin_of_counts(schema, start),
        };
        let mut line = Vec::new();
        let mut tally = std::iter::once(tally).peekable();
        let written = envelope::write_counts(&mut line, &said, schema, &mut tally);
        written.is_ok() && put(&line)
    }

    fn next(&self) -> u64 {
        self.number.fetch_add(1, Ordering::Relaxed)
    }
}

/// A standard error that is closed is no reason to fail.
fn put(line: &[u8]) -> bool {
    // One write for a line, so that two threads do not mix theirs.
    let mut text = b"telemetry would send: ".to_vec();
    text.extend_from_slice(line);
    let _ = std::io::stderr().lock().write_all(&text);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_has_the_name_of_the_program() {
        assert_eq!(variable("chef-workstation"), "CHEF_WORKSTATION_TELEMETRY_DEBUG");
        assert_eq!(variable("a.B_9"), "A_B_9_TELEMETRY_DEBUG");
    }

    #[test]
    fn only_the_word_print_asks_for_it() {
        let asked = |value: &'static str| {
            is_asked_for("app", |name| (name == "APP_TELEMETRY_DEBUG").then(|| value.into()))
        };
        assert!(asked("print"));
        for value in ["", "0", "1", "Print", "print "] {
            assert!(!asked(value), "{value}");
        }
        assert!(!is_asked_for("app", |_| None));
    }
}
