//! The systems of five public telemetry documents, rebuilt on the library.
//!
//! Each module holds what one system reports and how; the program of the same
//! name beside this folder runs it, and a conformance test holds it to the
//! sentences of its document.
#![forbid(unsafe_code)]

pub mod app_server;
pub mod data_usage;
pub mod studio;
pub mod test_server;

use std::thread;
use std::time::{Duration, Instant};

use telemetry_core::export::{End, Report};
use telemetry_core::{Error, Telemetry};

/// Longer than a loopback receiver ever takes; only a broken one waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends everything that waits, now: what a program that runs for long does in
/// the background ([`Deliver::every`](telemetry_core::export::Deliver::every)),
/// for a demonstration that is over in a second. None without a receiver.
///
/// # Errors
///
/// The spool cannot be read or written.
pub fn deliver_now(telemetry: &Telemetry) -> Result<Option<Report>, Error> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let report = telemetry.send_now(deadline)?;
        // The worker that a start wakes may be at it at the same moment.
        let busy = report.as_ref().is_some_and(|report| report.end == End::Busy);
        if !busy || Instant::now() >= deadline {
            return Ok(report);
        }
        thread::sleep(Duration::from_millis(10));
    }
}
