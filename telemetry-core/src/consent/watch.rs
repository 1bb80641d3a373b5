//! Noticing that a consent file changed while the program runs.
//!
//! It owns what the files looked like when the decision was made. It must never
//! know what is in them.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::consent::seen::{FileMetadata, Owner};

/// How long a change may go unnoticed. A second is less than a person needs to
/// go from one terminal to another, and a handful of `stat` calls a second is
/// below what can be measured in a program.
pub(crate) const INTERVAL: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Watch {
    marks: Vec<ReadState>,
    settled: bool,
    /// When the files were looked at. Not asked for while everything is refused,
    /// where mostly nobody asks again: the clock costs a short program more than
    /// all that it is asked for. Who asks then is told to look.
    begun: OnceLock<Instant>,
    checked_ms: AtomicU64,
    stale: AtomicBool,
}

/// How one file looked when it was read.
#[derive(Debug)]
pub(crate) struct ReadState {
    pub(crate) path: PathBuf,
    pub(crate) owner: Owner,
    pub(crate) seen: Option<FileMetadata>,
}

impl Watch {
    /// `settled` is false when something could not be read and may be readable
    /// at the next look.
    pub(crate) fn new(marks: Vec<ReadState>, settled: bool) -> Self {
        let mut seen = marks.iter().filter_map(|mark| mark.seen.as_ref()).peekable();
        let fresh = seen.peek().is_some() && {
            let now = SystemTime::now();
            seen.any(|seen| seen.is_fresh(now))
        };
        Self {
            settled: settled && !fresh,
            marks,
            begun: OnceLock::new(),
            checked_ms: AtomicU64::new(0),
            stale: AtomicBool::new(false),
        }
    }

    /// Counts from now on.
    pub(crate) fn begin(&self) {
        let _ = self.begun.set(Instant::now());
    }

    /// Whether the last look is [`INTERVAL`] ago. Of several threads that ask
    /// at once one is told so, and is to look. `now` is the time.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        let Some(begun) = self.begun.get() else { return self.begun.set(now).is_ok() };
        let since = now.saturating_duration_since(*begun);
        let now = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let last = self.checked_ms.load(Ordering::Relaxed);
        let interval = u64::try_from(INTERVAL.as_millis()).unwrap_or(u64::MAX);
        now.saturating_sub(last) >= interval
            && self
                .checked_ms
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// Looks at the files if the last look is [`INTERVAL`] ago. Once true, it
    /// stays true. `now` is the time.
    pub(crate) fn changed(&self, now: Instant) -> bool {
        self.stale.load(Ordering::Relaxed) || (self.is_due(now) && self.changed_at_look())
    }

    /// What a look says that comes [`INTERVAL`] after the last.
    pub(crate) fn changed_at_look(&self) -> bool {
        if !self.settled {
            self.stale.store(true, Ordering::Relaxed);
        }
        self.changed_now()
    }

    pub(crate) fn changed_now(&self) -> bool {
        let changed = self.stale.load(Ordering::Relaxed)
            || self.marks.iter().any(|mark| FileMetadata::at(&mark.path, mark.owner) != mark.seen);
        if changed {
            self.stale.store(true, Ordering::Relaxed);
        }
        changed
    }
}
