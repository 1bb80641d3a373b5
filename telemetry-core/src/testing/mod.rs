//! For the tests of a program's author: telemetry that is looked at, a receiver
//! that keeps what it gets, and assertions that nothing leaks.
//!
//! It owns what a test sees and how a finding is told. It must never know a way
//! around a policy: whatever it shows was sanitised as in the program.
//!
//! The feature `testing` belongs into `[dev-dependencies]`. A finding names the
//! form or the file and the field; it never shows a value, since logs of tests
//! are kept.
//!
//! ```
//! use telemetry_core::TelemetryEvent;
//! use telemetry_core::testing::{TestTelemetry, assert_no_leak};
//!
//! #[derive(TelemetryEvent)]
//! #[telemetry(purpose = "service")]
//! struct Greeted<'a> {
//!     #[telemetry(hash)]
//!     name: &'a str,
//!     #[telemetry(length)]
//!     greeting: &'a str,
//! }
//!
//! let event = Greeted { name: "alice", greeting: "Hello, alice" };
//! assert_no_leak(&event, &["alice"]);
//!
//! let test = TestTelemetry::new("greeter")?;
//! assert!(test.telemetry().record(&event).is_stored());
//! assert_eq!(test.events()?[0].fields["greeting"], 12);
//! # Ok::<(), telemetry_core::Error>(())
//! ```

mod canary;
mod evidence;
mod leak;
mod receiver;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[cfg(feature = "proptest")]
pub use telemetry_schema::strategies;

pub use self::evidence::{Evidence, assert_nothing_leaks};
pub use self::leak::{assert_no_leak, assert_no_leak_with};
pub use self::receiver::{Answer, RecordingReceiver, Request};
use crate::client::{Builder, Identity, Telemetry};
use crate::error::{Error, Kind};
use crate::event::Sanitizer;
use crate::platform;
use crate::pseudonym::{Keys, Secret};
use crate::spool::{self, Stored};

/// Telemetry in a private folder of its own, which is removed in the end, with
/// keys, an installation id and a clock that are the same in every run. It is on,
/// and reads neither the environment nor files of the machine's user.
///
/// The first part of an event's id stays random, and an event of a container says so.
#[derive(Debug)]
pub struct TestTelemetry {
    telemetry: Telemetry,
    home: Home,
}

/// A folder that disappears with the test.
#[derive(Debug)]
struct Home(PathBuf);

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The keys of every test.
fn keys() -> Result<Keys, Error> {
    Secret::from_bytes(b"the keys of tests hide nothing..").map(Keys::new)
}

/// A sanitizer with the keys of tests and the standard rules for scrubbing.
fn sanitizer() -> Result<Sanitizer, Error> {
    keys().map(Sanitizer::new)
}

impl TestTelemetry {
    /// The time of every event: 2026-01-01, midnight in UTC.
    pub fn time() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_767_225_600)
    }

    /// Telemetry of the program `app`.
    ///
    /// # Errors
    ///
    /// When the program's name is none, or there is no room for the folder.
    pub fn new(app: &str) -> Result<Self, Error> {
        Self::with(app, |builder| builder)
    }

    /// The same with the settings that the program makes, such as its scrubber
    /// and its notice. What they set beats what is set for tests.
    ///
    /// ```
    /// use telemetry_core::Scrubber;
    /// use telemetry_core::testing::TestTelemetry;
    ///
    /// let test = TestTelemetry::with("greeter", |builder| {
    ///     builder.scrubber(Scrubber::default().hiding_arguments())
    /// })?;
    /// assert!(test.telemetry().is_on());
    /// # Ok::<(), telemetry_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with(app: &str, settings: impl FnOnce(Builder) -> Builder) -> Result<Self, Error> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| {
            Error::new(Kind::Io, "the system's random source failed").because(error.to_string())
        })?;
        let name = format!("telemetry-test-{:016x}", u64::from_be_bytes(random));
        let home = Home(std::env::temp_dir().join(name));
        platform::private_dir(&home.0)?;
        // Build machines have one id together, which is the same for ever.
        let builder = Telemetry::builder(app)
            .home(&home.0)
            .with_env(|name| (name == "CI").then(|| "true".into()))
            .collect_in_ci(true)
            .one_identity_for_machines()
            .identity(Identity::Run)
            .keys(keys()?)
            .clock(Self::time)
            .on_by_default();
        Ok(Self { telemetry: settings(builder).build()?, home })
    }

    /// What the program under test records with.
    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// The private folder: collected data, and the user's choice.
    pub fn home(&self) -> &Path {
        &self.home.0
    }

    /// The events that were stored so far, sanitised, in their order. Counts
    /// are written once a second: see [`finish`](Self::finish).
    ///
    /// # Errors
    ///
    /// When a line cannot be read.
    pub fn events(&self) -> Result<Vec<Stored>, Error> {
        read(self.telemetry.folder())
    }

    /// Ends the telemetry, as the end of the program does, and gives its events,
    /// lines of counts included. A clone that the program kept is not ended.
    ///
    /// # Errors
    ///
    /// When a line cannot be read.
    pub fn finish(self) -> Result<Vec<Stored>, Error> {
        let Self { telemetry, home: _home } = self;
        let folder = telemetry.folder().to_owned();
        drop(telemetry);
        read(&folder)
    }
}

fn read(folder: &Path) -> Result<Vec<Stored>, Error> {
    let unreadable = |error: spool::Unreadable| Error::new(Kind::Io, error.to_string());
    spool::read(folder)?.map(|event| event.map_err(unreadable)).collect()
}

/// Ends the test. The text holds no value.
#[track_caller]
#[expect(clippy::panic, reason = "an assertion of a test")]
fn fail(text: &str) -> ! {
    panic!("{text}")
}
