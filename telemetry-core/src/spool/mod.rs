//! Segments on disk: writing, sealing, recovering, caps, counts of what was
//! dropped, reading and erasing.
//!
//! It owns the files below. It must never know a policy, a consent or a
//! receiver.
//!
//! | path | what |
//! |---|---|
//! | `active/<run>-<n>.ndjson` | the segment that one process writes now, locked by it |
//! | `sealed/<number>-<run>-<n>-<events>.ndjson` | complete segments, in the order of `<number>` |
//! | `aside/` | what could not be read or was refused, with the reason |
//! | `dropped.ndjson` | counts of what was dropped, by reason |
//! | `delivery.lock` | held by the one process that delivers |
//!
//! A line is one JSON object and a line feed, and begins with `{`. A line that
//! begins with a space is not there: that is how an event is taken out of a
//! file that somebody else may be writing.
//!
//! Every process writes a segment of its own. In a shared file, a process that
//! is killed leaves half a line, and the next writer would append its own
//! event to it and lose it.

mod aside;
mod counts;
mod erase;
mod limits;
mod lines;
mod names;
mod outgoing;
mod read;
mod recovery;
mod sealed;
mod segment;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

pub use self::counts::{Counts, Reason, count, counts};
pub use self::erase::{Filter, erase};
pub use self::limits::{Limits, enforce};
pub use self::lines::MAX_LINE;
pub(crate) use self::outgoing::{DeadLetter, Outgoing, Span, anything_waits};
pub use self::read::{Defect, Events, Place, Reader, Stored, Unreadable, read};
pub use self::recovery::{Recovered, recover};
pub use self::sealed::{Claim, DeliveryLock, Segment, sealed, try_lock_delivery};

use self::segment::{Sync, Writer};
use crate::error::Error;
use crate::platform;

/// Where this process stores its events.
///
/// A line whose [`append`](Self::append) returned `Ok` is in the hands of the
/// operating system: it survives the death of the process, SIGKILL included.
/// It does *not* yet survive a power cut or the death of the operating system,
/// which may cost the last seconds; [`flush`](Self::flush) syncs.
///
/// ```
/// use telemetry_core::spool::{self, Limits, Spool};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("spool-doc-{}", std::process::id()));
/// let spool = Spool::open(&folder, Limits::default())?;
/// assert!(!folder.exists(), "nothing is made before the first event");
///
/// let mut line = String::from(r#"{"id":""#);
/// spool.next_id(&mut line);
/// line.push_str(r#"","time":"2026-01-01T00:00:00.000Z","event":"started","version":1,"#);
/// line.push_str(r#""purpose":"service","installation":"none","fields":{"warm":true}}"#);
/// line.push('\n');
/// spool.append(line.as_bytes())?;
///
/// let stored: Vec<_> = spool::read(&folder)?.collect::<Result<_, _>>()?;
/// assert_eq!(stored[0].event, "started");
/// assert_eq!(stored[0].raw, line.trim_end().as_bytes());
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Spool {
    dir: PathBuf,
    limits: Limits,
    process: Process,
}

/// The spool as one process sees it. A child made by fork without exec would
/// share its parent's segment, and give out the same ids: it gets a run of its
/// own instead.
#[derive(Debug)]
struct Process {
    id: u32,
    run: String,
    next: AtomicU64,
    writer: Mutex<Writer>,
    forked: OnceLock<Box<Process>>,
}

impl Process {
    fn new(dir: &Path, limits: Limits, run: String) -> Self {
        Self {
            id: std::process::id(),
            next: AtomicU64::new(1),
            writer: Mutex::new(Writer::new(dir.to_owned(), limits, run.clone())),
            run,
            forked: OnceLock::new(),
        }
    }

    /// A thread that panicked in here left no line half accounted for.
    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
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
        if std::fs::symlink_metadata(&dir).is_ok() {
            platform::private_dir(&dir)?;
        }
        let process = Process::new(&dir, limits, names::fresh_run()?);
        Ok(Self { dir, limits, process })
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
        let process = self.process_now();
        let number = process.next.fetch_add(1, Ordering::Relaxed);
        text.push_str(&process.run);
        // Writing to a String cannot fail.
        let _ = write!(text, "-{number}");
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
        self.process().writer().append(line)
    }

    /// Waits until everything appended so far would survive a power cut.
    ///
    /// # Errors
    ///
    /// When the operating system cannot promise that.
    pub fn flush(&self) -> Result<(), Error> {
        let writer = self.process_now().writer();
        let Some(open) = writer.to_flush() else { return Ok(()) };
        // Nobody's event waits for the disk.
        drop(writer);
        let (file, path) = open.map_err(|e| Error::io("open", &self.dir, e))?;
        file.sync_data().map_err(|e| Error::io("sync", &path, e))?;
        platform::sync_parent(&path)
    }

    /// Completes the current segment, durably, so that it can be delivered,
    /// and enforces the limits. The next event starts a new one.
    ///
    /// # Errors
    ///
    /// When the segment cannot be synced or moved. Its events are not lost:
    /// the next [`recover`] takes them.
    pub fn seal(&self) -> Result<(), Error> {
        let process = self.process_now();
        let open = process.writer().take();
        if let Some(open) = open {
            let removed = open.complete(&self.dir, Sync::Yes)?;
            process.writer().count(Reason::Removed, removed);
        }
        process.writer().write_counts();
        enforce(&self.dir, &self.limits, SystemTime::now()).map(drop)
    }

    /// What was dropped so far: by all processes as far as the disk knows it,
    /// and by this one what the disk did not take.
    ///
    /// # Errors
    ///
    /// When the counts on disk cannot be read.
    pub fn counts(&self) -> Result<Counts, Error> {
        let mut counts = counts(&self.dir)?;
        for (reason, events) in self.process_now().writer().lost().iter() {
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

    /// The same, when it may be that nobody asked since a fork. This costs a
    /// system call, a quarter of what writing an event costs: [`append`]
    /// leaves it to the [`next_id`] that comes before it.
    ///
    /// [`append`]: Self::append
    /// [`next_id`]: Self::next_id
    fn process_now(&self) -> &Process {
        let id = std::process::id();
        let mut process = &self.process;
        while process.id != id {
            process = process.forked.get_or_init(|| {
                let run = names::fresh_run().unwrap_or_else(|_| {
                    // Still another one than that of the parent.
                    let rest = process.run.get(8..).unwrap_or_default();
                    format!("{id:08x}{rest}")
                });
                Box::new(Process::new(&self.dir, self.limits, run))
            });
        }
        process
    }
}

/// Seals the segment, without waiting for the disk.
impl Drop for Spool {
    fn drop(&mut self) {
        let mut writer = self.process_now().writer();
        writer.seal_without_sync();
        writer.write_counts();
    }
}
