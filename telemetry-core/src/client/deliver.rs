//! Where events go, and whether they may go now.
//!
//! It owns the translation of a decision on consent into a permission to send,
//! and the worker's life. It must never know a wire format.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::{Inner, tidy};
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
    worker: Mutex<Option<Worker>>,
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
            worker: Mutex::new(None),
        }
    }

    /// One delivery, which asks `inner` again and again whether it still may.
    pub(super) fn delivery(&self, inner: &Arc<Inner>) -> Delivery {
        let (asked, told) = (Arc::downgrade(inner), Arc::downgrade(inner));
        let delivery = Delivery::builder(
            inner.folders.data.clone(),
            self.app.clone(),
            Arc::clone(&self.exporter),
            Arc::clone(&self.transport),
            move || permission(&asked),
        )
        .limits(inner.limits)
        .on_error(move |error: &Error| tell(&told, error));
        match self.uploads {
            Some(uploads) => delivery.uploads_per_minute(uploads),
            None => delivery,
        }
        .build()
    }

    /// Starts the worker if there is none: only while events may be sent, so
    /// that a program without consent has no thread of ours.
    pub(super) fn start(&self, inner: &Arc<Inner>) -> Result<(), Error> {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if worker.is_none() {
            let weak = Arc::downgrade(inner);
            let interval = self.interval;
            let (data, limits) = (inner.folders.data.clone(), inner.limits);
            let before = move || match interval {
                Some(_) => {
                    if let Some(inner) = weak.upgrade() {
                        inner.seal();
                    }
                }
                // This run's events wait for the next start, but nothing leaves
                // that is older than the limits allow.
                None => tidy(&data, &limits, |error| tell(&weak, error)),
            };
            let interval = interval.unwrap_or(AT_START);
            *worker = Some(Worker::start_with(self.delivery(inner), interval, before)?);
        }
        Ok(())
    }

    /// Stops the worker and waits for it no longer than `budget`.
    pub(super) fn stop(&self, budget: Duration) -> bool {
        let worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
        worker.is_none_or(|worker| worker.shutdown(budget))
    }
}

fn tell(inner: &Weak<Inner>, error: &Error) {
    if let Some(inner) = inner.upgrade() {
        inner.tell(error);
    }
}

/// Whether events may be sent now. Consent is looked at anew; a program that
/// has ended its telemetry sends nothing more.
fn permission(inner: &Weak<Inner>) -> Permission {
    let Some(inner) = inner.upgrade() else { return Permission::denied() };
    let decision = inner.decision();
    let decision = if decision.changed_now() { inner.decide_again() } else { decision };
    if inner.may_send(&decision) { of(&decision) } else { Permission::denied() }
}

fn of(decision: &Decision) -> Permission {
    let mut permission = Permission::granted();
    if let Some(fence) = decision.fence() {
        permission = permission.not_before(fence);
    }
    if decision.others().is_granted() {
        let refused = decision.purposes().filter(|(_, ruling)| !ruling.is_granted());
        refused.fold(permission, |permission, (name, _)| permission.without_purpose(name))
    } else {
        let granted = decision.purposes().filter(|(_, ruling)| ruling.is_granted());
        permission.only_purposes(granted.map(|(name, _)| name.to_owned()))
    }
}
