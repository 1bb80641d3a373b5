//! The lock of a file, which one process at a time has.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use self::held::{Held, NotHeld};
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
///
/// Whoever does not ask for it reads and writes the file as before, on every
/// system: [`Spool`](crate::spool) reads, erases and takes out lines while others
/// hold locks.
#[derive(Debug)]
pub(crate) struct Lock {
    held: Held,
}

impl Lock {
    /// Takes the lock of `file` unless somebody has it, or `path` names another
    /// file by now: then the lock keeps nobody out.
    pub(crate) fn try_take(file: File, path: &Path) -> Result<Option<Self>, Error> {
        let lock = Self::take(file, path)?;
        Ok(lock.filter(|lock| is_file_at(lock.file(), path)))
    }

    /// Takes the lock of a file that this process has just created under a name
    /// that is never used twice, unless somebody has it or has removed it.
    pub(crate) fn try_take_new(file: File, path: &Path) -> Result<Option<Self>, Error> {
        let lock = Self::take(file, path)?;
        Ok(lock.filter(|lock| !is_removed(lock.file())))
    }

    fn take(file: File, path: &Path) -> Result<Option<Self>, Error> {
        match Held::take(file) {
            Ok(held) => Ok(Some(Self { held })),
            Err(NotHeld::Taken(_)) => Ok(None),
            Err(NotHeld::Failed(error)) => Err(Error::io("lock", path, error)),
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
            match Held::take(file) {
                Ok(held) => {
                    let lock = Self { held };
                    if is_file_at(lock.file(), path) {
                        return Ok(Some(lock));
                    }
                }
                Err(NotHeld::Taken(file)) => opened = file,
                Err(NotHeld::Failed(error)) => return Err(Error::io("lock", path, error)),
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
        self.held.file()
    }
}

#[cfg(not(windows))]
mod held {
    use std::fs::{File, TryLockError};
    use std::io;

    /// A file that is locked as a whole: the lock keeps nobody from reading.
    #[derive(Debug)]
    pub(super) struct Held(File);

    pub(super) enum NotHeld {
        /// Somebody has it. The file is given back, where it can be.
        Taken(Option<File>),
        Failed(io::Error),
    }

    impl Held {
        pub(super) fn take(file: File) -> Result<Self, NotHeld> {
            match file.try_lock() {
                Ok(()) => Ok(Self(file)),
                Err(TryLockError::WouldBlock) => Err(NotHeld::Taken(Some(file))),
                Err(TryLockError::Error(error)) => Err(NotHeld::Failed(error)),
            }
        }

        pub(super) fn file(&self) -> &File {
            &self.0
        }
    }

    impl Drop for Held {
        fn drop(&mut self) {
            let _ = self.0.unlock();
        }
    }
}

#[cfg(windows)]
mod held {
    use std::fs::File;
    use std::io;
    use std::sync::Arc;

    use file_guard::FileGuard;

    /// Far behind the end of every file. Windows lets nobody else read or write
    /// what is locked, in the same process neither; so the one byte that is locked
    /// is one that no file has.
    const PLACE: usize = isize::MAX.unsigned_abs();

    #[derive(Debug)]
    pub(super) struct Held(FileGuard<Arc<File>>);

    pub(super) enum NotHeld {
        /// Somebody has it. The file is given back, where it can be.
        Taken(Option<File>),
        Failed(io::Error),
    }

    impl Held {
        pub(super) fn take(file: File) -> Result<Self, NotHeld> {
            let file = Arc::new(file);
            match file_guard::try_lock(Arc::clone(&file), file_guard::Lock::Exclusive, PLACE, 1) {
                Ok(guard) => Ok(Self(guard)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    Err(NotHeld::Taken(Arc::into_inner(file)))
                }
                Err(error) => Err(NotHeld::Failed(error)),
            }
        }

        pub(super) fn file(&self) -> &File {
            &self.0
        }
    }
}
