//! Which events go, when, and what becomes of them.
//!
//! It owns the settings and the beginning of a delivery; [`run`] is the loop over its
//! requests. It must never know a wire format or a
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

mod run;

use std::fmt;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use self::run::{DeliveryRun, EndConditions};
use super::pacing::{LONGEST_ANSWER, Pace, Pacing, UPLOADS};
use super::report::{End, Report};
use super::{App, Expected, Exporter, Permission, Transport, sent};
use crate::error::{Error, Kind};
use crate::spool::{self, Limits};

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
