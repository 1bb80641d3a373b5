//! Completing a segment: what is in it, and its name among the complete ones.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::lines::{LineKind, Lines, MAX_LINE};
use super::names::{self, SEALED};
use crate::envelope::Header;
use crate::error::Error;
use crate::platform;

/// What a segment holds, whatever its lines mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan {
    /// Lines that are complete and not blank.
    pub(super) live: u64,
    /// Where a last line starts that does not end.
    pub(super) torn: Option<u64>,
}

impl Scan {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let mut lines = Lines::new(platform::open_regular(path)?);
        let mut scan = Self { live: 0, torn: None };
        while let Some(line) = lines.next()? {
            match line.kind {
                LineKind::Whole | LineKind::TooLong => scan.live += 1,
                LineKind::Torn => scan.torn = Some(line.offset),
                LineKind::Blank => {}
            }
        }
        Ok(scan)
    }
}

/// Renames a segment of `active/` to its place among the complete ones, as
/// number `number`. `file` is the segment, open, and holds `events` events.
pub(super) fn seal_as(
    dir: &Path,
    number: u64,
    file: &File,
    path: &Path,
    segment: &str,
    events: u64,
) -> Result<PathBuf, Error> {
    platform::private_dir(&dir.join(SEALED))?;
    let read = |e| Error::io("read", path, e);
    let bytes = file.metadata().map_err(read)?.len();
    let recorded = last_time(path).unwrap_or_else(SystemTime::now);
    let sealed = names::sealed_path(dir, number, segment, events, bytes, recorded);
    fs::rename(path, &sealed).map_err(|e| Error::io("seal", path, e))?;
    Ok(sealed)
}

/// When the last event of a segment was recorded that can be understood.
pub(super) fn last_time(path: &Path) -> Option<SystemTime> {
    let mut file = platform::open_regular(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MAX_LINE as u64))).ok()?;
    let mut tail = Vec::new();
    file.take(MAX_LINE as u64).read_to_end(&mut tail).ok()?;
    let events = tail.rsplit(|byte| *byte == b'\n').filter(|line| line.first() == Some(&b'{'));
    events.filter_map(Header::read).find_map(|header| header.recorded())
}
