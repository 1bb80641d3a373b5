//! Writing: the one segment that this process holds.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::counts::{self, Counts, Reason};
use super::limits::{self, Limits};
use super::lines::MAX_LINE;
use super::names::{self, ACTIVE, SEALED};
use crate::error::{Error, Kind};
use crate::platform;

/// A segment that is open for longer is sealed, so that the events of a
/// process that runs for months have their age, too.
const LONGEST_OPEN: Duration = Duration::from_secs(24 * 60 * 60);

/// How many events may follow each other without a look at the clock, which
/// costs a tenth of what writing an event costs.
const UNTIMED: u64 = 64;

/// How often a new segment is tried: only a recovering process that looks at
/// the file between its creation and its lock makes a second one necessary.
const TRIES: u32 = 16;

#[derive(Debug)]
pub(super) struct Writer {
    dir: PathBuf,
    limits: Limits,
    run: String,
    part: u64,
    open: Option<Open>,
    /// Counted, but not yet written to the disk.
    lost: Counts,
    /// When the last write failed, and why.
    paused: Option<(Instant, Reason)>,
}

/// A segment in `active/`, locked.
#[derive(Debug)]
pub(super) struct Open {
    file: File,
    path: PathBuf,
    segment: String,
    length: u64,
    events: u64,
    since: Instant,
}

impl Writer {
    pub(super) fn new(dir: PathBuf, limits: Limits, run: String) -> Self {
        Self { dir, limits, run, part: 0, open: None, lost: Counts::default(), paused: None }
    }

    pub(super) fn append(&mut self, line: &[u8]) -> Result<(), Error> {
        self.check(line)?;
        if let Some((since, reason)) = self.paused {
            if since.elapsed() < self.limits.pause {
                self.lost.add(reason, 1);
                return Err(Error::new(
                    Kind::Spool,
                    "the event was dropped and counted: the last write failed a moment ago",
                ));
            }
            self.paused = None;
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.open_segment().map_err(|error| self.failed(error))?,
        };
        match open.append(line) {
            Ok(()) => {
                let full = open.length >= self.limits.segment || open.is_old();
                self.open = Some(open);
                self.after_append(full);
                Ok(())
            }
            Err(source) => {
                let error = Error::io("write", &open.path, source);
                Err(self.abandon(open, error))
            }
        }
    }

    /// The line is stored: what goes wrong from here on is not its matter.
    /// A segment that cannot be sealed is left for whoever recovers it.
    fn after_append(&mut self, full: bool) {
        if !self.lost.is_empty() {
            self.write_counts();
        }
        if full {
            self.seal_without_sync();
        }
    }

    /// A line that would not be read back is refused, before it is written.
    fn check(&mut self, line: &[u8]) -> Result<(), Error> {
        let limit = self.limits.line.min(MAX_LINE);
        if line.len() > limit {
            self.lost.add(Reason::TooLong, 1);
            self.write_counts();
            let length = line.len();
            return Err(Error::new(
                Kind::Spool,
                format!("the event was dropped and counted: {length} bytes, the limit is {limit}"),
            ));
        }
        let body = line.strip_suffix(b"\n").unwrap_or_default();
        if body.first() != Some(&b'{') || body.contains(&b'\n') {
            return Err(Error::new(
                Kind::Argument,
                "a stored line is one JSON object and one line feed at its end",
            ));
        }
        Ok(())
    }

    /// What was written of the line is cut off. If even that fails, whoever
    /// recovers the segment cuts it.
    fn abandon(&mut self, open: Open, error: Error) -> Error {
        if open.file.set_len(open.length).is_ok() {
            self.finish(open, Sync::No);
        }
        self.failed(error)
    }

    fn failed(&mut self, error: Error) -> Error {
        let reason = reason_of(&error);
        self.lost.add(reason, 1);
        self.write_counts();
        self.paused = Some((Instant::now(), reason));
        error
    }

    /// What the disk does not take stays in memory, until the next try.
    pub(super) fn write_counts(&mut self) {
        if counts::count_all(&self.dir, &self.lost).is_ok() {
            self.lost = Counts::default();
        }
    }

    pub(super) fn lost(&self) -> &Counts {
        &self.lost
    }

    /// Creates a segment and locks it. Until it is locked *and* still has its
    /// name, nothing is written: whoever recovers may take it away before.
    fn open_segment(&mut self) -> Result<Open, Error> {
        let folder = self.dir.join(ACTIVE);
        platform::private_dir(&self.dir)?;
        platform::private_dir(&folder)?;
        for _ in 0..TRIES {
            self.part += 1;
            let segment = format!("{}-{}", self.run, self.part);
            let path = folder.join(format!("{segment}.ndjson"));
            let file = platform::private_options()
                .append(true)
                .create_new(true)
                .open(&path)
                .map_err(|e| Error::io("create", &path, e))?;
            if file.try_lock().is_ok() && platform::is_file_at(&file, &path) {
                let since = Instant::now();
                return Ok(Open { file, path, segment, length: 0, events: 0, since });
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
        Some(open.file.try_clone().map(|file| (file, open.path.clone())))
    }

    /// The segment, to be completed by [`Open::complete`]: by who has given
    /// back the lock on this writer, so that nobody's event waits for a sync.
    pub(super) fn take(&mut self) -> Option<Open> {
        self.open.take()
    }

    /// Seals, and applies those limits that need no file to be read. A
    /// segment that cannot be sealed is left for whoever recovers it.
    pub(super) fn seal_without_sync(&mut self) {
        let Some(open) = self.open.take() else { return };
        self.finish(open, Sync::No);
        let _ = limits::enforce_sizes(&self.dir, &self.limits);
    }

    fn finish(&mut self, open: Open, sync: Sync) {
        if let Ok(removed) = open.complete(&self.dir, sync) {
            self.count(Reason::Removed, removed);
        }
    }

    pub(super) fn count(&mut self, reason: Reason, events: u64) {
        if events > 0 {
            self.lost.add(reason, events);
            self.write_counts();
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sync {
    Yes,
    No,
}

impl Open {
    fn is_old(&self) -> bool {
        self.events.is_multiple_of(UNTIMED) && self.since.elapsed() > LONGEST_OPEN
    }

    /// Moves the segment to the complete ones, and says how many events are
    /// gone because its file was removed by hand. The lock is given up with
    /// the system's word for it, not by closing: a child process between fork
    /// and exec may hold a copy of the open file.
    pub(super) fn complete(self, dir: &Path, sync: Sync) -> Result<u64, Error> {
        let synced = match sync {
            Sync::Yes => self.file.sync_data().map_err(|e| Error::io("sync", &self.path, e)),
            Sync::No => Ok(()),
        };
        let moved = self.seal(dir, sync);
        let _ = self.file.unlock();
        synced.and(moved)
    }

    fn seal(&self, dir: &Path, sync: Sync) -> Result<u64, Error> {
        if self.events == 0 {
            let removed = fs::remove_file(&self.path);
            return removed.map(|()| 0).map_err(|e| Error::io("remove", &self.path, e));
        }
        let missing = |path: &Path| {
            fs::symlink_metadata(path).is_err_and(|e| e.kind() == io::ErrorKind::NotFound)
        };
        match seal_file(dir, &self.path, &self.segment, self.events) {
            Ok(sealed) if sync == Sync::Yes => {
                platform::sync_parent(&sealed)?;
                platform::sync_parent(&self.path).map(|()| 0)
            }
            Ok(_) => Ok(0),
            Err(_) if missing(&self.path) => Ok(self.events),
            Err(error) => Err(error),
        }
    }

    /// One line by one write: of lines that several threads or processes
    /// write, none ends up in the middle of another.
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        loop {
            match self.file.write(line) {
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

fn reason_of(error: &Error) -> Reason {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let source = std::error::Error::source(error).and_then(|s| s.downcast_ref::<io::Error>());
    match source.map(io::Error::kind) {
        Some(StorageFull | QuotaExceeded | FileTooLarge) => Reason::DiskFull,
        _ => Reason::WriteFailed,
    }
}

/// Renames a segment of `active/` to its place among the complete ones.
pub(super) fn seal_file(
    dir: &Path,
    path: &Path,
    segment: &str,
    events: u64,
) -> Result<PathBuf, Error> {
    platform::private_dir(&dir.join(SEALED))?;
    let sealed = names::sealed_path(dir, segment, events)?;
    fs::rename(path, &sealed).map_err(|e| Error::io("seal", path, e))?;
    Ok(sealed)
}
