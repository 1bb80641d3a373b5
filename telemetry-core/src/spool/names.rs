//! The names of runs, events and segments.
//!
//! | name | form |
//! |---|---|
//! | run | 24 lower-case hex digits: 96 random bits |
//! | event id | run, `-`, the event's number in the run, from 1 |
//! | segment | run, `-`, the segment's number in the run, from 1 |
//! | file of a segment that is being written | `active/<segment>.ndjson` |
//! | file of a complete segment | `sealed/<number>-<segment>-<events>-<bytes>-<seconds>.ndjson` |
//!
//! `<number>` counts up by one with every segment that is sealed in the
//! folder: it puts segments in order without asking a clock. `<events>` and
//! `<bytes>` are how many were sealed in, and `<seconds>` is when the last of
//! its events was recorded, in seconds from 1970: so that the limits are
//! applied by listing names, and no file is opened. The last two may be
//! missing; then the file is asked.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::error::{Error, Kind};
use crate::platform;

/// The folder of segments that are being written.
pub(super) const ACTIVE: &str = "active";
/// The folder of complete segments.
pub(super) const SEALED: &str = "sealed";
/// The folder of what could not be read or was refused.
pub(super) const DEAD_LETTERS: &str = "dead-letters";

/// How many hex digits a run's name has.
pub(super) const RUN: usize = 24;

/// 96 random bits: two runs of the same program never share an event id, and
/// the id says nothing about the machine.
pub(super) fn fresh_run() -> Result<String, Error> {
    let mut random = [0; RUN / 2];
    getrandom::fill(&mut random).map_err(|source| {
        Error::new(Kind::Spool, "the operating system gave no random bytes for a run's id")
            .because(source)
    })?;
    let mut digits = [0; RUN];
    // It has exactly the room that it needs.
    let _ = hex::encode_to_slice(random, &mut digits);
    Ok(String::from_utf8_lossy(&digits).into_owned())
}

/// A file in `active/`, `sealed/` or `dead-letters/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SegmentFile {
    pub(super) path: PathBuf,
    /// Run and number in the run: stays the same when the file is sealed.
    pub(super) segment: String,
    /// Of a sealed one, its place in the order.
    pub(super) number: u64,
    /// Of a sealed one, how many events were sealed in.
    pub(super) events: u64,
    /// Of a sealed one, how long it is.
    bytes: Option<u64>,
    /// Of a sealed one, when its last event was recorded.
    seconds: Option<u64>,
}

impl SegmentFile {
    fn parse(path: PathBuf, sealed: bool) -> Option<Self> {
        let name = path.file_name()?.to_str()?.strip_suffix(".ndjson")?;
        let mut parts = name.split('-');
        let number = if sealed { parts.next()?.parse().ok()? } else { 0 };
        let (run, part) = (parts.next()?, parts.next()?);
        let segment = format!("{run}-{part}");
        let events = if sealed { parts.next()?.parse().ok()? } else { 0 };
        let mut rest = || parts.next().map(|part| part.parse().ok());
        let (bytes, seconds) = if sealed { (rest(), rest()) } else { (None, None) };
        let whole = parts.next().is_none() && bytes != Some(None) && seconds != Some(None);
        let (bytes, seconds) = (bytes.flatten(), seconds.flatten());
        (whole && is_run(run) && part.parse::<u64>().is_ok()).then_some(Self {
            path,
            segment,
            number,
            events,
            bytes,
            seconds,
        })
    }

    /// How long the file is: by its name, or else by asking for it.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.unwrap_or_else(|| fs::symlink_metadata(&self.path).map_or(0, |m| m.len()))
    }

    /// When its last event was recorded, if the name says so.
    pub(super) fn recorded(&self) -> Option<SystemTime> {
        UNIX_EPOCH.checked_add(Duration::from_secs(self.seconds?))
    }

    fn modified(&self) -> Option<SystemTime> {
        fs::symlink_metadata(&self.path).and_then(|metadata| metadata.modified()).ok()
    }
}

fn is_run(run: &str) -> bool {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    run.len() == RUN && run.bytes().all(hex)
}

/// Where a segment is written.
pub(super) fn active_path(dir: &Path, segment: &str) -> PathBuf {
    dir.join(ACTIVE).join(format!("{segment}.ndjson"))
}

/// The segments that some process is writing, or left when it ended.
pub(super) fn active(dir: &Path) -> Result<Vec<SegmentFile>, Error> {
    list(dir, ACTIVE, false)
}

/// The same, the one that was written last at the end: between segments of
/// different processes there is no other order.
pub(super) fn active_by_time(dir: &Path) -> Result<Vec<SegmentFile>, Error> {
    let mut files = active(dir)?;
    files.sort_by_cached_key(SegmentFile::modified);
    Ok(files)
}

/// Complete segments, the one sealed first at the front.
pub(super) fn sealed(dir: &Path) -> Result<Vec<SegmentFile>, Error> {
    list(dir, SEALED, true)
}

/// What could not be read or was refused, the oldest first; named as the
/// sealed segments are from which it comes.
pub(super) fn dead_letters(dir: &Path) -> Result<Vec<SegmentFile>, Error> {
    list(dir, DEAD_LETTERS, true)
}

/// The file that `segment` has become by sealing.
pub(super) fn find_sealed(dir: &Path, segment: &str) -> Result<Option<SegmentFile>, Error> {
    Ok(sealed(dir)?.into_iter().find(|file| file.segment == segment))
}

/// The place of the next segment that is sealed, behind all others.
pub(super) fn next_number(dir: &Path) -> Result<u64, Error> {
    let last = |files: Vec<SegmentFile>| files.last().map_or(0, |file| file.number);
    Ok(last(sealed(dir)?).max(last(dead_letters(dir)?)).saturating_add(1))
}

/// Where `segment` goes when it is sealed.
pub(super) fn sealed_path(
    dir: &Path,
    number: u64,
    segment: &str,
    events: u64,
    bytes: u64,
    recorded: SystemTime,
) -> PathBuf {
    let seconds = recorded.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    dir.join(SEALED).join(format!("{number:08}-{segment}-{events}-{bytes}-{seconds}.ndjson"))
}

/// Files with other names are not the spool's: they are left alone. A folder
/// that is a symbolic link, or that somebody else can write to, is refused:
/// what is found in it would be moved and removed.
fn list(dir: &Path, folder: &str, numbered: bool) -> Result<Vec<SegmentFile>, Error> {
    let folder = &dir.join(folder);
    for checked in [dir, folder] {
        if !platform::check_dir(checked)? {
            return Ok(Vec::new());
        }
    }
    let names = match platform::list(folder) {
        Ok(names) => names,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list the folder", folder, error)),
    };
    let files =
        names.into_iter().filter_map(|name| SegmentFile::parse(folder.join(name), numbered));
    let mut files: Vec<_> = files.collect();
    files.sort_by(|a, b| (a.number, &a.segment).cmp(&(b.number, &b.segment)));
    Ok(files)
}
