//! The stations in order: consent, sanitising, the spool, delivery.
//!
//! It owns [`Telemetry`]: which station is asked when, and what happens when
//! one of them fails. It must never know the format of any file.

mod builder;
mod container;
mod deliver;
mod folders;
mod heartbeat;
mod installation;
mod line;
mod readme;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

pub use self::builder::Builder;
use self::deliver::Route;
use self::folders::Folders;
pub use self::heartbeat::{Beat, Heartbeat};
pub use self::installation::InstallationId;
use self::line::Origin;
use crate::consent::{Choice, Decision, Layers, Notice, Why};
use crate::error::{Error, Kind};
use crate::event::{Sanitizer, TelemetryEvent};
use crate::export::Report;
use crate::leaf::Grants;
use crate::pseudonym::{Keys, Secret};
use crate::schema::Purpose;
use crate::scrub::Scrubber;
use crate::spool::{self, Counts, Filter, Limits, Reason, Spool};

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
    inner: Arc<Inner>,
}

struct Inner {
    /// Whether anything is recorded. The one thing that a call of
    /// [`Telemetry::record`] looks at while consent is denied.
    on: AtomicBool,
    consent: RwLock<Arc<Decision>>,
    app: String,
    layers: Layers,
    folders: Folders,
    limits: Limits,
    keys: Mutex<Option<Keys>>,
    scrubber: Scrubber,
    /// This run showed the notice, and so sends nothing.
    showed_notice: AtomicBool,
    /// Made by the first event that consent lets through, never before.
    open: OnceLock<Open>,
    /// When making it failed last.
    failed: Mutex<Option<Instant>>,
    /// Events lost before they reached the spool, by the place of their reason
    /// in [`LOST`]. Written down when the program ends.
    lost: [AtomicU64; LOST.len()],
    route: Option<Route>,
    on_error: ErrorHook,
}

/// Why an event can be lost before it reaches the spool.
const LOST: [Reason; 2] = [Reason::NotReady, Reason::NotSerialised];

type ErrorHook = Box<dyn Fn(&Error) + Send + Sync>;
type NoticeHook = Box<dyn FnOnce(&Notice)>;

/// What exists once something has been recorded.
struct Open {
    sanitizer: Sanitizer,
    installation: InstallationId,
    /// The same as text: it stands in every line.
    installation_text: String,
    container: bool,
    spool: Spool,
}

impl Open {
    fn origin(&self) -> Origin<'_> {
        Origin { installation: &self.installation_text, container: self.container }
    }
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recorded {
    /// It is in the spool, and survives the end of this process at any moment.
    Stored,
    /// Consent is denied: it was not even sanitised.
    Denied,
    /// It could not be stored, and is counted: see [`Telemetry::counts`].
    Dropped,
}

impl Recorded {
    /// Whether the event is in the spool.
    pub fn is_stored(self) -> bool {
        self == Self::Stored
    }
}

thread_local! {
    /// Whether the author's hook is running in this thread. What goes wrong in a
    /// hook that records is counted, and not told to the same hook again: it
    /// would call itself until the stack ends.
    static TELLING: Cell<bool> = const { Cell::new(false) };
    /// The line under construction. Kept, so that an event allocates nothing
    /// once the buffer is as long as the longest line.
    static LINE: RefCell<(Vec<u8>, String)> = const { RefCell::new((Vec::new(), String::new())) };
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
    /// second or more after the last look.
    pub fn record<E: TelemetryEvent + ?Sized>(&self, event: &E) -> Recorded {
        if !self.inner.on.load(Ordering::Relaxed) {
            return Recorded::Denied;
        }
        self.inner.record(event)
    }

    /// Whether anything is recorded now.
    pub fn is_on(&self) -> bool {
        self.inner.on.load(Ordering::Relaxed)
    }

    /// Looks at every source of consent again, and says whether telemetry is
    /// on now. A withdrawal is noticed without this; a consent that was given
    /// while the program runs takes effect here, or at the next start.
    pub fn refresh(&self) -> bool {
        self.inner.decide_again();
        self.start_delivery();
        self.is_on()
    }

    /// The decision on consent that holds now.
    pub fn decision(&self) -> Arc<Decision> {
        self.inner.decision()
    }

    /// Whether stored events may be sent now: consent allows it, and the user
    /// was shown the notice by an earlier run than this one.
    pub fn may_send(&self) -> bool {
        self.inner.may_send(&self.inner.decision())
    }

    /// Sends what waits now, in this thread, until `deadline` at the latest.
    /// None when the author named no receiver ([`Builder::deliver`]).
    ///
    /// # Errors
    ///
    /// When the spool cannot be read or written. That a receiver refuses or
    /// cannot be reached stands in the report.
    pub fn send_now(&self, deadline: Instant) -> Result<Option<Report>, Error> {
        let Some(route) = &self.inner.route else { return Ok(None) };
        self.inner.seal();
        route.delivery(&self.inner).run_once(deadline).map(Some)
    }

    /// Ends delivery in the background, and waits for it until `budget` is
    /// used up, not longer. What was not delivered stays in the spool. Says
    /// whether nothing is under way any more.
    ///
    /// Dropping the last clone does the same with [`Builder::exit_budget`].
    pub fn shutdown(&self, budget: Duration) -> bool {
        // In this order, what this run recorded is left to the next one.
        let ended = self.inner.route.as_ref().is_none_or(|route| route.stop(budget));
        self.inner.seal();
        ended
    }

    /// Whether data of `purpose` may be sent at this very moment.
    #[cfg(feature = "sentry")]
    pub(crate) fn may_send_for(&self, purpose: Purpose) -> bool {
        let decision = self.inner.decision();
        let decision = if decision.changed_now() { self.inner.decide_again() } else { decision };
        self.inner.on.load(Ordering::Relaxed)
            && self.inner.may_send(&decision)
            && decision.granted(purpose)
    }

    #[cfg(feature = "sentry")]
    pub(crate) fn scrubber(&self) -> &Scrubber {
        &self.inner.scrubber
    }

    #[cfg(feature = "sentry")]
    pub(crate) fn tell(&self, error: &Error) {
        self.inner.tell(error);
    }

    fn start_delivery(&self) {
        if let Some(route) = &self.inner.route
            && route.in_background
            && self.may_send()
            && let Err(error) = route.start(&self.inner)
        {
            self.inner.tell(&error);
        }
    }

    /// Which source decided, what it beat, and how to change it.
    pub fn why(&self) -> Why {
        self.inner.decision().why()
    }

    /// The user's choice, to be made or changed.
    ///
    /// # Errors
    ///
    /// When there is no folder for it.
    pub fn choice(&self) -> Result<Choice, Error> {
        self.inner.layers.choice()
    }

    /// The command that the user types for this telemetry; see
    /// [`Builder::command`].
    pub fn command(&self) -> &str {
        self.inner.layers.command_name()
    }

    /// The folder with everything that was collected.
    pub fn folder(&self) -> &Path {
        &self.inner.folders.data
    }

    /// The id of this installation, for wire formats that want it in an event's
    /// own fields too. It is made by the first event that consent lets through,
    /// or by this call.
    ///
    /// None while consent is denied: then nothing is read or made. None also
    /// when the folder cannot be used, which the hook is told of.
    pub fn installation_id(&self) -> Option<InstallationId> {
        if !self.is_on() || !self.inner.current_decision().is_on() {
            return None;
        }
        self.inner.ready().map(|open| open.installation)
    }

    /// Withdraws consent: stops recording, makes the choice durable, and then
    /// erases what is stored, in this order. Says how many events were erased.
    ///
    /// # Errors
    ///
    /// When the choice could not be made durable; recording has stopped
    /// nevertheless, until the program ends. When erasing failed, the choice
    /// stands, and what is left is never sent.
    pub fn off(&self) -> Result<u64, Error> {
        self.inner.on.store(false, Ordering::Relaxed);
        if let Some(route) = &self.inner.route {
            route.stop(Duration::ZERO);
        }
        self.choice()?.off()?;
        self.inner.decide_again();
        self.erase(Filter::All)
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
        let mut counts = match self.inner.opened() {
            Some(open) => open.spool.counts(),
            None => spool::counts(self.folder()),
        }?;
        for (reason, lost) in LOST.into_iter().zip(&self.inner.lost) {
            counts.add(reason, lost.load(Ordering::Relaxed));
        }
        Ok(counts)
    }

    /// Waits until what was recorded would survive a power cut.
    ///
    /// # Errors
    ///
    /// When the operating system cannot promise it.
    pub fn flush(&self) -> Result<(), Error> {
        self.inner.opened().map_or(Ok(()), |open| open.spool.flush())
    }

    /// An event at the first start and then once in every period; see
    /// [`Telemetry::beat`]. `name` tells several heartbeats of a program apart.
    ///
    /// # Errors
    ///
    /// When `name` cannot be part of a file's name.
    pub fn heartbeat(&self, name: &str, period: Duration) -> Result<Heartbeat, Error> {
        folders::check_app(name)?;
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
        match heartbeat.due(now) {
            Ok(beat) => beat.map(|beat| self.record(&event(beat))),
            Err(error) => {
                self.inner.tell(&error);
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

impl Grants for Decision {
    fn grants(&self, purpose: Purpose) -> bool {
        self.granted(purpose)
    }
}

impl Inner {
    fn record<E: TelemetryEvent + ?Sized>(&self, event: &E) -> Recorded {
        let decision = self.current_decision();
        if !decision.granted(event.schema().purpose) || !self.on.load(Ordering::Relaxed) {
            return Recorded::Denied;
        }
        let Some(open) = self.ready() else {
            self.lose(Reason::NotReady);
            return Recorded::Dropped;
        };
        let taken = LINE.try_with(|line| match line.try_borrow_mut() {
            Ok(mut line) => {
                let (bytes, id) = &mut *line;
                self.store(open, event, &decision, bytes, id)
            }
            // The event's own code recorded an event while it was sanitised.
            Err(_) => self.store(open, event, &decision, &mut Vec::new(), &mut String::new()),
        });
        // The thread is ending and its buffer is gone: one is made for the occasion.
        taken.unwrap_or_else(|_| {
            self.store(open, event, &decision, &mut Vec::new(), &mut String::new())
        })
    }

    fn store<E: TelemetryEvent + ?Sized>(
        &self,
        open: &Open,
        event: &E,
        decision: &Decision,
        bytes: &mut Vec<u8>,
        id: &mut String,
    ) -> Recorded {
        bytes.clear();
        id.clear();
        open.spool.next_id(id);
        let sanitized = open.sanitizer.sanitize_for(event, decision);
        // A field's own `Serialize`, or a function of the author's, may fail
        // or panic. Its message may hold the field's value, so that it is
        // neither shown nor passed on.
        let written = catch_unwind(AssertUnwindSafe(|| {
            line::write(bytes, id, Timestamp::now(), &open.origin(), &sanitized)
        }));
        if !matches!(written, Ok(Ok(()))) {
            self.lose(Reason::NotSerialised);
            self.tell(&Error::new(
                Kind::Export,
                format!("an event `{}` could not be serialised", event.schema().name),
            ));
            return Recorded::Dropped;
        }
        match open.spool.append(bytes) {
            Ok(()) => Recorded::Stored,
            Err(error) => {
                self.tell(&error);
                Recorded::Dropped
            }
        }
    }

    fn opened(&self) -> Option<&Open> {
        self.open.get()
    }

    /// What is made on the first event that consent lets through. After a
    /// failure it is tried again, as a failed write is: a disk that was full
    /// when a program started must not silence it for months.
    ///
    /// The author's hook is called with no lock held: it may record.
    fn ready(&self) -> Option<&Open> {
        if let Some(open) = self.open.get() {
            return Some(open);
        }
        let failed = {
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            if failed.is_some_and(|since| since.elapsed() < self.limits.pause) {
                return None;
            }
            // Another thread was quicker.
            if let Some(open) = self.open.get() {
                return Some(open);
            }
            match self.make() {
                Ok(open) => {
                    let _ = self.open.set(open);
                    None
                }
                Err(error) => {
                    *failed = Some(Instant::now());
                    Some(error)
                }
            }
        };
        match failed {
            Some(error) => self.tell(&error),
            None => {
                tidy(&self.folders.data, &self.limits, |error| self.tell(error));
                // A page that cannot be written is no reason not to record.
                let page = readme::put(&self.folders.data, &self.app, self.layers.command_name());
                if let Err(error) = page {
                    self.tell(&error);
                }
            }
        }
        self.open.get()
    }

    /// Makes the secret, the installation id and the spool.
    fn make(&self) -> Result<Open, Error> {
        let spool = Spool::open(&self.folders.data, self.limits)?;
        let mut given = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if given.is_none() {
            let secret = Secret::load_or_create(self.folders.data.join("secret"))?;
            *given = Some(Keys::new(secret));
        }
        let installation = installation::load_or_create(&self.folders.data)?;
        // Taken last: after a failure they are needed again.
        let keys = given.take().map_or_else(Keys::session, Ok)?;
        Ok(Open {
            sanitizer: Sanitizer::new(keys).with_scrubber(self.scrubber.clone()),
            installation,
            installation_text: installation.to_string(),
            container: container::detect(|name| self.layers.variable_value(name)),
            spool,
        })
    }

    fn decision(&self) -> Arc<Decision> {
        Arc::clone(&self.consent.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The decision, made anew if a file of consent changed.
    fn current_decision(&self) -> Arc<Decision> {
        let decision = self.decision();
        if decision.changed() { self.decide_again() } else { decision }
    }

    fn may_send(&self, decision: &Decision) -> bool {
        decision.may_send() && !self.showed_notice.load(Ordering::Relaxed)
    }

    /// Completes the segment that is being written, so that it can be delivered.
    fn seal(&self) {
        if let Some(Err(error)) = self.opened().map(|open| open.spool.seal()) {
            self.tell(&error);
        }
    }

    fn decide_again(&self) -> Arc<Decision> {
        let decision = Arc::new(self.layers.decide());
        self.on.store(decision.is_on(), Ordering::Relaxed);
        if let (Some(route), false) = (&self.route, decision.is_on()) {
            route.stop(Duration::ZERO);
        }
        *self.consent.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&decision);
        decision
    }

    fn lose(&self, reason: Reason) {
        if let Some((_, lost)) = LOST.into_iter().zip(&self.lost).find(|(of, _)| *of == reason) {
            lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Shows the notice if it is due, and notes that it was shown. Who cannot
    /// note it shows it again next time: better twice than never.
    fn show_notice(&self, show: Option<NoticeHook>) {
        let decision = self.decision();
        if let (Some(notice), Some(show)) = (decision.notice_due(), show) {
            self.showed_notice.store(true, Ordering::Relaxed);
            show(notice);
            if let Err(error) = self.layers.choice().and_then(|choice| choice.notice_shown()) {
                self.tell(&error);
            }
            self.decide_again();
        }
    }

    /// The author's hook must not be able to break the promise that recording
    /// never panics.
    fn tell(&self, error: &Error) {
        if TELLING.try_with(|telling| telling.replace(true)).unwrap_or(true) {
            return;
        }
        let _ = catch_unwind(AssertUnwindSafe(|| (self.on_error)(error)));
        let _ = TELLING.try_with(|telling| telling.set(false));
    }
}

/// Takes over what killed processes left, and drops what is older than the
/// limits allow. Nothing else does this in a program that has no receiver and
/// ends after a few events. What fails is told, and stops no event.
fn tidy(data: &Path, limits: &Limits, tell: impl Fn(&Error)) {
    let failed = match spool::recover(data) {
        Ok(recovered) => recovered.errors,
        Err(error) => vec![error],
    };
    let limited = spool::enforce(data, limits, SystemTime::now());
    failed.iter().chain(&limited.err()).for_each(tell);
}

/// The end of the program's telemetry: what was lost is written down. The
/// spool seals its segment by itself.
impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(route) = &self.route {
            route.stop(route.exit_budget);
        }
        for (reason, lost) in LOST.into_iter().zip(&mut self.lost) {
            let events = *lost.get_mut();
            if events > 0 {
                // Who could be told is gone.
                let _ = spool::count(&self.folders.data, reason, events);
            }
        }
    }
}
