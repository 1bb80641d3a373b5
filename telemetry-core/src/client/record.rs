//! The path of one event: past the gate, through its policies, into the spool.
//!
//! It owns what becomes of an event, and the counts of those that do not reach
//! the spool. It must never know a receiver.

use std::cell::RefCell;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::gate::{self, Gate};
use super::open::{LazyStore, RecordingStore};
use super::quiet;
use super::report::Reporter;
use crate::consent::Decision;
use crate::envelope::{self, EventMark};
use crate::error::{Error, Kind};
use crate::event::TelemetryEvent;
use crate::schema::TimePrecision;
use crate::spool::{self, Counts, Reason};

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recorded {
    /// It is in the spool, and survives the end of this process at any moment.
    Stored,
    /// It is counted. Counts are written once a second, and at the end: a
    /// process that is killed loses those since.
    Counted,
    /// It was printed and not stored, as the variable `<APP>_TELEMETRY_DEBUG` asks.
    Printed,
    /// Consent is denied: it was not even sanitised.
    Denied,
    /// The event's last day is over: it was not even sanitised.
    Expired,
    /// It could not be stored, and is counted: see
    /// [`Telemetry::counts`](super::Telemetry::counts).
    Dropped,
}

impl Recorded {
    /// Whether the event is in the spool.
    pub fn is_stored(self) -> bool {
        self == Self::Stored
    }
}

thread_local! {
    /// The line under construction. Kept, so that an event allocates nothing
    /// once the buffer is as long as the longest line.
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Records events.
pub(super) struct Recorder {
    gate: Arc<Gate>,
    reporter: Arc<Reporter>,
    pub(super) opening: LazyStore,
}

impl Recorder {
    pub(super) fn new(gate: Arc<Gate>, reporter: Arc<Reporter>, opening: LazyStore) -> Self {
        Self { gate, reporter, opening }
    }

    /// What exists once something has been recorded, made if it does not.
    pub(super) fn ready(&self) -> Option<&RecordingStore> {
        self.opening.ready(self.gate.layers(), &self.reporter)
    }

    pub(super) fn record<E: TelemetryEvent + ?Sized>(&self, event: &E) -> Recorded {
        let now = Instant::now();
        let decision = self.gate.current_decision(now);
        if self.gate.is_unknown() {
            // Nobody can say whether it may be recorded: it is not, and counted.
            // On the disk only once it may be.
            self.opening.drops.add_later(Reason::NotReady, 1);
            return Recorded::Dropped;
        }
        let schema = event.schema();
        if !gate::covers(&decision, schema) || !self.gate.is_on() {
            return Recorded::Denied;
        }
        if schema.expires.is_some() && schema.is_expired(SystemTime::now()) {
            return Recorded::Expired;
        }
        let Some(open) = self.ready() else { return self.without_spool(event, &decision) };
        self.gate.count_refusals();
        let id = open.spool.next(now);
        let taken = LINE.try_with(|line| match line.try_borrow_mut() {
            Ok(mut line) => self.store(open, event, &decision, id, &mut line),
            // The event's own code recorded an event while it was sanitised.
            Err(_) => self.store(open, event, &decision, id, &mut Vec::new()),
        });
        // The thread is ending and its buffer is gone: one is made for the occasion.
        taken.unwrap_or_else(|_| self.store(open, event, &decision, id, &mut Vec::new()))
    }

    /// There is no spool: it could not be made, or events are printed.
    #[cold]
    fn without_spool<E: TelemetryEvent + ?Sized>(
        &self,
        event: &E,
        decision: &Decision,
    ) -> Recorded {
        match &self.opening.printer {
            Some(printer) if printer.print(event, decision, self.opening.time()) => {
                Recorded::Printed
            }
            Some(_) => {
                // Not counted on the disk, which stays as it is.
                let event = event.schema().name;
                let message = format!("an event `{event}` could not be serialised");
                self.reporter.report(&Error::new(Kind::Export, message));
                Recorded::Dropped
            }
            None => {
                self.opening.drops.add(Reason::NotReady, 1);
                Recorded::Dropped
            }
        }
    }

    fn store<E: TelemetryEvent + ?Sized>(
        &self,
        open: &RecordingStore,
        event: &E,
        decision: &Decision,
        (run, number): (&str, u64),
        line: &mut Vec<u8>,
    ) -> Recorded {
        line.clear();
        let generation = decision.generation(event.schema().purpose);
        let time = self.opening.time();
        let origin = open.identities.origin(event.schema().purpose, time);
        let time = coarse(time, event.schema().time);
        let mark = EventMark { run, number, time, generation };
        let sanitized = open.sanitizer.sanitize_for(event, decision);
        // A field's own `Serialize`, or a function of the author's, may fail
        // or panic. Its message may hold the field's value, so that it is
        // neither shown nor passed on.
        let written = quiet::run(|| envelope::write(line, mark, &origin, &sanitized));
        if !matches!(written, Ok(Ok(()))) {
            self.not_serialised(event.schema().name, written.err().flatten());
            return Recorded::Dropped;
        }
        // Asked again where nobody can come in between: what an off erased must
        // not be stored behind it.
        match open.spool.append_while(line, || self.gate.is_on()) {
            Ok(true) => Recorded::Stored,
            Ok(false) => Recorded::Denied,
            Err(error) => {
                self.reporter.report(&error);
                Recorded::Dropped
            }
        }
    }

    #[cold]
    fn not_serialised(&self, event: &str, panicked: Option<quiet::SourceLocation>) {
        self.opening.drops.add(Reason::NotSerialised, 1);
        let place =
            panicked.map_or(String::new(), |place| format!(": its code panicked at {place}"));
        let message = format!("an event `{event}` could not be serialised{place}");
        self.reporter.report(&Error::new(Kind::Export, message));
    }

    pub(super) fn report(&self, error: &Error) {
        self.reporter.report(error);
    }

    pub(super) fn folder(&self) -> &Path {
        &self.opening.data
    }

    /// The id of the process that recorded last: this one, unless it was forked
    /// since and has recorded nothing.
    pub(super) fn process_id(&self) -> Option<u32> {
        self.opening.opened().map(|open| open.spool.process_id())
    }

    /// What was dropped, by reason, as far as the disk and this process know.
    pub(super) fn counts(&self) -> Result<Counts, Error> {
        let mut counts = spool::counts(&self.opening.data)?;
        self.opening.drops.pending().iter().for_each(|(reason, n)| counts.add(reason, n));
        Ok(counts)
    }

    /// Completes what ended runs left: to be called before the segment of this run
    /// is completed to be sent, which then has its place behind them.
    /// While telemetry is off nothing is moved.
    pub(super) fn take_over(&self) {
        if !self.gate.is_on() {
            return;
        }
        let taken = spool::recover(self.folder());
        let errors = taken.map_or_else(|error| vec![error], |recovered| recovered.errors);
        errors.iter().for_each(|error| self.reporter.report(error));
    }

    /// Completes the segment that is being written, so that it can be
    /// delivered. It waits for the disk, and so is for the deliverer's thread.
    pub(super) fn seal(&self) {
        if let Some(Err(error)) = self.opening.opened().map(|open| open.spool.seal()) {
            self.reporter.report(&error);
        }
    }

    /// The same for a thread of the program, which must not wait for the disk.
    pub(super) fn seal_quickly(&self) {
        if let Some(Err(error)) = self.opening.opened().map(|open| open.spool.seal_quickly()) {
            self.reporter.report(&error);
        }
    }

    /// Waits until what was recorded would survive a power cut, and with it
    /// what its pseudonyms rest on.
    pub(super) fn flush(&self) -> Result<(), Error> {
        let Some(open) = self.opening.opened() else { return Ok(()) };
        self.opening.make_durable()?;
        open.spool.flush()
    }

    /// To be called before anything is sent; see [`LazyStore::make_durable`].
    pub(super) fn make_durable(&self) {
        if let Err(error) = self.opening.make_durable() {
            self.reporter.report(&error);
        }
    }

    /// Waits until every event that passed the gate earlier is stored: a moment,
    /// or as long as the disk takes for one line.
    pub(super) fn wait_for_writers(&self) {
        if let Some(open) = self.opening.opened() {
            open.spool.wait_for_writers();
        }
    }

    /// Takes over what killed processes left, and applies the limits.
    pub(super) fn tidy(&self) {
        self.opening.tidy(&self.reporter);
    }
}

/// While telemetry is off nothing is written, at the end neither.
impl Drop for Recorder {
    fn drop(&mut self) {
        if !self.gate.is_on() {
            self.opening.drops.forget();
        }
    }
}

/// `time` in the precision that the event's author asks for.
fn coarse(time: SystemTime, precision: TimePrecision) -> SystemTime {
    let seconds = match precision {
        TimePrecision::Millisecond => return time,
        TimePrecision::Hour => 60 * 60,
        TimePrecision::Day => 24 * 60 * 60,
    };
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    UNIX_EPOCH + Duration::from_secs(since - since % seconds)
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("opening", &self.opening).finish_non_exhaustive()
    }
}
