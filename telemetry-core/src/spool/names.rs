//! The names of runs, events and segments.
//!
//! | name | form |
//! |---|---|
//! | run | 24 lower-case hex digits: 96 random bits |
//! | event id | run, `-`, the event's number in the run, from 1 |
//! | segment | run, `-`, the segment's number in the run, from 1 |
//! | file of a segment that is being written | `active/<segment>.ndjson` |
//! | file of a complete segment | `sealed/<number>-<segment>-<events>.ndjson` |
//!
//! `<number>` counts up by one with every segment that is sealed in the
//! folder: it puts segments in order without asking a clock. `<events>` is how
//! many events were sealed in, so that a cap by count need not read the files.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind};
use crate::platform;

/// The folder of segments that are being written.
pub(super) const ACTIVE: &str = "active";
/// The folder of complete segments.
pub(super) const SEALED: &str = "sealed";
/// The folder of what could not be read or was refused.
pub(super) const ASIDE: &str = "aside";

/// 96 random bits: two runs of the same program never share an event id, and
/// the id says nothing about the machine.
pub(super) fn fresh_run() -> Result<String, Error> {
    let mut random = [0; 12];
    getrandom::fill(&mut random).map_err(|source| {
        Error::new(Kind::Spool, "the operating system gave no random bytes for a run's id")
            .because(source)
    })?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A file in `active/` or `sealed/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SegmentFile {
    pub(super) path: PathBuf,
    /// Run and number in the run: stays the same when the file is sealed.
    pub(super) segment: String,
    /// Of a sealed one, its place in the order.
    pub(super) number: u64,
    /// Of a sealed one, how many events were sealed in.
    pub(super) events: u64,
}

impl SegmentFile {
    fn parse(path: PathBuf, sealed: bool) -> Option<Self> {
        let name = path.file_name()?.to_str()?.strip_suffix(".ndjson")?;
        let (number, segment, events) = if sealed {
            let (number, rest) = name.split_once('-')?;
            let (segment, events) = rest.rsplit_once('-')?;
            (number.parse().ok()?, segment, events.parse().ok()?)
        } else {
            (0, name, 0)
        };
        let segment = segment.to_owned();
        is_segment(&segment).then_some(Self { path, segment, number, events })
    }
}

fn is_segment(name: &str) -> bool {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    name.split_once('-').is_some_and(|(run, part)| {
        run.len() == 24 && run.bytes().all(hex) && part.parse::<u64>().is_ok()
    })
}

/// The segments that some process is writing, or left when it died.
pub(super) fn active(dir: &Path) -> Result<Vec<SegmentFile>, Error> {
    list(dir, ACTIVE, false)
}

/// Complete segments, the one sealed first at the front.
pub(super) fn sealed(dir: &Path) -> Result<Vec<SegmentFile>, Error> {
    list(dir, SEALED, true)
}

/// What was set aside, the oldest first; named as sealed segments are.
pub(super) fn aside(dir: &Path) -> Result<Vec<SegmentFile>, Error> {
    list(dir, ASIDE, true)
}

/// The file that `segment` has become by sealing.
pub(super) fn find_sealed(dir: &Path, segment: &str) -> Result<Option<SegmentFile>, Error> {
    Ok(sealed(dir)?.into_iter().find(|file| file.segment == segment))
}

/// Where `segment` goes when it is sealed now, behind all others.
pub(super) fn sealed_path(dir: &Path, segment: &str, events: u64) -> Result<PathBuf, Error> {
    let last = |files: Vec<SegmentFile>| files.last().map_or(0, |file| file.number);
    let number = last(sealed(dir)?).max(last(aside(dir)?)).saturating_add(1);
    Ok(dir.join(SEALED).join(format!("{number:08}-{segment}-{events}.ndjson")))
}

/// Files with other names are not the spool's: they are left alone. A folder
/// that is a symbolic link, or that somebody else can write to, is refused:
/// what is found in it would be moved and removed.
fn list(dir: &Path, folder: &str, numbered: bool) -> Result<Vec<SegmentFile>, Error> {
    let folder = &dir.join(folder);
    for checked in [dir, folder] {
        match fs::symlink_metadata(checked) {
            Ok(_) => platform::private_dir(checked)?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("read the folder", checked, error)),
        }
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list the folder", folder, error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("list the folder", folder, e))?;
        files.extend(SegmentFile::parse(entry.path(), numbered));
    }
    files.sort_by(|a, b| (a.number, &a.segment).cmp(&(b.number, &b.segment)));
    Ok(files)
}
