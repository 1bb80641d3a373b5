//! Panics of the program, as events.
//!
//! It owns the hook and what is told of a panic. It must never know where an
//! event goes.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::{Telemetry, TelemetryInner, quiet};
use crate::TelemetryEvent;

/// How long a panicking thread waits for its event to be stored. The first time
/// the words of the program are read, which takes as long as reading its
/// executable; a second is little for a program that is ending.
const PATIENCE: Duration = Duration::from_secs(1);

thread_local! {
    /// Whether this thread is the one that records a panic: its own are not.
    static RECORDING: Cell<bool> = const { Cell::new(false) };
}

/// The program panicked.
#[derive(TelemetryEvent)]
#[telemetry(crate = "crate", name = "panic", purpose = "diagnostics")]
struct Panicked<'a> {
    /// What the panic said; of it, only words that are the program's own.
    #[telemetry(scrub(known))]
    message: Option<&'a str>,
    /// The file, line and column of the source.
    #[telemetry(allow(
        because = "a place in the source of the program, without the folders of who built it"
    ))]
    place: Option<String>,
}

impl Telemetry {
    /// Records every panic of the program from now on as an event `panic` of
    /// the purpose `diagnostics`: the place in the source, and what the panic
    /// said. The text of a literal is the program's own and leaves; of a
    /// formatted one only known words do, as under `scrub(known)`.
    ///
    /// The panic then goes on to the hook that was there before, so that it is
    /// shown as ever. While telemetry is off nothing is done at all. The
    /// panicking thread waits a second at most: the event is stored by another
    /// thread, which holds no lock that the panic left behind. Called twice, it
    /// records each panic once.
    ///
    /// ```
    /// use telemetry_core::Telemetry;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let telemetry = Telemetry::builder("chef").home(folder.path()).build()?;
    /// telemetry.record_panics();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn record_panics(&self) {
        // The hook of a thread that is panicking cannot be changed.
        if thread::panicking() || self.inner.records_panics.swap(true, Ordering::Relaxed) {
            return;
        }
        // The first event would put its own hook in place, which waits for a hook
        // that runs: ours, which waits for the event.
        quiet::install();
        let inner = Arc::downgrade(&self.inner);
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // A panic of the author's code beside a field's value says nothing.
            if !quiet::is_quiet()
                && let Some(inner) = inner.upgrade()
            {
                record(&inner, info);
            }
            before(info);
        }));
    }
}

fn record(inner: &Arc<TelemetryInner>, info: &PanicHookInfo<'_>) {
    let telemetry = Telemetry { inner: Arc::clone(inner) };
    let recording = RECORDING.try_with(Cell::get).unwrap_or(true);
    if recording || !telemetry.is_on() {
        return;
    }
    let message = words(info.payload()).map(str::to_owned);
    let place = info
        .location()
        .map(|at| format!("{}:{}:{}", without_folders(at.file()), at.line(), at.column()));
    let (done, stored) = mpsc::channel();
    let thread = thread::Builder::new().name("telemetry panic".to_owned());
    let spawned = thread.spawn(move || {
        let _ = RECORDING.try_with(|recording| recording.set(true));
        telemetry.record(&Panicked { message: message.as_deref(), place });
        let _ = done.send(());
    });
    if spawned.is_ok() {
        let _ = stored.recv_timeout(PATIENCE);
    }
}

/// What the panic says: a literal or a formatted text.
fn words(payload: &(dyn Any + Send)) -> Option<&str> {
    let literal = payload.downcast_ref::<&'static str>().copied();
    literal.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}

/// A path of the source without the folders above the package, which name who
/// built the program: `serde-1.0.0/src/lib.rs`, `src/main.rs`.
fn without_folders(path: &str) -> String {
    let path = path.replace('\\', "/");
    let behind = |mark: &str| path.rsplit_once(mark).map(|(_, rest)| rest);
    if let Some(package) = behind("/registry/src/") {
        // The first folder there is that of the registry.
        return package.split_once('/').map_or(package, |(_, rest)| rest).to_owned();
    }
    if let Some(package) = behind("/git/checkouts/") {
        return package.to_owned();
    }
    if path.starts_with("/rustc/") {
        return behind("/library/").unwrap_or(&path).to_owned();
    }
    let absolute = path.starts_with('/') || path.get(1..2) == Some(":");
    match path.rsplit_once("/src/") {
        Some((_, rest)) if absolute => format!("src/{rest}"),
        None if absolute => path.rsplit('/').next().unwrap_or_default().to_owned(),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_names_nobody() {
        for (path, left) in [
            ("src/main.rs", "src/main.rs"),
            ("plan/src/main.rs", "plan/src/main.rs"),
            ("/home/jane/plan/src/a/b.rs", "src/a/b.rs"),
            (r"C:\Users\jane\plan\src\main.rs", "src/main.rs"),
            ("/home/jane/build.rs", "build.rs"),
            (
                "/home/jane/.cargo/registry/src/index.crates.io-1/toml-1.0.0/src/de.rs",
                "toml-1.0.0/src/de.rs",
            ),
            ("/rustc/59807/library/core/src/option.rs", "core/src/option.rs"),
        ] {
            assert_eq!(without_folders(path), left, "{path}");
        }
    }
}
