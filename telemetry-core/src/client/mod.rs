//! Consent, sanitising, the spool and delivery, put in order: `Telemetry`.
//!
//! It owns the calls of a program's author, and hands each to the part that
//! does it. It must never know the format of any file.

mod builder;
mod container;
mod counted;
mod deliver;
mod deliver_child;
mod gate;
mod heartbeat;
mod identity;
mod installation;
mod open;
#[cfg(feature = "panic")]
mod panics;
mod printer;
mod programs;
mod quiet;
mod readme;
mod record;
mod report;
mod withdrawal;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

pub use self::builder::Builder;
#[cfg(feature = "testing")]
pub(crate) use self::counted::once as counted_once;
use self::deliver::Route;
#[doc(hidden)]
pub use self::deliver_child::send_detached_within;
pub use self::deliver_child::{is_sender, send_detached, send_if_child};
use self::gate::Gate;
pub use self::heartbeat::{Beat, Heartbeat};
pub use self::identity::Identity;
pub use self::installation::InstallationId;
pub use self::programs::{Program, Programs, programs};
pub use self::record::Recorded;
use self::record::Recorder;
use self::report::Reporter;
pub use self::withdrawal::Withdrawal;
use crate::consent::{Choice, Decision, Why, check_name};
use crate::error::Error;
use crate::event::TelemetryEvent;
use crate::export::{Pace, Report};
use crate::schema::Purpose;
#[cfg(feature = "sentry")]
use crate::scrub::Scrubber;
use crate::spool::{self, Counts, Filter};

/// The telemetry of one program: records events, and says what it does.
///
/// Cheap to clone; every clone is the same telemetry. A clone may be used from
/// any thread.
///
/// ```
/// use telemetry_core::{Telemetry, TelemetryEvent};
///
/// /// A run ended.
/// #[derive(TelemetryEvent)]
/// #[telemetry(name = "run.finished", purpose = "product-improvement")]
/// struct RunFinished<'a> {
///     /// The host connected to.
///     #[telemetry(hash)]
///     target: &'a str,
///     /// What was typed.
///     #[telemetry(drop)]
///     arguments: &'a [String],
/// }
///
/// # fn main() -> Result<(), telemetry_core::Error> {
/// # let home = std::env::temp_dir().join(format!("telemetry-doc-{}", std::process::id()));
/// let telemetry = Telemetry::builder("chef-workstation")
///     .opt_out_env("CHEF_TELEMETRY_OPT_OUT")
/// #   .home(&home).collect_in_ci(true)
///     .on_by_default()
///     .build()?;
/// telemetry.record(&RunFinished { target: "web-1", arguments: &[] });
/// println!("{}", telemetry.why());
/// # let _ = std::fs::remove_dir_all(&home);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Telemetry {
    inner: Arc<TelemetryInner>,
}

struct TelemetryInner {
    gate: Arc<Gate>,
    reporter: Arc<Reporter>,
    recorder: Arc<Recorder>,
    counts: Arc<counted::CountWriter>,
    route: Option<Route>,
    #[cfg(feature = "panic")]
    records_panics: std::sync::atomic::AtomicBool,
}

impl Telemetry {
    /// Starts with the name of the program, which names its folders too.
    pub fn builder(app: impl Into<String>) -> Builder {
        Builder::new(app.into())
    }

    /// Records an event, if consent allows it.
    ///
    /// It never waits for a network, never panics and never fails loudly: what
    /// goes wrong is counted, and told to the author's hook
    /// ([`Builder::on_error`]). While consent is denied it reads one flag and
    /// returns: nothing is sanitised, and no file is made.
    ///
    /// A consent that was withdrawn elsewhere (a file was edited, `telemetry
    /// off` ran in another terminal) is noticed by the first call that comes a
    /// second or more after the last look. That call waits for the files of
    /// consent, for 50 milliseconds at most; no other call waits for them. If
    /// their file system has not answered after a second, nothing is recorded
    /// until it does, and what is not recorded is counted.
    // At the call stands the flag alone: what is behind it would cost registers
    // that are saved before it is known whether they are needed.
    #[inline(always)]
    pub fn record<E: TelemetryEvent + ?Sized>(&self, event: &E) -> Recorded {
        if self.inner.gate.is_off() {
            return Recorded::Denied;
        }
        match E::counter() {
            Some(slot) => self.inner.counts.count(slot, event),
            None => self.store(event),
        }
    }

    #[inline(never)]
    fn store<E: TelemetryEvent + ?Sized>(&self, event: &E) -> Recorded {
        let recorded = self.inner.recorder.record(event);
        if let Some(route) = &self.inner.route
            && self.inner.recorder.process_id().is_some_and(|id| route.is_left_behind(id))
        {
            self.start_delivery();
        }
        recorded
    }

    /// The same for an event that costs something to build: `event` is called
    /// only when it may be recorded. Name this first where values are cloned,
    /// formatted or looked up for the event.
    ///
    /// ```
    /// # use telemetry_core::{Recorded, Telemetry, TelemetryEvent};
    /// #[derive(TelemetryEvent)]
    /// #[telemetry(purpose = "service")]
    /// struct Listed {
    ///     #[telemetry(count)]
    ///     files: Vec<String>,
    /// }
    ///
    /// # let home = std::env::temp_dir().join(format!("telemetry-with-doc-{}", std::process::id()));
    /// let telemetry = Telemetry::builder("lister")
    /// #   .home(&home).with_env(|_| None)
    ///     .build()?;
    /// // Nobody has agreed yet: the list is not made.
    /// let recorded = telemetry.record_with(|| -> Listed { unreachable!() });
    /// assert_eq!(recorded, Recorded::Denied);
    /// # Ok::<(), telemetry_core::Error>(())
    /// ```
    #[inline(always)]
    pub fn record_with<E: TelemetryEvent>(&self, event: impl FnOnce() -> E) -> Recorded {
        if self.inner.gate.is_off() {
            return Recorded::Denied;
        }
        self.build(event)
    }

    /// Builds the event, and drops it, where no call pays for it that records
    /// nothing.
    #[inline(never)]
    fn build<E: TelemetryEvent>(&self, event: impl FnOnce() -> E) -> Recorded {
        self.record(&event())
    }

    /// Whether anything is recorded now.
    pub fn is_on(&self) -> bool {
        self.inner.gate.is_on()
    }

    /// Looks at every source of consent again, and says whether telemetry is
    /// on now. A withdrawal is noticed without this; a consent that was given
    /// while the program runs takes effect here, or at the next start.
    pub fn refresh(&self) -> bool {
        self.inner.gate.decide_again();
        self.start_delivery();
        self.is_on()
    }

    /// The decision on consent that holds now.
    pub fn decision(&self) -> Arc<Decision> {
        self.inner.gate.decision()
    }

    /// Whether stored events may be sent now: consent allows it, and the user
    /// was shown the notice by an earlier run than this one.
    pub fn may_send(&self) -> bool {
        self.inner.gate.may_send(&self.inner.gate.decision())
    }

    /// Sends all that waits now, in this thread, until `deadline` at the latest:
    /// for a person who asked for it. It keeps to what the receiver asked for
    /// (`Retry-After`), and to no other wait. None when the author named no
    /// receiver ([`Builder::receiver`]).
    ///
    /// # Errors
    ///
    /// When the spool cannot be read or written. That a receiver refuses or
    /// cannot be reached stands in the report.
    pub fn send_now(&self, deadline: Instant) -> Result<Option<Report>, Error> {
        self.send(Pace::Now, deadline)
    }

    /// The same at the pace of the background: it keeps to the waits after a
    /// failure, and to the number of requests in a minute.
    ///
    /// # Errors
    ///
    /// When the spool cannot be read or written.
    pub fn send_paced(&self, deadline: Instant) -> Result<Option<Report>, Error> {
        self.send(Pace::Background, deadline)
    }

    fn send(&self, pace: Pace, deadline: Instant) -> Result<Option<Report>, Error> {
        let TelemetryInner { gate, reporter, recorder, route, .. } = &*self.inner;
        let Some(route) = route else { return Ok(None) };
        recorder.make_durable();
        recorder.take_over();
        recorder.seal_quickly();
        route.send(gate, reporter, recorder, pace, deadline).map(Some)
    }

    /// Whether the receiver can be reached at all from the environment that the
    /// program runs in, as far as is known without trying.
    ///
    /// # Errors
    ///
    /// It cannot; the error says why, and what helps.
    pub fn receiver_ready(&self) -> Result<(), Error> {
        self.inner.route.as_ref().map_or(Ok(()), Route::ready)
    }

    /// Ends delivery in the background, and waits for it until `budget` is
    /// used up, not longer. What was not delivered stays in the spool. Says
    /// whether nothing is under way any more.
    ///
    /// Dropping the last clone does the same with [`Receiver::exit_budget`](crate::export::Receiver::exit_budget).
    pub fn shutdown(&self, budget: Duration) -> bool {
        // In this order, what this run recorded is left to the next one.
        let ended = self.inner.route.as_ref().is_none_or(|route| route.stop(budget));
        self.inner.recorder.seal_quickly();
        ended
    }

    /// Whether data of `purpose` may be sent at this very moment.
    #[cfg(feature = "sentry")]
    pub(crate) fn may_send_for(&self, purpose: Purpose) -> bool {
        let decision = self.inner.gate.decision_now();
        self.inner.gate.is_on() && self.inner.gate.may_send(&decision) && decision.granted(purpose)
    }

    #[cfg(feature = "sentry")]
    pub(crate) fn scrubber(&self) -> &Scrubber {
        &self.inner.recorder.opening.scrubber
    }

    #[cfg(feature = "sentry")]
    pub(crate) fn report(&self, error: &Error) {
        self.inner.reporter.report(error);
    }

    fn start_delivery(&self) {
        if let Some(route) = &self.inner.route
            && self.may_send()
            && let Err(error) =
                route.start(&self.inner.gate, &self.inner.reporter, &self.inner.recorder)
        {
            self.inner.reporter.report(&error);
        }
    }

    /// Which source decided, what it beat, and how to change it.
    pub fn why(&self) -> Why {
        self.inner.gate.decision().why()
    }

    /// The user's choice, to be made or changed.
    ///
    /// # Errors
    ///
    /// When there is no folder for it.
    pub fn choice(&self) -> Result<Choice, Error> {
        self.inner.gate.choice()
    }

    /// The command that the user types for this telemetry; see
    /// [`Builder::command`].
    pub fn command(&self) -> &str {
        self.inner.gate.layers().command_name()
    }

    /// The folder with everything that was collected.
    pub fn folder(&self) -> &Path {
        &self.inner.recorder.opening.data
    }

    /// The id that events of `purpose` carry now, for wire formats that want it
    /// in an event's own fields too. How long it stays the same is the author's
    /// choice: see [`Builder::identity`].
    ///
    /// None while consent is denied: then nothing is read or made. None also
    /// with [`Identity::None`], and when the folder cannot be used, which the
    /// hook is told of.
    pub fn installation_id(&self, purpose: Purpose) -> Option<InstallationId> {
        if !self.is_on() || !self.inner.gate.current_decision(Instant::now()).is_on() {
            return None;
        }
        self.inner.recorder.ready()?.identities.id(purpose, SystemTime::now())
    }

    /// Agrees, as [`Choice::agree`] does, and says whether telemetry is on now: the
    /// user's yes never beats somebody else's no.
    ///
    /// # Errors
    ///
    /// When the choice could not be made durable. Then nothing has changed.
    pub fn on(&self) -> Result<bool, Error> {
        self.choice()?.agree()?;
        self.inner.gate.reopen();
        self.start_delivery();
        Ok(self.is_on())
    }

    /// Withdraws consent: stops recording and sending, makes the refusal
    /// durable, and then erases what is stored, in this order.
    ///
    /// It is a barrier: no call of [`record`](Self::record) and no look at the
    /// files that began before can store anything once it has returned, in any
    /// thread of this process. A program in another process notices it within a
    /// second; what it stores until then is never sent, because every event
    /// carries the generation of the consent under which it was recorded.
    ///
    /// It waits for no other process, and works on a full disk.
    ///
    /// # Errors
    ///
    /// When the refusal could not be made durable in any form. Recording has
    /// stopped nevertheless, until the program ends, and what was stored is
    /// erased as far as that is possible; a later run asks the same sources as
    /// before.
    pub fn off(&self) -> Result<Withdrawal, Error> {
        let under_way = self.stop_sending();
        self.inner.gate.close();
        self.inner.counts.discard();
        self.inner.recorder.wait_for_writers();
        let first = self.choice().and_then(|choice| choice.refuse());
        let erased = self.erase(Filter::All);
        // What was erased may have made the room that was missing.
        let kept = first.or_else(|_| self.choice().and_then(|choice| choice.refuse()));
        match kept {
            Ok(()) => self.inner.gate.reopen(),
            Err(error) => {
                self.inner.gate.stay_closed();
                return Err(error);
            }
        };
        Ok(Withdrawal::new(erased, under_way))
    }

    /// Withdraws consent for one purpose, and erases its stored events. Those of
    /// other purposes that were stored before now are not sent either: they may
    /// hold fields for this one.
    ///
    /// # Errors
    ///
    /// When there is no such purpose, or the refusal could not be made durable.
    pub fn off_for(&self, purpose: &str) -> Result<Withdrawal, Error> {
        let under_way = self.stop_sending();
        self.choice()?.refuse_purpose(purpose)?;
        self.inner.gate.decide_again();
        self.inner.counts.forget_refused();
        self.inner.recorder.wait_for_writers();
        let erased = self.erase(Filter::Purpose(purpose));
        self.start_delivery();
        Ok(Withdrawal::new(erased, under_way))
    }

    /// Ends a delivery in the background without waiting for it, and says how
    /// many events were under way.
    fn stop_sending(&self) -> u64 {
        let Some(route) = &self.inner.route else { return 0 };
        let under_way = route.under_way();
        route.stop(Duration::ZERO);
        under_way
    }

    /// Erases stored events and says how many.
    ///
    /// # Errors
    ///
    /// When a file could not be changed.
    pub fn erase(&self, filter: Filter<'_>) -> Result<u64, Error> {
        if !self.folder().exists() {
            return Ok(0);
        }
        spool::erase(self.folder(), filter)
    }

    /// What was dropped, by reason.
    ///
    /// # Errors
    ///
    /// When the counts cannot be read.
    pub fn counts(&self) -> Result<Counts, Error> {
        self.inner.recorder.counts()
    }

    /// Waits until what was recorded would survive a power cut.
    ///
    /// # Errors
    ///
    /// When the operating system cannot promise it.
    pub fn flush(&self) -> Result<(), Error> {
        self.inner.recorder.flush()
    }

    /// An event at the first start and then once in every period; see
    /// [`Telemetry::beat`]. `name` tells several heartbeats of a program apart.
    ///
    /// # Errors
    ///
    /// When `name` cannot be part of a file's name.
    pub fn heartbeat(&self, name: &str, period: Duration) -> Result<Heartbeat, Error> {
        check_name("a heartbeat", name)?;
        Ok(Heartbeat::new(self.folder().join(format!("heartbeat-{name}.json")), period))
    }

    /// Records the event of `heartbeat` if one is due at `now`, and says so.
    /// Call it at the start and then now and then, at least once in a period:
    /// each call is also the sign of life that [`Beat::last_up`] reports.
    ///
    /// It passes the same gate as every event: while consent is denied,
    /// nothing is read or written. Each call looks at consent again.
    pub fn beat<E: TelemetryEvent>(
        &self,
        heartbeat: &Heartbeat,
        now: SystemTime,
        event: impl FnOnce(Beat) -> E,
    ) -> Option<Recorded> {
        if !self.refresh() {
            return None;
        }
        if self.inner.recorder.opening.printer.is_some() {
            // When it beat last is on the disk, which stays as it is.
            return Some(self.record(&event(Beat { first: true, last_up: None })));
        }
        match heartbeat.due(now) {
            Ok(beat) => beat.map(|beat| self.record(&event(beat))),
            Err(error) => {
                self.inner.reporter.report(&error);
                None
            }
        }
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry")
            .field("on", &self.is_on())
            .field("folder", &self.folder())
            .finish_non_exhaustive()
    }
}

/// The end of the program's telemetry. The recorder ends by itself.
impl Drop for TelemetryInner {
    fn drop(&mut self) {
        if let Some(route) = &self.route {
            route.stop(route.exit_budget());
        }
        self.counts.finish();
        self.gate.end();
    }
}
