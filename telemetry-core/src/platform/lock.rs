//! The lock of a file, which one process at a time has.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Error, is_file_at, is_removed, private_options};

/// How long to sleep between two tries. A lock is held for one small write;
/// a millisecond is longer than that, and shorter than anybody notices.
const NAP: Duration = Duration::from_millis(1);

/// How often to yield before sleeping: mostly the holder is done by then.
const YIELDS: u32 = 100;

/// A file whose lock this process has. Dropped, it is given up, by the
/// system's word for it and not by closing: a child process between fork and
/// exec may hold a copy of the open file. The operating system frees it when
/// this process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of `file` unless somebody has it, or `path` names another
    /// file by now: then the lock keeps nobody out.
    pub(crate) fn try_take(file: File, path: &Path) -> Result<Option<Self>, Error> {
        match file.try_lock() {
            Ok(()) => {
                let lock = Self { file };
                Ok(is_file_at(&lock.file, path).then_some(lock))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Error::io("lock", path, error)),
        }
    }

    /// Takes the lock of a file that this process has just created under a name
    /// that is never used twice, unless somebody has it or has removed it.
    pub(crate) fn try_take_new(file: File, path: &Path) -> Result<Option<Self>, Error> {
        match file.try_lock() {
            Ok(()) => {
                let lock = Self { file };
                Ok((!is_removed(&lock.file)).then_some(lock))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Error::io("lock", path, error)),
        }
    }

    /// Takes the lock of the empty file at `path`, which is made when there is
    /// none, unless somebody has it. A file of its own, because one that is
    /// replaced while others wait for its lock would keep nobody out.
    pub(crate) fn try_at(path: &Path) -> Result<Option<Self>, Error> {
        let opened = private_options().write(true).create(true).truncate(false).open(path);
        Self::try_take(opened.map_err(|error| Error::io("open", path, error))?, path)
    }

    /// The same, which waits until `patience` is used up, not longer; `None` when
    /// somebody has the lock even then.
    pub(crate) fn wait_at(path: &Path, patience: Duration) -> Result<Option<Self>, Error> {
        Self::wait(path, patience, || {
            private_options().write(true).create(true).truncate(false).open(path)
        })
    }

    /// Waits for the lock of the file at `path`, which `open` opens. It stays
    /// open in between; when its name went to another file, that one is opened.
    pub(crate) fn wait(
        path: &Path,
        patience: Duration,
        mut open: impl FnMut() -> io::Result<File>,
    ) -> Result<Option<Self>, Error> {
        let begun = Instant::now();
        let mut tries = 0;
        let mut opened = None;
        loop {
            let file = match opened.take() {
                Some(file) => file,
                None => open().map_err(|error| Error::io("open", path, error))?,
            };
            match file.try_lock() {
                Ok(()) => {
                    let lock = Self { file };
                    if is_file_at(&lock.file, path) {
                        return Ok(Some(lock));
                    }
                }
                Err(TryLockError::WouldBlock) => opened = Some(file),
                Err(TryLockError::Error(error)) => return Err(Error::io("lock", path, error)),
            }
            if begun.elapsed() >= patience {
                return Ok(None);
            }
            tries += 1;
            if tries < YIELDS {
                std::thread::yield_now();
            } else {
                std::thread::sleep(NAP);
            }
        }
    }

    /// The file.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}
