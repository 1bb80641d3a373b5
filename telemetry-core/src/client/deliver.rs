//! Where events go, and whether they may go now.
//!
//! It owns the translation of a decision on consent into a permission to send,
//! and the worker's life. It must never know a wire format.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::gate::Gate;
use super::record::Recorder;
use super::report::Reporter;
use crate::consent::Decision;
use crate::error::Error;
use crate::export::{App, Delivery, Exporter, Permission, Transport, Worker};

/// How long the end of the program may wait for a delivery under way. 20 ms:
/// below what a person notices at a prompt.
pub(super) const EXIT_BUDGET: Duration = Duration::from_millis(20);

/// Without an interval the worker delivers at the start alone. A day: no
/// command runs that long, and a program that does is not left without.
const AT_START: Duration = Duration::from_secs(24 * 60 * 60);

/// A receiver, and how to reach it.
pub(super) struct Route {
    pub(super) app: App,
    pub(super) exporter: Arc<dyn Exporter>,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) interval: Option<Duration>,
    pub(super) exit_budget: Duration,
    pub(super) uploads: Option<NonZeroU32>,
    pub(super) in_background: bool,
    worker: Arc<WorkerSlot>,
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route")
            .field("receiver", &self.transport.receiver())
            .finish_non_exhaustive()
    }
}

impl Route {
    pub(super) fn new(
        app: App,
        exporter: impl Exporter + 'static,
        transport: impl Transport + 'static,
    ) -> Self {
        Self {
            app,
            exporter: Arc::new(exporter),
            transport: Arc::new(transport),
            interval: None,
            exit_budget: EXIT_BUDGET,
            uploads: None,
            in_background: true,
            worker: Arc::default(),
        }
    }

    /// One delivery, which asks the gate again and again whether it still may.
    pub(super) fn delivery(
        &self,
        gate: &Arc<Gate>,
        reporter: &Arc<Reporter>,
        recorder: &Recorder,
    ) -> Delivery {
        let (gate, reporter) = (Arc::clone(gate), Arc::clone(reporter));
        let delivery = Delivery::builder(
            recorder.opening.data.clone(),
            self.app.clone(),
            Arc::clone(&self.exporter),
            Arc::clone(&self.transport),
            move || permission(&gate),
        )
        .limits(recorder.opening.limits)
        .on_error(move |error: &Error| reporter.report(error));
        match self.uploads {
            Some(uploads) => delivery.uploads_per_minute(uploads),
            None => delivery,
        }
        .build()
    }

    /// Starts the worker if there is none: only while events may be sent, so
    /// that a program without consent has no thread of ours.
    pub(super) fn start(
        &self,
        gate: &Arc<Gate>,
        reporter: &Arc<Reporter>,
        recorder: &Arc<Recorder>,
    ) -> Result<(), Error> {
        let mut worker = self.worker.lock();
        if worker.is_none() {
            // The thread may outlive the program's last clone, which ends the
            // recorder.
            let weak = Arc::downgrade(recorder);
            let interval = self.interval;
            let before = move || {
                let Some(recorder) = weak.upgrade() else { return };
                recorder.make_durable();
                match interval {
                    Some(_) => recorder.seal(),
                    // This run's events wait for the next start, but nothing
                    // leaves that is older than the limits allow.
                    None => recorder.tidy(),
                }
            };
            let interval = interval.unwrap_or(AT_START);
            let delivery = self.delivery(gate, reporter, recorder);
            *worker = Some(Worker::start_with(delivery, interval, before)?);
        }
        Ok(())
    }

    /// What ends the worker without waiting for it.
    pub(super) fn stopper(&self) -> impl Fn() + Send + Sync + 'static {
        let worker = Arc::clone(&self.worker);
        move || {
            worker.stop(Duration::ZERO);
        }
    }

    /// Stops the worker and waits for it no longer than `budget`.
    pub(super) fn stop(&self, budget: Duration) -> bool {
        self.worker.stop(budget)
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
