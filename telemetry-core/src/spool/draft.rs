//! A segment whose lines are still being added up.
//!
//! It owns a file in `active/` that is replaced as a whole. It must never know
//! what its lines count.
//!
//! Every replacement is written beside the old file, renamed over it, and
//! locked before it has the name: whoever finds the name finds either all of the
//! old lines or all of the new, held by a living process or by none. What a
//! killed process leaves is then taken over like any other segment.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::names::{self, ACTIVE};
use super::seal::seal_as;
use crate::error::{Error, Kind};
use crate::platform::{self, Lock};

/// The file, and its lock.
#[derive(Debug)]
pub(crate) struct Draft {
    dir: PathBuf,
    segment: String,
    path: PathBuf,
    /// The lock of the file that has the name; none before the first lines.
    lock: Option<Lock>,
}

impl Draft {
    /// A draft in `dir`. Nothing is made before it has lines.
    pub(crate) fn new(dir: &Path) -> Result<Self, Error> {
        let segment = format!("{}-1", names::fresh_run()?);
        let path = dir.join(ACTIVE).join(format!("{segment}.ndjson"));
        Ok(Self { dir: dir.to_owned(), segment, path, lock: None })
    }

    /// Puts `lines` in the place of what there was. They survive the death of
    /// the process from here on; nothing is synced, as for any stored line.
    pub(crate) fn replace(&mut self, lines: &[u8]) -> Result<(), Error> {
        platform::private_dir(&self.dir)?;
        platform::private_dir(&self.dir.join(ACTIVE))?;
        let temporary = platform::temporary_name(&self.path);
        let mut file = platform::private_options()
            .write(true)
            .create_new(true)
            .open(&temporary)
            .map_err(|e| Error::io("create", &temporary, e))?;
        let room = platform::check_room(lines.len() as u64);
        let written = room
            .and_then(|()| file.write_all(lines))
            .map_err(|e| Error::io("write", &temporary, e));
        let put = written.and_then(|()| {
            let lock = Lock::try_take(file, &temporary)?.ok_or_else(|| {
                Error::new(Kind::Spool, "a file of counts was locked by another process")
            })?;
            let renamed = fs::rename(&temporary, &self.path);
            renamed.map_err(|e| Error::io("replace", &self.path, e)).map(|()| lock)
        });
        match put {
            Ok(lock) => {
                self.lock = Some(lock);
                Ok(())
            }
            Err(error) => {
                let _ = fs::remove_file(&temporary);
                Err(error)
            }
        }
    }

    /// Completes it, so that its `events` lines can be delivered.
    pub(crate) fn seal(mut self, events: u64) -> Result<(), Error> {
        let Some(lock) = self.lock.take() else { return Ok(()) };
        let number = names::next_number(&self.dir)?;
        seal_as(&self.dir, number, lock.file(), &self.path, &self.segment, events).map(drop)
    }

    /// Takes it away, with all that it counted.
    pub(crate) fn discard(&mut self) {
        if self.lock.take().is_some() {
            // Gone already is as good.
            let _ = fs::remove_file(&self.path);
        }
    }
}
