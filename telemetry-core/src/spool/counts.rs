//! What was dropped, by reason.
//!
//! It owns the file `dropped`: lines of text, 4,096 bytes in all, written in
//! place from its first byte to its last. It must never know an event.
//!
//! | line | what |
//! |---|---|
//! | `# ...` | for who reads it |
//! | `<reason> <events>` | how many, in 20 digits |
//! | `once <key> <key> ...` | what was counted last, in hex: a second count of the same counts nothing |
//!
//! The file is made with the first event, so that a full disk, which has no
//! room for a new block, still takes a count. It is one page of the system's
//! cache, which a kill cannot interrupt in the middle: a count is there or not,
//! and with it the key by which it is known again. Processes take turns by the
//! file's lock.
//!
//! Where even that file cannot be written, events are counted by the *length*
//! of an empty file, `dropped.<reason>` in the folder or, if the folder is none,
//! beside it: a length takes no room. What cannot be counted on the disk at all
//! is counted in memory, and tried again: a disk without room for a name, on
//! which a process was stopped while it had the page, for longer than
//! [`LAST_PATIENCE`]. A kill before the next count loses that one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

pub use super::reason::Reason;
use crate::error::{Error, Kind};
use crate::platform::{self, Lock};

pub(super) const FILE: &str = "dropped";

/// A page: what the system writes at once.
const PAGE: usize = 4096;

pub(super) const HEAD: &str = "# how many events were dropped, by reason";

const ONCE: &str = "once";

/// How many keys are remembered. Each process that was killed between a count
/// and what it counted leaves at most [`AT_ONCE`] of them.
const KEYS: usize = 120;

/// How many keys one count may bring.
pub(super) const AT_ONCE: usize = 32;

/// How long to wait for the file's lock before a count stays in memory. Its
/// holder writes one page; only a stopped process keeps it longer.
const PATIENCE: Duration = Duration::from_millis(20);

/// How long to wait for it once more where nothing else takes the count. With the
/// waits before it less than the tenth of a second that an event may take.
const LAST_PATIENCE: Duration = Duration::from_millis(40);

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

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn add(&mut self, reason: Reason, events: u64) {
        if events > 0 {
            let known = self.0.entry(reason).or_default();
            *known = known.saturating_add(events);
        }
    }
}

/// What was dropped so far by all processes, as the disk knows it.
///
/// # Errors
///
/// When the file cannot be read. That there is none is no error.
pub fn counts(dir: &Path) -> Result<Counts, Error> {
    let path = dir.join(FILE);
    let mut counts = match platform::open_regular(&path) {
        Ok(file) => {
            // Best effort: a writer that is stopped must not stop a reader.
            platform::hold_writers_off(&file);
            CountsFile::read(&file).map_err(|e| Error::io("read", &path, e))?.counts()
        }
        Err(error) if is_absent(&error) => Counts::default(),
        Err(error) => return Err(Error::io("open", &path, error)),
    };
    for reason in Reason::ALL {
        for path in lengths(dir, *reason) {
            let length = std::fs::symlink_metadata(path).map_or(0, |metadata| metadata.len());
            counts.add(*reason, length);
        }
    }
    Ok(counts)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Makes the file, so that a count needs no room later, and says whether it
/// did.
pub(super) fn prepare(dir: &Path) -> Result<bool, Error> {
    let path = dir.join(FILE);
    let whole = std::fs::symlink_metadata(&path).is_ok_and(|m| m.len() == PAGE as u64);
    if whole { Ok(false) } else { change(&path, |_| {}).map(|()| true) }
}

/// Counts dropped events durably.
///
/// # Errors
///
/// When nothing that counts can be written.
pub(super) fn add(dir: &Path, reason: Reason, events: u64) -> Result<(), Error> {
    let mut counts = Counts::default();
    counts.add(reason, events);
    add_all(dir, &mut counts)
}

/// Counts all of `counts`, and takes out what is counted: an error leaves the rest.
fn add_all(dir: &Path, counts: &mut Counts) -> Result<(), Error> {
    if counts.is_empty() {
        return Ok(());
    }
    let in_page = |counts: &mut Counts, patience| {
        change_within(&dir.join(FILE), patience, |page| {
            counts.iter().for_each(|(reason, events)| page.add(reason, events));
        })?;
        counts.0.clear();
        Ok(())
    };
    let usable = platform::private_dir(dir);
    let inside = usable.is_ok();
    usable.and_then(|()| in_page(counts, PATIENCE)).or_else(|error| {
        counts.0.retain(|reason, events| lengthen(dir, inside, *reason, *events).is_err());
        match counts.is_empty() {
            true => Ok(()),
            false if inside => in_page(counts, LAST_PATIENCE),
            false => Err(error),
        }
    })
}

/// Counts `events`; a second count with the same key counts nothing, for another
/// reason neither: after a kill another limit may be the first that is passed.
pub(super) fn add_once(dir: &Path, reason: Reason, events: u64, key: &str) -> Result<(), Error> {
    let key = fingerprint(key);
    change(&dir.join(FILE), |page| page.add_once(reason, events, key))
}

/// Counts one event a key, of at most [`AT_ONCE`]; known keys count nothing.
pub(super) fn add_each(dir: &Path, reason: Reason, keys: &[String]) -> Result<(), Error> {
    change(&dir.join(FILE), |page| {
        keys.iter().for_each(|key| page.add_once(reason, 1, fingerprint(key)));
    })
}

/// FNV-1a with 64 bits: of the few keys that are remembered, two that are
/// equal by chance are not to be expected.
fn fingerprint(key: &str) -> u64 {
    key.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn locked(
    path: &Path,
    patience: Duration,
    open: impl FnMut() -> io::Result<File>,
) -> Result<Lock, Error> {
    Lock::wait(path, patience, open)?.ok_or_else(|| {
        Error::new(Kind::Spool, format!("{} is locked by another process", path.display()))
    })
}

/// Reads the file, changes what it says and writes it again, in place, with its
/// lock held.
fn change(path: &Path, change: impl FnOnce(&mut CountsFile)) -> Result<(), Error> {
    change_within(path, PATIENCE, change)
}

fn change_within(
    path: &Path,
    patience: Duration,
    change: impl FnOnce(&mut CountsFile),
) -> Result<(), Error> {
    let lock = locked(path, patience, || {
        let mut options = platform::private_options();
        options.read(true).write(true).create(true).truncate(false).open(path)
    })?;
    let write = |mut file: &File| -> io::Result<()> {
        let mut page = CountsFile::read(file)?;
        change(&mut page);
        platform::check_room(PAGE as u64)?;
        file.seek(SeekFrom::Start(0))?;
        // One write: what is of one page is written wholly or not at all.
        if file.write(&page.bytes())? == PAGE {
            Ok(())
        } else {
            Err(io::ErrorKind::StorageFull.into())
        }
    };
    write(lock.file()).map_err(|e| Error::io("write", path, e))
}

/// What the file holds. Reasons that this version does not know stay as they
/// are: another program of the same user may know them.
#[derive(Default)]
struct CountsFile {
    events: BTreeMap<String, u64>,
    keys: Vec<u64>,
}

impl CountsFile {
    /// A line that cannot be understood counts nothing.
    fn read(mut file: &File) -> io::Result<Self> {
        let mut text = Vec::with_capacity(PAGE);
        file.seek(SeekFrom::Start(0))?;
        file.take(PAGE as u64).read_to_end(&mut text)?;
        let mut page = Self::default();
        for line in String::from_utf8_lossy(&text).lines() {
            let mut words = line.split(' ');
            match (words.next(), words.next()) {
                (Some("#"), _) => {}
                (Some(ONCE), first) => {
                    let keys = first.into_iter().chain(words);
                    page.keys.extend(keys.filter_map(|key| u64::from_str_radix(key, 16).ok()));
                }
                (Some(reason), Some(events)) => {
                    if let Ok(events) = events.parse() {
                        page.events.insert(reason.to_owned(), events);
                    }
                }
                _ => {}
            }
        }
        Ok(page)
    }

    fn add(&mut self, reason: Reason, events: u64) {
        if events > 0 {
            let known = self.events.entry(reason.name().to_owned()).or_default();
            *known = known.saturating_add(events);
        }
    }

    fn add_once(&mut self, reason: Reason, events: u64, key: u64) {
        if !self.keys.contains(&key) {
            self.keys.push(key);
            self.add(reason, events);
        }
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for reason in Reason::ALL {
            counts.add(*reason, self.events.get(reason.name()).copied().unwrap_or(0));
        }
        counts
    }

    fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{HEAD}\n");
        for (reason, events) in &self.events {
            text.push_str(&format!("{reason} {events:020}\n"));
        }
        text.push_str(ONCE);
        // The oldest keys go, and as many as the page has no room for.
        let room = PAGE.saturating_sub(text.len() + 1) / 17;
        let kept = self.keys.len().saturating_sub(room.min(KEYS));
        for key in self.keys.get(kept..).unwrap_or_default() {
            text.push_str(&format!(" {key:016x}"));
        }
        text.push('\n');
        let mut bytes = text.into_bytes();
        bytes.resize(PAGE, b'\n');
        bytes
    }
}

/// The files whose lengths count: in the folder, and beside it.
fn lengths(dir: &Path, reason: Reason) -> [PathBuf; 2] {
    let name = format!("{FILE}.{reason}");
    let mut beside = dir.file_name().unwrap_or_default().to_os_string();
    beside.push(format!(".{name}"));
    [dir.join(name), dir.with_file_name(beside)]
}

/// `usable`: the folder is one of this user alone.
fn lengthen(dir: &Path, usable: bool, reason: Reason, events: u64) -> Result<(), Error> {
    let lengthen = |path: &Path| -> Result<(), Error> {
        let lock = locked(path, PATIENCE, || {
            let made = platform::private_options().write(true).create_new(true).open(path);
            made.or_else(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => platform::open_to_change(path),
                _ => Err(error),
            })
        })?;
        let set = |file: &File| -> io::Result<()> {
            let length = file.metadata()?.len().saturating_add(events);
            platform::check_room(length)?;
            file.set_len(length)
        };
        set(lock.file()).map_err(|e| Error::io("write", path, e))
    };
    let [inside, beside] = lengths(dir, reason);
    let inside = if usable { lengthen(&inside).is_ok() } else { false };
    if inside { Ok(()) } else { lengthen(&beside) }
}

/// What this process dropped: written to the disk at once, and kept in memory
/// for as long as the disk does not take it.
#[derive(Debug)]
pub(crate) struct Drops {
    dir: PathBuf,
    process: AtomicU32,
    /// By the place of the reason in [`Reason::ALL`].
    pending: Vec<AtomicU64>,
}

impl Drops {
    pub(crate) fn new(dir: PathBuf) -> Self {
        let pending = Reason::ALL.iter().map(|_| AtomicU64::new(0)).collect();
        Self { dir, process: AtomicU32::new(std::process::id()), pending }
    }

    /// Counts. No lock of this process is held meanwhile, so that a fork in
    /// another thread leaves none locked for ever.
    pub(crate) fn add(&self, reason: Reason, events: u64) {
        self.add_later(reason, events);
        self.write();
    }

    /// Counts, and leaves the writing to the next that writes.
    pub(crate) fn add_later(&self, reason: Reason, events: u64) {
        self.forget_parent();
        for (of, pending) in Reason::ALL.iter().zip(&self.pending) {
            if *of == reason {
                pending.fetch_add(events, Ordering::Relaxed);
            }
        }
    }

    /// Forgets what is pending.
    pub(crate) fn forget(&self) {
        self.pending.iter().for_each(|pending| pending.store(0, Ordering::Relaxed));
    }

    /// Writes what is pending, if the disk takes it.
    pub(crate) fn write(&self) {
        if self.pending.iter().all(|pending| pending.load(Ordering::Relaxed) == 0) {
            return;
        }
        self.forget_parent();
        let mut taken = Counts::default();
        for (reason, pending) in Reason::ALL.iter().zip(&self.pending) {
            if pending.load(Ordering::Relaxed) > 0 {
                taken.add(*reason, pending.swap(0, Ordering::Relaxed));
            }
        }
        if add_all(&self.dir, &mut taken).is_err() {
            for (reason, pending) in Reason::ALL.iter().zip(&self.pending) {
                pending.fetch_add(taken.get(*reason), Ordering::Relaxed);
            }
        }
    }

    /// What the disk does not know yet.
    pub(crate) fn pending(&self) -> Counts {
        let mut counts = Counts::default();
        for (reason, pending) in Reason::ALL.iter().zip(&self.pending) {
            counts.add(*reason, pending.load(Ordering::Relaxed));
        }
        counts
    }

    /// A child by fork has a copy of what its parent will write.
    fn forget_parent(&self) {
        let id = std::process::id();
        if self.process.swap(id, Ordering::Relaxed) != id {
            self.pending.iter().for_each(|pending| pending.store(0, Ordering::Relaxed));
        }
    }
}

impl Drop for Drops {
    fn drop(&mut self) {
        self.write();
    }
}
