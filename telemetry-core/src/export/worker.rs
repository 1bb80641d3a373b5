//! Delivery in the background.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::delivery::Delivery;
use super::pacing::Pace;
use super::report::End;
use crate::error::{Error, Kind};

/// How long one round of the worker may take: a receiver that is slow with many
/// batches must not keep the delivery lock from other processes for ever.
const ROUND: Duration = Duration::from_secs(5 * 60);

/// When to look again whether another process still delivers: it does not send
/// what this one has sealed since.
const BUSY: Duration = Duration::from_secs(5);

/// A thread that delivers: once at the start, then every interval, or when the
/// receiver asked to come back, if that is sooner.
///
/// The program never waits for it: [`shutdown`](Self::shutdown) gives it a
/// budget and leaves it behind when that is used up, and dropping it waits for
/// nothing. What is in flight then stays in the spool and goes again, with the
/// same event ids.
///
/// While consent is denied it touches no file and no socket; who wants no thread
/// either does not start it.
pub struct Worker {
    shared: Arc<WorkerShared>,
    /// The process that has the thread: a child made by fork has none.
    process: u32,
}

struct WorkerShared {
    state: Mutex<WorkerState>,
    changed: Condvar,
}

#[derive(Default)]
struct WorkerState {
    stop: bool,
    wake: bool,
    done: bool,
}

impl WorkerShared {
    fn state(&self) -> MutexGuard<'_, WorkerState> {
        // Three flags cannot be left half changed by a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that the thread is done, however it ends.
struct Done(Arc<WorkerShared>);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.state().done = true;
        self.0.changed.notify_all();
    }
}

impl Worker {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn start(delivery: Delivery, interval: Duration) -> Result<Self, Error> {
        Self::start_with(delivery, interval, || {})
    }

    /// The same, with something to do before each delivery, such as to seal
    /// the segment that is being written.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn start_with(
        delivery: Delivery,
        interval: Duration,
        mut before: impl FnMut() + Send + 'static,
    ) -> Result<Self, Error> {
        Self::spawn(move |shared| {
            while !shared.state().stop {
                before();
                let wait = round(&delivery, shared, interval);
                sleep(shared, wait);
            }
        })
    }

    /// A thread that delivers once, in a program of which nobody knows how long
    /// it runs. What has lasted for a while is likely to last as long again: it
    /// starts no request before the program has run for as long as two requests
    /// take.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn start_once(
        delivery: Delivery,
        before: impl FnOnce() + Send + 'static,
    ) -> Result<Self, Error> {
        Self::spawn(move |shared| {
            sleep(shared, delivery.expected().saturating_mul(2));
            if !shared.state().stop {
                before();
                round(&delivery, shared, Duration::ZERO);
            }
        })
    }

    fn spawn(run: impl FnOnce(&WorkerShared) + Send + 'static) -> Result<Self, Error> {
        let shared = Arc::new(WorkerShared {
            state: Mutex::new(WorkerState::default()),
            changed: Condvar::new(),
        });
        let done = Done(Arc::clone(&shared));
        // The handle is dropped: the thread is never joined, since that could
        // take as long as a receiver likes.
        thread::Builder::new()
            .name("telemetry-delivery".to_owned())
            .spawn(move || run(&done.0))
            .map_err(|error| {
                Error::new(Kind::Delivery, "could not start the delivery thread").because(error)
            })?;
        Ok(Self { shared, process: std::process::id() })
    }

    /// Whether the thread was left behind in another process: this one was made
    /// by a fork, which takes no thread along.
    pub fn is_left_behind(&self) -> bool {
        self.process != std::process::id()
    }

    /// Asks for a delivery now, in place of at the next interval. A wait that
    /// the receiver asked for stands.
    pub fn wake(&self) {
        self.shared.state().wake = true;
        self.shared.changed.notify_all();
    }

    /// Ends the thread, and waits for that until `budget` is used up, not
    /// longer. Returns whether it ended; if not, it goes on until the program
    /// ends, and what it sends stays in the spool unless the answer comes.
    pub fn shutdown(self, budget: Duration) -> bool {
        if self.is_left_behind() {
            // Its lock may have been held when the process was forked.
            return true;
        }
        self.ask_to_stop();
        let state = self.shared.state();
        let waited = self.shared.changed.wait_timeout_while(state, budget, |state| !state.done);
        waited.map_or_else(|poisoned| poisoned.into_inner().0.done, |(state, _)| state.done)
    }

    fn ask_to_stop(&self) {
        self.shared.state().stop = true;
        self.shared.changed.notify_all();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if !self.is_left_behind() {
            self.ask_to_stop();
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}

/// One delivery; returns how long to wait for the next.
fn round(delivery: &Delivery, shared: &WorkerShared, interval: Duration) -> Duration {
    let deadline = Instant::now() + ROUND;
    match delivery.run(Pace::Background, deadline, &|| shared.state().stop) {
        Ok(report) if report.end == End::Waiting => {
            let until = report.next_attempt.map(|time| delivery.until(time));
            until.unwrap_or(interval).min(interval)
        }
        Ok(report) if report.end == End::Stopped => Duration::ZERO,
        Ok(report) if report.end == End::Busy => interval.min(BUSY),
        Ok(_) => interval,
        Err(error) => {
            delivery.report(&error);
            interval
        }
    }
}

fn sleep(shared: &WorkerShared, wait: Duration) {
    let state = shared.state();
    let waited = shared.changed.wait_timeout_while(state, wait, |state| !state.stop && !state.wake);
    let mut state = waited.map_or_else(|poisoned| poisoned.into_inner().0, |(state, _)| state);
    state.wake = false;
}
