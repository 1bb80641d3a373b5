//! Where this process stores its events.
//!
//! It owns which thread writes into which segment, and what a fork changes.

use std::cell::Cell;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::time::{Instant, SystemTime};

use super::counts::{self, Counts, Drops};
use super::limits::Limits;
use super::writer::{SegmentWriter, Sync};
use super::{caps, names, tidy};
use crate::error::Error;
use crate::platform;

/// How many segments a process writes at once at most. A second one is opened
/// when two threads are found to want the first at the same moment; more than
/// eight threads that do nothing but record share the eight.
const SEGMENTS: usize = 8;

thread_local! {
    /// In which segment this thread found room last.
    static PREFERRED: Cell<usize> = const { Cell::new(0) };
}

/// Where this process stores its events.
///
/// A line whose [`append`](Self::append) returned `Ok` is in the hands of the
/// operating system: it survives the death of the process, SIGKILL included.
/// It does *not* yet survive a power cut or the death of the operating system,
/// which may cost the last seconds; [`flush`](Self::flush) syncs.
#[derive(Debug)]
pub struct Spool {
    dir: PathBuf,
    limits: Limits,
    process: Process,
}

/// The spool as one process sees it. A child made by fork without exec would
/// share its parent's segment, and give out the same ids: it gets runs of its
/// own instead. The locks in here are never taken by another process than the
/// one that made them, so that a fork leaves none locked for ever.
#[derive(Debug)]
struct Process {
    id: u32,
    dir: PathBuf,
    limits: Limits,
    drops: Arc<Drops>,
    first: Lane,
    others: [OnceLock<Lane>; SEGMENTS - 1],
    forked: OnceLock<Box<Process>>,
}

/// One segment at a time, and the run that numbers its events.
#[derive(Debug)]
struct Lane {
    run: String,
    next: AtomicU64,
    writer: Mutex<SegmentWriter>,
}

impl Lane {
    fn new(dir: &Path, limits: Limits, drops: &Arc<Drops>, run: String) -> Self {
        let writer = SegmentWriter::new(dir.to_owned(), limits, run.clone(), Arc::clone(drops));
        Self { run, next: AtomicU64::new(1), writer: Mutex::new(writer) }
    }

    /// A thread that panicked in here left no line half accounted for.
    fn writer(&self) -> MutexGuard<'_, SegmentWriter> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn free_writer(&self) -> Option<MutexGuard<'_, SegmentWriter>> {
        match self.writer.try_lock() {
            Ok(writer) => Some(writer),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl Process {
    fn new(id: u32, dir: &Path, limits: Limits, drops: Arc<Drops>, run: String) -> Self {
        Self {
            id,
            first: Lane::new(dir, limits, &drops, run),
            others: [const { OnceLock::new() }; SEGMENTS - 1],
            dir: dir.to_owned(),
            limits,
            drops,
            forked: OnceLock::new(),
        }
    }

    /// A lane beside the first is made when it is asked for; `None` when the
    /// system gives no name for its run.
    fn lane(&self, index: usize) -> Option<&Lane> {
        let Some(index) = index.checked_sub(1) else { return Some(&self.first) };
        let lane = self.others.get(index)?;
        if lane.get().is_none() {
            let run = names::fresh_run().ok()?;
            lane.get_or_init(|| Lane::new(&self.dir, self.limits, &self.drops, run));
            // Before it is asked whether the line is allowed: either that sees
            // the no, or `wait_for_writers`, which comes after a no, this lane.
            fence(Ordering::SeqCst);
        }
        lane.get()
    }

    /// The lane that this thread used last, or the first.
    fn preferred(&self) -> (usize, &Lane) {
        let index = PREFERRED.try_with(Cell::get).unwrap_or(0);
        let other = index.checked_sub(1).and_then(|other| self.others.get(other)?.get());
        other.map_or((0, &self.first), |lane| (index, lane))
    }

    /// Appends where no other thread writes at this moment, if there is such a
    /// place, and if `allowed` says so once this thread alone writes there. Says
    /// whether the line was stored.
    fn append(&self, line: &[u8], allowed: impl Fn() -> bool) -> Result<bool, Error> {
        let append = |mut writer: MutexGuard<'_, SegmentWriter>| {
            if !allowed() {
                return Ok(false);
            }
            writer.append(line).map(|()| true)
        };
        let (first, preferred) = self.preferred();
        if let Some(writer) = preferred.free_writer() {
            return append(writer);
        }
        for index in (0..SEGMENTS).filter(|index| *index != first) {
            if let Some(writer) = self.lane(index).and_then(Lane::free_writer) {
                let _ = PREFERRED.try_with(|preferred| preferred.set(index));
                return append(writer);
            }
        }
        append(preferred.writer())
    }

    fn lanes(&self) -> impl Iterator<Item = &Lane> {
        std::iter::once(&self.first).chain(self.others.iter().filter_map(OnceLock::get))
    }
}

impl Spool {
    /// A spool in `dir`. Nothing is created before the first event.
    ///
    /// # Errors
    ///
    /// When `dir` exists and is not a folder of this user alone, or when the
    /// operating system gives no random bytes.
    pub fn open(dir: impl Into<PathBuf>, limits: Limits) -> Result<Self, Error> {
        let dir = dir.into();
        platform::check_dir(&dir)?;
        let drops = Arc::new(Drops::new(dir.clone()));
        Self::in_checked(dir, limits, drops)
    }

    /// The same in a folder that was checked, with a count of drops that others
    /// add to.
    pub(crate) fn in_checked(
        dir: PathBuf,
        limits: Limits,
        drops: Arc<Drops>,
    ) -> Result<Self, Error> {
        let id = platform::process_id(Instant::now());
        let process = Process::new(id, &dir, limits, drops, names::fresh_run()?);
        Ok(Self { dir, limits, process })
    }

    /// Makes the file of the counts, so that a full disk can count, and says
    /// whether it had to: then the folder is new.
    pub(crate) fn prepare(&self) -> Result<bool, Error> {
        counts::prepare(&self.dir)
    }

    /// Whether the folder should be tidied now by this process.
    pub(crate) fn is_tidying_due(&self) -> bool {
        // The run's name is random.
        let chance = self.process.first.run.get(..8).unwrap_or_default();
        let chance = u64::from_str_radix(chance, 16).unwrap_or_default();
        tidy::is_due(&self.dir, &self.limits, chance, SystemTime::now())
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// How much is kept.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Writes the id of the next event to the end of `text`: 24 lower-case hex
    /// digits for the run, `-`, and a number that this run gives out once.
    pub fn next_id(&self, text: &mut String) {
        let (run, number) = self.next(Instant::now());
        text.push_str(run);
        // Writing to a String cannot fail.
        let _ = write!(text, "-{number}");
    }

    /// The same in two parts. `now` is the time.
    pub(crate) fn next(&self, now: Instant) -> (&str, u64) {
        let process = self.process_at(now);
        let (_, lane) = process.preferred();
        (&lane.run, lane.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Stores one line: a JSON object and a line feed, with an id that
    /// [`next_id`](Self::next_id) gave out. From any thread.
    ///
    /// `Ok` means that the line survives the end of this process at any
    /// moment; see [`Spool`] for power cuts. It never waits for a network or
    /// for another process.
    ///
    /// # Errors
    ///
    /// When the line is too long or the operating system refuses to write. The
    /// event is then dropped and counted; the next one may succeed.
    pub fn append(&self, line: &[u8]) -> Result<(), Error> {
        self.process().append(line, || true).map(drop)
    }

    /// The same, if `allowed` says so at the moment in which this thread alone
    /// writes. Says whether the line was stored.
    pub(crate) fn append_while(
        &self,
        line: &[u8],
        allowed: impl Fn() -> bool,
    ) -> Result<bool, Error> {
        self.process().append(line, allowed)
    }

    /// Waits until no thread of this process writes a line that was allowed
    /// earlier.
    pub(crate) fn wait_for_writers(&self) {
        fence(Ordering::SeqCst);
        self.process_at(Instant::now()).lanes().for_each(|lane| drop(lane.writer()));
    }

    /// Waits until everything appended so far would survive a power cut.
    ///
    /// # Errors
    ///
    /// When the operating system cannot promise that.
    pub fn flush(&self) -> Result<(), Error> {
        for lane in self.process_at(Instant::now()).lanes() {
            let writer = lane.writer();
            let Some(open) = writer.to_flush() else { continue };
            // Nobody's event waits for the disk.
            drop(writer);
            let (file, path) = open.map_err(|e| Error::io("open", &self.dir, e))?;
            file.sync_data().map_err(|e| Error::io("sync", &path, e))?;
            platform::sync_parent(&path)?;
        }
        Ok(())
    }

    /// Completes the current segments, durably, so that they can be delivered,
    /// and enforces the limits. The next event starts a new one.
    ///
    /// # Errors
    ///
    /// When a segment cannot be synced or moved. Its events are not lost:
    /// the next [`recover`](super::recover) takes them.
    pub fn seal(&self) -> Result<(), Error> {
        self.complete(Sync::Yes)?;
        caps::enforce(&self.dir, &self.limits, SystemTime::now()).map(drop)
    }

    /// The same without waiting for the disk, and without a look at the limits.
    pub(crate) fn seal_quickly(&self) -> Result<(), Error> {
        self.complete(Sync::No)
    }

    fn complete(&self, sync: Sync) -> Result<(), Error> {
        let process = self.process_at(Instant::now());
        let mut failed = None;
        for lane in process.lanes() {
            let open = lane.writer().take();
            match open.map(|open| open.complete(&self.dir, sync)) {
                Some(Ok(removed)) => process.drops.add(super::Reason::Removed, removed),
                Some(Err(error)) => failed = failed.or(Some(error)),
                None => {}
            }
        }
        process.drops.write();
        failed.map_or(Ok(()), Err)
    }

    /// What was dropped so far: by all processes as far as the disk knows it,
    /// and by this one what the disk did not take.
    ///
    /// # Errors
    ///
    /// When the counts on disk cannot be read.
    pub fn counts(&self) -> Result<Counts, Error> {
        let mut counts = counts::counts(&self.dir)?;
        for (reason, events) in self.process_at(Instant::now()).drops.pending().iter() {
            counts.add(reason, events);
        }
        Ok(counts)
    }

    /// The spool of the process that asked for an id last: this one.
    fn process(&self) -> &Process {
        let mut process = &self.process;
        while let Some(forked) = process.forked.get() {
            process = forked;
        }
        process
    }

    /// The id of this process, as it was when an id was asked for last.
    pub(crate) fn process_id(&self) -> u32 {
        self.process().id
    }

    /// The same, when it may be that nobody asked since a fork.
    fn process_at(&self, now: Instant) -> &Process {
        let id = platform::process_id(now);
        let mut process = &self.process;
        while process.id != id {
            process = process.forked.get_or_init(|| {
                let run = names::fresh_run().unwrap_or_else(|_| {
                    // Still another one than that of the parent.
                    format!("{id:0width$x}", width = names::RUN)
                });
                let drops = Arc::new(Drops::new(self.dir.clone()));
                Box::new(Process::new(id, &self.dir, self.limits, drops, run))
            });
        }
        process
    }
}

/// Leaves the segments for whoever recovers them.
impl Drop for Spool {
    fn drop(&mut self) {
        let process = self.process_at(Instant::now());
        process.lanes().for_each(|lane| lane.writer().leave());
        process.drops.write();
    }
}
