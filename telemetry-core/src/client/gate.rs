//! Whether events may be recorded and sent, now.
//!
//! It owns the decision on consent that holds, and when it is made anew;
//! recording and delivery both stand on it. It must never know an event, a
//! file of the spool or a receiver.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Instant;

use super::report::Reporter;
use crate::consent::{Choice, Decision, Layers, Notice};
use crate::error::Error;
use crate::leaf::Grants;
use crate::schema::Purpose;

/// What [`Builder::notice`](super::Builder::notice) takes.
pub(super) type NoticeHook = Box<dyn FnOnce(&Notice)>;

pub(super) struct Gate {
    /// Whether anything is recorded. The one thing that a call of
    /// [`Telemetry::record`](super::Telemetry::record) looks at while consent is
    /// denied.
    on: AtomicBool,
    decision: RwLock<Arc<Decision>>,
    layers: Layers,
    /// This run showed the notice, and so sends nothing.
    showed_notice: AtomicBool,
    /// The program has ended its telemetry: nothing more is sent.
    ended: AtomicBool,
    /// Called when telemetry was found to be off.
    when_off: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Gate {
    /// Makes the first decision.
    pub(super) fn new(layers: Layers) -> Self {
        let decision = layers.decide();
        Self {
            on: AtomicBool::new(decision.is_on()),
            decision: RwLock::new(Arc::new(decision)),
            layers,
            showed_notice: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            when_off: OnceLock::new(),
        }
    }

    /// Has `stop` called whenever a decision turns out to be off, so that
    /// nothing goes on that only consent allows. Can be said once.
    pub(super) fn when_off(&self, stop: impl Fn() + Send + Sync + 'static) {
        let _ = self.when_off.set(Box::new(stop));
    }

    pub(super) fn layers(&self) -> &Layers {
        &self.layers
    }

    pub(super) fn choice(&self) -> Result<Choice, Error> {
        self.layers.choice()
    }

    pub(super) fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// Stops recording and sending, until a decision says otherwise.
    pub(super) fn close(&self) {
        self.on.store(false, Ordering::Relaxed);
        self.stop();
    }

    /// The end of the program's telemetry: from here on nothing is sent.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// The decision that holds.
    pub(super) fn decision(&self) -> Arc<Decision> {
        Arc::clone(&self.decision.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The decision, made anew if a file of consent changed: looked at once a
    /// second at most.
    pub(super) fn current_decision(&self, now: Instant) -> Arc<Decision> {
        let decision = self.decision();
        if decision.changed_at(now) { self.decide_again() } else { decision }
    }

    /// The same, looked at now: what is sent cannot be taken back.
    pub(super) fn decision_now(&self) -> Arc<Decision> {
        let decision = self.decision();
        if decision.changed_now() { self.decide_again() } else { decision }
    }

    /// The decision, made anew.
    pub(super) fn decide_again(&self) -> Arc<Decision> {
        let decision = Arc::new(self.layers.decide());
        self.on.store(decision.is_on(), Ordering::Relaxed);
        if !decision.is_on() {
            self.stop();
        }
        *self.decision.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&decision);
        decision
    }

    /// Whether events may be sent by this decision: consent allows it, and the
    /// user was shown the notice by an earlier run than this one.
    pub(super) fn may_send(&self, decision: &Decision) -> bool {
        decision.may_send()
            && !self.showed_notice.load(Ordering::Relaxed)
            && !self.ended.load(Ordering::Relaxed)
    }

    /// Shows the notice if it is due, and notes that it was shown. Who cannot
    /// note it shows it again next time: better twice than never.
    pub(super) fn show_notice(&self, show: Option<NoticeHook>, reporter: &Reporter) {
        let decision = self.decision();
        if let (Some(notice), Some(show)) = (decision.notice_due(), show) {
            self.showed_notice.store(true, Ordering::Relaxed);
            show(notice);
            if let Err(error) = self.choice().and_then(|choice| choice.notice_shown()) {
                reporter.report(&error);
            }
            self.decide_again();
        }
    }

    fn stop(&self) {
        if let Some(stop) = self.when_off.get() {
            stop();
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("on", &self.is_on()).finish_non_exhaustive()
    }
}

impl Grants for Decision {
    fn grants(&self, purpose: Purpose) -> bool {
        self.granted(purpose)
    }
}
