//! Stored lines against the schema: does what was stored or received hold only
//! what may be there?
//!
//! It owns the check of a line and the words of a finding, which never show a
//! value: what should not be there may be personal data. It must never know
//! where the lines come from.

mod check;
mod cursor;
mod plan;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};

use crate::model::Schema;
use check::LineProblem;
use plan::Plan;

/// What is wrong in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Violation {
    /// The line is no JSON, or no stored event.
    NotAnEvent,
    /// The schema has no such event.
    UnknownEvent,
    /// The event has another version or purpose than the schema says.
    OtherSchema,
    /// The schema has no such field or key.
    UnknownField,
    /// The field is there twice.
    Twice,
    /// A value of another type.
    WrongType,
    /// A value outside of a domain that can be listed.
    OutsideDomain,
    /// No pseudonym or digest where one is due.
    NotAPseudonym,
    /// Text that looks raw where a pseudonym or digest is due.
    RawText,
}

impl Violation {
    /// The name, in a report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAnEvent => "not-an-event",
            Self::UnknownEvent => "unknown-event",
            Self::OtherSchema => "other-schema",
            Self::UnknownField => "unknown-field",
            Self::Twice => "twice",
            Self::WrongType => "wrong-type",
            Self::OutsideDomain => "outside-domain",
            Self::NotAPseudonym => "not-a-pseudonym",
            Self::RawText => "raw-text",
        }
    }
}

/// What is wrong, and where. It holds no value of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidLine {
    /// The line, counted from 1.
    pub line: u64,
    /// The event, if the schema has one of this name.
    pub event: Option<String>,
    /// The field, with the path down to it; or the key of the envelope.
    pub field: Option<String>,
    /// What is wrong.
    pub kind: Violation,
    /// The same in words.
    pub text: String,
}

impl fmt::Display for InvalidLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        match (&self.event, &self.field) {
            (Some(event), Some(field)) => write!(f, ", {event}.{field}")?,
            (Some(event), None) => write!(f, ", {event}")?,
            (None, Some(field)) => write!(f, ", {field}")?,
            (None, None) => {}
        }
        write!(f, ": {} [{}]", self.text, self.kind.name())
    }
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Lines, the erased ones left aside.
    pub lines: u64,
    /// Lines in which something is wrong.
    pub wrong: u64,
    /// Bytes.
    pub bytes: u64,
    /// How often each thing is wrong.
    pub findings: BTreeMap<Violation, u64>,
}

/// Checks lines against a schema.
///
/// ```
/// use telemetry_schema::{lock, verify};
///
/// let schema = lock::parse(
///     "telemetry-lock 1\n\n\
///      event run.finished; version 1; purpose diagnostics\n\
///      field run.finished target; hash; pseudonym\n",
/// )?;
/// let line = br#"{"event":"run.finished","version":1,"purpose":"diagnostics","fields":{"target":"web-1"}}"#;
/// let mut findings = Vec::new();
/// verify::Verifier::new(&schema).read(&line[..], |finding| findings.push(finding))?;
/// assert_eq!(findings[0].kind, verify::Violation::RawText);
/// assert_eq!(findings[0].field.as_deref(), Some("target"));
/// assert!(!findings[0].to_string().contains("web-1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Verifier {
    plan: Plan,
    /// Used again for each line.
    problems: Vec<LineProblem>,
}

/// How much is read at once: large enough that a system call costs nothing by
/// the side of the check, small enough for a processor's second cache.
const CHUNK: usize = 256 * 1024;

/// A longer line is no stored event, and would fill the memory.
const LONGEST: usize = 16 * 1024 * 1024;

impl Verifier {
    /// Prepares the check of lines against `schema`.
    pub fn new(schema: &Schema) -> Self {
        Self { plan: Plan::new(schema), problems: Vec::new() }
    }

    /// Reads lines to the end and hands what is wrong to `found`.
    ///
    /// The memory it takes does not grow with the number of lines.
    ///
    /// # Errors
    ///
    /// What the reader says.
    pub fn read(
        &mut self,
        mut lines: impl Read,
        mut found: impl FnMut(InvalidLine),
    ) -> io::Result<Summary> {
        let mut summary = Summary::default();
        let mut number = 0;
        let mut buffer = vec![0; CHUNK];
        let mut filled = 0;
        loop {
            let read = match lines.read(buffer.get_mut(filled..).unwrap_or_default()) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            summary.bytes += read as u64;
            let end = filled + read;
            let mut start = 0;
            let mut unseen = filled;
            // What was there before has no line feed.
            while let Some(length) =
                buffer.get(unseen..end).and_then(|rest| memchr::memchr(b'\n', rest))
            {
                let line = buffer.get(start..unseen + length).unwrap_or_default();
                number += 1;
                self.line(number, line, &mut summary, &mut found);
                start = unseen + length + 1;
                unseen = start;
            }
            if read == 0 {
                if start < end {
                    let line = buffer.get(start..end).unwrap_or_default();
                    self.line(number + 1, line, &mut summary, &mut found);
                }
                return Ok(summary);
            }
            buffer.copy_within(start..end, 0);
            filled = end - start;
            if filled == buffer.len() {
                if filled >= LONGEST {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        format!("line {} is longer than {LONGEST} bytes", number + 1),
                    ));
                }
                buffer.resize(filled * 2, 0);
            }
        }
    }

    fn line(
        &mut self,
        number: u64,
        line: &[u8],
        summary: &mut Summary,
        found: &mut impl FnMut(InvalidLine),
    ) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // A line that begins with a space was erased; an empty one says nothing.
        if matches!(line.first(), None | Some(b' ')) {
            return;
        }
        summary.lines += 1;
        self.problems.clear();
        self.plan.line(line, &mut self.problems);
        if self.problems.is_empty() {
            return;
        }
        summary.wrong += 1;
        for problem in self.problems.drain(..) {
            *summary.findings.entry(problem.kind).or_default() += 1;
            let LineProblem { event, field, kind, text } = problem;
            found(InvalidLine { line: number, event, field, kind, text });
        }
    }
}
