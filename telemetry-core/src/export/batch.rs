//! The events of the next request, written once.
//!
//! It owns which lines go in a batch and which never do. It must never know
//! what becomes of a batch.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use sha2::{Digest, Sha256};

use super::permission::Permission;
use super::source::{Next, SegmentQueue};
use super::{App, BatchLimits, Expected, Exporter, WaitingEvent};
use crate::envelope::{self, Line};
use crate::error::{Error, Kind};
use crate::pseudonym::{format, primitives};
use crate::spool::{ByteRange, DeadLetter, Reason};

/// How many lines are read between two looks at the clock.
const UNTIMED: u64 = 64;

/// What decides about lines.
pub(super) struct Judge<'j> {
    pub(super) app: &'j App,
    pub(super) exporter: &'j dyn Exporter,
    /// Which lines go in these requests.
    pub(super) takes: Takes,
    pub(super) expected: Option<&'j Expected>,
    pub(super) permission: &'j Permission,
}

/// The lines that go in one kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    All,
    Events,
    Counts,
}

impl Takes {
    fn takes(self, line: &Line<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Events => line.counts.is_none(),
            Self::Counts => line.counts.is_some(),
        }
    }
}

/// One event in the batch.
#[derive(Clone, Copy)]
pub(super) struct BatchEntry {
    /// The place of its segment in the source.
    pub(super) place: usize,
    pub(super) span: ByteRange,
    /// Where its bytes end in the batch.
    bytes: usize,
    /// Where its id ends among the ids.
    ids: usize,
}

/// Events on their way, oldest first, and their bytes one after the other.
pub(super) struct Batch {
    limits: BatchLimits,
    pub(super) sent_at: String,
    bytes: Vec<u8>,
    /// Each event's id and a line feed.
    ids: Vec<u8>,
    entries: VecDeque<BatchEntry>,
    /// Bytes and ids of events that are no longer in `entries`.
    gone: (usize, usize),
}

/// What becomes of a line.
enum Verdict {
    Chosen,
    /// It goes in a request of another kind.
    Elsewhere,
    /// There is no room for it.
    Later,
    Withdrawn,
    Dead(Reason, String),
}

impl Batch {
    pub(super) fn new(limits: BatchLimits) -> Self {
        Self {
            limits,
            sent_at: String::new(),
            bytes: Vec::new(),
            ids: Vec::new(),
            entries: VecDeque::new(),
            gone: (0, 0),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Fills the empty batch from `source`. Says how many lines were withdrawn
    /// and which became dead letters through `seen`; stops early when `stop`
    /// says so, which is asked every few lines.
    pub(super) fn fill(
        &mut self,
        source: &mut SegmentQueue,
        judge: &Judge<'_>,
        sent_at: String,
        seen: &mut dyn FnMut(Reason, u64),
        stop: &dyn Fn() -> bool,
    ) -> Result<(), Error> {
        self.sent_at = sent_at;
        self.bytes.clear();
        self.ids.clear();
        self.gone = (0, 0);
        let mut lines = 0_u64;
        loop {
            lines += 1;
            if lines.is_multiple_of(UNTIMED) && stop() {
                break;
            }
            let (span, verdict) = match source.next()? {
                Next::End | Next::Full => break,
                Next::Line(span, Ok(line)) => (span, self.judge(line, judge)),
                Next::Line(span, Err(defect)) => {
                    (span, Verdict::Dead(Reason::Unreadable, defect.to_string()))
                }
            };
            let place = source.place();
            match verdict {
                Verdict::Chosen => {
                    source.choose();
                    let (bytes, ids) = (self.bytes.len(), self.ids.len());
                    self.entries.push_back(BatchEntry { place, span, bytes, ids });
                }
                Verdict::Elsewhere => source.leave(),
                Verdict::Later => {
                    source.put_back();
                    break;
                }
                Verdict::Withdrawn => {
                    seen(Reason::Withdrawn, 1);
                    source.at(place).into_iter().for_each(|open| open.withdraw(span));
                }
                Verdict::Dead(reason, detail) => {
                    seen(reason, 1);
                    let letter = DeadLetter { span, reason, detail };
                    source.at(place).into_iter().for_each(|open| open.keep(letter.clone()));
                }
            }
        }
        // What never goes is written down before what goes is sent.
        source.settle()
    }

    fn judge(&mut self, line: &[u8], judge: &Judge<'_>) -> Verdict {
        let line = match Line::read(line) {
            Ok(line) => line,
            Err(malformed) => {
                let defect = crate::spool::Defect::from(malformed);
                return Verdict::Dead(Reason::Unreadable, defect.to_string());
            }
        };
        if !judge.takes.takes(&line) {
            return Verdict::Elsewhere;
        }
        if !judge.permission.permits(&line) {
            return Verdict::Withdrawn;
        }
        if !envelope::is_shallow(line.fields.as_bytes()) {
            let most = envelope::MAX_DEPTH;
            return Verdict::Dead(Reason::Unexpected, format!("nested more than {most} deep"));
        }
        if let Some(Err(why)) = judge.expected.map(|expected| expected.check(&line)) {
            return Verdict::Dead(Reason::Unexpected, why);
        }
        self.append(&line, judge)
    }

    fn append(&mut self, line: &Line<'_>, judge: &Judge<'_>) -> Verdict {
        let before = self.bytes.len();
        let event = WaitingEvent(*line);
        // The author's code. One event that it cannot write keeps back no other.
        let appended = catch_unwind(AssertUnwindSafe(|| {
            judge.exporter.append(judge.app, &self.sent_at, &event, &mut self.bytes)
        }));
        let verdict = match appended {
            Ok(Ok(())) => self.room(self.bytes.len().saturating_sub(before)),
            Ok(Err(error)) => Verdict::Dead(Reason::NotExported, error.to_string()),
            Err(_) => Verdict::Dead(Reason::NotExported, "the exporter panicked".to_owned()),
        };
        if matches!(verdict, Verdict::Chosen) {
            self.ids.extend_from_slice(line.id.as_bytes());
            self.ids.push(b'\n');
        } else {
            self.bytes.truncate(before);
        }
        verdict
    }

    fn room(&self, bytes: usize) -> Verdict {
        if bytes > self.limits.event_bytes.min(self.limits.batch_bytes) {
            let why = "larger than the receiver takes".to_owned();
            return Verdict::Dead(Reason::NotExported, why);
        }
        if self.entries.len() >= self.limits.batch_events
            || self.bytes.len() > self.limits.batch_bytes
        {
            return Verdict::Later;
        }
        Verdict::Chosen
    }

    /// The bytes of the first `events` events, and their id as a batch: the
    /// first 128 bits, in lower-case hex, of the SHA-256 of their ids, each
    /// followed by a line feed. Event ids hold randomness and a number, nothing
    /// of the events, so that it tells nobody what is in the batch; the same
    /// events have the same id, so that a receiver knows a repeated batch.
    pub(super) fn front(&self, events: usize) -> Result<(&[u8], String), Error> {
        let lost = || Error::new(Kind::Export, "the batch lost count of its events");
        let last =
            events.checked_sub(1).and_then(|last| self.entries.get(last)).ok_or_else(lost)?;
        let bytes = self.bytes.get(self.gone.0..last.bytes).ok_or_else(lost)?;
        let ids = self.ids.get(self.gone.1..last.ids).ok_or_else(lost)?;
        let sum = Sha256::digest(ids);
        let mut digits = [0; 2 * primitives::DIGEST];
        format::encode(&sum.into(), &mut digits);
        let id = digits.iter().take(32).copied().map(char::from).collect();
        Ok((bytes, id))
    }

    /// Takes the first `events` events off.
    pub(super) fn take(&mut self, events: usize) -> Vec<BatchEntry> {
        let taken: Vec<BatchEntry> = self.entries.drain(..events.min(self.entries.len())).collect();
        if let Some(last) = taken.last() {
            self.gone = (last.bytes, last.ids);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_known_by_its_events() {
        let limits = BatchLimits { event_bytes: 9, batch_bytes: 9, batch_events: 9 };
        let mut batch = Batch::new(limits);
        let span = ByteRange::default();
        for number in 1..=3 {
            batch.ids.extend(format!("0123456789abcdef01234567-{number}\n").bytes());
            batch.bytes.push(b'x');
            let (bytes, ids) = (batch.bytes.len(), batch.ids.len());
            batch.entries.push_back(BatchEntry { place: 0, span, bytes, ids });
        }
        let id = |batch: &Batch, events| batch.front(events).unwrap().1;
        // printf '0123456789abcdef01234567-1\n' | sha256sum
        assert_eq!(id(&batch, 1), "d4f421d856f11c36f15223ebae3a2fc0");
        let (two, three) = (id(&batch, 2), id(&batch, 3));
        assert_ne!(two, three);
        batch.take(1);
        assert_eq!(batch.front(2).unwrap().0, b"xx");
        assert_ne!(id(&batch, 2), two);
        assert!(batch.front(3).is_err() && batch.front(0).is_err());
    }
}
