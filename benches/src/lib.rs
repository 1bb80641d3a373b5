//! The events that every bench records, and their floor.
#![forbid(unsafe_code)]

pub mod floor;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Serialize;
use telemetry_core::pseudonym::{Keys, Secret};
use telemetry_core::{Error, Sanitizer, Telemetry, TelemetryEvent, TelemetryValue};

/// How a host was reached.
#[derive(Clone, Copy, Debug, Serialize, TelemetryValue)]
pub enum Protocol {
    /// Secure shell.
    Ssh,
    /// Windows Remote Management.
    WinRm,
}

/// A run of a command-line tool ended: ten fields, two of them hashed.
#[derive(TelemetryEvent)]
#[telemetry(name = "run.finished", purpose = "product-improvement")]
pub struct RunFinished<'a> {
    /// Subcommand that ran.
    #[telemetry(one_of("converge", "upload", "verify"))]
    pub command: &'a str,
    /// What was typed after it.
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
    pub version: &'static str,
    /// How often it was tried.
    #[telemetry(allow)]
    pub attempts: u32,
    /// Whether somebody sat at the terminal.
    #[telemetry(allow)]
    pub interactive: bool,
}

/// The same without any protection.
#[derive(Debug, Serialize)]
pub struct Unprotected<'a> {
    command: &'a str,
    arguments: &'a [&'a str],
    target: &'a str,
    user: &'a str,
    protocol: Protocol,
    duration_ms: u64,
    exit_code: i32,
    version: &'static str,
    attempts: u32,
    interactive: bool,
}

impl<'a> From<&RunFinished<'a>> for Unprotected<'a> {
    fn from(event: &RunFinished<'a>) -> Self {
        let RunFinished { command, arguments, target, user, protocol, .. } = *event;
        let RunFinished { duration_ms, exit_code, version, attempts, interactive, .. } = *event;
        Self {
            command,
            arguments,
            target,
            user,
            protocol,
            duration_ms,
            exit_code,
            version,
            attempts,
            interactive,
        }
    }
}

/// The event that is measured.
pub const EVENT: RunFinished<'static> = RunFinished {
    command: "converge",
    arguments: &["--password", "hunter2", "web-1.corp.example"],
    target: "web-1.corp.example",
    user: "jane.doe",
    protocol: Protocol::Ssh,
    duration_ms: 1_234,
    exit_code: 0,
    version: "1.2.3",
    attempts: 1,
    interactive: true,
};

/// 64 bytes in which the scrubber finds nothing.
pub const CLEAN: &str = "could not converge the node: the recipe ended with code 7, retry";
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
