//! What delivery does with the lines of a segment that it has claimed.
//!
//! It owns the order of counting, keeping and taking out, by which a process
//! that is killed anywhere loses no event and counts none twice. It must never
//! know why a line goes.
//!
//! | step | survives |
//! |---|---|
//! | dead letters are written and synced | a power cut: they are the only copy from then on |
//! | the count is written, under a key that starts with the segment | the death of the process |
//! | the lines are taken out, or the file is removed | the death of the process |
//!
//! After a power cut what was taken out may be back, and is delivered again:
//! the receiver knows it by its id. So nothing waits for the disk there.

use std::fs;
use std::io;
use std::path::Path;

use super::aside;
use super::counts::{self, Reason};
use super::limits::Limits;
use super::lines::{self, LineKind, Lines};
use super::names;
use super::read::{Defect, Place};
use super::sealed::Claim;
use crate::error::Error;
use crate::platform;

/// Where a line stands in its segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// A line that is kept, and not delivered.
#[derive(Clone, Debug)]
pub(crate) struct DeadLetter {
    pub(crate) span: Span,
    pub(crate) reason: Reason,
    /// What else is known, such as the receiver's answer; never a field's value.
    pub(crate) detail: String,
}

impl Span {
    /// Bytes from the start of the file.
    pub(crate) fn start(self) -> u64 {
        self.offset
    }
}

/// The lines of a claimed segment, one after the other.
#[derive(Debug)]
pub(crate) struct Outgoing {
    lines: Lines,
    line: Option<lines::Line>,
    /// The line is to be read once more.
    again: bool,
}

impl Outgoing {
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
    pub(crate) fn last(&mut self) -> Option<(Span, Result<&[u8], Defect>)> {
        let line = self.line?;
        let bytes = match line.kind {
            LineKind::TooLong => Err(Defect::TooLong),
            LineKind::Torn => Err(Defect::Torn),
            LineKind::Whole | LineKind::Blank => Ok(self.lines.bytes()),
        };
        Some((Span { offset: line.offset, length: line.length }, bytes))
    }

    /// Has the line that was read last be read once more.
    pub(crate) fn repeat(&mut self) {
        self.again = true;
    }
}

impl Claim {
    /// Its lines.
    ///
    /// # Errors
    ///
    /// The file cannot be opened.
    pub(crate) fn outgoing(&self) -> Result<Outgoing, Error> {
        let path = &self.segment.file.path;
        let file = platform::open_regular(path).map_err(|e| Error::io("open", path, e))?;
        Ok(Outgoing { lines: Lines::new(file), line: None, again: false })
    }

    /// Takes lines out: they are in the receiver's hands, or counted. The last
    /// goes first, so that the first, which names a count, is there until all
    /// others are gone.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub(crate) fn take_out(&self, spans: &[Span]) -> Result<(), Error> {
        let path = &self.segment.file.path;
        for joined in joined(spans).into_iter().rev() {
            lines::blank(&self.file, joined.offset, joined.length)
                .map_err(|e| Error::io("write", path, e))?;
        }
        Ok(())
    }

    /// Counts lines that are dropped, once for all of them. They are to be taken
    /// out next; who is killed in between counts them once all the same.
    ///
    /// # Errors
    ///
    /// The count cannot be written.
    pub(crate) fn count(&self, spans: &[Span], reason: Reason) -> Result<(), Error> {
        let (Some(first), Ok(events)) = (spans.first(), u64::try_from(spans.len())) else {
            return Ok(());
        };
        let key = format!("{}@{}", self.segment.file.segment, first.offset);
        counts::count_once(&self.segment.dir, reason, events, &key)
    }

    /// Keeps lines as dead letters, and counts them by reason.
    ///
    /// # Errors
    ///
    /// The dead letters or the counts cannot be written.
    pub(crate) fn keep(&self, letters: &[DeadLetter], limits: &Limits) -> Result<(), Error> {
        if letters.is_empty() {
            return Ok(());
        }
        aside::keep(&self.segment.dir, &self.segment.file, letters, limits)?;
        for reason in Reason::ALL {
            let spans: Vec<Span> =
                letters.iter().filter(|l| l.reason == *reason).map(|l| l.span).collect();
            self.count(&spans, *reason)?;
        }
        Ok(())
    }

    /// Keeps one line as a dead letter, counts it and takes it out.
    ///
    /// # Errors
    ///
    /// The dead letters or the segment cannot be written.
    pub fn set_aside(
        &self,
        place: &Place,
        reason: Reason,
        detail: &str,
        limits: &Limits,
    ) -> Result<(), Error> {
        let span = Span { offset: place.offset, length: place.length };
        self.keep(&[DeadLetter { span, reason, detail: detail.to_owned() }], limits)?;
        self.take_out(&[span])
    }

    /// Removes the segment: nothing in it is waiting any more.
    ///
    /// # Errors
    ///
    /// The file cannot be removed.
    pub(crate) fn finish(self) -> Result<(), Error> {
        self.remove_without_sync()
    }

    /// Counts what the receiver says that it dropped of a batch that begins
    /// with this segment; a second count of the same batch counts nothing.
    ///
    /// # Errors
    ///
    /// The count cannot be written.
    pub(crate) fn count_batch(&self, id: &str, reason: Reason, events: u64) -> Result<(), Error> {
        let key = format!("{}@{id}", self.segment.file.segment);
        counts::count_once(&self.segment.dir, reason, events, &key)
    }
}

/// Lines that follow each other as one, line feeds included, so that they are
/// taken out with one write: the reader passes by a long blank as by a short one.
fn joined(spans: &[Span]) -> Vec<Span> {
    let mut joined: Vec<Span> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if last.offset + last.length + 1 == span.offset => {
                last.length += 1 + span.length;
            }
            _ => joined.push(*span),
        }
    }
    joined
}

/// Whether the spool holds a segment, by the names in its folders: what a
/// program asks at its start, whatever waits there.
pub(crate) fn anything_waits(dir: &Path) -> bool {
    let holds = |folder: &str| {
        fs::read_dir(dir.join(folder)).is_ok_and(|mut entries| entries.next().is_some())
    };
    holds(names::SEALED) || holds(names::ACTIVE)
}
