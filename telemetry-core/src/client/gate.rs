//! Whether events may be recorded and sent, now.
//!
//! It owns the decision on consent that holds, and when it is made anew;
//! recording and delivery both stand on it. It must never know an event, a
//! file of the spool or a receiver.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};

use super::report::Reporter;
use crate::consent::{Choice, Decision, Layers, Notice};
use crate::error::Error;
use crate::leaf::Grants;
use crate::schema::{EventSchema, FieldSchema, Form, Purpose};

/// What [`Builder::notice`](super::Builder::notice) takes: shows the notice, and
/// says whether somebody could see it.
pub(super) type NoticeHook = Box<dyn FnOnce(&Notice) -> bool>;

/// How long an event waits for the look at the files of consent that is due
/// once a second. A file system that works answers in microseconds; one that
/// does not (a file server that is away) must not hold the program up.
const LOOK: Duration = Duration::from_millis(50);

/// How long a look may take before nothing is recorded until it has ended. As
/// long as a change may go unnoticed in any case: what is recorded meanwhile
/// carries the generation from before, and is never sent if there was a refusal.
const OVERDUE: Duration = Duration::from_secs(1);

/// Why nothing is on after an off that could not be written down.
const SWITCHED_OFF: &str = "it was switched off while the program runs";

/// What [`Gate::state`] holds.
mod state {
    /// Nothing is recorded, and nobody looks again unasked.
    pub(super) const OFF: u8 = 0;
    pub(super) const ON: u8 = 1;
    /// Nothing is recorded until a look says otherwise.
    pub(super) const UNKNOWN: u8 = 2;
}

pub(super) struct Gate {
    /// The one thing that a call of
    /// [`Telemetry::record`](super::Telemetry::record) looks at while consent is
    /// denied.
    state: AtomicU8,
    /// Counts what was decided, from 1 on: what was worked out from a decision
    /// holds until the next.
    number: AtomicU64,
    held: RwLock<LatestDecision>,
    /// Every reading of consent takes a number before it begins. One that began
    /// earlier than the one that holds is too old to say anything.
    readings: AtomicU64,
    layers: Layers,
    reporter: Arc<Reporter>,
    /// This run showed the notice, and so sends nothing.
    showed_notice: AtomicBool,
    /// The program has ended its telemetry: nothing more is sent.
    ended: AtomicBool,
    /// Refusals that other sources say are not counted on disk yet.
    uncounted: AtomicBool,
    /// The process whose look at the files has not ended; 0 for none.
    looking: AtomicU32,
    /// When that look began, in milliseconds after the first.
    looking_since: AtomicU64,
    first_look: OnceLock<Instant>,
    /// Called when telemetry was found to be off.
    when_off: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

struct LatestDecision {
    /// The number of the reading that the decision is from.
    reading: u64,
    decision: Arc<Decision>,
    withdrawn: Withdrawn,
    /// A source that the library does not write refused while the program ran.
    refused: bool,
}

/// Whether `off` was called without being on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Withdrawn {
    No,
    /// It is being written.
    Now,
    /// It could not be written. When the choice had been written that was there
    /// then: one that is written later is an answer of its own.
    Since(Option<jiff::Timestamp>),
}

impl Gate {
    /// Makes the first decision.
    pub(super) fn new(layers: Layers, reporter: Arc<Reporter>) -> Self {
        let decision = layers.decide();
        Self {
            state: AtomicU8::new(state_of(&decision)),
            number: AtomicU64::new(1),
            uncounted: AtomicBool::new(decision.uncounted().is_some()),
            held: RwLock::new(LatestDecision {
                reading: 0,
                decision: Arc::new(decision),
                withdrawn: Withdrawn::No,
                refused: false,
            }),
            readings: AtomicU64::new(0),
            layers,
            reporter,
            showed_notice: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            looking: AtomicU32::new(0),
            looking_since: AtomicU64::new(0),
            first_look: OnceLock::new(),
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
        self.state.load(Ordering::Acquire) == state::ON
    }

    /// Whether nothing is recorded and no look is due that could change that.
    #[inline]
    pub(super) fn is_off(&self) -> bool {
        self.state.load(Ordering::Relaxed) == state::OFF
    }

    /// Whether it is off until a look at the files says otherwise. What is not
    /// recorded meanwhile is counted.
    pub(super) fn is_unknown(&self) -> bool {
        self.state.load(Ordering::Acquire) == state::UNKNOWN
    }

    /// Stops recording and sending. No decision that was begun before turns
    /// anything on again, and until [`reopen`](Self::reopen) or a new choice of
    /// the user's no later one does.
    pub(super) fn close(&self) {
        {
            let mut held = self.write();
            held.reading = self.next_reading();
            held.withdrawn = Withdrawn::Now;
            self.set(state::OFF);
        }
        self.stop();
        self.decide_again();
    }

    /// After [`close`](Self::close), once the disk says what holds.
    pub(super) fn reopen(&self) -> Arc<Decision> {
        self.write().withdrawn = Withdrawn::No;
        self.decide_again()
    }

    /// After [`close`](Self::close), when the refusal could not be written: it
    /// holds in this process, until the user makes another choice.
    pub(super) fn stay_closed(&self) {
        let written = self.decide_again().written();
        self.write().withdrawn = Withdrawn::Since(written);
    }

    /// The end of the program's telemetry: from here on nothing is sent.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// The decision that holds.
    pub(super) fn decision(&self) -> Arc<Decision> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner).decision)
    }

    /// The decision, made anew if a file of consent changed: looked at once a
    /// second at most, and waited for no longer than [`LOOK`]. From the moment
    /// in which a look is [`OVERDUE`] until it has ended, telemetry is off.
    /// `now` is the time.
    pub(super) fn current_decision(self: &Arc<Self>, now: Instant) -> Arc<Decision> {
        let decision = self.decision();
        if self.is_looking() {
            self.close_if_overdue(now);
            return decision;
        }
        if !decision.watch().is_due(now) {
            return decision;
        }
        // No thread is started while nothing is recorded.
        if !self.is_on() || !self.look_elsewhere(&decision, now) {
            return self.look(&decision);
        }
        self.decision()
    }

    fn look(&self, decision: &Decision) -> Arc<Decision> {
        if decision.watch().changed_at_look() { self.decide_again() } else { self.decision() }
    }

    /// Looks in a thread of its own, and waits for it [`LOOK`] long. False when
    /// there can be no thread.
    fn look_elsewhere(self: &Arc<Self>, decision: &Arc<Decision>, now: Instant) -> bool {
        let (ended, wait) = mpsc::sync_channel(1);
        let (gate, looked_at) = (Arc::clone(self), Arc::clone(decision));
        self.looking_since.store(self.milliseconds(now), Ordering::Relaxed);
        self.looking.store(std::process::id(), Ordering::Release);
        let started = std::thread::Builder::new().name("telemetry look".into()).spawn(move || {
            gate.look(&looked_at);
            gate.looking.store(0, Ordering::Release);
            gate.answered();
            let _ = ended.try_send(());
        });
        if started.is_err() {
            self.looking.store(0, Ordering::Release);
            return false;
        }
        // Whether it has answered or not: who waits longer is the program.
        let _ = wait.recv_timeout(LOOK);
        true
    }

    fn close_if_overdue(&self, now: Instant) {
        let since = self.looking_since.load(Ordering::Relaxed);
        let pending = self.milliseconds(now).saturating_sub(since);
        if !self.is_on() || u128::from(pending) < OVERDUE.as_millis() {
            return;
        }
        let held = self.write();
        // It may have answered in between.
        if self.looking.load(Ordering::Acquire) != 0 && held.decision.is_on() {
            self.set(state::UNKNOWN);
        }
    }

    fn milliseconds(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(*self.first_look.get_or_init(|| now));
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    /// A look has ended: what it found holds.
    fn answered(&self) {
        let held = self.write();
        if held.withdrawn == Withdrawn::No {
            self.set(state_of(&held.decision));
        }
    }

    /// Whether a look is under way in this process; a fork leaves its thread
    /// behind.
    fn is_looking(&self) -> bool {
        let process = self.looking.load(Ordering::Acquire);
        process != 0 && process == std::process::id()
    }

    /// The decision, looked at now: what is sent cannot be taken back.
    pub(super) fn decision_now(&self) -> Arc<Decision> {
        let decision = self.decision();
        if decision.changed_now() { self.decide_again() } else { decision }
    }

    /// The decision, made anew.
    pub(super) fn decide_again(&self) -> Arc<Decision> {
        let reading = self.next_reading();
        let withdrawn = self.held.read().unwrap_or_else(PoisonError::into_inner).withdrawn;
        let mut decision = match withdrawn {
            Withdrawn::No => self.layers.decide(),
            Withdrawn::Now | Withdrawn::Since(_) => self.layers.decide_with(Some(SWITCHED_OFF)),
        };
        if matches!(withdrawn, Withdrawn::Since(written) if written != decision.written()) {
            return self.reopen();
        }
        if decision.is_on() && self.was_refused() {
            let counted = self.choice().and_then(|choice| choice.count_end_of_refusal());
            match counted {
                Ok(()) => self.write().refused = false,
                // What could not be counted stays refused until the next look.
                Err(error) => {
                    self.set(state::UNKNOWN);
                    self.reporter.report(&error);
                    return self.decision();
                }
            }
            decision = self.layers.decide();
        }
        self.install(reading, withdrawn, decision)
    }

    /// Lets a decision hold, unless a later one does.
    fn install(&self, reading: u64, withdrawn: Withdrawn, decision: Decision) -> Arc<Decision> {
        let decision = Arc::new(decision);
        {
            let mut held = self.write();
            if reading < held.reading || (held.withdrawn != withdrawn && withdrawn == Withdrawn::No)
            {
                return Arc::clone(&held.decision);
            }
            let lasting = !decision.is_on() && !decision.is_off_for_the_moment();
            held.refused |= held.decision.is_on() && lasting && !decision.is_refused_by_choice();
            held.reading = reading;
            held.decision = Arc::clone(&decision);
            self.uncounted.store(decision.uncounted().is_some(), Ordering::Relaxed);
            self.set(state_of(&decision));
        }
        if !decision.is_on() {
            self.stop();
        }
        decision
    }

    /// Remembers what other sources refuse, so that what was recorded before is
    /// never sent; to be called once something is recorded or sent, since it
    /// writes.
    pub(super) fn count_refusals(&self) {
        if !self.uncounted.load(Ordering::Relaxed) || !self.is_on() {
            return;
        }
        if self.uncounted.swap(false, Ordering::Relaxed)
            && let Some(refusals) = self.decision().uncounted()
            && let Err(error) = self.choice().and_then(|choice| choice.count_refusals(refusals))
        {
            self.reporter.report(&error);
        }
    }

    /// Whether events may be sent by this decision: consent allows it, and the
    /// user was shown the notice by an earlier run than this one, or agreed to
    /// an older notice and sends what that one told of.
    pub(super) fn may_send(&self, decision: &Decision) -> bool {
        decision.may_send()
            && self.is_on()
            && (decision.has_agreed() || !self.showed_notice.load(Ordering::Relaxed))
            && !self.ended.load(Ordering::Relaxed)
    }

    /// Shows the notice if it is due, and remembers it where that has a use.
    ///
    /// Where somebody has agreed already (the default, the organisation, the
    /// installation), being told is what is still missing, so that it is noted.
    /// In a program that waits for the user's own yes nothing is written: the
    /// answer is the memory, also a no. A notice that nobody could see is not
    /// used up, and one that could not be noted is shown again: better twice
    /// than never.
    pub(super) fn show_notice(&self, show: Option<NoticeHook>) {
        let decision = self.decision();
        let (Some(notice), Some(show)) = (decision.notice_due(), show) else { return };
        self.showed_notice.store(true, Ordering::Relaxed);
        if !show(notice) || !decision.waits_for_notice() {
            return;
        }
        if let Err(error) = self.choice().and_then(|choice| choice.notice_shown()) {
            self.reporter.report(&error);
        }
        self.decide_again();
    }

    fn was_refused(&self) -> bool {
        self.held.read().unwrap_or_else(PoisonError::into_inner).refused
    }

    fn next_reading(&self) -> u64 {
        self.readings.fetch_add(1, Ordering::AcqRel).saturating_add(1)
    }

    fn write(&self) -> RwLockWriteGuard<'_, LatestDecision> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of what holds.
    #[inline]
    pub(super) fn number(&self) -> u64 {
        self.number.load(Ordering::Acquire)
    }

    /// After the decision that the state is from was put in its place, so that
    /// whoever sees the number sees the decision too.
    fn set(&self, state: u8) {
        self.state.store(state, Ordering::Release);
        self.number.fetch_add(1, Ordering::Release);
    }

    fn stop(&self) {
        if let Some(stop) = self.when_off.get() {
            stop();
        }
    }
}

fn state_of(decision: &Decision) -> u8 {
    match (decision.is_on(), decision.is_off_for_the_moment()) {
        (true, _) => state::ON,
        (false, true) => state::UNKNOWN,
        (false, false) => state::OFF,
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("on", &self.is_on()).finish_non_exhaustive()
    }
}

/// Whether consent covers the event: its purpose is granted, and the user knows
/// the notice that tells of it. A counted event leaves as a whole or not at all,
/// so that its fields count too; of another one each is asked for by itself.
pub(super) fn covers(decision: &Decision, event: &EventSchema) -> bool {
    let known = |since: Option<&str>| since.is_none_or(|notice| decision.covers(notice));
    let whole = |field: &FieldSchema| {
        known(field.since) && field.purpose.is_none_or(|purpose| decision.granted(purpose))
    };
    decision.granted(event.purpose)
        && known(event.since)
        && (event.form == Form::Each || event.fields.iter().all(whole))
}

impl Grants for Decision {
    fn grants(&self, purpose: Purpose) -> bool {
        self.granted(purpose)
    }

    fn covers(&self, notice: &str) -> bool {
        Decision::covers(self, notice)
    }
}
