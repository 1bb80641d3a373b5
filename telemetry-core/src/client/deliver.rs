//! Where events go, and whether they may go now.
//!
//! It owns the translation of a decision on consent into a permission to send,
//! and who delivers: a thread or a child. It must never know a wire format.

use std::fmt;
use std::process::Child;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::deliver_child::{self, is_child};
use super::gate::Gate;
use super::record::Recorder;
use super::report::Reporter;
use crate::consent::Decision;
use crate::error::{Error, Kind};
use crate::export::{
    App, Delivery, DeliveryMode, Expected, Pace, Permission, Receiver, Report, Transport, Worker,
};

/// A receiver, and who delivers to it.
pub(super) struct Route {
    app: App,
    receiver: Receiver,
    /// Whether anybody delivers unasked.
    background: bool,
    worker: Arc<WorkerSlot>,
    /// The sender that this run started, so that it is no zombie for ever in a
    /// program that runs on.
    child: Mutex<Option<Child>>,
    under_way: Arc<AtomicU64>,
    /// The process that a delivery thread was started in last; 0 for none.
    threaded: AtomicU32,
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("receiver", &self.receiver).finish_non_exhaustive()
    }
}

impl Route {
    /// The route to `receiver` for the program `app`.
    ///
    /// # Errors
    ///
    /// The program's version is none that a receiver can be told, or the
    /// receiver's URL is none.
    pub(super) fn new(app: &str, receiver: Receiver, background: bool) -> Result<Self, Error> {
        if let Some(mistake) = &receiver.mistake {
            return Err(Error::new(Kind::Argument, mistake));
        }
        let app = App::new(app, receiver.version.clone())?;
        Ok(Self {
            app,
            receiver,
            background,
            worker: Arc::default(),
            child: Mutex::new(None),
            under_way: Arc::default(),
            threaded: AtomicU32::new(0),
        })
    }

    /// Whether there is a delivery thread, but in another process than this one,
    /// whose id is `process`: the program was forked, which takes none along.
    pub(super) fn is_left_behind(&self, process: u32) -> bool {
        let threaded = self.threaded.load(Ordering::Relaxed);
        threaded != 0 && threaded != process
    }

    pub(super) fn exit_budget(&self) -> Duration {
        self.receiver.exit_budget
    }

    /// How many events a request carries that is under way now: they may be in
    /// the receiver's hands, and cannot be called back.
    pub(super) fn under_way(&self) -> u64 {
        self.under_way.load(Ordering::Relaxed)
    }

    /// Why nothing can be sent in the environment that the program runs in.
    pub(super) fn ready(&self) -> Result<(), Error> {
        self.receiver.transport.ready()
    }

    /// One delivery, which asks the gate again and again whether it still may.
    fn delivery(
        &self,
        gate: &Arc<Gate>,
        reporter: &Arc<Reporter>,
        recorder: &Recorder,
    ) -> Delivery {
        let (gate, reporter) = (Arc::clone(gate), Arc::clone(reporter));
        Delivery::builder(
            recorder.opening.data.clone(),
            self.app.clone(),
            Arc::clone(&self.receiver.exporter),
            Arc::clone(&self.receiver.transport),
            move || permission(&gate),
        )
        .limits(recorder.opening.limits)
        .expected(Expected::linked().map(|linked| linked.and(&self.receiver.events)))
        .uploads_per_minute(self.receiver.uploads)
        .under_way(Arc::clone(&self.under_way))
        .on_error(move |error: &Error| reporter.report(error))
        .build()
    }

    /// Sends what waits, in this thread.
    pub(super) fn send(
        &self,
        gate: &Arc<Gate>,
        reporter: &Arc<Reporter>,
        recorder: &Recorder,
        pace: Pace,
        deadline: Instant,
    ) -> Result<Report, Error> {
        self.delivery(gate, reporter, recorder).run_once(pace, deadline)
    }

    /// Has what waits delivered in the background, in the way that the author
    /// chose. Called only while events may be sent, so that a program without
    /// consent has neither a thread nor a child of ours.
    pub(super) fn start(
        &self,
        gate: &Arc<Gate>,
        reporter: &Arc<Reporter>,
        recorder: &Arc<Recorder>,
    ) -> Result<(), Error> {
        if !self.background || is_child() {
            return Ok(());
        }
        match self.receiver.deliver.mode() {
            DeliveryMode::OnRequest => Ok(()),
            DeliveryMode::Child { arguments, at_most_every } => {
                self.reap();
                let data = &recorder.opening.data;
                let started =
                    deliver_child::start(data, arguments, *at_most_every, self.receiver.uploads)?;
                if started.is_some() {
                    *self.child.lock().unwrap_or_else(PoisonError::into_inner) = started;
                }
                Ok(())
            }
            DeliveryMode::AtStart => self.start_worker(gate, reporter, recorder, None),
            DeliveryMode::Every(interval) => {
                self.start_worker(gate, reporter, recorder, Some(*interval))
            }
        }
    }

    fn start_worker(
        &self,
        gate: &Arc<Gate>,
        reporter: &Arc<Reporter>,
        recorder: &Arc<Recorder>,
        interval: Option<Duration>,
    ) -> Result<(), Error> {
        let mut worker = self.worker.lock();
        if worker.as_ref().is_some_and(|worker| !worker.is_left_behind()) {
            return Ok(());
        }
        let forked = worker.is_some();
        self.threaded.store(std::process::id(), Ordering::Relaxed);
        // The thread may outlive the program's last clone, which ends the
        // recorder.
        let weak = Arc::downgrade(recorder);
        let delivery = self.delivery(gate, reporter, recorder);
        *worker = Some(match interval {
            Some(interval) => Worker::start_with(delivery, interval, move || {
                weak.upgrade().into_iter().for_each(|recorder| {
                    recorder.make_durable();
                    recorder.take_over();
                    recorder.seal();
                });
            }),
            // This run's events wait for the next start, but nothing leaves that
            // is older than the limits allow.
            None => Worker::start_once(delivery, move || {
                weak.upgrade().into_iter().for_each(|recorder| {
                    recorder.make_durable();
                    recorder.tidy();
                });
            }),
        }?);
        drop(worker);
        if forked {
            reporter.report(&Error::new(
                Kind::Delivery,
                "the process was forked, which took no delivery thread along; a new one delivers",
            ));
        }
        Ok(())
    }

    /// What ends delivery at once: the worker is asked to stop, and what is under
    /// way is closed.
    pub(super) fn stopper(&self) -> impl Fn() + Send + Sync + 'static {
        let worker = Arc::clone(&self.worker);
        let transport: Arc<dyn Transport> = Arc::clone(&self.receiver.transport);
        move || {
            worker.stop(Duration::ZERO);
            transport.cancel();
        }
    }

    /// Stops the worker and waits for it no longer than `budget`.
    pub(super) fn stop(&self, budget: Duration) -> bool {
        self.reap();
        self.worker.stop(budget)
    }

    fn reap(&self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        if child.as_mut().is_some_and(|child| !matches!(child.try_wait(), Ok(None))) {
            *child = None;
        }
    }
}

/// The worker, while there is one.
#[derive(Default)]
struct WorkerSlot(Mutex<Option<Worker>>);

impl WorkerSlot {
    fn lock(&self) -> MutexGuard<'_, Option<Worker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self, budget: Duration) -> bool {
        let worker = self.lock().take();
        worker.is_none_or(|worker| worker.shutdown(budget))
    }
}

/// Whether events may be sent now. Consent is looked at anew.
fn permission(gate: &Gate) -> Permission {
    let decision = gate.decision_now();
    if gate.may_send(&decision) { of(&decision) } else { Permission::denied() }
}

fn of(decision: &Decision) -> Permission {
    let permission = Permission::granted().after(decision.cutoff().clone());
    if decision.others().is_granted() {
        let refused = decision.purposes().filter(|(_, ruling)| !ruling.is_granted());
        refused.fold(permission, |permission, (name, _)| permission.without_purpose(name))
    } else {
        let granted = decision.purposes().filter(|(_, ruling)| ruling.is_granted());
        permission.only_purposes(granted.map(|(name, _)| name.to_owned()))
    }
}
