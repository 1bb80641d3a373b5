//! When the next upload may start.
//!
//! It owns the file `delivery.json` in the telemetry folder, so that a program
//! that restarts, or a hundred short runs of it, wait like one that runs on.
//!
//! | key | value |
//! |---|---|
//! | `failures` | attempts in a row that the receiver did not take |
//! | `not_before` | RFC 3339, UTC: no upload before it; `null` when there was no failure |
//! | `window` | RFC 3339, UTC: the start of the minute in which `uploads` are counted; `null` at first |
//! | `uploads` | requests sent in that minute |
//!
//! A file that cannot be understood counts as none: it says nothing but when to
//! try again.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::error::Error;
use crate::platform;

/// The file's name in the telemetry folder.
const FILE: &str = "delivery.json";

/// Ten times what the four keys take.
const FILE_BYTES: u64 = 4096;

/// The first wait after a failure is at most this: a receiver that restarts is
/// back within seconds.
const BASE: Duration = Duration::from_secs(5);

/// No wait is shorter, whatever the dice say.
const SHORTEST: Duration = Duration::from_secs(1);

/// No wait of ours is longer: the hour in which somebody repairs a receiver.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// No wait that a receiver asks for is longer, lest one wrong header silence a
/// program for years.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * 60 * 60);

/// 15 uploads in 60 seconds, unless the author says otherwise: Mozilla Glean's
/// figures for whole fleets.
pub(super) const UPLOADS: NonZeroU32 = NonZeroU32::new(15).unwrap();
const WINDOW: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    not_before: Option<Timestamp>,
    window: Option<Timestamp>,
    uploads: u32,
}

impl State {
    fn parse(bytes: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let count = |key: &str| {
            value.get(key).and_then(Value::as_u64).and_then(|n| n.try_into().ok()).unwrap_or(0)
        };
        let time = |key: &str| value.get(key).and_then(Value::as_str).and_then(|t| t.parse().ok());
        Self {
            failures: count("failures"),
            not_before: time("not_before"),
            window: time("window"),
            uploads: count("uploads"),
        }
    }

    fn render(&self) -> Vec<u8> {
        let time = |time: &Option<Timestamp>| time.map(|time| time.to_string());
        let value = json!({
            "failures": self.failures,
            "not_before": time(&self.not_before),
            "window": time(&self.window),
            "uploads": self.uploads,
        });
        format!("{value}\n").into_bytes()
    }
}

/// The state of the waits, kept on disk.
#[derive(Debug)]
pub(super) struct Retry {
    path: PathBuf,
    uploads: NonZeroU32,
    state: State,
}

impl Retry {
    /// The state in `dir`, for a receiver that takes `uploads` in a minute.
    pub(super) fn load(dir: &Path, uploads: NonZeroU32) -> Result<Self, Error> {
        let path = dir.join(FILE);
        let bytes = platform::read_private(&path, FILE_BYTES)?.unwrap_or_default();
        Ok(Self { path, uploads, state: State::parse(&bytes) })
    }

    /// When the next upload may start, if that is not yet.
    ///
    /// A time that is further off than any wait is of a clock that was wrong
    /// then or is wrong now, and is ignored.
    pub(super) fn until(&self, now: Timestamp) -> Option<Timestamp> {
        let ahead = |time: Timestamp, most: Duration| {
            let wait = time.duration_since(now);
            (wait.is_positive() && wait.unsigned_abs() <= most).then_some(time)
        };
        let window = self.state.window.filter(|_| self.state.uploads >= self.uploads.get());
        let window = window.and_then(|start| ahead(later(start, WINDOW), WINDOW));
        let failure = self.state.not_before.and_then(|time| ahead(time, LONGEST_ASKED));
        failure.max(window)
    }

    /// Counts an upload, before it starts.
    pub(super) fn start(&mut self, now: Timestamp) -> Result<(), Error> {
        let within = self.state.window.is_some_and(|start| {
            let age = now.duration_since(start);
            !age.is_negative() && age.unsigned_abs() < WINDOW
        });
        if !within {
            self.state.window = Some(now);
            self.state.uploads = 0;
        }
        self.state.uploads = self.state.uploads.saturating_add(1);
        self.save()
    }

    /// The receiver answered for good.
    pub(super) fn succeeded(&mut self) -> Result<(), Error> {
        if self.state.failures == 0 && self.state.not_before.is_none() {
            return Ok(());
        }
        self.state.failures = 0;
        self.state.not_before = None;
        self.save()
    }

    /// The receiver did not take it; `asked` is the wait it asks for. Returns
    /// when the next attempt may start.
    pub(super) fn failed(
        &mut self,
        now: Timestamp,
        asked: Option<Duration>,
    ) -> Result<Timestamp, Error> {
        let most = longest(self.state.failures);
        self.state.failures = self.state.failures.saturating_add(1);
        let wait = match asked {
            // Many clients are given the same time; the dice come on top, so
            // that they do not all come back in the same second.
            Some(asked) => asked.min(LONGEST_ASKED - BASE) + dice(BASE),
            None => dice(most).max(SHORTEST),
        };
        let time = later(now, wait);
        self.state.not_before = Some(time);
        self.save()?;
        Ok(time)
    }

    fn save(&self) -> Result<(), Error> {
        platform::replace_durably(&self.path, &self.state.render())
    }
}

/// The longest wait after `failures` earlier failures: doubled each time.
fn longest(failures: u32) -> Duration {
    BASE.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST)
}

/// A time between none and `most`, evenly: "full jitter", which spreads the
/// clients of a receiver that comes back over the whole wait.
fn dice(most: Duration) -> Duration {
    // Without random bytes all wait longest, which spares the receiver too.
    let share = getrandom::u32().unwrap_or(u32::MAX);
    most.mul_f64(f64::from(share) / f64::from(u32::MAX))
}

fn later(time: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    time.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        let seconds: Vec<u64> = (0..12).map(|n| longest(n).as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
        assert_eq!(longest(u32::MAX), LONGEST);
    }

    #[test]
    fn dice_stay_within_the_wait() {
        for _ in 0..1000 {
            assert!(dice(BASE) <= BASE);
        }
    }
}
