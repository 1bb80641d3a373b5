//! When the folder is tidied by a program that has nobody else to do it.
//!
//! It owns the empty file `tidied`, whose time of change is when that was done
//! last. A short program has no time to look at what waits: whether it is due
//! costs one question, however much there is.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::limits::Limits;
use super::{caps, names, recovery};
use crate::error::Error;
use crate::platform;

const FILE: &str = "tidied";

/// How long between two times. An hour: a limit by age counts in days, and a
/// killed process's events can wait as long as any others.
const INTERVAL: Duration = Duration::from_secs(60 * 60);

/// How old a temporary file must be before it is swept: its writer, which needs
/// it for milliseconds, is gone.
const LEFT_BEHIND: Duration = Duration::from_secs(60 * 60);

/// How many runs there may be between two times at most, on the average. What
/// many runs leave within an hour is bounded by that.
const RUNS: u64 = 64;

/// What a run leaves at most when it is as short as most: a page.
const RUN_BYTES: u64 = 64 * 1024;

/// Whether it is time. `chance` is a random number: without a common counter,
/// of `n` runs on the average one tidies.
pub(super) fn is_due(dir: &Path, limits: &Limits, chance: u64, now: SystemTime) -> bool {
    let runs = (limits.segments / 8).min(limits.bytes / RUN_BYTES).min(limits.events / 64);
    if chance.checked_rem(runs.clamp(1, RUNS)) == Some(0) {
        return true;
    }
    match fs::symlink_metadata(dir.join(FILE)).and_then(|metadata| metadata.modified()) {
        // A clock that was set back by more than that is no reason to wait.
        Ok(last) => {
            let apart = now.duration_since(last).unwrap_or_else(|ahead| ahead.duration());
            apart > INTERVAL
        }
        // The first run: there is nothing to tidy yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let _ = touch(dir);
            false
        }
        Err(_) => false,
    }
}

/// Takes over what ended processes left, drops what is over the limits and
/// sweeps the temporary files of killed processes. What fails is given back,
/// and ends nothing.
pub fn tidy(dir: &Path, limits: &Limits) -> Vec<Error> {
    if !dir.exists() {
        return Vec::new();
    }
    let now = SystemTime::now();
    let mut failed = match recovery::recover(dir) {
        Ok(recovered) => recovered.errors,
        Err(error) => vec![error],
    };
    failed.extend(caps::enforce(dir, limits, now).err());
    let old = now.checked_sub(LEFT_BEHIND).unwrap_or(now);
    failed.extend(sweep(dir, old).err());
    failed.extend(touch(dir).err());
    failed
}

/// Removes the temporary files that were last written before `before`.
pub(super) fn sweep(dir: &Path, before: SystemTime) -> Result<(), Error> {
    let swept = platform::remove_all_temporaries(dir, before);
    platform::remove_all_temporaries(&dir.join(names::ACTIVE), before).and(swept).map(drop)
}

fn touch(dir: &Path) -> Result<(), Error> {
    let path = dir.join(FILE);
    let touch = |file: File| file.set_modified(SystemTime::now());
    let opened = platform::private_options().write(true).create(true).truncate(false).open(&path);
    opened.and_then(touch).map_err(|e| Error::io("write", &path, e))
}
