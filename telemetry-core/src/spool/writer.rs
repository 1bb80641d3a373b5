//! Writing: one segment that this process holds.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::caps;
use super::counts::{Drops, Reason};
use super::limits::Limits;
use super::lines::MAX_LINE;
use super::names::{self, ACTIVE};
use super::seal::{Scan, seal_as};
use crate::error::{Error, Kind};
use crate::platform::{self, Lock};

/// A segment that is open for longer is sealed, so that the events of a
/// process that runs for months have their age, too.
const LONGEST_OPEN: Duration = Duration::from_secs(24 * 60 * 60);

/// How many events may follow each other without a look at the clock, which
/// costs a fiftieth of what writing an event costs.
const UNTIMED: u64 = 64;

/// How often a new segment is tried: only a recovering process that looks at
/// the file between its creation and its lock makes a second one necessary.
const TRIES: u32 = 16;

#[derive(Debug)]
pub(super) struct SegmentWriter {
    dir: PathBuf,
    limits: Limits,
    run: String,
    part: u64,
    open: Option<ActiveSegment>,
    drops: Arc<Drops>,
    /// When the last write failed, and why.
    paused: Option<(Instant, Reason)>,
}

/// A segment in `active/`, locked.
#[derive(Debug)]
pub(super) struct ActiveSegment {
    lock: Lock,
    path: PathBuf,
    segment: String,
    length: u64,
    events: u64,
    since: Instant,
    /// How long the operating system lets the file become.
    limit: u64,
}

impl SegmentWriter {
    pub(super) fn new(dir: PathBuf, limits: Limits, run: String, drops: Arc<Drops>) -> Self {
        Self { dir, limits, run, part: 0, open: None, drops, paused: None }
    }

    pub(super) fn append(&mut self, line: &[u8]) -> Result<(), Error> {
        self.check(line)?;
        if let Some((since, reason)) = self.paused {
            if since.elapsed() < self.limits.pause {
                self.drops.add(reason, 1);
                return Err(Error::new(
                    Kind::Spool,
                    "the event was dropped and counted: the last write failed a moment ago",
                ));
            }
            self.paused = None;
        }
        if self.open.as_ref().is_some_and(|open| open.length > 0 && !open.has_room(line)) {
            self.seal_without_sync();
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.open_segment().map_err(|error| self.failed(error))?,
        };
        match open.append(line) {
            Ok(()) => {
                let full = open.length >= self.limits.segment || open.is_old();
                self.open = Some(open);
                // The line is stored: what goes wrong from here on is not its
                // matter. A segment that cannot be sealed is left for whoever
                // recovers it.
                if full {
                    self.seal_without_sync();
                }
                Ok(())
            }
            Err(source) => {
                let error = Error::io("write", &open.path, source);
                Err(self.abandon(open, error))
            }
        }
    }

    /// A line that would not be read back is refused, before it is written.
    fn check(&self, line: &[u8]) -> Result<(), Error> {
        let limit = self.limits.line.min(MAX_LINE);
        if line.len() > limit {
            self.drops.add(Reason::TooLong, 1);
            let length = line.len();
            return Err(Error::new(
                Kind::Spool,
                format!("the event was dropped and counted: {length} bytes, the limit is {limit}"),
            ));
        }
        let body = line.strip_suffix(b"\n").unwrap_or_default();
        if body.first() != Some(&b'{') || has_line_feed(body) {
            return Err(Error::new(
                Kind::Argument,
                "a stored line is one JSON object and one line feed at its end",
            ));
        }
        Ok(())
    }

    /// What was written of the line is cut off. If even that fails, whoever
    /// recovers the segment cuts it.
    fn abandon(&mut self, open: ActiveSegment, error: Error) -> Error {
        if open.lock.file().set_len(open.length).is_ok() {
            self.finish(open);
        }
        self.failed(error)
    }

    fn failed(&mut self, error: Error) -> Error {
        let reason = reason_of(&error);
        self.drops.add(reason, 1);
        self.paused = Some((Instant::now(), reason));
        error
    }

    /// Creates a segment and locks it. Until it is locked *and* still has its
    /// name, nothing is written: whoever recovers may take it away before.
    fn open_segment(&mut self) -> Result<ActiveSegment, Error> {
        let folder = self.dir.join(ACTIVE);
        if !platform::check_dir(&folder)? {
            platform::private_dir(&self.dir)?;
            platform::private_dir(&folder)?;
        }
        for _ in 0..TRIES {
            self.part += 1;
            let segment = format!("{}-{}", self.run, self.part);
            let path = names::active_path(&self.dir, &segment);
            // Windows locks no file that is open for appending alone.
            let mut options = platform::private_options();
            let created = options.read(true).append(true).create_new(true).open(&path);
            let file = created.map_err(|e| Error::io("create", &path, e))?;
            if let Ok(Some(lock)) = Lock::try_take_new(file, &path) {
                let (since, limit) = (Instant::now(), platform::file_size_limit());
                return Ok(ActiveSegment {
                    lock,
                    path,
                    segment,
                    length: 0,
                    events: 0,
                    since,
                    limit,
                });
            }
        }
        Err(Error::new(
            Kind::Spool,
            format!("no new segment in {} could be locked", folder.display()),
        ))
    }

    /// The file to sync, when there is one; see [`super::Spool::flush`].
    pub(super) fn to_flush(&self) -> Option<io::Result<(File, PathBuf)>> {
        let open = self.open.as_ref()?;
        Some(open.lock.file().try_clone().map(|file| (file, open.path.clone())))
    }

    /// The segment, to be completed by [`ActiveSegment::complete`]: by who has given
    /// back the lock on this writer, so that nobody's event waits for a sync.
    pub(super) fn take(&mut self) -> Option<ActiveSegment> {
        self.open.take()
    }

    /// The end of the process's writing. The segment stays where it is, for
    /// whoever recovers it: a short program has no time to look for its place
    /// among those that wait.
    pub(super) fn leave(&mut self) {
        let Some(open) = self.open.take() else { return };
        if platform::is_removed(open.lock.file()) {
            self.drops.add(Reason::Removed, open.events);
        }
    }

    /// Seals, and applies those limits that need no file to be read. A
    /// segment that cannot be sealed is left for whoever recovers it.
    fn seal_without_sync(&mut self) {
        let Some(open) = self.open.take() else { return };
        self.finish(open);
        let _ = caps::enforce_sizes(&self.dir, &self.limits);
    }

    fn finish(&self, open: ActiveSegment) {
        if let Ok(removed) = open.complete(&self.dir, Sync::No) {
            self.drops.add(Reason::Removed, removed);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sync {
    Yes,
    No,
}

impl ActiveSegment {
    fn is_old(&self) -> bool {
        self.events.is_multiple_of(UNTIMED) && self.since.elapsed() > LONGEST_OPEN
    }

    fn has_room(&self, line: &[u8]) -> bool {
        self.length.saturating_add(line.len() as u64) <= self.limit
    }

    /// Moves the segment to the complete ones, and says how many events are
    /// gone because its file was removed by hand.
    pub(super) fn complete(self, dir: &Path, sync: Sync) -> Result<u64, Error> {
        let synced = match sync {
            Sync::Yes => self.lock.file().sync_data().map_err(|e| Error::io("sync", &self.path, e)),
            Sync::No => Ok(()),
        };
        let moved = self.seal(dir, sync);
        synced.and(moved)
    }

    fn seal(&self, dir: &Path, sync: Sync) -> Result<u64, Error> {
        if self.events == 0 {
            let removed = fs::remove_file(&self.path);
            return removed.map(|()| 0).map_err(|e| Error::io("remove", &self.path, e));
        }
        if platform::is_removed(self.lock.file()) {
            return Ok(self.events);
        }
        let number = names::next_number(dir)?;
        let events = self.live();
        let sealed = seal_as(dir, number, self.lock.file(), &self.path, &self.segment, events);
        match sealed {
            Ok(sealed) if sync == Sync::Yes => {
                platform::sync_parent(&sealed)?;
                platform::sync_parent(&self.path).map(|()| 0)
            }
            Ok(_) => Ok(0),
            Err(_) if platform::is_removed(self.lock.file()) => Ok(self.events),
            Err(error) => Err(error),
        }
    }

    /// How many events are left in it: all, unless some were erased meanwhile.
    fn live(&self) -> u64 {
        let untouched = self.lock.file().metadata().is_ok_and(|m| !platform::is_marked(&m));
        if untouched {
            return self.events;
        }
        Scan::of(&self.path).map_or(self.events, |scan| scan.live)
    }

    /// One line by one write: of lines that several threads or processes
    /// write, none ends up in the middle of another.
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if !self.has_room(line) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        loop {
            match self.lock.file().write(line) {
                Ok(written) if written == line.len() => break,
                Ok(_) => return Err(io::ErrorKind::StorageFull.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.length += line.len() as u64;
        self.events += 1;
        Ok(())
    }
}

/// Looks at every byte, without an early end: the compiler makes that a
/// comparison of many bytes at once, which a search is not.
fn has_line_feed(bytes: &[u8]) -> bool {
    bytes.iter().fold(false, |found, byte| found | (*byte == b'\n'))
}

fn reason_of(error: &Error) -> Reason {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let source = std::error::Error::source(error).and_then(|s| s.downcast_ref::<io::Error>());
    match source.map(io::Error::kind) {
        Some(StorageFull | QuotaExceeded | FileTooLarge) => Reason::DiskFull,
        _ => Reason::WriteFailed,
    }
}
