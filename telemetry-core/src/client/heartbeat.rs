//! An event at the first start and then once in every period.
//!
//! It owns when the next beat is due, over restarts and sleep. It must never
//! know what the beat's event holds.
//!
//! | key | value |
//! |---|---|
//! | `next_due` | when the next beat is due, milliseconds since 1970, UTC |
//! | `last_up` | when the program was last known to run, the same |
//!
//! is what `heartbeat-<name>.json` in the data folder holds.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::error::{Error, Kind};
use crate::platform::{self, Lock};

/// A state file is two numbers; anything longer is not one.
const STATE_LIMIT: u64 = 4 * 1024;

/// What a beat's event may want to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Beat {
    /// Nothing is known of an earlier beat of this installation.
    pub first: bool,
    /// When the program was last known to run before this beat: of the first
    /// beat after a start, the last sign of life of the run before.
    pub last_up: Option<SystemTime>,
}

/// When beats are due.
///
/// A beat is due at the first start ever, and then whenever a period has
/// passed since the last one, however often the program was started in
/// between. Beats that were missed, because the machine slept or the program
/// did not run, are made up for by one, not by many. Each period is made
/// longer by a random part of the jitter, so that installations that were
/// started together do not call together for ever.
#[derive(Debug)]
pub struct Heartbeat {
    path: PathBuf,
    period: Duration,
    jitter: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct HeartbeatState {
    next_due: u64,
    last_up: u64,
}

impl HeartbeatState {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(bytes).ok()?;
        let number = |key| value.get(key).and_then(Value::as_u64);
        Some(Self { next_due: number("next_due")?, last_up: number("last_up")? })
    }
}

impl Heartbeat {
    pub(super) fn new(path: PathBuf, period: Duration) -> Self {
        Self { path, period, jitter: period / 10 }
    }

    /// The longest random delay that is added to each period; a tenth of the
    /// period unless set.
    #[must_use]
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }

    /// Notes that the program runs at `now`, and says whether a beat is due.
    ///
    /// The next beat's time is on disk before this returns, so that a program
    /// that is killed and started again does not beat twice.
    ///
    /// # Errors
    ///
    /// When the state cannot be read or written; then no beat is due, because
    /// a beat that cannot be noted would be repeated at every start.
    pub(super) fn due(&self, now: SystemTime) -> Result<Option<Beat>, Error> {
        let Some(_lock) = self.lock()? else { return Ok(None) };
        let now = milliseconds(now);
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| {
            Error::new(Kind::Io, "the system's random source failed").because(error.to_string())
        })?;
        let jitter = as_milliseconds(self.jitter);
        let jitter = u64::from_ne_bytes(random) % jitter.saturating_add(1);
        let (state, beat) = self.read()?.after(now, as_milliseconds(self.period), jitter);
        self.write(state)?;
        Ok(beat)
    }

    /// Of several processes, one at a time may look and beat. Who finds the
    /// lock taken does not wait: the other one is beating.
    fn lock(&self) -> Result<Option<Lock>, Error> {
        if let Some(folder) = self.path.parent() {
            platform::private_dir(folder)?;
        }
        Lock::try_at(&self.path.with_extension("lock"))
    }

    fn read(&self) -> Result<EarlierBeats, Error> {
        let Some(bytes) = platform::read_private(&self.path, STATE_LIMIT)? else {
            return Ok(EarlierBeats::Never);
        };
        Ok(HeartbeatState::parse(&bytes).map_or(EarlierBeats::Broken, EarlierBeats::State))
    }

    fn write(&self, state: HeartbeatState) -> Result<(), Error> {
        let text = json!({ "next_due": state.next_due, "last_up": state.last_up }).to_string();
        platform::replace_durably(&self.path, text.as_bytes())
    }
}

/// What is known of earlier beats.
#[derive(Clone, Copy, Debug)]
enum EarlierBeats {
    Never,
    /// A file that cannot be understood: beats go on after one period, so that
    /// a broken file never makes a program beat at every start.
    Broken,
    State(HeartbeatState),
}

impl EarlierBeats {
    fn after(self, now: u64, period: u64, jitter: u64) -> (HeartbeatState, Option<Beat>) {
        let next_due = now.saturating_add(period).saturating_add(jitter);
        let again = HeartbeatState { next_due, last_up: now };
        match self {
            Self::Never => (again, Some(Beat { first: true, last_up: None })),
            Self::Broken => (again, None),
            // A time that lies further ahead than any period was written
            // under a clock that has since been set back.
            Self::State(state) if state.next_due > next_due.saturating_add(period) => (again, None),
            Self::State(state) if state.next_due <= now => {
                let last_up = UNIX_EPOCH.checked_add(Duration::from_millis(state.last_up));
                (again, Some(Beat { first: false, last_up }))
            }
            Self::State(state) => (HeartbeatState { last_up: now, ..state }, None),
        }
    }
}

fn milliseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, as_milliseconds)
}

fn as_milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn heartbeat(folder: &tempfile::TempDir) -> Heartbeat {
        Heartbeat::new(folder.path().join("telemetry/heartbeat-alive.json"), HOUR * 12)
            .jitter(Duration::ZERO)
    }

    fn at(hours: u32) -> SystemTime {
        UNIX_EPOCH + HOUR * 400_000 + HOUR * hours
    }

    #[test]
    fn the_first_start_beats_and_a_restart_within_the_period_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let first = heartbeat(&folder).due(at(0)).unwrap();
        assert_eq!(first, Some(Beat { first: true, last_up: None }));
        assert_eq!(heartbeat(&folder).due(at(0)).unwrap(), None);
        assert_eq!(heartbeat(&folder).due(at(11)).unwrap(), None);
    }

    #[test]
    fn the_next_beat_says_when_the_program_last_ran() {
        let folder = tempfile::tempdir().unwrap();
        heartbeat(&folder).due(at(0)).unwrap();
        heartbeat(&folder).due(at(7)).unwrap();
        let beat = heartbeat(&folder).due(at(30)).unwrap();
        assert_eq!(beat, Some(Beat { first: false, last_up: Some(at(7)) }));
    }

    #[test]
    fn many_periods_of_sleep_are_made_up_for_by_one_beat() {
        let folder = tempfile::tempdir().unwrap();
        heartbeat(&folder).due(at(0)).unwrap();
        assert!(heartbeat(&folder).due(at(1000)).unwrap().is_some());
        assert!(heartbeat(&folder).due(at(1001)).unwrap().is_none());
        assert!(heartbeat(&folder).due(at(1012)).unwrap().is_some());
    }

    #[test]
    fn a_clock_that_was_set_back_neither_beats_at_once_nor_stops_the_beats() {
        let folder = tempfile::tempdir().unwrap();
        heartbeat(&folder).due(at(5000)).unwrap();
        assert!(heartbeat(&folder).due(at(0)).unwrap().is_none());
        assert!(heartbeat(&folder).due(at(11)).unwrap().is_none());
        assert!(heartbeat(&folder).due(at(12)).unwrap().is_some());
    }

    #[test]
    fn a_broken_state_waits_one_period() {
        let folder = tempfile::tempdir().unwrap();
        heartbeat(&folder).due(at(0)).unwrap();
        let path = folder.path().join("telemetry/heartbeat-alive.json");
        platform::replace_durably(&path, b"not json").unwrap();
        assert!(heartbeat(&folder).due(at(1)).unwrap().is_none());
        assert!(heartbeat(&folder).due(at(14)).unwrap().is_some());
    }

    #[test]
    fn the_jitter_spreads_installations_within_its_bounds() {
        let folder = tempfile::tempdir().unwrap();
        let spread: std::collections::BTreeSet<u64> = (0..64)
            .map(|n| {
                let path = folder.path().join(format!("t/heartbeat-{n}.json"));
                let heartbeat = Heartbeat::new(path, HOUR).jitter(HOUR);
                heartbeat.due(at(0)).unwrap();
                let EarlierBeats::State(state) = heartbeat.read().unwrap() else {
                    panic!("no state")
                };
                state.next_due
            })
            .collect();
        let (earliest, latest) = (milliseconds(at(1)), milliseconds(at(2)));
        assert!(spread.len() > 32, "{} different times", spread.len());
        assert!(spread.iter().all(|due| (earliest..=latest).contains(due)));
    }
}
