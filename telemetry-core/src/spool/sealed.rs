//! Complete segments, as delivery sees them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::lines;
use super::names::{self, SegmentFile};
use super::read::{Events, Place};
use super::recovery::Scan;
use crate::error::Error;
use crate::platform;

/// The one deliverer of a spool, among all processes.
///
/// The system frees the lock when the process ends.
#[derive(Debug)]
pub struct DeliveryLock(File);

impl Drop for DeliveryLock {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Makes this process the deliverer. `None` when another one is, or when there
/// is no spool yet, so that there is nothing to deliver; no folder is made.
///
/// # Errors
///
/// When the lock file cannot be made or locked.
pub fn try_lock_delivery(dir: &Path) -> Result<Option<DeliveryLock>, Error> {
    let path = dir.join("delivery.lock");
    let file = match platform::open_lock(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("open", &path, error)),
    };
    let held = platform::try_lock(&file, &path)? && platform::is_file_at(&file, &path);
    Ok(held.then(|| DeliveryLock(file)))
}

/// The complete segments, the one that was sealed first at the front.
///
/// # Errors
///
/// When the folder exists and cannot be listed.
pub fn sealed(dir: &Path) -> Result<Vec<Segment>, Error> {
    Ok(names::sealed(dir)?.into_iter().map(|file| Segment::of(dir, file)).collect())
}

/// A complete segment.
#[derive(Clone, Debug)]
pub struct Segment {
    pub(super) dir: PathBuf,
    pub(super) file: SegmentFile,
}

impl Segment {
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
        let held = platform::try_lock(&file, path)? && platform::is_file_at(&file, path);
        Ok(held.then(|| Claim { segment: self.clone(), file }))
    }
}

/// A complete segment that this process delivers. Dropped, it is given back.
#[derive(Debug)]
pub struct Claim {
    pub(super) segment: Segment,
    pub(super) file: File,
}

impl Claim {
    /// The segment.
    pub fn segment(&self) -> &Segment {
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

    /// How many lines are left in it.
    pub(super) fn live(&self) -> Result<u64, Error> {
        let path = &self.segment.file.path;
        let scan = Scan::of(path).map_err(|e| Error::io("read", path, e))?;
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
        let path = &self.segment.file.path;
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("remove", path, error))
            }
            _ => Ok(()),
        }
    }

    /// Takes single events out of the segment: the receiver took them. When
    /// this returns `Ok`, they do not come back after a power cut.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn remove_events<'p>(
        &self,
        places: impl IntoIterator<Item = &'p Place>,
    ) -> Result<(), Error> {
        let path = &self.segment.file.path;
        for place in places {
            lines::blank(&self.file, place.offset, place.length)
                .map_err(|e| Error::io("write", path, e))?;
        }
        self.file.sync_data().map_err(|e| Error::io("sync", path, e))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}
