//! Which events go, when, and what becomes of them.
//!
//! It owns the loop over the requests. It must never know a wire format or a
//! protocol: an [`Exporter`] writes, a [`Transport`] carries.
//!
//! What happens to an event, in this order:
//!
//! | when | then |
//! |---|---|
//! | consent is denied | nothing is read, locked or sent |
//! | the event is of a time or a purpose without consent | dropped and counted, never sent |
//! | this program cannot have written it, the exporter cannot write it, or it is over the limit of one event | to the dead letters with the reason |
//! | the receiver takes it | removed after the answer |
//! | the receiver takes the batch and drops some of it | the number is counted as dropped |
//! | the receiver refuses the batch | fewer events are tried, down to the one that is refused; that one goes to the dead letters with the status |
//! | no answer, one that says "later", or one that says "not here" | stays; the wait is kept on disk |
//!
//! Being killed at any point loses nothing: an event that the receiver took and
//! that was not removed yet goes again, with the same id. So does, after a power
//! cut, one whose removal had not reached the disk.

use std::fmt;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use super::batch::{Batch, BatchEntry, Judge, Takes};
use super::pacing::{LONGEST_ANSWER, Pace, Pacing, PathOf, UPLOADS};
use super::report::{End, Report};
use super::source::SegmentQueue;
use super::{App, Attempt, Expected, Exporter, Outcome, Permission, Request, Transport};
use super::{sent, transport::TransportError};
use crate::error::{Error, Kind};
use crate::spool::{self, DeadLetter, Limits, Reason};

/// Sends what waits in the spool.
pub struct Delivery {
    dir: PathBuf,
    app: App,
    exporter: Box<dyn Exporter>,
    transport: Box<dyn Transport>,
    permission: Box<dyn Fn() -> Permission + Send + Sync>,
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    on_error: Box<dyn Fn(&Error) + Send + Sync>,
    expected: Option<Expected>,
    limits: Limits,
    sent_cap: u64,
    request_timeout: Duration,
    uploads: NonZeroU32,
    under_way: Arc<AtomicU64>,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("dir", &self.dir)
            .field("app", &self.app)
            .field("receiver", &self.transport.receiver())
            .finish_non_exhaustive()
    }
}

/// Sets up a [`Delivery`].
#[derive(Debug)]
pub struct DeliveryBuilder(Delivery);

impl DeliveryBuilder {
    /// The time of day, in place of the system's clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.0.clock = Box::new(clock);
        self
    }

    /// What a segment that cannot be opened is reported to, and a delivery that
    /// failed while a [`Worker`](super::unstable::Worker) did it. The error never
    /// holds the value of a field.
    #[must_use]
    pub fn on_error(mut self, hook: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.0.on_error = Box::new(hook);
        self
    }

    /// The events that the program can have written; others go to the dead
    /// letters. Without it every stored event goes.
    #[must_use]
    pub fn expected(mut self, expected: Option<Expected>) -> Self {
        self.0.expected = expected;
        self
    }

    /// How much the spool keeps of dead letters.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.0.limits = limits;
        self
    }

    /// The bytes that the log of what was sent may take; 1 MiB by default.
    #[must_use]
    pub fn sent_cap(mut self, bytes: u64) -> Self {
        self.0.sent_cap = bytes;
        self
    }

    /// The longest time of one request with its answer; 30 seconds by default.
    #[must_use]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.0.request_timeout = timeout;
        self
    }

    /// How many requests may be sent in a minute; 15 by default. More is for a
    /// receiver that takes one event per request.
    #[must_use]
    pub fn uploads_per_minute(mut self, uploads: NonZeroU32) -> Self {
        self.0.uploads = uploads;
        self
    }

    /// Where the number of events of the request that is under way is kept, for
    /// others to look at.
    #[must_use]
    pub(crate) fn under_way(mut self, under_way: Arc<AtomicU64>) -> Self {
        self.0.under_way = under_way;
        self
    }

    /// The delivery.
    pub fn build(self) -> Delivery {
        self.0
    }
}

impl Delivery {
    /// A delivery of the events in the telemetry folder `dir`.
    ///
    /// `permission` is asked before anything is touched, again before each
    /// request, and again right before the first byte of each body. It is to
    /// read the current word, not to remember one.
    pub fn builder(
        dir: impl Into<PathBuf>,
        app: App,
        exporter: impl Exporter + 'static,
        transport: impl Transport + 'static,
        permission: impl Fn() -> Permission + Send + Sync + 'static,
    ) -> DeliveryBuilder {
        DeliveryBuilder(Self {
            dir: dir.into(),
            app,
            exporter: Box::new(exporter),
            transport: Box::new(transport),
            permission: Box::new(permission),
            clock: Box::new(SystemTime::now),
            on_error: Box::new(|_| {}),
            expected: None,
            limits: Limits::default(),
            sent_cap: sent::DEFAULT_CAP,
            request_timeout: LONGEST_ANSWER,
            uploads: UPLOADS,
            under_way: Arc::default(),
        })
    }

    /// Sends what waits, batch by batch, oldest first, until nothing is left,
    /// the receiver asks to wait, or `deadline` comes. A request under way at
    /// the deadline ends with it; what it carried stays. None is started that,
    /// by what earlier ones took, cannot be expected to end before the deadline.
    ///
    /// With consent denied it touches nothing: no file, no lock, no socket.
    ///
    /// # Errors
    ///
    /// The telemetry folder cannot be read or written, or the exporter or the
    /// transport panicked. A receiver that refuses or cannot be reached is no
    /// error but a part of the report.
    pub fn run_once(&self, pace: Pace, deadline: Instant) -> Result<Report, Error> {
        self.run(pace, deadline, &|| false)
    }

    /// The same, which also ends before the next request once `stop` says so.
    pub(super) fn run(
        &self,
        pace: Pace,
        deadline: Instant,
        stop: &dyn Fn() -> bool,
    ) -> Result<Report, Error> {
        let ended = catch_unwind(AssertUnwindSafe(|| self.deliver(pace, deadline, stop)));
        self.under_way.store(0, Ordering::Relaxed);
        // The message of the panic may hold anything.
        ended.unwrap_or_else(|_| {
            Err(Error::new(
                Kind::Delivery,
                "the exporter or the transport panicked; what it was given stays in the spool",
            ))
        })
    }

    fn deliver(
        &self,
        pace: Pace,
        deadline: Instant,
        stop: &dyn Fn() -> bool,
    ) -> Result<Report, Error> {
        let ended = |end| Ok(Report { end, ..Report::default() });
        if !(self.permission)().is_granted() {
            return ended(End::Denied);
        }
        if let Err(error) = self.transport.ready() {
            self.report(&error);
            let failure = Some(error.to_string());
            return Ok(Report { end: End::Unable, failure, ..Report::default() });
        }
        // What a process that was killed has left is complete now.
        spool::recover(&self.dir)?;
        if spool::sealed(&self.dir)?.is_empty() {
            return ended(End::Done);
        }
        let Some(_lock) = spool::try_lock_delivery(&self.dir)? else {
            return ended(End::Busy);
        };
        let pacing = Pacing::load(&self.dir, self.uploads)?;
        let over = || stop() || Instant::now() >= deadline;
        let bounds = EndConditions { pace, deadline, over: &over };
        let report = Report::default();
        let mut run = DeliveryRun { delivery: self, bounds, pacing, report, no_such_path: false };
        run.report.end = run.requests()?;
        Ok(run.report)
    }

    /// How long a request takes, by what earlier ones took.
    pub(super) fn expected(&self) -> Duration {
        let pacing = Pacing::load(&self.dir, self.uploads);
        pacing.map_or(Duration::ZERO, |pacing| pacing.expected())
    }

    /// How long it is until `time`.
    pub(super) fn until(&self, time: SystemTime) -> Duration {
        time.duration_since((self.clock)()).unwrap_or_default()
    }

    pub(super) fn report(&self, error: &Error) {
        (self.on_error)(error);
    }

    fn now(&self) -> Timestamp {
        Timestamp::try_from((self.clock)()).unwrap_or(Timestamp::MAX)
    }
}

/// When a delivery ends.
struct EndConditions<'d> {
    pace: Pace,
    deadline: Instant,
    /// The program ends, or the deadline is over.
    over: &'d dyn Fn() -> bool,
}

/// One delivery under way, by the one process that holds the lock.
struct DeliveryRun<'d> {
    delivery: &'d Delivery,
    bounds: EndConditions<'d>,
    pacing: Pacing,
    report: Report,
    /// The last answer was that the receiver has no such path.
    no_such_path: bool,
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
    fn requests(&mut self) -> Result<End, Error> {
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
