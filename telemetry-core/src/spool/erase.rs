//! Erasing what the user wants gone.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use super::lines::{self, LineKind, Lines};
use super::names::{self, SegmentFile};
use super::recovery::recover;
use crate::envelope::Header;
use crate::error::Error;
use crate::platform;

/// Which events to erase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Filter<'a> {
    /// Every event, and every line that cannot be read.
    All,
    /// The events with this name.
    Event(&'a str),
    /// The event with this id.
    Id(&'a str),
    /// The events of this purpose.
    Purpose(&'a str),
    /// The events recorded before this time.
    Before(SystemTime),
}

impl Filter<'_> {
    fn matches(&self, event: &Header) -> bool {
        match *self {
            Self::All => true,
            Self::Event(name) => event.event() == Some(name),
            Self::Id(id) => event.id() == Some(id),
            Self::Purpose(purpose) => event.purpose() == Some(purpose),
            Self::Before(time) => event.recorded().is_some_and(|at| at < time),
        }
    }
}

/// Erases events from every segment, also from those that other processes
/// write now, and from `aside/`, and says how many. When this returns `Ok`,
/// their bytes have been overwritten where they stood.
///
/// What a process records while this runs may stay, as if it had been
/// recorded afterwards. What a deliverer has read already may reach the
/// receiver. On media that never overwrite (flash, copy-on-write file
/// systems, snapshots), old blocks may outlive any erasing.
///
/// # Errors
///
/// When a file could not be changed. Everything else is erased nevertheless,
/// and erasing again tries again.
pub fn erase(dir: &Path, filter: Filter<'_>) -> Result<u64, Error> {
    let recovered = recover(dir)?;
    let (mut erased, mut failed) = (0, recovered.errors.into_iter().next());
    // In this order, a segment that is sealed in between is met twice, and
    // not never.
    let active = names::active(dir)?;
    for (file, sealed) in active
        .into_iter()
        .map(|file| (file, false))
        .chain(names::sealed(dir)?.into_iter().chain(names::aside(dir)?).map(|file| (file, true)))
    {
        match erase_in(dir, &file, sealed, filter) {
            Ok(count) => erased += count,
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(erased), Err)
}

fn erase_in(
    dir: &Path,
    file: &SegmentFile,
    sealed: bool,
    filter: Filter<'_>,
) -> Result<u64, Error> {
    let path = &file.path;
    match platform::open_to_change(path) {
        Ok(open) => {
            let (erased, left) = blank_matching(&open, path, filter)?;
            if sealed && left == 0 {
                remove(path)?;
            }
            Ok(erased)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && !sealed => {
            match names::find_sealed(dir, &file.segment)? {
                Some(file) => erase_in(dir, &file, true, filter),
                None => Ok(0),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(Error::io("open", path, error)),
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", path, error))
        }
        _ => platform::sync_parent(path),
    }
}

/// How many lines were erased, and how many are left.
fn blank_matching(file: &File, path: &Path, filter: Filter<'_>) -> Result<(u64, u64), Error> {
    let read = |e| Error::io("read", path, e);
    let mut lines = Lines::new(file.try_clone().map_err(read)?);
    let (mut gone, mut left, mut half) = (Vec::new(), 0, Vec::new());
    while let Some(line) = lines.next().map_err(read)? {
        match line.kind {
            // Taken out by somebody who was killed before the end.
            LineKind::Blank if lines.bytes().iter().any(|byte| *byte != b' ') => half.push(line),
            LineKind::Blank | LineKind::Torn => {}
            LineKind::Whole if matches(lines.bytes(), filter) => gone.push(line),
            LineKind::TooLong if filter == Filter::All => gone.push(line),
            LineKind::Whole | LineKind::TooLong => left += 1,
        }
    }
    for line in gone.iter().chain(&half) {
        lines::blank(file, line.offset, line.length).map_err(|e| Error::io("erase in", path, e))?;
    }
    file.sync_data().map_err(|e| Error::io("sync", path, e))?;
    Ok((gone.len() as u64, left))
}

fn matches(line: &[u8], filter: Filter<'_>) -> bool {
    match Header::read(line) {
        Some(header) => filter.matches(&header),
        None => filter == Filter::All,
    }
}
