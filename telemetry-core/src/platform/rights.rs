//! Whose rights a program runs with, who could have written a file, and which
//! failures pass.
//!
//! It owns the comparison of users. It must never know what is in a file, nor
//! which module asked.

use std::fs::Metadata;
use std::path::Path;

/// With whose rights a program runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rights {
    /// Other rights than those of the user who started it (setuid, setgid):
    /// whatever this user's environment names is then not to be trusted, and
    /// nothing is to be made with the borrowed rights.
    pub(crate) raised: bool,
    superuser: bool,
}

impl Rights {
    #[cfg(unix)]
    pub(crate) fn now() -> Self {
        use rustix::process::{getegid, geteuid, getgid, getuid};
        let user = geteuid();
        let raised = getuid() != user || getgid() != getegid();
        Self { raised, superuser: user.is_root() }
    }

    /// Windows: the access list of the user's profile keeps others out.
    #[cfg(not(unix))]
    pub(crate) fn now() -> Self {
        Self { raised: false, superuser: false }
    }

    /// Whether files that are made at `paths` would belong to the superuser in a
    /// folder of another user, who could then neither change nor remove them.
    pub(crate) fn litter<'p>(self, paths: impl IntoIterator<Item = &'p Path>) -> bool {
        self.superuser && paths.into_iter().any(is_in_anothers_folder)
    }
}

#[cfg(unix)]
fn is_in_anothers_folder(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    // What is there decides: what is missing would be made by us.
    let there = path.ancestors().skip(1).find_map(|folder| std::fs::metadata(folder).ok());
    there.is_some_and(|folder| folder.uid() != 0)
}

/// Whether a file or folder belongs to the user whose rights the program has.
#[cfg(unix)]
pub(crate) fn is_own(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.uid() == rustix::process::geteuid().as_raw()
}

/// Why a file of ours may have been written by another user, if it may.
#[cfg(unix)]
pub(crate) fn could_be_anothers(metadata: &Metadata) -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt;
    let user = rustix::process::geteuid().as_raw();
    // The superuser can write anything in any case.
    if metadata.uid() != user && metadata.uid() != 0 {
        return Some("belongs to another user");
    }
    (metadata.mode() & 0o022 != 0).then_some("can be written by other users")
}

/// Whether a failed call may succeed a moment later without anybody's doing: no
/// descriptor or memory is left, a file server is away.
#[cfg(unix)]
pub(crate) fn may_pass(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    const PASSING: &[Errno] = &[
        Errno::MFILE,
        Errno::NFILE,
        Errno::NOMEM,
        Errno::INTR,
        Errno::AGAIN,
        Errno::BUSY,
        Errno::IO,
        Errno::STALE,
        Errno::TIMEDOUT,
        Errno::HOSTDOWN,
        Errno::NOTCONN,
    ];
    Errno::from_io_error(error).is_some_and(|errno| PASSING.contains(&errno))
}

#[cfg(not(unix))]
pub(crate) fn may_pass(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{Interrupted, OutOfMemory, TimedOut, WouldBlock};
    [Interrupted, OutOfMemory, TimedOut, WouldBlock].contains(&error.kind())
        // Somebody else has it open (ERROR_SHARING_VIOLATION).
        || error.raw_os_error() == Some(32)
}

#[cfg(not(unix))]
pub(crate) fn is_own(_metadata: &Metadata) -> bool {
    true
}

#[cfg(not(unix))]
fn is_in_anothers_folder(_path: &Path) -> bool {
    false
}

#[cfg(not(unix))]
pub(crate) fn could_be_anothers(_metadata: &Metadata) -> Option<&'static str> {
    None
}
