//! Keeping a panic of the author's code quiet while it sees a field's value.
//!
//! It owns one thing: that the message of such a panic, which may hold the
//! value, does not reach the standard error through the program's panic hook.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, Location};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
    /// Where the author's code panicked: a place in the program, and no value.
    static PLACE: Cell<Option<SourceLocation>> = const { Cell::new(None) };
}

/// A file of the program's source, with line and column.
#[derive(Clone, Debug)]
pub(super) struct SourceLocation(String);

impl std::fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Puts a hook before the program's own, which passes on every panic but those
/// within [`run`]. Once in a process, with the first event that consent lets
/// through. A hook that the program sets later takes its place.
pub(super) fn install() {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    // The hook of a thread that is panicking cannot be changed.
    if thread::panicking() || INSTALLED.swap(true, Ordering::Relaxed) {
        return;
    }
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if QUIET.try_with(Cell::get).unwrap_or(false) {
            let place = info.location().map(Location::to_string).map(SourceLocation);
            let _ = PLACE.try_with(|last| last.set(place));
        } else {
            before(info);
        }
    }));
}

/// Whether this thread is within [`run`].
#[cfg(feature = "panic")]
pub(super) fn is_quiet() -> bool {
    QUIET.try_with(Cell::get).unwrap_or(false)
}

/// Runs the author's code. A panic in it says nothing, and comes back as the
/// place where it was.
pub(super) fn run<T>(code: impl FnOnce() -> T) -> Result<T, Option<SourceLocation>> {
    let before = QUIET.try_with(|quiet| quiet.replace(true)).unwrap_or(false);
    let done = panic::catch_unwind(AssertUnwindSafe(code));
    let _ = QUIET.try_with(|quiet| quiet.set(before));
    done.map_err(|_| PLACE.try_with(Cell::take).unwrap_or(None))
}
