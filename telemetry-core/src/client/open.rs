//! What is made by the first event that consent lets through.
//!
//! It owns the order in which the secret, the installation id and the spool
//! are made, and what happens when that fails. It must never know an event.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Instant, SystemTime};

use super::identity::{Identities, Identity};
use super::printer::Printer;
use super::report::Reporter;
use super::{container, quiet, readme};
use crate::consent::Layers;
use crate::error::Error;
use crate::event::Sanitizer;
use crate::platform;
use crate::pseudonym::{Keys, Secret};
use crate::scrub::{Scrubber, vocabulary};
use crate::spool::{self, Drops, Limits, Spool};

/// What [`Builder::clock`](super::Builder::clock) takes.
pub(super) type Clock = Box<dyn Fn() -> SystemTime + Send + Sync>;

/// What exists once something has been recorded.
#[derive(Debug)]
pub(super) struct RecordingStore {
    pub(super) sanitizer: Sanitizer,
    pub(super) identities: Identities,
    /// Counts carry no id: who sent them is nobody's question.
    pub(super) spool: Spool,
}

impl RecordingStore {
    /// The id of the next line.
    pub(super) fn next_id(&self) -> (String, u64) {
        let (run, number) = self.spool.next(Instant::now());
        (run.to_owned(), number)
    }
}

/// [`RecordingStore`], or what is needed to make it.
pub(super) struct LazyStore {
    pub(super) data: PathBuf,
    pub(super) limits: Limits,
    pub(super) scrubber: Scrubber,
    /// Events that were not stored.
    pub(super) drops: Arc<Drops>,
    pub(super) identity: Identity,
    pub(super) shared_on_machines: bool,
    /// Of a test, in the place of the system's.
    pub(super) clock: Option<Clock>,
    /// Prints events, of which none is stored then.
    pub(super) printer: Option<Box<Printer>>,
    app: String,
    keys: Mutex<Option<Keys>>,
    /// Behind a pointer, as the printer is: what a program that is switched off
    /// never makes takes no room of its stack while it starts.
    open: OnceLock<Box<RecordingStore>>,
    /// When making it failed last.
    failed: Mutex<Option<Instant>>,
}

impl LazyStore {
    pub(super) fn new(
        app: String,
        data: PathBuf,
        limits: Limits,
        keys: Option<Keys>,
        scrubber: Scrubber,
    ) -> Self {
        let (keys, failed) = (Mutex::new(keys), Mutex::new(None));
        let drops = Arc::new(Drops::new(data.clone()));
        let (identity, shared_on_machines) = (Identity::default(), false);
        let open = OnceLock::new();
        Self {
            data,
            limits,
            scrubber,
            drops,
            identity,
            shared_on_machines,
            clock: None,
            printer: None,
            app,
            keys,
            open,
            failed,
        }
    }

    /// When something happens that is recorded now.
    pub(super) fn time(&self) -> SystemTime {
        self.clock.as_ref().map_or_else(SystemTime::now, |clock| clock())
    }

    /// Has events printed from now on, and not stored.
    pub(super) fn print(&mut self, layers: &Layers) -> Result<(), Error> {
        let in_container = container::detect(|name| layers.variable_value(name));
        let shared = self.shared_on_machines && (in_container || layers.is_build_machine());
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner).take();
        let scrubber = self.scrubber.clone();
        let printer = Printer::new(keys, scrubber, self.identity, shared, in_container)?;
        self.printer = Some(Box::new(printer));
        Ok(())
    }

    /// What exists, if it does.
    pub(super) fn opened(&self) -> Option<&RecordingStore> {
        self.open.get().map(|open| &**open)
    }

    /// What exists, made if it does not. After a failure it is tried again, as
    /// a failed write is: a disk that was full when a program started must not
    /// silence it for months.
    pub(super) fn ready(&self, layers: &Layers, reporter: &Reporter) -> Option<&RecordingStore> {
        if let Some(open) = self.opened() {
            return Some(open);
        }
        if self.printer.is_some() {
            return None;
        }
        let failed = {
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            if failed.is_some_and(|since| since.elapsed() < self.limits.pause) {
                return None;
            }
            // Another thread was quicker.
            if let Some(open) = self.opened() {
                return Some(open);
            }
            match self.make(layers) {
                Ok(open) => {
                    let _ = self.open.set(Box::new(open));
                    None
                }
                Err(error) => {
                    *failed = Some(Instant::now());
                    Some(error)
                }
            }
        };
        match failed {
            Some(error) => reporter.report(&error),
            None => self.look_after(layers, reporter),
        }
        self.opened()
    }

    /// Once for each process. What fails is reported, and stops no event: a page
    /// that cannot be written is no reason not to record.
    fn look_after(&self, layers: &Layers, reporter: &Reporter) {
        let Some(open) = self.opened() else { return };
        let new = open.spool.prepare();
        let page = match new {
            Ok(true) => readme::put(&self.data, &self.app, layers.command_name()),
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = page {
            reporter.report(&error);
        }
        if open.spool.is_tidying_due() {
            self.tidy(reporter);
        }
    }

    /// Takes over what ended processes left, and applies the limits.
    pub(super) fn tidy(&self, reporter: &Reporter) {
        spool::tidy(&self.data, &self.limits).iter().for_each(|error| reporter.report(error));
    }

    /// Makes survive a power cut what pseudonyms and counts of installations
    /// rest on. To be called before anything is sent: until then nobody has seen
    /// a pseudonym, and the loss of the secret would show nowhere.
    pub(super) fn make_durable(&self) -> Result<(), Error> {
        Secret::make_durable(&self.data.join("secret"))
    }

    /// Makes the secret, the installation id and the spool.
    fn make(&self, layers: &Layers) -> Result<RecordingStore, Error> {
        quiet::install();
        platform::private_dir(&self.data)?;
        vocabulary::keep_below(&self.data);
        let spool = Spool::in_checked(self.data.clone(), self.limits, Arc::clone(&self.drops))?;
        let mut given = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        // Keys of the author's own may be those of a fleet: an id of this
        // installation is never made from them.
        let secret = || Secret::load_or_create_quickly(&self.data.join("secret"));
        let in_container = container::detect(|name| layers.variable_value(name));
        let machine = in_container || layers.is_build_machine();
        let own = self.identity.needs_secret().then(secret).transpose()?;
        if given.is_none() {
            let secret = own.as_ref().map_or_else(secret, |own| Ok(own.again()))?;
            *given = Some(Keys::new(secret));
        }
        let shared = machine && self.shared_on_machines;
        let identities = Identities::new(self.identity, own, shared, in_container)?;
        // Taken last: after a failure they are needed again.
        let keys = given.take().map_or_else(Keys::session, Ok)?;
        Ok(RecordingStore {
            sanitizer: Sanitizer::new(keys).with_scrubber(self.scrubber.clone()),
            identities,
            spool,
        })
    }
}

impl fmt::Debug for LazyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyStore").field("data", &self.data).finish_non_exhaustive()
    }
}
