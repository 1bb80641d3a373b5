//! Erasing what the user wants gone.

use std::io;
use std::path::Path;
use std::time::SystemTime;

use super::lines::{Blanks, LineKind, Lines};
use super::names::{self, SegmentFile};
use super::recovery::recover_at_once;
use super::tidy;
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
    fn matches(&self, event: &Header<'_>) -> bool {
        match *self {
            Self::All => true,
            Self::Event(name) => event.event() == Some(name),
            Self::Id(id) => event.id() == Some(id),
            Self::Purpose(purpose) => event.purpose() == Some(purpose),
            Self::Before(time) => event.recorded().is_some_and(|at| at < time),
        }
    }

    fn matches_line(&self, line: &[u8]) -> bool {
        match Header::read(line) {
            Some(header) => self.matches(&header),
            None => *self == Self::All,
        }
    }
}

/// Erases events from every segment, also from those that other processes
/// write now, and from the dead letters, and says how many. When this returns
/// `Ok`, their bytes have been overwritten where they stood. Erasing everything
/// takes the temporary files with it that killed processes left.
///
/// What a process records while this runs may stay, as if it had been
/// recorded afterwards. What a deliverer has read already may reach the
/// receiver. On media that never overwrite (flash, copy-on-write file
/// systems, snapshots), old blocks may outlive any erasing.
///
/// A file that belongs to another user, or that has a second name (a hard
/// link), is left alone, and reported.
///
/// # Errors
///
/// When a file could not be changed. Everything else is erased nevertheless,
/// and erasing again tries again.
pub fn erase(dir: &Path, filter: Filter<'_>) -> Result<u64, Error> {
    let mut recovered = recover_at_once(dir)?;
    let mut run = EraseRun { dir, filter, events: 0, failed: recovered.errors.pop() };
    run.files(EraseRun::erase_in)?;
    if filter == Filter::All {
        let swept = tidy::sweep(dir, SystemTime::now());
        run.failed = run.failed.or(swept.err());
    }
    run.failed.map_or(Ok(run.events), Err)
}

/// How many events [`erase`] would erase now, counted in the same places and in
/// the same way: what a person is asked about before.
///
/// # Errors
///
/// When a folder or a file cannot be read.
pub fn count_matching(dir: &Path, filter: Filter<'_>) -> Result<u64, Error> {
    let mut run = EraseRun { dir, filter, events: 0, failed: None };
    run.files(EraseRun::count_in)?;
    run.failed.map_or(Ok(run.events), Err)
}

struct EraseRun<'r> {
    dir: &'r Path,
    filter: Filter<'r>,
    events: u64,
    failed: Option<Error>,
}

impl EraseRun<'_> {
    /// In this order, a segment that is sealed in between is met twice, and
    /// not never.
    fn files(
        &mut self,
        work: impl Fn(&Self, &SegmentFile, bool) -> Result<u64, Error>,
    ) -> Result<(), Error> {
        let active = names::active(self.dir)?.into_iter().map(|file| (file, false));
        let complete = names::sealed(self.dir)?.into_iter().chain(names::dead_letters(self.dir)?);
        for (file, is_complete) in active.chain(complete.map(|file| (file, true))) {
            match work(self, &file, is_complete) {
                Ok(events) => self.events += events,
                Err(error) => {
                    self.failed.get_or_insert(error);
                }
            }
        }
        Ok(())
    }

    fn erase_in(&self, file: &SegmentFile, complete: bool) -> Result<u64, Error> {
        let path = &file.path;
        match platform::open_to_change(path) {
            Ok(open) => {
                let (erased, left) = self.blank_matching(&open, path)?;
                if complete && left == 0 {
                    platform::remove_if_there(path)?;
                    platform::sync_parent(path)?;
                }
                Ok(erased)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && !complete => {
                match names::find_sealed(self.dir, &file.segment)? {
                    Some(file) => self.erase_in(&file, true),
                    None => Ok(0),
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(Error::io("open", path, error)),
        }
    }

    /// How many lines were erased, and how many are left.
    fn blank_matching(&self, file: &std::fs::File, path: &Path) -> Result<(u64, u64), Error> {
        let read = |e| Error::io("read", path, e);
        let write = |e| Error::io("erase in", path, e);
        let mut lines = Lines::new(platform::open_regular(path).map_err(read)?);
        let mut blanks = Blanks::new(file);
        let (mut erased, mut left) = (0, 0);
        while let Some(line) = lines.next().map_err(read)? {
            let goes = match line.kind {
                // Taken out by somebody who was killed before the end.
                LineKind::Blank if lines.bytes().iter().any(|byte| *byte != b' ') => {
                    blanks.add(line.offset, line.length).map_err(write)?;
                    continue;
                }
                LineKind::Blank | LineKind::Torn => continue,
                LineKind::Whole => self.filter.matches_line(lines.bytes()),
                LineKind::TooLong => self.filter == Filter::All,
            };
            if goes {
                blanks.add(line.offset, line.length).map_err(write)?;
                erased += 1;
            } else {
                left += 1;
            }
        }
        blanks.flush().map_err(write)?;
        file.sync_data().map_err(|e| Error::io("sync", path, e))?;
        Ok((erased, left))
    }

    fn count_in(&self, file: &SegmentFile, _complete: bool) -> Result<u64, Error> {
        let path = &file.path;
        let read = |e| Error::io("read", path, e);
        // Opened as erasing opens it: what that leaves alone is not counted.
        let open = match platform::open_to_change(path) {
            Ok(open) => open,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(Error::io("open", path, error)),
        };
        let mut lines = Lines::new(open);
        let mut events = 0;
        while let Some(line) = lines.next().map_err(read)? {
            events += u64::from(match line.kind {
                LineKind::Blank | LineKind::Torn => false,
                LineKind::Whole => self.filter.matches_line(lines.bytes()),
                LineKind::TooLong => self.filter == Filter::All,
            });
        }
        Ok(events)
    }
}
