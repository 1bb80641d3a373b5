//! The lines of a segment on their way out, one after the other.
//!
//! It owns where a line stands and how lines are read for delivery. It must
//! never know why a line goes, nor what becomes of its segment.

use std::fs::File;
use std::io;
use std::path::Path;

use super::counts::Reason;
use super::lines::{self, LineKind, Lines};
use super::names;
use super::read::{Defect, LinePosition};
use crate::platform;

/// Where a line stands in its segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByteRange {
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// A line that is kept, and not delivered.
#[derive(Clone, Debug)]
pub(crate) struct DeadLetter {
    pub(crate) span: ByteRange,
    pub(crate) reason: Reason,
    /// What else is known, such as the receiver's answer; never a field's value.
    pub(crate) detail: String,
}

impl ByteRange {
    pub(super) fn of(place: &LinePosition) -> Self {
        Self { offset: place.offset, length: place.length }
    }

    /// Bytes from the start of the file.
    pub(crate) fn start(self) -> u64 {
        self.offset
    }
}

/// The lines of a claimed segment, one after the other.
#[derive(Debug)]
pub(crate) struct Outgoing {
    lines: Lines,
    line: Option<lines::SegmentLine>,
    /// The line is to be read once more.
    again: bool,
}

impl Outgoing {
    pub(super) fn new(file: File) -> Self {
        Self { lines: Lines::new(file), line: None, again: false }
    }

    /// Reads the next line that is there, and says whether there was one.
    ///
    /// # Errors
    ///
    /// The operating system failed in the middle of the file.
    pub(crate) fn advance(&mut self) -> io::Result<bool> {
        if std::mem::take(&mut self.again) {
            return Ok(true);
        }
        loop {
            self.line = self.lines.next()?;
            match self.line {
                Some(line) if line.kind == LineKind::Blank => {}
                _ => return Ok(self.line.is_some()),
            }
        }
    }

    /// The line that was read last: where it stands, and its bytes or what is
    /// wrong with it.
    pub(crate) fn last(&mut self) -> Option<(ByteRange, Result<&[u8], Defect>)> {
        let line = self.line?;
        let bytes = match line.kind {
            LineKind::TooLong => Err(Defect::TooLong),
            LineKind::Torn => Err(Defect::Torn),
            LineKind::Whole | LineKind::Blank => Ok(self.lines.bytes()),
        };
        Some((ByteRange { offset: line.offset, length: line.length }, bytes))
    }

    /// Has the line that was read last be read once more.
    pub(crate) fn repeat(&mut self) {
        self.again = true;
    }
}

/// Whether the spool holds a segment, by the names in its folders: what a
/// program asks at its start, whatever waits there.
pub(crate) fn anything_waits(dir: &Path) -> bool {
    let holds = |folder: &str| platform::is_filled(&dir.join(folder));
    holds(names::SEALED) || holds(names::ACTIVE)
}
