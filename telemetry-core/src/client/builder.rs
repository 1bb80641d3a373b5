//! How an author sets telemetry up.
//!
//! It owns the settings and their defaults. It must never know what happens
//! after `build`.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::deliver::Route;
use super::gate::{Gate, NoticeHook};
use super::identity::Identity;
use super::open::{Clock, LazyStore};
use super::printer;
use super::record::Recorder;
use super::report::{ErrorHook, Reporter};
use super::{Telemetry, TelemetryInner};
use crate::consent::{Folders, Layers, Notice, check_name};
use crate::error::{Error, Kind};
use crate::export::Receiver;
use crate::platform;
use crate::pseudonym::Keys;
use crate::schema::Purpose;
use crate::scrub::Scrubber;
use crate::spool::Limits;

/// Sets up [`Telemetry`]. Only the name of the program is needed; without
/// more, nothing is collected until the user says yes
/// ([`on_by_default`](Self::on_by_default) is the other way).
#[must_use]
pub struct Builder(Box<Settings>);

/// Behind a pointer: a builder is handed on by value from call to call, and each
/// copy of half a kilobyte is stack that a short program touches for nothing else.
struct Settings {
    app: String,
    layers: Layers,
    folders: Option<Folders>,
    limits: Limits,
    keys: Option<Keys>,
    identity: Identity,
    shared_on_machines: bool,
    clock: Option<Clock>,
    scrubber: Scrubber,
    on_error: ErrorHook,
    show_notice: Option<NoticeHook>,
    receiver: Option<Receiver>,
    on_request: bool,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("app", &self.0.app)
            .field("layers", &self.0.layers)
            .field("limits", &self.0.limits)
            .finish_non_exhaustive()
    }
}

/// The sources of consent are set by the same names as on [`Layers`], where
/// each is described.
macro_rules! layers {
    ($($(#[$attribute:meta])* $method:ident($($argument:ident: $Type:ty),*);)*) => {$(
        $(#[$attribute])*
        #[doc = concat!("See [`Layers::", stringify!($method), "`].")]
        pub fn $method(mut self, $($argument: $Type),*) -> Self {
            self.0.layers = self.0.layers.$method($($argument),*);
            self
        }
    )*};
}

impl Builder {
    pub(super) fn new(app: String) -> Self {
        Self(Box::new(Settings {
            layers: Layers::new(app.clone()),
            app,
            folders: None,
            limits: Limits::default(),
            keys: None,
            identity: Identity::default(),
            shared_on_machines: false,
            clock: None,
            scrubber: Scrubber::default(),
            on_error: Box::new(|_| {}),
            show_notice: None,
            receiver: None,
            on_request: false,
        }))
    }

    layers! {
        opt_out_env(name: impl Into<String>);
        disable_env(name: impl Into<String>);
        enable_env(name: impl Into<String>);
        env_file(path: impl Into<PathBuf>);
        user_config(path: impl Into<PathBuf>);
        organisation_file(path: impl Into<PathBuf>);
        #[cfg(feature = "xml")]
        organisation_xml(path: impl Into<PathBuf>);
        installation_file(path: impl Into<PathBuf>);
        collect_in_ci(collect: bool);
        on_by_default();
        purposes(purposes: &[Purpose]);
        command(command: impl Into<String>);
        with_env(lookup: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static);
    }

    /// A notice that the user must have been shown before anything is sent.
    /// `show` shows it, and says whether somebody could see it: a run whose
    /// output is a pipe or a log does not use the notice up. The run that shows
    /// it sends nothing. See [`Layers::notice`].
    ///
    /// In a program that is on by default, or that the organisation or the
    /// installation switched on, it is remembered that the notice was shown, in
    /// the file of the user's choice. In a program that waits for the user's yes
    /// nothing is written: the notice is shown at each start until the user
    /// answers with [`Telemetry::on`] or [`Telemetry::off`].
    pub fn notice(mut self, notice: Notice, show: impl FnOnce(&Notice) -> bool + 'static) -> Self {
        self.0.layers = self.0.layers.notice(notice);
        self.0.show_notice = Some(Box::new(show));
        self
    }

    /// Keeps everything below one folder of the program's own: the collected
    /// data in `<folder>/telemetry`, the user's choice in
    /// `<folder>/telemetry.toml`. Without it, the operating system's usual
    /// folders are used.
    pub fn home(mut self, folder: impl Into<PathBuf>) -> Self {
        let folders = Folders::in_one(&platform::anchored(folder.into()));
        self.0.layers = self.0.layers.choice_file(folders.choice()).copy_file(folders.copy());
        self.0.folders = Some(folders);
        self
    }

    /// How much is kept.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.0.limits = limits;
        self
    }

    /// How long the id of this installation lasts; see [`Identity`]. A month,
    /// unless this says otherwise. Counted events carry no id in any case.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.0.identity = identity;
        self
    }

    /// Gives all build machines and containers one id together, so that those
    /// that come and go by the hundred count as one installation. Without it
    /// each has its own, and a container is marked as one.
    pub fn one_identity_for_machines(mut self) -> Self {
        self.0.shared_on_machines = true;
        self
    }

    /// Takes the time of events from `clock` instead of from the system: for
    /// tests, whose events then have a time that is known.
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.0.clock = Some(Box::new(clock));
        self
    }

    /// Keys of the author's own, such as those of a fleet or of a session.
    /// Without them, the secret of the installation is made with the first
    /// event that consent lets through.
    pub fn keys(mut self, keys: Keys) -> Self {
        self.0.keys = Some(keys);
        self
    }

    /// The rules for free text.
    pub fn scrubber(mut self, scrubber: Scrubber) -> Self {
        self.0.scrubber = scrubber;
        self
    }

    /// Names the receiver of the events, and who delivers them: see
    /// [`Receiver`]. Without one the program keeps its telemetry to itself.
    pub fn receiver(mut self, receiver: Receiver) -> Self {
        self.0.receiver = Some(receiver);
        self
    }

    /// Does nothing unasked: delivers nothing in the background, so that only
    /// [`Telemetry::send_now`] sends, and leaves the notice to a run that does
    /// the program's work. For the run in which the user looks at telemetry or
    /// opts out of it, which must not thereby send what is waiting.
    pub fn only_on_request(mut self) -> Self {
        self.0.on_request = true;
        self
    }

    /// Called with whatever goes wrong. The library itself prints nothing; an error
    /// never carries a field's value. Called in the thread that recorded.
    pub fn on_error(mut self, hook: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.0.on_error = Box::new(hook);
        self
    }

    /// Decides on consent. While it is denied nothing is created, opened or
    /// started by this. Otherwise it shows the notice that is due, and starts to
    /// deliver what earlier runs left, if the author named a receiver.
    ///
    /// In the environment, `<APP>_TELEMETRY_DEBUG=print` (the program's name in
    /// capitals, `_` for all but letters and digits) has each event printed to the
    /// standard error as it would be sent, and nothing stored or sent. While
    /// consent is denied nothing is printed either. The pseudonyms and ids are of
    /// a secret that is made for the run.
    ///
    /// # Errors
    ///
    /// When the program's name is none: 1 to 64 ASCII letters, digits, `-`, `_`
    /// or `.`, not starting with `.`; or its version is none that a receiver can be told, or the receiver's URL is none.
    /// Those are mistakes of the author's. Whatever
    /// is wrong with the environment (no home folder, a file that cannot be read,
    /// a full or read-only disk, another user's rights) leaves telemetry off or
    /// events counted, and is reported to the hook and shown by `status`.
    pub fn build(self) -> Result<Telemetry, Error> {
        let settings = self.0;
        check_name("a program", &settings.app)?;
        let (folders, layers) = match settings.folders {
            Some(folders) => (folders, settings.layers),
            None => match Folders::of_system(&settings.app) {
                Ok(folders) => {
                    let layers = settings.layers.choice_file(folders.choice());
                    let layers = layers.copy_file(folders.copy());
                    (folders, layers)
                }
                // The layers find none either, and say so.
                Err(_) => (Folders::nowhere(&settings.app), settings.layers),
            },
        };
        let prints = printer::is_asked_for(&settings.app, |name| layers.variable_value(name));
        let background = !settings.on_request;
        let route = settings
            .receiver
            .filter(|_| !prints)
            .map(|receiver| Route::new(&settings.app, receiver, background));
        let route = route.transpose()?;
        let reporter = Arc::new(Reporter::new(settings.on_error));
        let gate = Arc::new(Gate::new(layers, Arc::clone(&reporter)));
        for problem in gate.decision().diagnostics() {
            reporter.report(&Error::new(Kind::Config, problem.to_string()));
        }
        // Only what is stored can be from before a refusal.
        if gate.decision().uncounted().is_some() && !prints && folders.data.is_dir() {
            gate.count_refusals();
        }
        let mut opening = LazyStore::new(
            settings.app,
            folders.data,
            settings.limits,
            settings.keys,
            settings.scrubber,
        );
        opening.clock = settings.clock;
        opening.identity = settings.identity;
        opening.shared_on_machines = settings.shared_on_machines;
        if prints {
            if let Err(error) = opening.print(gate.layers()) {
                // Who asked for nothing to be stored gets that in any case.
                reporter.report(&error);
                gate.close();
                gate.stay_closed();
            }
            // Nothing is sent in any way.
            gate.end();
        }
        let recorder = Recorder::new(Arc::clone(&gate), Arc::clone(&reporter), opening);
        if let Some(route) = &route {
            gate.when_off(route.stopper());
        }
        gate.show_notice(settings.show_notice.filter(|_| !settings.on_request && !prints));
        let recorder = Arc::new(recorder);
        let counts = super::counted::CountWriter::new(Arc::clone(&gate), Arc::clone(&recorder));
        let inner = TelemetryInner {
            gate,
            reporter,
            recorder,
            counts: Arc::new(counts),
            route,
            #[cfg(feature = "panic")]
            records_panics: std::sync::atomic::AtomicBool::new(false),
        };
        let telemetry = Telemetry { inner: Arc::new(inner) };
        telemetry.start_delivery();
        Ok(telemetry)
    }
}
