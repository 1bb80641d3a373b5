//! How much the spool keeps, and what goes first.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::counts::{self, Reason};
use super::lines::MAX_LINE;
use super::names::{self, SegmentFile};
use super::{read, sealed};
use crate::error::Error;

/// How much the spool keeps. What does not fit is dropped, the oldest
/// segment first, and counted by reason.
///
/// ```
/// use telemetry_core::spool::Limits;
///
/// let mut limits = Limits::default();
/// limits.bytes = 1024 * 1024;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest line, in bytes, line feed included; never more than
    /// [`MAX_LINE`], which is the default.
    pub line: usize,
    /// The size in bytes at which a segment is sealed. 1 MiB by default: some
    /// thousand events, so that sealing costs nothing per event, and a cap
    /// that drops a whole segment drops a tenth of what is kept.
    pub segment: u64,
    /// Bytes in all segments together. 10 MiB by default: what nobody
    /// notices on a disk, and weeks of a command-line tool.
    pub bytes: u64,
    /// Events in sealed segments. 20,000 by default: what a receiver with
    /// bodies of 500 KB takes in some twenty requests.
    pub events: u64,
    /// Sealed segments. 2,000 by default: a program that ends after each event
    /// makes a segment of each, and the folder is listed at each end; so many
    /// names are listed in some five milliseconds.
    pub segments: u64,
    /// Age of a segment's last event. 30 days by default: later a receiver
    /// learns nothing from it, and it is still personal data that lies around.
    pub age: Duration,
    /// Bytes in `aside/`. 1 MiB by default: enough to see what went wrong.
    pub aside: u64,
    /// After a failed write, how long events are dropped (and counted)
    /// without trying again. One second by default: a full disk must not cost
    /// the program a failing system call per event.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: MAX_LINE,
            segment: 1024 * 1024,
            bytes: 10 * 1024 * 1024,
            events: 20_000,
            segments: 2_000,
            age: Duration::from_secs(30 * 24 * 60 * 60),
            aside: 1024 * 1024,
            pause: Duration::from_secs(1),
        }
    }
}

/// Drops the oldest sealed segments until the rest fits `limits`, and says how
/// many events went. A segment that is being delivered now is passed over.
///
/// `now` decides the age of events. An event from the future is as if from
/// now, and a clock that went backwards makes nothing older: order never
/// depends on the clock.
///
/// # Errors
///
/// When the folder cannot be listed or a segment cannot be removed.
pub fn enforce(dir: &Path, limits: &Limits, now: SystemTime) -> Result<u64, Error> {
    let mut dropped = enforce_sizes(dir, limits)?;
    for file in names::sealed(dir)? {
        if is_older(&file, limits.age, now) {
            dropped += drop_segment(dir, file, Reason::CapAge)?.unwrap_or(0);
        }
    }
    Ok(dropped)
}

/// The caps by bytes and by count: they need the folder alone, no file.
pub(super) fn enforce_sizes(dir: &Path, limits: &Limits) -> Result<u64, Error> {
    let sealed = names::sealed(dir)?;
    let size = |file: &SegmentFile| std::fs::symlink_metadata(&file.path).map_or(0, |m| m.len());
    let mut bytes: u64 = sealed.iter().chain(&names::active(dir)?).map(size).sum();
    let mut events: u64 = sealed.iter().map(|file| file.events).sum();
    let mut segments = sealed.len() as u64;
    let mut dropped = 0;
    for file in sealed {
        let reason = match () {
            () if bytes > limits.bytes => Reason::CapBytes,
            () if events > limits.events => Reason::CapEvents,
            () if segments > limits.segments => Reason::CapSegments,
            () => break,
        };
        let (length, sealed_in) = (size(&file), file.events);
        if let Some(count) = drop_segment(dir, file, reason)? {
            dropped += count;
            bytes = bytes.saturating_sub(length);
            events = events.saturating_sub(sealed_in);
            segments = segments.saturating_sub(1);
        }
    }
    Ok(dropped)
}

/// The count is written before the segment goes, and bears the segment's name:
/// who is killed in between counts it again under the same name, which counts once.
fn drop_segment(dir: &Path, file: SegmentFile, reason: Reason) -> Result<Option<u64>, Error> {
    let segment = file.segment.clone();
    let Some(claim) = sealed::Segment::of(dir, file).claim()? else { return Ok(None) };
    let live = claim.live()?;
    if live > 0 {
        counts::count_once(dir, reason, live, &segment)?;
    }
    claim.remove_without_sync().map(|()| Some(live))
}

fn is_older(file: &SegmentFile, age: Duration, now: SystemTime) -> bool {
    let last = read::last_time(&file.path);
    last.is_some_and(|time| now.duration_since(time).is_ok_and(|elapsed| elapsed > age))
}
