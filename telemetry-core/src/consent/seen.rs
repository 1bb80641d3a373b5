//! What a consent file looks like from outside.
//!
//! It owns whose file it is and what `stat` says of it. It must never know what
//! is in it.

use std::fs::{self, Metadata};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::platform;

/// A file that was changed this shortly before it was read may change again
/// without a new time: the coarsest clock of a common file system (FAT) ticks
/// every two seconds. Such a decision is made again at the next check.
const COARSEST_CLOCK: Duration = Duration::from_secs(2);

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The administrator's, the installer's or the program's config file. A
    /// symbolic link is followed: dotfile programs link them.
    Others,
    /// Ours: nobody but us makes it, so that a link in its place is refused, and
    /// so is a file that somebody else could have written.
    Us,
}

/// What `stat` says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileMetadata {
    pub(crate) modified: Option<SystemTime>,
    length: u64,
    identity: [u64; 4],
}

impl FileMetadata {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            identity: platform::identity(metadata),
        }
    }

    /// How the file at `path` looks now.
    pub(crate) fn at(path: &Path, owner: Owner) -> Option<Self> {
        let metadata = match owner {
            Owner::Us => fs::symlink_metadata(path),
            Owner::Others => fs::metadata(path),
        };
        metadata.ok().as_ref().map(Self::of)
    }

    /// Whether the file may have changed since without a new time.
    pub(crate) fn is_fresh(&self, now: SystemTime) -> bool {
        self.modified.is_some_and(|time| {
            now.duration_since(time).unwrap_or_else(|ahead| ahead.duration()) <= COARSEST_CLOCK
        })
    }
}
