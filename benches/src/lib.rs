//! The events that every bench records, and their floor.
#![forbid(unsafe_code)]

pub mod floor;
pub mod harness;
pub mod walk;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Serialize;
use telemetry_core::pseudonym::{Keys, Secret};
use telemetry_core::{
    Error, Literal, Sanitizer, Telemetry, TelemetryEvent, TelemetryValue, literal,
};

/// How a host was reached.
#[derive(Clone, Copy, Debug, Serialize, TelemetryValue)]
pub enum Protocol {
    /// Secure shell.
    Ssh,
    /// Windows Remote Management.
    WinRm,
}

/// A run of a command-line tool ended: two fields hashed, one dropped, one in
/// ranges, five allowed.
#[derive(Clone, Copy, TelemetryEvent)]
#[telemetry(name = "run.finished", purpose = "product-improvement")]
pub struct RunFinished<'a> {
    /// What was typed after the subcommand.
    #[telemetry(drop)]
    pub arguments: &'a [&'a str],
    /// Host connected to.
    #[telemetry(hash)]
    pub target: &'a str,
    /// User logged in as.
    #[telemetry(hash)]
    pub user: &'a str,
    /// How the host was reached.
    #[telemetry(allow)]
    pub protocol: Protocol,
    /// How long it took.
    #[telemetry(bucket(100, 1_000, 10_000))]
    pub duration_ms: u64,
    /// Its exit code.
    #[telemetry(allow)]
    pub exit_code: i32,
    /// The program's version.
    #[telemetry(allow)]
    pub version: Literal,
    /// How often it was tried.
    #[telemetry(allow)]
    pub attempts: u32,
    /// Whether somebody sat at the terminal.
    #[telemetry(allow)]
    pub interactive: bool,
}

/// The same with a tenth field: the text of an error.
#[derive(Clone, Copy, TelemetryEvent)]
#[telemetry(name = "run.failed", purpose = "product-improvement")]
pub struct RunFailed<'a> {
    /// What was typed after the subcommand.
    #[telemetry(drop)]
    pub arguments: &'a [&'a str],
    /// Host connected to.
    #[telemetry(hash)]
    pub target: &'a str,
    /// User logged in as.
    #[telemetry(hash)]
    pub user: &'a str,
    /// How the host was reached.
    #[telemetry(allow)]
    pub protocol: Protocol,
    /// How long it took.
    #[telemetry(bucket(100, 1_000, 10_000))]
    pub duration_ms: u64,
    /// Its exit code.
    #[telemetry(allow)]
    pub exit_code: i32,
    /// The program's version.
    #[telemetry(allow)]
    pub version: Literal,
    /// How often it was tried.
    #[telemetry(allow)]
    pub attempts: u32,
    /// Whether somebody sat at the terminal.
    #[telemetry(allow)]
    pub interactive: bool,
    /// The error shown to the user.
    #[telemetry(scrub)]
    pub error: &'a str,
}

/// Which protocol was used and how it ended: only counts leave.
#[derive(Clone, Copy, TelemetryEvent)]
#[telemetry(name = "connections", purpose = "product-improvement", count = "day")]
pub struct Connections {
    /// How a host was reached.
    #[telemetry(allow)]
    pub protocol: Protocol,
    /// How long it took.
    #[telemetry(bucket(100, 1_000, 10_000))]
    pub duration_ms: u64,
    /// Whether it worked.
    #[telemetry(allow)]
    pub ok: bool,
}

/// The counted event that is measured.
pub const COUNTED: Connections =
    Connections { protocol: Protocol::Ssh, duration_ms: 1_234, ok: true };

/// [`RunFinished`] without any protection.
#[derive(Debug, Serialize)]
pub struct Unprotected<'a> {
    /// As in the event, and so are the others.
    pub arguments: &'a [&'a str],
    /// Leaves as it is.
    pub target: &'a str,
    /// Leaves as it is.
    pub user: &'a str,
    /// Leaves as it is.
    pub protocol: Protocol,
    /// Leaves as it is.
    pub duration_ms: u64,
    /// Leaves as it is.
    pub exit_code: i32,
    /// Leaves as it is.
    pub version: Literal,
    /// Leaves as it is.
    pub attempts: u32,
    /// Leaves as it is.
    pub interactive: bool,
    /// Leaves as it is.
    pub error: &'a str,
}

/// A clean text of 60 bytes.
pub const ERROR: &str = "could not converge the node: the recipe ended with code 7, r";

/// The event that is measured.
pub const EVENT: RunFinished<'static> = RunFinished {
    arguments: &["--password", "hunter2", "web-1.corp.example"],
    target: "web-1.corp.example",
    user: "jane.doe",
    protocol: Protocol::Ssh,
    duration_ms: 1_234,
    exit_code: 0,
    version: literal!("1.2.3"),
    attempts: 1,
    interactive: true,
};

impl<'a> RunFinished<'a> {
    /// The same event with a text.
    pub const fn failed(self, error: &'a str) -> RunFailed<'a> {
        let Self { arguments, target, user, protocol, duration_ms, .. } = self;
        let Self { exit_code, version, attempts, interactive, .. } = self;
        RunFailed {
            arguments,
            target,
            user,
            protocol,
            duration_ms,
            exit_code,
            version,
            attempts,
            interactive,
            error,
        }
    }

    /// The same values without any protection.
    pub const fn unprotected(self, error: &'a str) -> Unprotected<'a> {
        let Self { arguments, target, user, protocol, duration_ms, .. } = self;
        let Self { exit_code, version, attempts, interactive, .. } = self;
        Unprotected {
            arguments,
            target,
            user,
            protocol,
            duration_ms,
            exit_code,
            version,
            attempts,
            interactive,
            error,
        }
    }
}

/// Names of hosts and users, several times more than a thread remembers
/// pseudonyms, so that each is as good as new when it comes round again; and so
/// few that the processor has them at hand, as it has what a program has just made.
pub fn names() -> Vec<(String, String)> {
    (0..512).map(|n| (format!("web-{n:04}.corp.example"), format!("jane.d{n:04}"))).collect()
}

/// 64 bytes in which the scrubber finds nothing.
pub const CLEAN: &str = "could not converge the node: the recipe ended with code 7, retry";
/// 64 bytes that look like personal data and hold none.
pub const NEAR_MISS: &str = "std::fs v1.2.3 at 12:30:45 in src/a.rs:12:5: a::b = 0x7f, pkg@1.2";
/// 64 bytes with an e-mail address and a home folder.
pub const DIRTY: &str = "jane@corp.example could not read /home/jane/.chef/web.pem, retry";

/// Keys that are the same in every run.
///
/// # Errors
///
/// None: the secret has the right length.
pub fn sanitizer() -> Result<Sanitizer, Error> {
    Ok(Sanitizer::new(Keys::new(Secret::from_bytes(&[7; 32])?)))
}

/// A client that records into `home`, or one that consent keeps off.
///
/// # Errors
///
/// None: the home folder is given.
pub fn client(home: &Path, on: bool) -> Result<Telemetry, Error> {
    let off = (!on).then(|| OsString::from("1"));
    let builder = Telemetry::builder("telemetry-benches")
        .home(home)
        .opt_out_env("TELEMETRY_BENCHES_OFF")
        .with_env(move |name| off.clone().filter(|_| name == "TELEMETRY_BENCHES_OFF"))
        .on_by_default();
    builder.build()
}

/// A folder of this process below the system's temporary one, removed with
/// all that is in it when dropped.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes the folder.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn new() -> std::io::Result<Self> {
        let name = format!("telemetry-benches-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
