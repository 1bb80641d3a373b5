//! The lines that wait, segment by segment.
//!
//! It owns which segments are claimed, how far each is read, and when one is
//! removed. It must never know a wire format or a receiver.

use std::collections::VecDeque;
use std::path::Path;

use crate::error::Error;
use crate::spool::{self, ByteRange, Claim, DeadLetter, Limits, Outgoing, Reason, SealedSegment};

/// Segments that may be open at once: a process often has no more than 256 open
/// files, and the host program needs some.
const SEGMENTS: usize = 64;

/// A claimed segment. Dropped, it is given back, with what is left in it.
pub(super) struct OpenSegment {
    claim: Claim,
    /// `None` when all of it was read.
    lines: Option<Outgoing>,
    /// The rest of the file cannot be read: it stays, for who can read it.
    broken: bool,
    /// Lines that go in requests of another kind: they stay in the file.
    left: bool,
    /// Lines that are on their way to the receiver.
    chosen: usize,
    withdrawn: Vec<ByteRange>,
    letters: Vec<DeadLetter>,
    /// Lines that are done, and stand in the file yet.
    done: Vec<ByteRange>,
}

impl OpenSegment {
    pub(super) fn claim(&self) -> &Claim {
        &self.claim
    }

    /// The event at `span` is of a time or a purpose without consent.
    pub(super) fn withdraw(&mut self, span: ByteRange) {
        self.withdrawn.push(span);
    }

    pub(super) fn keep(&mut self, letter: DeadLetter) {
        self.letters.push(letter);
    }

    /// A line that was chosen is done.
    pub(super) fn settled(&mut self, span: ByteRange) {
        self.chosen = self.chosen.saturating_sub(1);
        self.done.push(span);
    }

    /// The same for one that becomes a dead letter.
    pub(super) fn refused(&mut self, letter: DeadLetter) {
        self.chosen = self.chosen.saturating_sub(1);
        self.letters.push(letter);
    }

    /// Counts and keeps what is to be, and takes out of the file what is done;
    /// of a segment with nothing left in it, the file is removed instead. Says
    /// what is to become of the segment.
    fn write_down(&mut self, limits: &Limits) -> Result<Then, Error> {
        self.claim.discard(&self.withdrawn, Reason::Withdrawn)?;
        self.withdrawn.clear();
        self.claim.keep(&self.letters, limits)?;
        self.letters.clear();
        let is_over = self.lines.is_none() && self.chosen == 0;
        if is_over && !self.broken && !self.left {
            return Ok(Then::Finish);
        }
        self.done.sort_by_key(|span| span.start());
        self.claim.take_out(&self.done)?;
        self.done.clear();
        Ok(if is_over && self.left { Then::GiveBack } else { Then::Keep })
    }
}

/// What becomes of a segment once what is done in it is written down.
enum Then {
    /// Nothing is left in it.
    Finish,
    /// What is left in it is for requests of another kind.
    GiveBack,
    Keep,
}

/// What a look at the next line found.
pub(super) enum Next<'s> {
    Line(ByteRange, Result<&'s [u8], spool::Defect>),
    /// All lines of all segments were read.
    End,
    /// As many segments are open as may be.
    Full,
}

pub(super) struct SegmentQueue {
    limits: Limits,
    waiting: VecDeque<SealedSegment>,
    /// In the order of the spool. The last is the one that is read.
    open: Vec<Option<OpenSegment>>,
    /// Segments that could not be used. The others can.
    pub(super) errors: Vec<Error>,
}

impl SegmentQueue {
    pub(super) fn new(dir: &Path, limits: Limits) -> Result<Self, Error> {
        let waiting = spool::sealed(dir)?.into();
        Ok(Self { limits, waiting, open: Vec::new(), errors: Vec::new() })
    }

    /// The place of the segment that the last line was of.
    pub(super) fn place(&self) -> usize {
        self.open.len().saturating_sub(1)
    }

    pub(super) fn at(&mut self, place: usize) -> Option<&mut OpenSegment> {
        self.open.get_mut(place)?.as_mut()
    }

    /// The last line goes with the batch that is being made.
    pub(super) fn choose(&mut self) {
        let place = self.place();
        if let Some(open) = self.at(place) {
            open.chosen += 1;
        }
    }

    /// The last line goes in a request of another kind.
    pub(super) fn leave(&mut self) {
        let place = self.place();
        if let Some(open) = self.at(place) {
            open.left = true;
        }
    }

    /// The last line goes with a later batch.
    pub(super) fn put_back(&mut self) {
        let place = self.place();
        if let Some(lines) = self.at(place).and_then(|open| open.lines.as_mut()) {
            lines.repeat();
        }
    }

    /// Opens the next segment if the last one is read, and says whether there
    /// is one to read.
    fn advance(&mut self) -> Result<bool, Error> {
        loop {
            let place = self.place();
            if self.at(place).is_some_and(|open| open.lines.is_some()) {
                return Ok(true);
            }
            let Some(segment) = self.waiting.pop_front() else { return Ok(false) };
            let opened = segment.claim().and_then(|claim| {
                // None: it is gone, or being dropped by a cap.
                claim.map(|claim| claim.outgoing().map(|lines| (claim, lines))).transpose()
            });
            match opened {
                Ok(Some((claim, lines))) => self.open.push(Some(OpenSegment {
                    claim,
                    lines: Some(lines),
                    broken: false,
                    left: false,
                    chosen: 0,
                    withdrawn: Vec::new(),
                    letters: Vec::new(),
                    done: Vec::new(),
                })),
                Ok(None) => {}
                // One that cannot be opened keeps back no other.
                Err(error) => self.errors.push(error),
            }
        }
    }

    /// The next line. What of a segment is done without a receiver is written
    /// down once the segment is read.
    pub(super) fn next(&mut self) -> Result<Next<'_>, Error> {
        loop {
            if self.open.iter().flatten().count() >= SEGMENTS {
                return Ok(Next::Full);
            }
            if !self.advance()? {
                return Ok(Next::End);
            }
            match self.step() {
                ReadStep::Line => break,
                ReadStep::End => {
                    self.write_down(self.place())?;
                    // So that thousands of segments with nothing to send leave
                    // no trace here.
                    self.open.pop_if(|open| open.is_none());
                }
            }
        }
        let place = self.place();
        let lines = self.at(place).and_then(|open| open.lines.as_mut());
        match lines.and_then(Outgoing::last) {
            Some((span, line)) => Ok(Next::Line(span, line)),
            None => Ok(Next::End),
        }
    }

    /// Reads one line of the segment that is being read.
    fn step(&mut self) -> ReadStep {
        let place = self.place();
        let Some(open) = self.open.get_mut(place).and_then(Option::as_mut) else {
            return ReadStep::End;
        };
        match open.lines.as_mut().map(Outgoing::advance) {
            Some(Ok(true)) => return ReadStep::Line,
            Some(Err(source)) => {
                open.broken = true;
                let path = open.claim.segment().path();
                self.errors.push(Error::io("read", path, source));
            }
            Some(Ok(false)) | None => {}
        }
        open.lines = None;
        ReadStep::End
    }

    fn write_down(&mut self, place: usize) -> Result<(), Error> {
        let limits = self.limits;
        let Some(slot) = self.open.get_mut(place) else { return Ok(()) };
        let Some(open) = slot else { return Ok(()) };
        match (open.write_down(&limits)?, slot) {
            (Then::Keep, _) => Ok(()),
            (Then::GiveBack, slot) => {
                *slot = None;
                Ok(())
            }
            (Then::Finish, slot) => slot.take().map_or(Ok(()), |open| open.claim.finish()),
        }
    }

    /// Writes down what is done in all segments that are open. Segments with
    /// nothing left are gone then, and their places with them.
    pub(super) fn settle(&mut self) -> Result<(), Error> {
        for place in 0..self.open.len() {
            self.write_down(place)?;
        }
        Ok(())
    }

    /// Forgets the segments that are read, once no batch names their places.
    /// What is left in a broken one stays in the spool.
    pub(super) fn forget(&mut self) {
        self.open.retain(|open| open.as_ref().is_some_and(|open| open.lines.is_some()));
    }
}

enum ReadStep {
    Line,
    End,
}
