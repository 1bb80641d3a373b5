//! Which events go, when, and what becomes of them.
//!
//! It owns the loop over the sealed segments. It must never know a wire format
//! or a protocol: an [`Exporter`] writes, a [`Transport`] carries.
//!
//! What happens to an event, in this order:
//!
//! | when | then |
//! |---|---|
//! | consent is denied | nothing is read, locked or sent |
//! | the event is of a time or a purpose without consent | dropped and counted, never sent |
//! | the exporter cannot write it, or it is over the limit of one event | set aside with the reason |
//! | the receiver takes it | removed, durably, after the answer |
//! | the receiver takes the batch and drops some of it | the number is counted as dropped |
//! | the receiver refuses it | set aside with the status |
//! | no answer, or one that says "later" | stays; the wait is kept on disk |
//!
//! Being killed at any point loses nothing: an event that the receiver took and
//! that was not removed yet goes again, with the same id.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use super::retry::{Retry, UPLOADS};
use super::sent;
use super::{App, Batch, BatchId, Exporter, Outcome, Request, Transport};
use crate::consent::Cutoff;
use crate::error::Error;
use crate::spool::{self, Claim, Limits, Place, Reason, Stored};

/// Longest time for one request, the answer included: a receiver that needs
/// longer is one to come back to later.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Segments that one batch takes from: each is an open file, of which a process
/// often has no more than 256.
const SEGMENTS: usize = 64;

/// What may be sent now, by the user's and the organisation's word.
///
/// ```
/// use telemetry_core::export::Permission;
///
/// let permission = Permission::granted().without_purpose("model-training");
/// assert!(permission.is_granted());
/// assert!(!Permission::denied().is_granted());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    granted: bool,
    cutoff: Cutoff,
    purposes: Purposes,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Purposes {
    AllBut(Vec<String>),
    Only(Vec<String>),
}

impl Permission {
    /// Nothing may be sent.
    pub fn denied() -> Self {
        Self { granted: false, ..Self::granted() }
    }

    /// Everything that was recorded may be sent.
    pub fn granted() -> Self {
        Self { granted: true, cutoff: Cutoff::default(), purposes: Purposes::AllBut(Vec::new()) }
    }

    /// The same without events from before a refusal: they are dropped.
    #[must_use]
    pub fn after(mut self, cutoff: Cutoff) -> Self {
        self.cutoff = cutoff;
        self
    }

    /// The same without events of `purpose`: they are dropped.
    #[must_use]
    pub fn without_purpose(mut self, purpose: impl Into<String>) -> Self {
        let purpose = purpose.into();
        match &mut self.purposes {
            Purposes::AllBut(refused) => refused.push(purpose),
            Purposes::Only(granted) => granted.retain(|known| *known != purpose),
        }
        self
    }

    /// The same for events of these purposes alone; others are dropped.
    #[must_use]
    pub fn only_purposes(mut self, purposes: impl IntoIterator<Item = String>) -> Self {
        let mut granted: Vec<String> = purposes.into_iter().collect();
        granted.retain(|purpose| self.grants(purpose));
        self.purposes = Purposes::Only(granted);
        self
    }

    /// Whether anything may be sent.
    pub fn is_granted(&self) -> bool {
        self.granted
    }

    fn grants(&self, purpose: &str) -> bool {
        match &self.purposes {
            Purposes::AllBut(refused) => !refused.iter().any(|known| known == purpose),
            Purposes::Only(granted) => granted.iter().any(|known| known == purpose),
        }
    }

    /// Whether `event` may be sent.
    fn permits(&self, event: &Stored) -> bool {
        self.granted
            && self.cutoff.permits(&event.purpose, event.generation)
            && self.grants(&event.purpose)
    }
}

/// What one delivery did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Events that the receiver took.
    pub sent: u64,
    /// Requests that were answered with a status of success.
    pub batches: u64,
    /// Events that were set aside, by reason.
    pub set_aside: BTreeMap<String, u64>,
    /// Events that were dropped, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// Events of the request that did not succeed; they go again later.
    pub retried_later: u64,
    /// Why the last request did not succeed, or a segment could not be read.
    pub failure: Option<String>,
    /// When the next request may start, if not at once.
    pub next_attempt: Option<SystemTime>,
    /// Why the delivery ended.
    pub end: End,
}

/// Why a delivery ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// Nothing is left that could be sent.
    #[default]
    Done,
    /// Consent is denied.
    Denied,
    /// Another process delivers.
    Busy,
    /// The next request may not start yet.
    Waiting,
    /// The time was over, or the program ends.
    Stopped,
}

/// Sends what waits in the spool.
pub struct Delivery {
    dir: PathBuf,
    app: App,
    exporter: Box<dyn Exporter>,
    transport: Box<dyn Transport>,
    permission: Box<dyn Fn() -> Permission + Send + Sync>,
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    on_error: Box<dyn Fn(&Error) + Send + Sync>,
    limits: Limits,
    sent_cap: u64,
    request_timeout: Duration,
    uploads: NonZeroU32,
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

    /// What is told of a segment that cannot be opened, and of a delivery that
    /// failed while a [`Worker`](super::Worker) did it. The error never holds the
    /// value of a field.
    #[must_use]
    pub fn on_error(mut self, hook: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.0.on_error = Box::new(hook);
        self
    }

    /// How much the spool keeps of what is set aside.
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

    /// The delivery.
    pub fn build(self) -> Delivery {
        self.0
    }
}

impl Delivery {
    /// A delivery of the events in the telemetry folder `dir`.
    ///
    /// `permission` is asked before anything is touched, again once this is the
    /// one that delivers, and again before each request. It is to read the
    /// current word, not to remember one.
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
            limits: Limits::default(),
            sent_cap: sent::DEFAULT_CAP,
            request_timeout: REQUEST_TIMEOUT,
            uploads: UPLOADS,
        })
    }

    /// Sends what waits, batch by batch, oldest first, until nothing is left,
    /// the receiver asks to wait, or `deadline` comes. A request under way at
    /// the deadline ends with it; what it carried stays.
    ///
    /// With consent denied it touches nothing: no file, no lock, no socket.
    ///
    /// # Errors
    ///
    /// The telemetry folder cannot be read or written. A receiver that refuses
    /// or cannot be reached is no error but a part of the report.
    pub fn run_once(&self, deadline: Instant) -> Result<Report, Error> {
        self.run(deadline, &|| false)
    }

    /// The same, which also ends before the next request once `stop` says so.
    pub(super) fn run(&self, deadline: Instant, stop: &dyn Fn() -> bool) -> Result<Report, Error> {
        let ended = |end| Ok(Report { end, ..Report::default() });
        if !(self.permission)().is_granted() {
            return ended(End::Denied);
        }
        // What a process that was killed has left is complete now.
        spool::recover(&self.dir)?;
        if spool::sealed(&self.dir)?.is_empty() {
            return ended(End::Done);
        }
        let Some(_lock) = spool::try_lock_delivery(&self.dir)? else {
            return ended(End::Busy);
        };
        let retry = Retry::load(&self.dir, self.uploads)?;
        let mut run = Run { delivery: self, retry, report: Report::default() };
        run.report.end = run.batches(deadline, stop)?;
        Ok(run.report)
    }

    /// How long it is until `time`.
    pub(super) fn until(&self, time: SystemTime) -> Duration {
        time.duration_since((self.clock)()).unwrap_or_default()
    }

    pub(super) fn tell(&self, error: &Error) {
        (self.on_error)(error);
    }

    fn now(&self) -> Timestamp {
        Timestamp::try_from((self.clock)()).unwrap_or(Timestamp::MAX)
    }
}

/// One delivery under way, by the one process that holds the lock.
struct Run<'d> {
    delivery: &'d Delivery,
    retry: Retry,
    report: Report,
}

/// A claimed segment, and which of its events go in the next batch.
struct Part {
    claim: Claim,
    chosen: Vec<Stored>,
    /// Whether the segment holds more than what was chosen.
    rest: bool,
    /// Whether the batch had no room for more.
    full: bool,
}

/// What a batch still has room for.
struct Room {
    bytes: usize,
    events: usize,
}

impl Room {
    fn take(&mut self, bytes: usize) -> bool {
        let fits = self.events > 0 && bytes <= self.bytes;
        if fits {
            self.events -= 1;
            self.bytes -= bytes;
        }
        fits
    }
}

/// What can become of one event.
enum Verdict {
    Fits(usize),
    Withdrawn,
    Unfit(String),
}

/// What became of a batch.
enum Sending {
    Taken { rejected: u64 },
    Later { failure: String, wait: Option<Duration> },
    Refused { failure: String, wait: Option<Duration> },
    Unwritten(String),
}

impl Run<'_> {
    fn batches(&mut self, deadline: Instant, stop: &dyn Fn() -> bool) -> Result<End, Error> {
        loop {
            if stop() || Instant::now() >= deadline {
                return Ok(End::Stopped);
            }
            if let Some(until) = self.retry.until(self.delivery.now()) {
                self.report.next_attempt = Some(until.into());
                return Ok(End::Waiting);
            }
            let permission = (self.delivery.permission)();
            if !permission.is_granted() {
                return Ok(End::Denied);
            }
            let parts = self.gather(&permission)?;
            let events: Vec<&Stored> = parts.iter().flat_map(|part| &part.chosen).collect();
            if events.is_empty() {
                return Ok(End::Done);
            }
            let time = milliseconds(self.delivery.now());
            let batch = Batch::new(&self.delivery.app, events, time);
            let sending = match self.delivery.exporter.encode(&batch) {
                Ok(request) => self.send(&request, &batch, deadline)?,
                Err(error) => Sending::Unwritten(error.to_string()),
            };
            let id = batch.id().clone();
            self.settle(parts, &id, sending)?;
        }
    }

    /// The events of the next batch, oldest first, and what has to be dropped
    /// or set aside on the way to them.
    fn gather(&mut self, permission: &Permission) -> Result<Vec<Part>, Error> {
        let limits = self.delivery.exporter.limits();
        let mut room = Room { bytes: limits.batch_bytes, events: limits.batch_events };
        let mut parts = Vec::new();
        for segment in spool::sealed(&self.delivery.dir)? {
            let claim = match segment.claim() {
                Ok(Some(claim)) => claim,
                // It is gone, or being dropped by a cap.
                Ok(None) => continue,
                // One that cannot be opened keeps back no other.
                Err(error) => {
                    self.failed(&error);
                    continue;
                }
            };
            let part = self.part(claim, permission, &mut room)?;
            let full = part.as_ref().is_some_and(|part| part.full);
            parts.extend(part);
            if full || parts.len() >= SEGMENTS {
                break;
            }
        }
        Ok(parts)
    }

    /// What of one segment goes in the batch; `None` when nothing does.
    fn part(
        &mut self,
        claim: Claim,
        permission: &Permission,
        room: &mut Room,
    ) -> Result<Option<Part>, Error> {
        let (mut chosen, mut withdrawn) = (Vec::new(), Vec::new());
        let (mut rest, mut full) = (false, false);
        let events = match claim.events() {
            Ok(events) => events,
            Err(error) => {
                self.failed(&error);
                return Ok(None);
            }
        };
        for item in events {
            match item {
                Ok(event) => match self.judge(permission, &event) {
                    Verdict::Fits(bytes) if room.take(bytes) => chosen.push(event),
                    Verdict::Fits(_) => {
                        (rest, full) = (true, true);
                        break;
                    }
                    Verdict::Withdrawn => withdrawn.push(event.place),
                    Verdict::Unfit(why) => self.set_aside(&claim, &event, &why)?,
                },
                // The rest of the file: it stays, for who can read it.
                Err(unreadable) if unreadable.place.line == 0 => {
                    self.report.failure = Some(unreadable.to_string());
                    rest = true;
                    break;
                }
                Err(unreadable) => {
                    let (place, why) = (&unreadable.place, unreadable.defect.to_string());
                    claim.keep_as_dead_letters(
                        std::slice::from_ref(place),
                        Reason::Unreadable,
                        &why,
                        &self.delivery.limits,
                    )?;
                    *self.report.set_aside.entry(why).or_default() += 1;
                }
            }
        }
        self.withdraw(&claim, &withdrawn)?;
        if chosen.is_empty() && !rest {
            return claim.remove().map(|()| None);
        }
        Ok(Some(Part { claim, chosen, rest, full }))
    }

    /// A segment cannot be used. The others can: told, and gone on.
    fn failed(&mut self, error: &Error) {
        self.delivery.tell(error);
        self.report.failure = Some(error.to_string());
    }

    fn judge(&self, permission: &Permission, event: &Stored) -> Verdict {
        if !permission.permits(event) {
            return Verdict::Withdrawn;
        }
        let limits = self.delivery.exporter.limits();
        match self.delivery.exporter.measure(&self.delivery.app, event) {
            Ok(bytes) if bytes > limits.event_bytes.min(limits.batch_bytes) => {
                Verdict::Unfit("larger than the receiver takes".to_owned())
            }
            Ok(bytes) => Verdict::Fits(bytes),
            Err(error) => Verdict::Unfit(error.to_string()),
        }
    }

    fn withdraw(&mut self, claim: &Claim, places: &[Place]) -> Result<(), Error> {
        if places.is_empty() {
            return Ok(());
        }
        claim.discard(places, Reason::Withdrawn)?;
        let count = self.report.dropped.entry(Reason::Withdrawn.name().to_owned()).or_default();
        *count += u64::try_from(places.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    fn set_aside(&mut self, claim: &Claim, event: &Stored, why: &str) -> Result<(), Error> {
        let place = std::slice::from_ref(&event.place);
        claim.keep_as_dead_letters(place, Reason::Rejected, why, &self.delivery.limits)?;
        *self.report.set_aside.entry(why.to_owned()).or_default() += 1;
        Ok(())
    }

    /// Sends one request. What may leave is written down before it does.
    fn send(
        &mut self,
        request: &Request,
        batch: &Batch<'_>,
        deadline: Instant,
    ) -> Result<Sending, Error> {
        let delivery = self.delivery;
        self.retry.start(delivery.now())?;
        let mut log = sent::Log::open(&delivery.dir, delivery.sent_cap)?;
        let entry = log.start(request, delivery.transport.receiver(), batch.sent_at())?;
        let soon = Instant::now() + delivery.request_timeout;
        let response = match delivery.transport.send(request, deadline.min(soon)) {
            Ok(response) => response,
            Err(error) => {
                if !error.may_have_arrived() {
                    log.take_back(entry)?;
                }
                return Ok(Sending::Later { failure: error.to_string(), wait: None });
            }
        };
        log.answered(entry, response.status)?;
        let (failure, wait) = (format!("status {}", response.status), response.retry_after);
        Ok(match delivery.exporter.outcome(&response) {
            Outcome::Taken { rejected } => Sending::Taken { rejected },
            Outcome::Retry => Sending::Later { failure, wait },
            Outcome::Refused => Sending::Refused { failure, wait },
        })
    }

    /// Removes, keeps or sets aside what was sent, as the answer says.
    fn settle(&mut self, parts: Vec<Part>, id: &BatchId, sending: Sending) -> Result<(), Error> {
        let events = parts.iter().map(|part| part.chosen.len()).sum::<usize>();
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        match sending {
            Sending::Taken { rejected } => {
                let rejected = rejected.min(events);
                self.taken(parts, id, rejected)?;
                self.report.sent += events - rejected;
                self.report.batches += 1;
                self.retry.succeeded()
            }
            Sending::Later { failure, wait } => {
                self.report.retried_later += events;
                self.report.failure = Some(failure);
                self.retry.failed(self.delivery.now(), wait).map(drop)
            }
            Sending::Refused { failure, wait } => {
                self.refused(parts, &failure)?;
                self.report.failure = Some(failure);
                // A wrong key refuses batch after batch: waiting in between
                // leaves time to mend it before all is set aside.
                self.retry.failed(self.delivery.now(), wait).map(drop)
            }
            Sending::Unwritten(why) => {
                self.refused(parts, &why)?;
                self.report.failure = Some(why);
                Ok(())
            }
        }
    }

    fn taken(&mut self, parts: Vec<Part>, id: &BatchId, rejected: u64) -> Result<(), Error> {
        if let Some(part) = parts.first().filter(|_| rejected > 0) {
            // Before the removal, and by the batch's id: whoever is killed in
            // between sends the same batch again, and counts it once.
            part.claim.count_batch(id.as_str(), Reason::Rejected, rejected)?;
            *self.report.dropped.entry(Reason::Rejected.name().to_owned()).or_default() += rejected;
        }
        for Part { claim, chosen, rest, .. } in parts {
            if rest {
                claim.remove_events(chosen.iter().map(|event| &event.place))?;
            } else {
                claim.remove()?;
            }
        }
        Ok(())
    }

    fn refused(&mut self, parts: Vec<Part>, why: &str) -> Result<(), Error> {
        for Part { claim, chosen, rest, .. } in parts {
            for event in &chosen {
                self.set_aside(&claim, event, why)?;
            }
            if !rest {
                claim.remove()?;
            }
        }
        Ok(())
    }
}

/// RFC 3339 in UTC with milliseconds, as stored lines have it.
fn milliseconds(time: Timestamp) -> String {
    format!("{time:.3}")
}
