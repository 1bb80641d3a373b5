//! Noticing that a consent file changed.
//!
//! It owns what a file looked like when the decision was made. It must never
//! know what is in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::platform;

/// How long a change may go unnoticed. A second is less than a person needs to
/// go from one terminal to another, and a handful of `stat` calls a second is
/// below what can be measured in a program.
pub(crate) const INTERVAL: Duration = Duration::from_secs(1);

/// A file that was changed this shortly before it was read may change again
/// without a new time: the coarsest clock of a common file system (FAT) ticks
/// every two seconds. Such a decision is made again at the next check.
const COARSEST_CLOCK: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) struct Watch {
    marks: Vec<Mark>,
    settled: bool,
    begun: Instant,
    checked_ms: AtomicU64,
    stale: AtomicBool,
}

#[derive(Debug)]
struct Mark {
    path: PathBuf,
    own: bool,
    seen: Option<Seen>,
}

/// What `stat` says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) modified: Option<SystemTime>,
    length: u64,
    identity: [u64; 4],
}

impl Watch {
    /// Notes how every file looks now; to be called before the files are read.
    /// The flag says of a file that it is ours, where links are not followed.
    pub(crate) fn begin(files: impl Iterator<Item = (PathBuf, bool)>) -> Self {
        let marks: Vec<_> =
            files.map(|(path, own)| Mark { seen: look(&path, own), path, own }).collect();
        let now = SystemTime::now();
        let settled = marks.iter().filter_map(|mark| mark.seen.as_ref()?.modified).all(|time| {
            now.duration_since(time).unwrap_or_else(|ahead| ahead.duration()) > COARSEST_CLOCK
        });
        Self {
            marks,
            settled,
            begun: Instant::now(),
            checked_ms: AtomicU64::new(0),
            stale: AtomicBool::new(false),
        }
    }

    /// Looks at the files if the last look is [`INTERVAL`] ago; most calls cost
    /// nothing. `now` is the time. Once true, it stays true.
    pub(crate) fn changed(&self, now: Instant) -> bool {
        if self.stale.load(Ordering::Relaxed) {
            return true;
        }
        let since = now.saturating_duration_since(self.begun);
        let now = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let last = self.checked_ms.load(Ordering::Relaxed);
        let interval = u64::try_from(INTERVAL.as_millis()).unwrap_or(u64::MAX);
        if now.saturating_sub(last) < interval {
            return false;
        }
        // Of several threads that come by at once, one looks.
        let mine =
            self.checked_ms.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed);
        if mine.is_ok() && !self.settled {
            self.stale.store(true, Ordering::Relaxed);
        }
        mine.is_ok() && self.changed_now()
    }

    pub(crate) fn changed_now(&self) -> bool {
        let changed = self.stale.load(Ordering::Relaxed)
            || self.marks.iter().any(|mark| look(&mark.path, mark.own) != mark.seen);
        if changed {
            self.stale.store(true, Ordering::Relaxed);
        }
        changed
    }
}

fn look(path: &Path, own: bool) -> Option<Seen> {
    let metadata = if own { fs::symlink_metadata(path) } else { fs::metadata(path) }.ok()?;
    Some(Seen {
        modified: metadata.modified().ok(),
        length: metadata.len(),
        identity: platform::identity(&metadata),
    })
}
