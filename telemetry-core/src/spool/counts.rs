//! What was dropped, by reason.
//!
//! It owns `dropped.ndjson`: one JSON object and a line feed per count.
//!
//! | key | value |
//! |---|---|
//! | `reason` | a [`Reason`]'s name |
//! | `events` | how many |
//! | `key` | absent, or what this count is about: lines with the same reason and key count once |
//!
//! Processes append under the file's lock. A key starts with a segment's name,
//! so that counts about a segment that is gone can be added up when the file
//! is written anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde_json::{Map, Value};

use super::lines::{LineKind, Lines};
use super::names;
use crate::error::{Error, Kind};
use crate::platform;

const FILE: &str = "dropped.ndjson";

/// The size in bytes from which the file is written anew: a thousand counts,
/// which take less than a millisecond to add up.
const COMPACT_FROM: u64 = 64 * 1024;

/// How often a busy lock is tried before the count stays in memory. Its holder
/// writes one line; only a stopped process keeps it longer.
const TRIES: u32 = 200;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $Reason:ident $name:literal,)*) => {
        /// Why an event was dropped.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Reason { $($(#[doc = $doc])* $Reason,)* }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$Reason),*];

            /// The name, as `dropped.ndjson` writes it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$Reason => $name,)* }
            }
        }
    };
}
reasons! {
    /// The line was longer than [`Limits::line`](super::Limits::line).
    TooLong "too-long",
    /// The spool held too many bytes.
    CapBytes "cap-bytes",
    /// The spool held too many events.
    CapEvents "cap-events",
    /// The spool held too many segments.
    CapSegments "cap-segments",
    /// It waited too long.
    CapAge "cap-age",
    /// The disk, the quota or the file-size limit was full.
    DiskFull "disk-full",
    /// The operating system refused to write for another reason.
    WriteFailed "write-failed",
    /// There was no secret for its pseudonyms, no id or no folder to store it in.
    NotReady "not-ready",
    /// A field's own code failed or panicked while the event was serialised.
    NotSerialised "not-serialised",
    /// A process was killed in the middle of the line. It was never acknowledged.
    Torn "torn",
    /// The line could not be read as an event; it is in `aside/`.
    Unreadable "unreadable",
    /// The receiver refused it; it is among the dead letters.
    Rejected "rejected",
    /// It is larger than the receiver takes, or its format cannot hold it; it is
    /// among the dead letters.
    NotExported "not-exported",
    /// This program cannot have written it: it has no such event, field or value,
    /// or none so deeply nested. It is among the dead letters.
    Unexpected "unexpected",
    /// It was recorded at a time without consent.
    Withdrawn "withdrawn",
    /// The segment was removed by hand while the program wrote it.
    Removed "removed",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many events were dropped, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<Reason, u64>);

impl Counts {
    /// Events dropped for this reason.
    pub fn get(&self, reason: Reason) -> u64 {
        self.0.get(&reason).copied().unwrap_or(0)
    }

    /// Every reason with at least one event.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, u64)> + '_ {
        self.0.iter().map(|(reason, events)| (*reason, *events))
    }

    /// Events dropped for any reason.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn add(&mut self, reason: Reason, events: u64) {
        if events > 0 {
            *self.0.entry(reason).or_default() += events;
        }
    }
}

/// What was dropped so far by all processes, as the disk knows it.
///
/// # Errors
///
/// When `dropped.ndjson` cannot be read. That there is none is no error.
pub fn counts(dir: &Path) -> Result<Counts, Error> {
    let path = dir.join(FILE);
    match platform::open_regular(&path) {
        Ok(file) => Ok(Tally::read(file, &path)?.sum()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Counts::default()),
        Err(error) => Err(Error::io("open", &path, error)),
    }
}

/// Counts events that were dropped by somebody outside the spool.
///
/// # Errors
///
/// When the folder or the file cannot be written.
pub fn count(dir: &Path, reason: Reason, events: u64) -> Result<(), Error> {
    append(dir, &line(reason, events, None))
}

/// The same, but a second count with the same reason and key counts nothing.
pub(super) fn count_once(dir: &Path, reason: Reason, events: u64, key: &str) -> Result<(), Error> {
    append(dir, &line(reason, events, Some(key)))
}

/// All of them with one write, or none.
pub(super) fn count_all(dir: &Path, counts: &Counts) -> Result<(), Error> {
    let lines: String = counts.iter().map(|(reason, events)| line(reason, events, None)).collect();
    if lines.is_empty() { Ok(()) } else { append(dir, &lines) }
}

fn line(reason: Reason, events: u64, key: Option<&str>) -> String {
    let name = reason.name();
    match key {
        // A key is made of hex digits, digits, `-` and `@`: nothing to escape.
        Some(key) => format!("{{\"reason\":\"{name}\",\"events\":{events},\"key\":\"{key}\"}}\n"),
        None => format!("{{\"reason\":\"{name}\",\"events\":{events}}}\n"),
    }
}

fn append(dir: &Path, lines: &str) -> Result<(), Error> {
    platform::private_dir(dir)?;
    let path = dir.join(FILE);
    let file = locked(&path)?;
    let write = |mut file: &File| -> std::io::Result<u64> {
        let length = file.metadata()?.len();
        if let Err(error) = file.write_all(lines.as_bytes()) {
            // Half a line would take the next count with it.
            file.set_len(length)?;
            return Err(error);
        }
        Ok(length)
    };
    let length = write(&file).map_err(|e| Error::io("write", &path, e))?;
    if length > COMPACT_FROM {
        compact(dir, &path, length)?;
    }
    Ok(())
}

/// The file, locked, and still the one that has the name.
fn locked(path: &Path) -> Result<File, Error> {
    for _ in 0..TRIES {
        let file = platform::private_options()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(|e| Error::io("open", path, e))?;
        match platform::try_lock(&file, path)? {
            true if platform::is_file_at(&file, path) => return Ok(file),
            true => {}
            false => std::thread::yield_now(),
        }
    }
    Err(Error::new(Kind::Spool, format!("{} is locked by another process", path.display())))
}

/// Writes the sums in the place of the single counts, under the file's lock.
fn compact(dir: &Path, path: &Path, before: u64) -> Result<(), Error> {
    let again = platform::open_regular(path).map_err(|e| Error::io("open", path, e))?;
    let mut tally = Tally::read(again, path)?;
    let segments: BTreeSet<String> =
        names::active(dir)?.into_iter().chain(names::sealed(dir)?).map(|f| f.segment).collect();
    tally.fold(&segments);
    let after = tally.lines();
    // Keys of living segments stay; do not write the same file again and again.
    if (after.len() as u64) < before / 2 {
        platform::replace_durably(path, after.as_bytes())?;
    }
    Ok(())
}

#[derive(Default)]
struct Tally {
    sums: Counts,
    keyed: BTreeMap<(Reason, String), u64>,
}

impl Tally {
    fn read(file: File, path: &Path) -> Result<Self, Error> {
        let mut tally = Self::default();
        let mut lines = Lines::new(file);
        while let Some(line) = lines.next().map_err(|e| Error::io("read", path, e))? {
            if line.kind == LineKind::Whole {
                tally.add(lines.bytes());
            }
        }
        Ok(tally)
    }

    /// A line that cannot be understood counts nothing.
    fn add(&mut self, line: &[u8]) {
        let Ok(map) = serde_json::from_slice::<Map<String, Value>>(line) else { return };
        let name = map.get("reason").and_then(Value::as_str);
        let reason = Reason::ALL.iter().find(|reason| Some(reason.name()) == name);
        let (Some(reason), Some(events)) = (reason, map.get("events").and_then(Value::as_u64))
        else {
            return;
        };
        match map.get("key").and_then(Value::as_str) {
            Some(key) => {
                let known = self.keyed.entry((*reason, key.to_owned())).or_default();
                *known = events.max(*known);
            }
            None => self.sums.add(*reason, events),
        }
    }

    fn fold(&mut self, living: &BTreeSet<String>) {
        let keyed = std::mem::take(&mut self.keyed);
        for ((reason, key), events) in keyed {
            let segment = key.split_once('@').map_or(key.as_str(), |(segment, _)| segment);
            if living.contains(segment) {
                self.keyed.insert((reason, key), events);
            } else {
                self.sums.add(reason, events);
            }
        }
    }

    fn lines(&self) -> String {
        let sums = self.sums.iter().map(|(reason, events)| line(reason, events, None));
        let keyed = self.keyed.iter().map(|((r, key), events)| line(*r, *events, Some(key)));
        sums.chain(keyed).collect()
    }

    fn sum(mut self) -> Counts {
        self.fold(&BTreeSet::new());
        self.sums
    }
}
