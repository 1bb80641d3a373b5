//! How much the spool keeps.

use std::time::Duration;

use super::lines::MAX_LINE;

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
    /// Bytes of dead letters. 1 MiB by default: enough to see what went wrong.
    pub dead_letters: u64,
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
            dead_letters: 1024 * 1024,
            pause: Duration::from_secs(1),
        }
    }
}
