//! When the next request may start, and how much of the spool it may carry.
//!
//! It owns the file `delivery.json` in the telemetry folder, so that a program
//! that restarts, or a hundred short runs of it, wait like one that runs on. It
//! must never know an event.
//!
//! | key | value |
//! |---|---|
//! | `failures` | attempts in a row that the receiver did not take |
//! | `not_before` | RFC 3339, UTC: by our own pacing, no request before it; `null` when there was no failure |
//! | `asked` | RFC 3339, UTC: the receiver asked for no request before it; `null` when it did not |
//! | `window` | RFC 3339, UTC: the start of the minute in which `uploads` are counted; `null` at first |
//! | `uploads` | requests sent in that minute |
//! | `under_way` | whether a request was started whose answer was not seen |
//! | `took_ms` | how long an answer takes to come, as far as is known; `null` at first |
//! | `suspect` | so many of the next events hold one that the receiver refuses; `null` when none is known |
//! | `refused` | single events in a row that the receiver refused |
//! | `status` | the status of the last answer that was not a success; `null` when there was none |
//! | `no_path_events`, `no_path_counts` | of a format with a path for each kind: attempts in a row for which the receiver had no such path |
//! | `events_not_before`, `counts_not_before` | RFC 3339, UTC: that path is not asked for before it; `null` when it is there |
//!
//! An attempt is written down as failed *before* its first byte, and cleared by
//! the answer: a program that is killed in between, or ends, backs off as if the
//! receiver had failed. The file survives the end of the process, which is what
//! that needs; a power cut may cost it, and a file that cannot be understood
//! counts as none, since it says nothing but when to try again. So it is not
//! synced.
//!
//! No crate does this: those for retries keep their state in memory, and a
//! program of five milliseconds has no second attempt in one process.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::error::Error;
use crate::platform;

/// The file's name in the telemetry folder.
const FILE: &str = "delivery.json";

/// Ten times what the keys take.
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

/// What a request is taken to need at least, once one was cut off.
const CUT_OFF: Duration = Duration::from_millis(250);

/// No answer is expected to take longer: that is the longest time of a request.
pub(super) const LONGEST_ANSWER: Duration = Duration::from_secs(30);

/// So many single events in a row may be refused before it is taken for the
/// receiver's fault, and waited: one broken release may leave a few events that
/// nobody takes, a wrong address refuses all.
const REFUSED_IN_A_ROW: u32 = 3;

/// Who asks for a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Nobody: it keeps to every wait.
    Background,
    /// A person, who waits for it: only what the receiver asked for is kept to.
    Now,
}

/// What a receiver may have a path for by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathOf {
    Events,
    Counts,
}

/// How often in a row a path was not there, and when it is asked for again.
#[derive(Clone, Copy, Debug, Default)]
struct Missing {
    times: u32,
    not_before: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct PacingState {
    failures: u32,
    not_before: Option<Timestamp>,
    asked: Option<Timestamp>,
    window: Option<Timestamp>,
    uploads: u32,
    under_way: bool,
    took: Option<Duration>,
    suspect: Option<usize>,
    refused: u32,
    status: Option<u16>,
    events: Missing,
    counts: Missing,
}

impl PacingState {
    fn parse(bytes: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let number = |key: &str| value.get(key).and_then(Value::as_u64);
        let count = |key: &str| number(key).and_then(|n| n.try_into().ok()).unwrap_or(0);
        let time = |key: &str| value.get(key).and_then(Value::as_str).and_then(|t| t.parse().ok());
        Self {
            failures: count("failures"),
            not_before: time("not_before"),
            asked: time("asked"),
            window: time("window"),
            uploads: count("uploads"),
            under_way: value.get("under_way").and_then(Value::as_bool).unwrap_or(false),
            took: number("took_ms").map(Duration::from_millis),
            suspect: number("suspect").and_then(|n| n.try_into().ok()),
            refused: count("refused"),
            status: number("status").and_then(|n| n.try_into().ok()),
            events: Missing {
                times: count("no_path_events"),
                not_before: time("events_not_before"),
            },
            counts: Missing {
                times: count("no_path_counts"),
                not_before: time("counts_not_before"),
            },
        }
    }

    fn missing(&mut self, path: PathOf) -> &mut Missing {
        match path {
            PathOf::Events => &mut self.events,
            PathOf::Counts => &mut self.counts,
        }
    }

    fn render(&self) -> Vec<u8> {
        let time = |time: &Option<Timestamp>| time.map(|time| time.to_string());
        let took = self.took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        let value = json!({
            "failures": self.failures,
            "not_before": time(&self.not_before),
            "asked": time(&self.asked),
            "window": time(&self.window),
            "uploads": self.uploads,
            "under_way": self.under_way,
            "took_ms": took,
            "suspect": self.suspect,
            "refused": self.refused,
            "status": self.status,
            "no_path_events": self.events.times,
            "events_not_before": time(&self.events.not_before),
            "no_path_counts": self.counts.times,
            "counts_not_before": time(&self.counts.not_before),
        });
        format!("{value}\n").into_bytes()
    }
}

/// The state of the waits, kept on disk.
#[derive(Debug)]
pub(super) struct Pacing {
    path: PathBuf,
    uploads: NonZeroU32,
    state: PacingState,
}

impl Pacing {
    /// The state in `dir`, for a receiver that takes `uploads` in a minute.
    pub(super) fn load(dir: &Path, uploads: NonZeroU32) -> Result<Self, Error> {
        let path = dir.join(FILE);
        let bytes = platform::read_private(&path, FILE_BYTES)?.unwrap_or_default();
        let mut state = PacingState::parse(&bytes);
        if state.under_way {
            // Cut off, and nobody knows after how long: the next one is given
            // twice what the last was.
            state.under_way = false;
            let twice = state.took.map_or(CUT_OFF, |took| took.saturating_mul(2));
            state.took = Some(twice.clamp(CUT_OFF, LONGEST_ANSWER));
        }
        Ok(Self { path, uploads, state })
    }

    /// When the next request may start, if that is not yet.
    ///
    /// A time that is further off than any wait is of a clock that was wrong
    /// then or is wrong now, and is ignored.
    pub(super) fn until(&self, now: Timestamp, pace: Pace) -> Option<Timestamp> {
        let ahead = |time: Timestamp, most: Duration| {
            let wait = time.duration_since(now);
            (wait.is_positive() && wait.unsigned_abs() <= most).then_some(time)
        };
        let asked = self.state.asked.and_then(|time| ahead(time, LONGEST_ASKED));
        if pace == Pace::Now {
            return asked;
        }
        let window = self.state.window.filter(|_| self.state.uploads >= self.uploads.get());
        let window = window.and_then(|start| ahead(later(start, WINDOW), WINDOW));
        let failure = self.state.not_before.and_then(|time| ahead(time, LONGEST));
        asked.max(failure).max(window)
    }

    /// Whether the receiver had no such path a while ago, and is not asked again
    /// yet: what it takes on another path says nothing of this one.
    pub(super) fn has_no(&mut self, path: PathOf, now: Timestamp) -> bool {
        self.state.missing(path).not_before.is_some_and(|time| {
            let wait = time.duration_since(now);
            wait.is_positive() && wait.unsigned_abs() <= LONGEST
        })
    }

    /// The receiver has no such path: each time it is asked half as often, down
    /// to once an hour.
    pub(super) fn missed(&mut self, path: PathOf, now: Timestamp) -> Result<(), Error> {
        let missing = self.state.missing(path);
        // Half of it for sure, so that the waits do grow.
        let most = longest(missing.times);
        missing.not_before = Some(later(now, most / 2 + dice(most / 2)));
        missing.times = missing.times.saturating_add(1);
        self.save()
    }

    /// There is such a path.
    pub(super) fn found(&mut self, path: PathOf) -> Result<(), Error> {
        if std::mem::take(self.state.missing(path)).times == 0 { Ok(()) } else { self.save() }
    }

    /// How long an answer takes to come, as far as is known.
    pub(super) fn expected(&self) -> Duration {
        self.state.took.unwrap_or_default()
    }

    /// A request was not started, because it could not be expected to end in
    /// the time that was left. What was learnt fades, lest one slow day keep
    /// events back for ever.
    pub(super) fn postponed(&mut self) -> Result<(), Error> {
        self.state.took = self.state.took.map(|took| took.mul_f32(0.9));
        self.save()
    }

    /// How many events the next request may carry, of `most`: half of those
    /// among which one is refused.
    pub(super) fn events(&self, most: usize) -> usize {
        let half = self.state.suspect.map(|suspect| suspect.div_ceil(2).max(1));
        half.map_or(most, |half| half.min(most))
    }

    /// Counts a request, and books it as failed, before it starts.
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
        self.state.not_before = Some(later(now, self.wait()));
        self.state.failures = self.state.failures.saturating_add(1);
        self.state.under_way = true;
        self.save()
    }

    /// The request ended, well or not, `took` after it was started.
    fn answered(&mut self, took: Duration) {
        self.state.under_way = false;
        self.state.took = Some(match self.state.took {
            Some(known) if known > took => (known * 3 + took) / 4,
            _ => took.min(LONGEST_ANSWER),
        });
    }

    fn cleared(&mut self) {
        self.state.failures = 0;
        self.state.not_before = None;
        self.state.asked = None;
    }

    /// The receiver took `events` events.
    pub(super) fn taken(&mut self, events: usize, took: Duration) -> Result<(), Error> {
        self.answered(took);
        self.cleared();
        let suspect = self.state.suspect.map(|suspect| suspect.saturating_sub(events));
        self.state.suspect = suspect.filter(|left| *left > 0);
        self.state.refused = 0;
        self.state.status = None;
        self.save()
    }

    /// The receiver refused the content of `events` events with `status`: fewer
    /// of them are tried next, down to the one that it refuses. That is no
    /// failure of the receiver, unless it refuses one event after the other.
    pub(super) fn refused(
        &mut self,
        events: usize,
        status: u16,
        took: Duration,
    ) -> Result<(), Error> {
        self.answered(took);
        self.state.status = Some(status);
        self.state.suspect = (events > 1).then_some(events);
        if events == 1 {
            self.state.refused = self.state.refused.saturating_add(1);
        }
        // Else the failure that was booked when it started stands.
        if self.state.refused < REFUSED_IN_A_ROW {
            self.cleared();
        }
        self.save()
    }

    /// The receiver did not take it. It counted as failed from its start; the
    /// wait is decided anew, from now on. `asked` is the wait that the receiver
    /// asks for. Returns when the next attempt may start.
    pub(super) fn failed(
        &mut self,
        now: Timestamp,
        asked: Option<Duration>,
        status: Option<u16>,
        took: Option<Duration>,
    ) -> Result<Timestamp, Error> {
        self.state.under_way = false;
        if let Some(took) = took {
            self.answered(took);
        }
        self.state.status = status;
        // Many clients are given the same time; the dice come on top, so that
        // they do not all come back in the same second.
        self.state.asked =
            asked.map(|asked| later(now, asked.min(LONGEST_ASKED - BASE) + dice(BASE)));
        let failures = self.state.failures.saturating_sub(1);
        let ours = later(now, dice(longest(failures)).max(SHORTEST));
        // What the receiver says is better than what the dice say.
        self.state.not_before = self.state.asked.is_none().then_some(ours);
        self.save()?;
        Ok(self.state.asked.unwrap_or(ours))
    }

    /// Nothing of the request that was booked was sent.
    pub(super) fn called_back(&mut self) -> Result<(), Error> {
        self.state.under_way = false;
        self.state.failures = self.state.failures.saturating_sub(1);
        self.state.not_before = None;
        self.state.uploads = self.state.uploads.saturating_sub(1);
        self.save()
    }

    fn wait(&self) -> Duration {
        dice(longest(self.state.failures)).max(SHORTEST)
    }

    fn save(&self) -> Result<(), Error> {
        platform::replace(&self.path, &self.state.render())
    }
}

/// What stands in the way of delivery, as far as earlier attempts know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hindrance {
    /// Attempts in a row that the receiver did not take.
    pub failures: u32,
    /// The status of its last answer, if that was not a success.
    pub status: Option<u16>,
    /// When the background tries again, if it waits.
    pub next_attempt: Option<std::time::SystemTime>,
}

impl Hindrance {
    /// What helps, in words for the user; `None` when nothing is known to be
    /// wrong, or when it goes away by itself.
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self.status? {
            401 | 403 => {
                "the receiver does not accept this program's key: update the program, or tell \
                 its author; the events are kept"
            }
            404 | 410 => {
                "there is no receiver at the program's address any more: update the program, or \
                 tell its author; the events are kept"
            }
            407 | 511 => "log in to the network or the proxy; the events are kept",
            400 | 413 | 422 => {
                "the receiver refuses events of this program: update the program, or tell its \
                 author; what is refused lies in the dead letters"
            }
            408 | 425 | 429 => return None,
            402..=499 | 501 | 505 => {
                "the receiver does not take what this program sends: update the program, or tell \
                 its author; the events are kept"
            }
            _ => return None,
        })
    }
}

/// What stands in the way of delivery from the telemetry folder `dir`.
///
/// # Errors
///
/// The file is there and cannot be read, or others can read it.
pub fn hindrance(dir: &Path) -> Result<Hindrance, Error> {
    let pacing = Pacing::load(dir, UPLOADS)?;
    let next = pacing.until(Timestamp::now(), Pace::Background);
    Ok(Hindrance {
        failures: pacing.state.failures,
        status: pacing.state.status,
        next_attempt: next.map(Into::into),
    })
}

/// Whether the background keeps to a wait now.
pub(crate) fn is_waiting(dir: &Path, uploads: NonZeroU32) -> Result<bool, Error> {
    let pacing = Pacing::load(dir, uploads)?;
    Ok(pacing.until(Timestamp::now(), Pace::Background).is_some())
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
