//! The lock's file: everything that a program's telemetry can say, one field a
//! line, to be committed and compared.
//!
//! It owns the text form, byte for byte, and the words for what is wrong with
//! a file. It must never know which change between two files matters.
//!
//! # Format
//!
//! UTF-8, one statement a line, parts apart by `; `, texts in quotation marks.
//! The parts stand in this order, and those that say nothing are left out.
//!
//! | line | says |
//! |---|---|
//! | `telemetry-lock 1` | the first line: the format and its version |
//! | `# ...` | two fixed lines that say how to accept a change |
//! | `max_bits N` | by hand: no event may tell more bits |
//! | `notice PURPOSE, PURPOSE` | which purposes the program's notice names; from `schema_lock!`, which is given them, or by hand |
//! | `allow LINT PLACE; because "..."` | by hand: a finding that is right, and why |
//! | `envelope NAME; POLICY; DOMAIN; ...` | what every stored line says |
//! | `event NAME; version N; purpose P; since "V"; count PERIOD; top N; identified yes; time T; max_bits N; owner "..."; question "..."; expires DATE; about "..."` | an event; of a generic one its instance in quotation marks behind the name |
//! | `field NAME PATH; POLICY; DOMAIN; purpose P; since "V"; renamed_from NAME; private yes; about "..."` | a field; those of nested values as `host.name` |
//!
//! Events are in the order of their names and fields in the order of their
//! paths. A line holds nothing that follows from another line, such as the
//! bits of the whole event: what two branches add merges without a conflict.
//! Every line names its event, so that neither a merge nor a reader can take a
//! field for one of the event above.
//!
//! Because there is one way to write each line, a line that is written in
//! another way was edited by hand, and is refused.

mod read;
mod terms;
mod write;

use std::error::Error;
use std::fmt;

pub use self::read::{parse, settings};
pub use self::terms::{domain_from_text, domain_text};
pub(crate) use self::terms::{split, unquote};
pub use self::write::write;

/// The format's version, in the first line.
pub const VERSION: u32 = 1;

/// The variable that accepts what the code says: `TELEMETRY_LOCK=accept`.
pub const VARIABLE: &str = "TELEMETRY_LOCK";

/// What helps against most faults of a file.
const REWRITE: &str = "run the tests with TELEMETRY_LOCK=accept to write it anew from the code";

/// Why a lock's file cannot be used: the line, what is wrong, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockError {
    line: usize,
    what: String,
    remedy: String,
}

impl LockError {
    fn new(line: usize, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { line, what: what.into(), remedy: remedy.into() }
    }

    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// What is wrong.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What to do.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}; {}", self.line, self.what, self.remedy)
    }
}

impl Error for LockError {}
