//! The thread that writes counts down, once a second.
//!
//! It owns when counts are taken and where they go. It must never know how a
//! form is counted.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

use jiff::Timestamp;

use super::book::Book;
use super::{Counters, is_counted, once, period};
use crate::client::gate::Gate;
use crate::client::record::{Recorded, Recorder};
use crate::error::{Error, Kind};
use crate::event::TelemetryEvent;
use crate::schema::EventSchema;
use crate::slot::Slot;
use crate::spool::Draft;

/// How often counts are written: what a killed process can lose is what it
/// counted since. Somewhat less than the second that is promised, since taking
/// and writing them takes time too.
const INTERVAL: Duration = Duration::from_millis(800);

/// Takes counts and writes them into the spool.
pub(in crate::client) struct CountWriter {
    gate: Arc<Gate>,
    recorder: Arc<Recorder>,
    counters: Counters,
    /// Whether there is a thread, or nothing to start one for any more.
    started: AtomicBool,
    thread: OnceLock<Thread>,
    state: Mutex<CountWriterState>,
}

#[derive(Default)]
struct CountWriterState {
    book: Book,
    draft: Option<Draft>,
}

impl CountWriter {
    pub(in crate::client) fn new(gate: Arc<Gate>, recorder: Arc<Recorder>) -> Self {
        let prints = recorder.opening.printer.is_some();
        let counters = Counters::new(Arc::clone(&gate), prints);
        Self {
            gate,
            recorder,
            counters,
            started: AtomicBool::new(false),
            thread: OnceLock::new(),
            state: Mutex::default(),
        }
    }

    /// Counts an event. The first one starts the thread: while consent is denied,
    /// and in a program that counts nothing, there is none.
    #[inline]
    pub(in crate::client) fn count<E: TelemetryEvent + ?Sized>(
        self: &Arc<Self>,
        slot: &Slot,
        event: &E,
    ) -> Recorded {
        let counted = self.counters.count(slot, event);
        if counted != Recorded::Counted {
            return self.not_counted(event, counted);
        }
        if !self.started.load(Ordering::Relaxed) {
            self.start();
        }
        counted
    }

    /// What becomes of an event that was not counted: it is printed, if the
    /// environment asks for that.
    #[cold]
    fn not_counted<E: TelemetryEvent + ?Sized>(&self, event: &E, counted: Recorded) -> Recorded {
        let Some(printer) = &self.recorder.opening.printer else { return counted };
        let decision = self.gate.decision_now();
        if !is_counted(&decision, event.schema()) || !self.gate.is_on() {
            return counted;
        }
        let start = |period| period::start(period, Timestamp::now());
        let printed = printer.print_counted(event.schema(), once(event), &decision, start);
        if printed { Recorded::Printed } else { Recorded::Dropped }
    }

    #[cold]
    fn start(self: &Arc<Self>) {
        if self.started.swap(true, Ordering::Relaxed) {
            return;
        }
        let writer = Arc::downgrade(self);
        let thread = thread::Builder::new().name("telemetry-counts".to_owned());
        match thread.spawn(move || run(&writer)) {
            Ok(handle) => {
                let _ = self.thread.set(handle.thread().clone());
            }
            // Counts are then written at the end alone.
            Err(error) => self.recorder.report(&Error::new(
                Kind::Io,
                "the thread that writes counts could not be started: a killed process loses them",
            ).because(error)),
        }
    }

    /// Takes what was counted, and writes it down.
    fn write(&self, now: Timestamp) -> Result<(), Error> {
        let decision = self.gate.decision_now();
        let mut state = self.state();
        let CountWriterState { book, draft } = &mut *state;
        let is_on = self.gate.is_on();
        let mut changed = false;
        self.counters.take(|event, form, row| {
            // Denied: what was counted since the last look is dropped.
            if is_on && is_counted(&decision, event) {
                book.add(event, form, row, now, decision.generation(event.purpose));
                changed = true;
            }
        });
        if !is_on {
            *book = Book::default();
        }
        book.keep(|event| is_counted(&decision, event));
        let over = book.take_over(now);
        if !over.is_empty() {
            // The new draft first: killed in between, both say the same under
            // the same ids.
            let before = draft.take();
            self.put(book, draft)?;
            self.seal(over, before)?;
        } else if changed {
            self.put(book, draft)?;
        } else if book.is_empty()
            && let Some(mut draft) = draft.take()
        {
            draft.discard();
        }
        Ok(())
    }

    fn put(&self, book: &mut Book, draft: &mut Option<Draft>) -> Result<(), Error> {
        if book.is_empty() { Ok(()) } else { self.fill(book, draft).map(drop) }
    }

    /// Writes the lines of `book`, and completes their draft.
    fn seal(&self, mut book: Book, mut draft: Option<Draft>) -> Result<(), Error> {
        let events = self.fill(&mut book, &mut draft)?;
        match (draft, events) {
            (Some(draft), Some(events)) => draft.seal(events),
            _ => Ok(()),
        }
    }

    /// Writes the lines of `book` into the draft, a new one if there is none, and
    /// says how many there are; nothing where nothing may be stored.
    fn fill(&self, book: &mut Book, draft: &mut Option<Draft>) -> Result<Option<u64>, Error> {
        let Some(open) = self.recorder.ready() else { return Ok(None) };
        let origin = |event: &EventSchema, start| open.identities.origin_of_counts(event, start);
        let (lines, events) = book.lines(|| open.next_id(), origin);
        let draft = match draft {
            Some(draft) => draft,
            None => draft.insert(Draft::new(self.recorder.folder())?),
        };
        draft.replace(&lines)?;
        Ok(Some(events))
    }

    /// The end of the program: the last counts, and with them all of the run.
    pub(in crate::client) fn finish(&self) {
        // From here on no thread is started.
        if !self.started.swap(true, Ordering::Relaxed) {
            return;
        }
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
        let written = self.write(Timestamp::now()).and_then(|()| {
            let CountWriterState { book, draft } = &mut *self.state();
            match std::mem::take(book) {
                book if book.is_empty() => Ok(()),
                book => self.seal(book, draft.take()),
            }
        });
        if let Err(error) = written {
            self.recorder.report(&error);
        }
    }

    /// Drops what was counted for a purpose that has just been refused.
    pub(in crate::client) fn forget_refused(&self) {
        if self.started.load(Ordering::Relaxed)
            && let Err(error) = self.write(Timestamp::now())
        {
            self.recorder.report(&error);
        }
    }

    /// Forgets everything that was counted and is not yet complete.
    pub(in crate::client) fn discard(&self) {
        self.counters.take(|_, _, _| {});
        let CountWriterState { book, draft } = &mut *self.state();
        *book = Book::default();
        if let Some(mut draft) = draft.take() {
            draft.discard();
        }
    }

    fn state(&self) -> MutexGuard<'_, CountWriterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes now and then, until the program's telemetry ends.
fn run(writer: &Weak<CountWriter>) {
    loop {
        thread::park_timeout(INTERVAL);
        let Some(writer) = writer.upgrade() else { return };
        if let Err(error) = writer.write(Timestamp::now()) {
            writer.recorder.report(&error);
        }
    }
}

impl fmt::Debug for CountWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountWriter").field("counters", &self.counters).finish_non_exhaustive()
    }
}
