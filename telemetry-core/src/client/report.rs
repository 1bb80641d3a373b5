//! The author's hook for errors.
//!
//! It owns that the hook can neither break a promise of recording nor call
//! itself without end. It must never know what went wrong.

use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::Error;

/// What [`Builder::on_error`](super::Builder::on_error) takes.
pub(super) type ErrorHook = Box<dyn Fn(&Error) + Send + Sync>;

thread_local! {
    /// Whether the author's hook is running in this thread. What goes wrong in a
    /// hook that records is counted, and not reported to the same hook again: it
    /// would call itself until the stack ends.
    static REPORTING: Cell<bool> = const { Cell::new(false) };
}

/// Hands errors to the author's hook.
pub(super) struct Reporter(ErrorHook);

impl Reporter {
    pub(super) fn new(hook: ErrorHook) -> Self {
        Self(hook)
    }

    /// The hook's panic stays in here: recording never panics. The hook is
    /// called with no lock held, since it may record.
    pub(super) fn report(&self, error: &Error) {
        if REPORTING.try_with(|reporting| reporting.replace(true)).unwrap_or(true) {
            return;
        }
        let _ = catch_unwind(AssertUnwindSafe(|| (self.0)(error)));
        let _ = REPORTING.try_with(|reporting| reporting.set(false));
    }
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reporter").finish_non_exhaustive()
    }
}
