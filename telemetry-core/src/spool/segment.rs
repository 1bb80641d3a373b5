//! Writing: the one segment that this process holds.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::counts::{self, Counts, Reason};
use super::limits::{self, Limits};
use super::lines::MAX_LINE;
use super::names::{self, ACTIVE, SEALED};
use crate::error::{Error, Kind};
use crate::platform;

/// A segment that is open for longer is sealed with the next event, so that
/// the events of a process that runs for months have their age, too.
const LONGEST_OPEN: Duration = Duration::from_secs(24 * 60 * 60);

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
    paused: Option<Instant>,
}

/// A segment in `active/`, locked.
#[derive(Debug)]
struct Open {
    file: File,
    path: PathBuf,
    segment: String,
    length: u64,
    events: u64,
    since: Instant,
    name_synced: bool,
}

impl Writer {
    pub(super) fn new(dir: PathBuf, limits: Limits, run: String) -> Self {
        Self { dir, limits, run, part: 0, open: None, lost: Counts::default(), paused: None }
    }

    pub(super) fn append(&mut self, line: &[u8]) -> Result<(), Error> {
        self.check(line)?;
        if let Some(since) = self.paused {
            if since.elapsed() < self.limits.pause {
                self.lost.add(Reason::WriteFailed, 1);
                return Err(Error::new(
                    Kind::Spool,
                    "the event was dropped and counted: the last write failed a moment ago",
                ));
            }
            self.paused = None;
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.open_segment().map_err(|error| self.failed(Reason::WriteFailed, error))?,
        };
        match open.append(line) {
            Ok(()) => {
                let full =
                    open.length >= self.limits.segment || open.since.elapsed() > LONGEST_OPEN;
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
            let _ = self.seal(Sync::No);
            let _ = limits::enforce(&self.dir, &self.limits, SystemTime::now());
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
        let full = std::error::Error::source(&error)
            .and_then(|source| source.downcast_ref::<io::Error>())
            .is_some_and(|source| is_full(source.kind()));
        if open.file.set_len(open.length).is_ok() {
            self.open = Some(open);
            let _ = self.seal(Sync::No);
        }
        self.failed(if full { Reason::DiskFull } else { Reason::WriteFailed }, error)
    }

    fn failed(&mut self, reason: Reason, error: Error) -> Error {
        self.lost.add(reason, 1);
        self.write_counts();
        self.paused = Some(Instant::now());
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
                return Ok(Open {
                    file,
                    path,
                    segment,
                    length: 0,
                    events: 0,
                    since,
                    name_synced: false,
                });
            }
        }
        Err(Error::new(
            Kind::Spool,
            format!("no new segment in {} could be locked", folder.display()),
        ))
    }

    /// What was appended so far survives a power cut, when this returns `Ok`.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        self.write_counts();
        let Some(open) = self.open.as_mut() else { return Ok(()) };
        open.file.sync_data().map_err(|e| Error::io("sync", &open.path, e))?;
        if !open.name_synced {
            platform::sync_parent(&open.path)?;
            open.name_synced = true;
        }
        Ok(())
    }

    /// Moves the segment to the complete ones. The lock is given up with the
    /// system's word for it, not by closing: a child process between fork and
    /// exec may hold a copy of the open file.
    pub(super) fn seal(&mut self, sync: Sync) -> Result<(), Error> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let synced = match sync {
            Sync::Yes => open.file.sync_data().map_err(|e| Error::io("sync", &open.path, e)),
            Sync::No => Ok(()),
        };
        let moved = self.move_to_sealed(&open, sync);
        let _ = open.file.unlock();
        synced.and(moved)
    }

    fn move_to_sealed(&mut self, open: &Open, sync: Sync) -> Result<(), Error> {
        if open.events == 0 {
            return fs::remove_file(&open.path).map_err(|e| Error::io("remove", &open.path, e));
        }
        platform::private_dir(&self.dir)?;
        match seal_file(&self.dir, &open.path, &open.segment, open.events) {
            Ok(sealed) if sync == Sync::Yes => {
                platform::sync_parent(&sealed)?;
                platform::sync_parent(&open.path)
            }
            Ok(_) => Ok(()),
            Err(_) if !open.path.exists() => {
                self.lost.add(Reason::Removed, open.events);
                self.write_counts();
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sync {
    Yes,
    No,
}

impl Open {
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

fn is_full(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(kind, StorageFull | QuotaExceeded | FileTooLarge)
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
