//! The requests of one delivery, one after the other.
//!
//! It owns what becomes of the events of each request. It must never know who
//! delivers, nor how often.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::Delivery;
use crate::error::Error;
use crate::export::batch::{Batch, BatchEntry, Judge, Takes};
use crate::export::pacing::{Pace, Pacing, PathOf};
use crate::export::report::{End, Report};
use crate::export::sent;
use crate::export::source::SegmentQueue;
use crate::export::transport::TransportError;
use crate::export::{Attempt, Exporter, Outcome, Permission, Request};
use crate::spool::{DeadLetter, Reason};

/// When a delivery ends.
pub(super) struct EndConditions<'d> {
    pub(super) pace: Pace,
    pub(super) deadline: Instant,
    /// The program ends, or the deadline is over.
    pub(super) over: &'d dyn Fn() -> bool,
}

/// One delivery under way, by the one process that holds the lock.
pub(super) struct DeliveryRun<'d> {
    pub(super) delivery: &'d Delivery,
    pub(super) bounds: EndConditions<'d>,
    pub(super) pacing: Pacing,
    pub(super) report: Report,
    /// The last answer was that the receiver has no such path.
    pub(super) no_such_path: bool,
}

/// One kind of requests: their format, and the lines that go in them.
#[derive(Clone, Copy)]
struct Requests<'d> {
    exporter: &'d dyn Exporter,
    takes: Takes,
}

/// What became of a request.
enum RequestResult {
    Taken {
        rejected: u64,
    },
    /// The events stay.
    Later {
        failure: String,
        status: Option<u16>,
        wait: Option<Duration>,
        answered: bool,
    },
    Refused {
        status: u16,
    },
    /// Consent was withdrawn, or the time was over, before anything left.
    CalledBack,
}

impl DeliveryRun<'_> {
    pub(super) fn requests(&mut self) -> Result<End, Error> {
        let exporter = &*self.delivery.exporter;
        let Some(counts) = exporter.counts() else {
            return self.requests_of(Requests { exporter, takes: Takes::All });
        };
        let events = Requests { exporter, takes: Takes::Events };
        let ended = self.requests_on(PathOf::Events, events)?;
        // A receiver that has no path for events may have one for counts.
        if ended != End::Done && !self.no_such_path {
            return Ok(ended);
        }
        let counts = Requests { exporter: counts, takes: Takes::Counts };
        let of_counts = self.requests_on(PathOf::Counts, counts)?;
        Ok(if ended == End::Done { of_counts } else { ended })
    }

    /// The requests of one kind, unless the receiver lately had no path for it.
    fn requests_on(&mut self, path: PathOf, requests: Requests<'_>) -> Result<End, Error> {
        let now = self.delivery.now();
        if self.bounds.pace == Pace::Background && self.pacing.has_no(path, now) {
            return Ok(End::Done);
        }
        let ended = self.requests_of(requests)?;
        match ended {
            End::Waiting if self.no_such_path => self.pacing.missed(path, now)?,
            End::Done => self.pacing.found(path)?,
            _ => {}
        }
        Ok(ended)
    }

    fn requests_of(&mut self, requests: Requests<'_>) -> Result<End, Error> {
        let delivery = self.delivery;
        let mut batch = Batch::new(requests.exporter.limits());
        let mut source = SegmentQueue::new(&delivery.dir, delivery.limits)?;
        let mut known = None;
        loop {
            if (self.bounds.over)() {
                return Ok(End::Stopped);
            }
            if !std::mem::take(&mut self.no_such_path)
                && let Some(end) = self.too_early()
            {
                return Ok(end);
            }
            let permission = (delivery.permission)();
            if !permission.is_granted() {
                return Ok(End::Denied);
            }
            if known.as_ref().is_some_and(|known| *known != permission) {
                // What was chosen was chosen by another word.
                batch = Batch::new(requests.exporter.limits());
                source = SegmentQueue::new(&delivery.dir, delivery.limits)?;
            }
            if batch.is_empty() && !self.refill(requests, &mut batch, &mut source, &permission)? {
                return Ok(if (self.bounds.over)() { End::Stopped } else { End::Done });
            }
            let left = self.bounds.deadline.saturating_duration_since(Instant::now());
            if left < self.pacing.expected() {
                self.pacing.postponed()?;
                return Ok(End::Stopped);
            }
            let events = self.pacing.events(batch.len());
            let (answer, id, took) =
                self.request(requests.exporter, &batch, events, &permission)?;
            if let Some(end) = self.settle(&mut batch, &mut source, events, answer, &id, took)? {
                return Ok(end);
            }
            known = Some(permission);
        }
    }

    fn too_early(&mut self) -> Option<End> {
        let until = self.pacing.until(self.delivery.now(), self.bounds.pace)?;
        self.report.next_attempt = Some(until.into());
        Some(End::Waiting)
    }

    /// Makes the next batch, and says whether there is anything in it.
    fn refill(
        &mut self,
        requests: Requests<'_>,
        batch: &mut Batch,
        source: &mut SegmentQueue,
        permission: &Permission,
    ) -> Result<bool, Error> {
        let Self { delivery, bounds, report, .. } = self;
        let judge = Judge {
            app: &delivery.app,
            exporter: requests.exporter,
            takes: requests.takes,
            expected: delivery.expected.as_ref(),
            permission,
        };
        let mut seen = |reason, events| match reason {
            Reason::Withdrawn => report.dropped.add(reason, events),
            _ => report.dead_letters.add(reason, events),
        };
        source.forget();
        let sent_at = milliseconds(delivery.now());
        batch.fill(source, &judge, sent_at, &mut seen, bounds.over)?;
        for error in source.errors.drain(..) {
            delivery.report(&error);
            self.report.failure = Some(error.to_string());
        }
        Ok(!batch.is_empty())
    }

    /// Sends the first `events` of `batch`. What may leave is written down
    /// before it does, and the attempt is booked as failed.
    fn request(
        &mut self,
        exporter: &dyn Exporter,
        batch: &Batch,
        events: usize,
        permission: &Permission,
    ) -> Result<(RequestResult, String, Duration), Error> {
        let delivery = self.delivery;
        let (bytes, id) = batch.front(events)?;
        let payload = exporter.payload(&delivery.app, &batch.sent_at, bytes)?;
        let request = Request::new(&delivery.app, id.clone(), payload).with_path(exporter.path());
        self.pacing.start(delivery.now())?;
        let mut log = sent::Log::open(&delivery.dir, delivery.sent_cap)?;
        let time = milliseconds(delivery.now());
        let entry = log.start(&request, delivery.transport.receiver(), &time)?;
        let started = Instant::now();
        let deadline = self.bounds.deadline.min(started + delivery.request_timeout);
        // The end of the program is no reason: it has a budget for what is under
        // way.
        let allowed = || (delivery.permission)() == *permission;
        delivery.under_way.store(events.try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
        let answer = delivery.transport.send(&request, &Attempt::new(deadline, &allowed));
        delivery.under_way.store(0, Ordering::Relaxed);
        let took = started.elapsed();
        let answer = match answer {
            Ok(response) => {
                log.answered(entry, response.status)?;
                let (status, wait) = (response.status, response.retry_after);
                match exporter.outcome(&response) {
                    Outcome::Taken { rejected } => RequestResult::Taken { rejected },
                    Outcome::Refused => RequestResult::Refused { status },
                    Outcome::Retry | Outcome::Misdirected => {
                        let failure = format!("status {status}");
                        RequestResult::Later { failure, status: Some(status), wait, answered: true }
                    }
                }
            }
            Err(error) => {
                if !error.may_have_arrived() {
                    log.take_back(entry)?;
                }
                self.unanswered(&error, !allowed())
            }
        };
        Ok((answer, id, took))
    }

    fn unanswered(&self, error: &TransportError, withdrawn: bool) -> RequestResult {
        // The deadline of all of it is no failure of the receiver either.
        let late = Instant::now() >= self.bounds.deadline;
        if (withdrawn || late) && !error.may_have_arrived() {
            return RequestResult::CalledBack;
        }
        let answered = error.may_have_arrived();
        RequestResult::Later { failure: error.to_string(), status: None, wait: None, answered }
    }

    /// Removes or keeps what was sent, or makes dead letters of it, as the answer
    /// says; says how
    /// the delivery ends if it does not go on.
    fn settle(
        &mut self,
        batch: &mut Batch,
        source: &mut SegmentQueue,
        events: usize,
        answer: RequestResult,
        id: &str,
        took: Duration,
    ) -> Result<Option<End>, Error> {
        match answer {
            RequestResult::Taken { rejected } => {
                self.taken(&batch.take(events), source, id, rejected)?;
                self.pacing.taken(events, took)?;
            }
            RequestResult::Refused { status } => {
                self.report.failure = Some(format!("status {status}"));
                if events == 1 {
                    self.refused(&batch.take(1), source, status)?;
                }
                self.pacing.refused(events, status, took)?;
            }
            RequestResult::Later { failure, status, wait, answered } => {
                let events = u64::try_from(batch.len()).unwrap_or(u64::MAX);
                self.report.retried_later += events;
                self.no_such_path = matches!(status, Some(404 | 405 | 501));
                self.report.failure = Some(failure);
                let took = answered.then_some(took);
                let next = self.pacing.failed(self.delivery.now(), wait, status, took)?;
                self.report.next_attempt = Some(next.into());
                return Ok(Some(End::Waiting));
            }
            RequestResult::CalledBack => {
                self.pacing.called_back()?;
                // With another permission the loop begins anew.
                if !(self.delivery.permission)().is_granted() {
                    return Ok(Some(End::Denied));
                }
            }
        }
        Ok(None)
    }

    fn taken(
        &mut self,
        entries: &[BatchEntry],
        source: &mut SegmentQueue,
        id: &str,
        rejected: u64,
    ) -> Result<(), Error> {
        let events = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        let rejected = rejected.min(events);
        if rejected > 0
            && let Some(open) = entries.first().and_then(|first| source.at(first.place))
        {
            // Before the removal, and by the batch's id: whoever is killed in
            // between sends the same batch again, and counts it once.
            open.claim().count_batch(id, Reason::Rejected, rejected)?;
            self.report.dropped.add(Reason::Rejected, rejected);
        }
        for entry in entries {
            if let Some(open) = source.at(entry.place) {
                open.settled(entry.span);
            }
        }
        source.settle()?;
        self.report.sent += events - rejected;
        self.report.batches += 1;
        Ok(())
    }

    fn refused(
        &mut self,
        entries: &[BatchEntry],
        source: &mut SegmentQueue,
        status: u16,
    ) -> Result<(), Error> {
        for entry in entries {
            if let Some(open) = source.at(entry.place) {
                let detail = format!("status {status}");
                open.refused(DeadLetter { span: entry.span, reason: Reason::Rejected, detail });
            }
            self.report.dead_letters.add(Reason::Rejected, 1);
        }
        source.settle()
    }
}

/// RFC 3339 in UTC with milliseconds, as stored lines have it.
fn milliseconds(time: Timestamp) -> String {
    format!("{time:.3}")
}
