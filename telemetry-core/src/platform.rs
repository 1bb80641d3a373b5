//! The one door to what differs between operating systems.
//!
//! It owns how a private file or folder is made, checked and made durable. It
//! must never know what is in the file, nor which module asked.
//!
//! What must survive a power cut goes through [`replace_durably`] or
//! [`create_once`]: written to a temporary file, synced, put in place, and the
//! folder synced. Without the last step ext4 and XFS give the *old* file back
//! after a power cut, which for a consent file means that a withdrawal reverts.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Kind};

/// Creates `path` and its missing parents. On Unix the folder itself is 0700,
/// and an existing one is refused unless it is a real folder of this user that
/// nobody else can write to.
pub(crate) fn private_dir(path: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Ok(_) => return imp::check_dir(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::io("read the folder", path, error)),
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|e| Error::io("create the folder", parent, e))?;
    }
    match imp::create_dir(path) {
        Ok(()) => Ok(()),
        // Another process was quicker: its folder must pass the same check.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => imp::check_dir(path),
        Err(error) => Err(Error::io("create the folder", path, error)),
    }
}

/// The same place by its absolute path. A relative one would name another file,
/// or none, once the program changes its working folder: a refusal that was
/// read before would not be found again.
pub(crate) fn anchored(path: PathBuf) -> PathBuf {
    // It fails for an empty path and without a working folder. Neither names a
    // file, and reading says so.
    std::path::absolute(&path).unwrap_or(path)
}

/// Options for a file that only its owner may read (0600), which never follow
/// a symbolic link in the last part of the path.
pub(crate) fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    imp::private(&mut options);
    options
}

/// Opens the empty file by whose lock processes take turns, and makes it when
/// there is none. A file of its own, because one that is replaced while others
/// wait for its lock would keep nobody out.
pub(crate) fn open_lock(path: &Path) -> io::Result<File> {
    private_options().write(true).create(true).truncate(false).open(path)
}

/// Takes the lock of `file` unless somebody has it, and says whether it did.
/// The operating system frees it when this process ends, however it ends.
pub(crate) fn try_lock(file: &File, path: &Path) -> Result<bool, Error> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(Error::io("lock", path, error)),
    }
}

/// Opens an existing regular file for reading, without following a symbolic
/// link; a symbolic link, folder, pipe or device is an error.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    open_existing(OpenOptions::new().read(true), path)
}

/// Opens an existing regular file for reading and writing, without following a
/// symbolic link; a symbolic link, folder, pipe or device is an error.
pub(crate) fn open_to_change(path: &Path) -> io::Result<File> {
    open_existing(OpenOptions::new().read(true).write(true), path)
}

fn open_existing(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    imp::no_follow(options);
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok(file)
}

/// Whether `path` still names the open `file`, and not another file or none.
pub(crate) fn is_file_at(file: &File, path: &Path) -> bool {
    imp::is_file_at(file, path)
}

/// Says why what stands at `path` is no file of ours, in words that help. Only
/// for the words: opening refuses all but regular files in any case.
pub(crate) fn check_regular(path: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => {
            Err(refused(path, "is a symbolic link", "remove it, or name the real file"))
        }
        Ok(metadata) if !metadata.is_file() => {
            Err(refused(path, "is not a regular file", "move it away"))
        }
        _ => Ok(()),
    }
}

/// Reads a file that only its owner may be able to read, and at most `limit`
/// bytes of it. `None` when there is none.
pub(crate) fn read_private(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    check_regular(path)?;
    let file = match open_regular(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let refused = refused(path, "cannot be read by this user", "run `chmod 600` on it");
            return Err(refused.because(error));
        }
        Err(error) => return Err(Error::io("open", path, error)),
    };
    imp::check_private(&file, path)?;
    // In one piece: a buffer that grows leaves copies in freed memory, and the
    // file may hold a secret. Reading probes for the end with 32 bytes.
    let size = file.metadata().map_or(0, |metadata| metadata.len()).min(limit);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0).saturating_add(32));
    file.take(limit).read_to_end(&mut bytes).map_err(|e| Error::io("read", path, e))?;
    Ok(Some(bytes))
}

/// Replaces `path` by `bytes`, so that after a crash or a power cut at any
/// moment the file holds either all of the old bytes or all of the new.
pub(crate) fn replace_durably(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let temporary = write_temporary(path, bytes)?;
    let put = fs::rename(&temporary, path).map_err(|e| Error::io("replace", path, e));
    if put.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    put?;
    sync_parent(path)
}

/// Replaces `path` by `bytes` for every process at once, without waiting for the
/// disk: what survives the death of the process, and need not survive a power
/// cut, after which the file may be the old one, the new one, or empty.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let temporary = temporary_name(path);
    let write = || -> io::Result<()> {
        private_options().write(true).create_new(true).open(&temporary)?.write_all(bytes)
    };
    let put = write()
        .map_err(|e| Error::io("write", &temporary, e))
        .and_then(|()| fs::rename(&temporary, path).map_err(|e| Error::io("replace", path, e)));
    if put.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    put
}

/// Creates `path` with `bytes` unless it exists. Of several processes that try
/// at once exactly one succeeds; the answer says whether it was this one.
pub(crate) fn create_once(path: &Path, bytes: &[u8]) -> Result<bool, Error> {
    let temporary = write_temporary(path, bytes)?;
    let linked = fs::hard_link(&temporary, path);
    let _ = fs::remove_file(&temporary);
    match linked {
        Ok(()) => sync_parent(path).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Error::io("create", path, error)),
    }
}

/// Removes the temporary files that killed processes left beside `path`: each
/// may hold what `path` held, or be a second name of it. A process that writes
/// one at this moment fails and can try again.
pub(crate) fn remove_temporaries(path: &Path) -> Result<(), Error> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    let entries = fs::read_dir(folder).map_err(|e| Error::io("read the folder", folder, e))?;
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("read the folder", folder, e))?;
        let other = entry.file_name();
        let rest = other.as_encoded_bytes().strip_prefix(name.as_encoded_bytes());
        if rest.is_some_and(|rest| rest.starts_with(b".") && rest.ends_with(TEMPORARY.as_bytes())) {
            match fs::remove_file(entry.path()) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::io("remove", &entry.path(), e));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// How the names of temporary files end.
const TEMPORARY: &str = ".tmp";

/// Syncs the folder that holds `path`, so that a name just made or removed in
/// it survives a power cut.
pub(crate) fn sync_parent(path: &Path) -> Result<(), Error> {
    match path.parent() {
        Some(parent) => imp::sync_dir(parent).map_err(|e| Error::io("sync the folder", parent, e)),
        None => Ok(()),
    }
}

/// Numbers that differ when a file at one path was replaced or changed: the
/// device, the file's own number, and the time of its last change to the
/// nanosecond, where the system has them.
pub(crate) fn identity(metadata: &fs::Metadata) -> [u64; 4] {
    imp::identity(metadata)
}

/// Lets every user of the machine read a file, durably.
pub(crate) fn readable_by_all(path: &Path) -> Result<(), Error> {
    imp::readable_by_all(path).map_err(|e| Error::io("make readable", path, e))
}

fn write_temporary(path: &Path, bytes: &[u8]) -> Result<PathBuf, Error> {
    let temporary = temporary_name(path);
    let write = || -> io::Result<()> {
        let mut file = private_options().write(true).create_new(true).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&temporary);
        Error::io("write", &temporary, error)
    })?;
    Ok(temporary)
}

/// A name beside `path` that no other thread or process uses now. Names are
/// never reused within a process, so a file left by a killed process with the
/// same id makes `create_new` fail instead of being overwritten.
fn temporary_name(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    let mut random = [0; 8];
    // Without random bytes the process id and the counter still keep
    // processes apart; only a left-over of an earlier process could collide.
    let _ = getrandom::fill(&mut random);
    let (id, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    name.push(format!(".{id}.{count}.{:016x}{TEMPORARY}", u64::from_ne_bytes(random)));
    path.with_file_name(name)
}

fn refused(path: &Path, why: &str, remedy: &str) -> Error {
    Error::new(Kind::Io, format!("{} {why}: {remedy}", path.display()))
}

#[cfg(unix)]
mod imp {
    use super::{Error, File, OpenOptions, Path, fs, io, refused};
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};

    pub(super) fn create_dir(path: &Path) -> io::Result<()> {
        fs::DirBuilder::new().mode(0o700).create(path)
    }

    pub(super) fn check_dir(path: &Path) -> Result<(), Error> {
        let metadata =
            fs::symlink_metadata(path).map_err(|e| Error::io("read the folder", path, e))?;
        if !metadata.is_dir() {
            return Err(refused(path, "is not a folder", "move it away"));
        }
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(refused(
                path,
                "belongs to another user",
                "move it away or change its owner",
            ));
        }
        if metadata.mode() & 0o022 != 0 {
            return Err(refused(path, "can be written by others", "run `chmod 700` on it"));
        }
        Ok(())
    }

    pub(super) fn check_private(file: &File, path: &Path) -> Result<(), Error> {
        let metadata = file.metadata().map_err(|e| Error::io("read", path, e))?;
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(refused(
                path,
                "belongs to another user",
                "move it away or change its owner",
            ));
        }
        if metadata.mode() & 0o077 != 0 {
            return Err(refused(
                path,
                "can be read by others",
                "run `chmod 600` on it, or remove it",
            ));
        }
        Ok(())
    }

    pub(super) fn private(options: &mut OpenOptions) {
        no_follow(options.mode(0o600));
    }

    pub(super) fn no_follow(options: &mut OpenOptions) {
        // NONBLOCK: opening a pipe that somebody put in the file's place must
        // not hang the host program; on a regular file it changes nothing.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }

    pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    pub(super) fn is_file_at(file: &File, path: &Path) -> bool {
        match (file.metadata(), fs::symlink_metadata(path)) {
            (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
            _ => false,
        }
    }

    pub(super) fn identity(metadata: &fs::Metadata) -> [u64; 4] {
        let time = [metadata.ctime(), metadata.ctime_nsec()].map(i64::cast_unsigned);
        [metadata.dev(), metadata.ino(), time[0], time[1]]
    }

    pub(super) fn readable_by_all(path: &Path) -> io::Result<()> {
        let file = File::open(path)?;
        file.set_permissions(fs::Permissions::from_mode(0o644))?;
        file.sync_all()
    }
}

/// Windows: files under the user's profile inherit an access list that gives
/// other users nothing, and a rename is made durable by the file system's own
/// journal, so there is no mode to set and no folder to sync.
#[cfg(not(unix))]
mod imp {
    use super::{Error, File, OpenOptions, Path, fs, io, refused};

    pub(super) fn create_dir(path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    pub(super) fn check_dir(path: &Path) -> Result<(), Error> {
        let metadata =
            fs::symlink_metadata(path).map_err(|e| Error::io("read the folder", path, e))?;
        if !metadata.is_dir() {
            return Err(refused(path, "is not a folder", "move it away"));
        }
        Ok(())
    }

    pub(super) fn check_private(_file: &File, _path: &Path) -> Result<(), Error> {
        Ok(())
    }

    pub(super) fn private(options: &mut OpenOptions) {
        no_follow(options);
    }

    pub(super) fn no_follow(_options: &mut OpenOptions) {}

    pub(super) fn sync_dir(_path: &Path) -> io::Result<()> {
        Ok(())
    }

    /// The names that are asked about are never used twice.
    pub(super) fn is_file_at(_file: &File, path: &Path) -> bool {
        path.exists()
    }

    pub(super) fn identity(_metadata: &fs::Metadata) -> [u64; 4] {
        [0; 4]
    }

    pub(super) fn readable_by_all(_path: &Path) -> io::Result<()> {
        Ok(())
    }
}
