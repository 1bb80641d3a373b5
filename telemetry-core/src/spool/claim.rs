//! Complete segments, as delivery sees them.
//!
//! It owns the order of counting, keeping and taking out, by which a process
//! that is killed anywhere loses no event and counts none twice.
//!
//! | step | survives |
//! |---|---|
//! | dead letters are written and synced | a power cut: they are the only copy from then on |
//! | the count is written, by which each line is known again | the death of the process |
//! | the lines are taken out, or the file is removed | the death of the process |
//!
//! After a power cut what was taken out may be back, and is delivered again:
//! the receiver knows it by its id. So nothing waits for the disk there.

use std::io;
use std::path::{Path, PathBuf};

use super::counts::{self, Reason};
use super::dead_letters;
use super::limits::Limits;
use super::lines::Blanks;
use super::names::{self, SegmentFile};
use super::outgoing::{ByteRange, DeadLetter, Outgoing};
use super::read::{Events, LinePosition};
use super::seal::Scan;
use crate::error::Error;
use crate::platform::{self, Lock};

/// The one deliverer of a spool, among all processes.
///
/// The system frees the lock when the process ends.
#[derive(Debug)]
pub struct DeliveryLock {
    _lock: Lock,
}

/// Makes this process the deliverer. `None` when another one is, or when there
/// is no spool yet, so that there is nothing to deliver; no folder is made.
///
/// # Errors
///
/// When the lock file cannot be made or locked.
pub fn try_lock_delivery(dir: &Path) -> Result<Option<DeliveryLock>, Error> {
    if !dir.exists() {
        return Ok(None);
    }
    Ok(Lock::try_at(&dir.join("delivery.lock"))?.map(|lock| DeliveryLock { _lock: lock }))
}

/// The complete segments, the one that was sealed first at the front.
///
/// # Errors
///
/// When the folder exists and cannot be listed.
pub fn sealed(dir: &Path) -> Result<Vec<SealedSegment>, Error> {
    Ok(names::sealed(dir)?.into_iter().map(|file| SealedSegment::of(dir, file)).collect())
}

/// A complete segment.
#[derive(Clone, Debug)]
pub struct SealedSegment {
    dir: PathBuf,
    file: SegmentFile,
}

impl SealedSegment {
    pub(super) fn of(dir: &Path, file: SegmentFile) -> Self {
        Self { dir: dir.to_owned(), file }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    /// Run and number of the segment: a name that no other segment ever has.
    pub fn name(&self) -> &str {
        &self.file.segment
    }

    /// How many events were sealed in; some may have been taken out since.
    pub fn sealed_events(&self) -> u64 {
        self.file.events
    }

    /// Takes the segment, so that no cap drops it while it is on its way to a
    /// receiver. `None` when it is gone or somebody else has it.
    ///
    /// Erasing asks for no claim: what the user erases is gone at once.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened or locked.
    pub fn claim(&self) -> Result<Option<Claim>, Error> {
        let path = &self.file.path;
        let file = match platform::open_to_change(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("open", path, error)),
        };
        let lock = Lock::try_take(file, path)?;
        Ok(lock.map(|lock| Claim { segment: self.clone(), lock }))
    }
}

/// A complete segment that this process delivers. Dropped, it is given back.
#[derive(Debug)]
pub struct Claim {
    segment: SealedSegment,
    lock: Lock,
}

impl Claim {
    /// The segment.
    pub fn segment(&self) -> &SealedSegment {
        &self.segment
    }

    /// Its events, and what in it cannot be read.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened.
    pub fn events(&self) -> Result<Events, Error> {
        let path = &self.segment.file.path;
        let file = platform::open_regular(path).map_err(|e| Error::io("open", path, e))?;
        Ok(Events::new(file, path.clone(), true))
    }

    /// How many lines are left in it: by its name, unless some were taken out.
    pub(super) fn live(&self) -> Result<u64, Error> {
        let path = &self.segment.file.path;
        let read = |e| Error::io("read", path, e);
        if !platform::is_marked(&self.lock.file().metadata().map_err(read)?) {
            return Ok(self.segment.file.events);
        }
        let scan = Scan::of(path).map_err(read)?;
        Ok(scan.live + u64::from(scan.torn.is_some()))
    }

    /// Removes the segment: the receiver took all of it. When this returns
    /// `Ok`, it does not come back after a power cut.
    ///
    /// # Errors
    ///
    /// When the file cannot be removed.
    pub fn remove(self) -> Result<(), Error> {
        self.remove_without_sync()?;
        platform::sync_parent(&self.segment.file.path)
    }

    /// For a cap: an event of somebody else must not wait for the disk.
    pub(super) fn remove_without_sync(&self) -> Result<(), Error> {
        platform::remove_if_there(&self.segment.file.path)
    }

    /// Takes single events out of the segment: the receiver took them. When
    /// this returns `Ok`, they do not come back after a power cut.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn remove_events<'p>(
        &self,
        places: impl IntoIterator<Item = &'p LinePosition>,
    ) -> Result<(), Error> {
        self.take_out(&places.into_iter().map(ByteRange::of).collect::<Vec<_>>())?;
        self.sync()
    }

    fn sync(&self) -> Result<(), Error> {
        let path = &self.segment.file.path;
        self.lock.file().sync_data().map_err(|e| Error::io("sync", path, e))
    }

    /// Moves lines to the dead letters and counts them: they cannot be read, or
    /// the receiver refused them. `detail` says more, such as the receiver's
    /// answer; it must not carry a field's value.
    ///
    /// # Errors
    ///
    /// When the dead letters, the counts or the segment cannot be written.
    pub fn keep_as_dead_letters(
        &self,
        places: &[LinePosition],
        reason: Reason,
        detail: &str,
        limits: &Limits,
    ) -> Result<(), Error> {
        let letter = |place: &LinePosition| DeadLetter {
            span: ByteRange::of(place),
            reason,
            detail: detail.to_owned(),
        };
        self.keep(&places.iter().map(letter).collect::<Vec<_>>(), limits)?;
        self.sync()
    }

    /// Counts what the receiver says that it dropped of a batch that begins
    /// with this segment; a second count of the same batch counts nothing.
    ///
    /// # Errors
    ///
    /// When the count cannot be written.
    pub fn count_batch(&self, id: &str, reason: Reason, events: u64) -> Result<(), Error> {
        let SealedSegment { dir, file } = &self.segment;
        counts::add_once(dir, reason, events, &format!("{}@{id}", file.segment))
    }

    /// Its lines.
    ///
    /// # Errors
    ///
    /// The file cannot be opened.
    pub(crate) fn outgoing(&self) -> Result<Outgoing, Error> {
        let path = &self.segment.file.path;
        let file = platform::open_regular(path).map_err(|e| Error::io("open", path, e))?;
        Ok(Outgoing::new(file))
    }

    /// Takes lines out: they are in the receiver's hands, or counted.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub(crate) fn take_out(&self, spans: &[ByteRange]) -> Result<(), Error> {
        let mut blanks = Blanks::new(self.lock.file());
        spans
            .iter()
            .try_for_each(|span| blanks.add(span.offset, span.length))
            .and_then(|()| blanks.flush())
            .map_err(|e| Error::io("write", &self.segment.file.path, e))
    }

    /// Drops lines and counts them, each once: also when a kill in between has
    /// it done again.
    ///
    /// # Errors
    ///
    /// The counts or the file cannot be written.
    pub(crate) fn discard(&self, spans: &[ByteRange], reason: Reason) -> Result<(), Error> {
        let SealedSegment { dir, file } = &self.segment;
        let key = |span: &ByteRange| format!("{}@{}", file.segment, span.offset);
        spans.chunks(counts::AT_ONCE).try_for_each(|some| {
            counts::add_each(dir, reason, &some.iter().map(key).collect::<Vec<_>>())?;
            self.take_out(some)
        })
    }

    /// Moves lines to the dead letters, with one sync, and counts them by reason.
    ///
    /// # Errors
    ///
    /// The dead letters, the counts or the file cannot be written.
    pub(crate) fn keep(&self, letters: &[DeadLetter], limits: &Limits) -> Result<(), Error> {
        if letters.is_empty() {
            return Ok(());
        }
        dead_letters::keep(&self.segment.dir, &self.segment.file, letters, limits)?;
        Reason::ALL.iter().try_for_each(|reason| {
            let of = letters.iter().filter(|letter| letter.reason == *reason);
            self.discard(&of.map(|letter| letter.span).collect::<Vec<_>>(), *reason)
        })
    }

    /// Removes the segment: nothing in it is waiting any more.
    ///
    /// # Errors
    ///
    /// The file cannot be removed.
    pub(crate) fn finish(self) -> Result<(), Error> {
        self.remove_without_sync()
    }
}
