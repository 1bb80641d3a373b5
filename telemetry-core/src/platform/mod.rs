//! The one door to what differs between operating systems.
//!
//! It owns how a private file or folder is made, checked and made durable. It
//! must never know what is in the file, nor which module asked.
//!
//! What must survive a power cut goes through [`replace_durably`] or
//! [`create_once`]: written to a temporary file, synced, put in place, and the
//! folder synced. Without the last step ext4 and XFS give the *old* file back
//! after a power cut, which for a consent file means that a withdrawal reverts.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crate::error::{Error, Kind};

mod lock;
mod process;
mod rights;

#[cfg(not(unix))]
#[path = "other.rs"]
mod imp;
#[cfg(unix)]
#[path = "unix.rs"]
mod imp;

pub(crate) use self::lock::Lock;
#[cfg(feature = "client")]
pub(crate) use self::process::process_id;
#[cfg(feature = "client")]
pub(crate) use self::rights::{Rights, could_be_anothers, is_own, may_pass};

/// Creates `path` and its missing parents. On Unix the folder itself is 0700,
/// and an existing one is refused unless it is a real folder of this user that
/// nobody else can write to.
pub(crate) fn private_dir(path: &Path) -> Result<(), Error> {
    if check_dir(path)? {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|e| Error::io("create the folder", parent, e))?;
    }
    match imp::create_dir(path) {
        Ok(()) => Ok(()),
        // Another process was quicker: its folder must pass the same check.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check_dir(path).map(drop),
        Err(error) => Err(Error::io("create the folder", path, error)),
    }
}

/// Whether there is a folder, which must then pass the checks of
/// [`private_dir`]; none is made.
pub(crate) fn check_dir(path: &Path) -> Result<bool, Error> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => imp::check_dir(&metadata, path).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("read the folder", path, error)),
    }
}

/// Whether there is a real folder, no link to one, that belongs to this user.
#[cfg(feature = "client")]
pub(crate) fn is_own_dir(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir() && is_own(&metadata))
}

/// The same place by its absolute path. A relative one would name another file,
/// or none, once the program changes its working folder: a refusal that was
/// read before would not be found again.
pub(crate) fn anchored(path: PathBuf) -> PathBuf {
    if cfg!(unix) && path.is_absolute() {
        return path;
    }
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

/// Opens an existing regular file for reading, without following a symbolic
/// link; a symbolic link, folder, pipe or device is an error.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    open_existing(OpenOptions::new().read(true), path).map(|(file, _)| file)
}

/// The same, with what the system says of the file.
pub(crate) fn open_and_look(path: &Path) -> io::Result<(File, fs::Metadata)> {
    open_existing(OpenOptions::new().read(true), path)
}

/// The same, which follows a symbolic link.
pub(crate) fn open_and_look_at_linked(path: &Path) -> io::Result<(File, fs::Metadata)> {
    let mut options = OpenOptions::new();
    imp::no_wait(options.read(true));
    regular(options.open(path)?)
}

/// Empties an existing file of ours where it stands, durably. It needs no room
/// on the disk.
pub(crate) fn empty_durably(path: &Path) -> io::Result<()> {
    let file = open_to_change(path)?;
    file.set_len(0)?;
    file.sync_all()
}

/// Opens an existing regular file for reading and writing, without following a
/// symbolic link; a symbolic link, folder, pipe or device is an error. So is a
/// file of another user, and one with a second name: what is changed here would
/// change there, in a file that somebody linked to this place.
pub(crate) fn open_to_change(path: &Path) -> io::Result<File> {
    let (file, metadata) = open_existing(OpenOptions::new().read(true).write(true), path)?;
    imp::check_own(&metadata)?;
    Ok(file)
}

fn open_existing(options: &mut OpenOptions, path: &Path) -> io::Result<(File, fs::Metadata)> {
    imp::no_follow(options);
    regular(options.open(path)?)
}

fn regular(file: File) -> io::Result<(File, fs::Metadata)> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok((file, metadata))
}

/// The names in a folder. Not by the standard library's iterator: that panics
/// when the folder cannot be closed, as on a disk that fails.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<OsString>> {
    imp::list(folder)
}

/// Whether a folder is there and holds anything. However much it holds, that
/// costs the same.
pub(crate) fn is_filled(folder: &Path) -> bool {
    imp::is_filled(folder).unwrap_or(false)
}

/// Whether the open `file` has lost its name: it was removed.
pub(crate) fn is_removed(file: &File) -> bool {
    imp::is_removed(file)
}

/// How long a file of this process may become, in bytes. One write beyond it
/// raises SIGXFSZ, which ends a program that does not expect it: whoever writes
/// asks first.
pub(crate) fn file_size_limit() -> u64 {
    imp::file_size_limit()
}

/// An error when a file that ends at `end` would be longer than allowed.
pub(crate) fn check_room(end: u64) -> io::Result<()> {
    if end > file_size_limit() { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(()) }
}

/// Writes all of `bytes` from `offset` on. Nobody else may use the file's own
/// place meanwhile.
pub(crate) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    imp::write_all_at(file, bytes, offset)
}

/// Marks an open file, so that [`is_marked`] is true of it from now on. The
/// mark is a mode bit that means nothing for a file of data: it stays when the
/// file is renamed or appended to, and costs who reads it nothing.
pub(crate) fn mark(file: &File) -> io::Result<()> {
    imp::mark(file)
}

/// Whether the file may have been marked.
pub(crate) fn is_marked(metadata: &fs::Metadata) -> bool {
    imp::is_marked(metadata)
}

/// Keeps those who lock the file before they write it from writing while `file`
/// stays open, where that is possible without a wait.
pub(crate) fn hold_writers_off(file: &File) {
    imp::hold_writers_off(file);
}

/// Whether `path` still names the open `file`, and not another file or none.
pub(crate) fn is_file_at(file: &File, path: &Path) -> bool {
    imp::is_file_at(file, path)
}

/// Whether a symbolic link is at `path`; the cheapest look at what may not be
/// there.
pub(crate) fn is_link(path: &Path) -> io::Result<bool> {
    imp::is_link(path)
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

/// Opens a file for reading that only its owner may be able to read. `None` when
/// there is none.
pub(crate) fn open_private(path: &Path) -> Result<Option<File>, Error> {
    Ok(opened_private(path)?.map(|(file, _)| file))
}

fn opened_private(path: &Path) -> Result<Option<(File, fs::Metadata)>, Error> {
    let (file, metadata) = match open_existing(OpenOptions::new().read(true), path) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            check_regular(path)?;
            if error.kind() == io::ErrorKind::PermissionDenied {
                let refused = refused(path, "cannot be read by this user", "run `chmod 600` on it");
                return Err(refused.because(error));
            }
            return Err(Error::io("open", path, error));
        }
    };
    imp::check_private(&metadata, path)?;
    Ok(Some((file, metadata)))
}

/// Reads a file that only its owner may be able to read, and at most `limit`
/// bytes of it. `None` when there is none.
pub(crate) fn read_private(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    let Some((file, metadata)) = opened_private(path)? else { return Ok(None) };
    // In one piece: a buffer that grows leaves copies in freed memory, and the
    // file may hold a secret. No more than its length now, so that nothing
    // probes for the end: a file of ours is replaced, and never grows.
    let size = metadata.len().min(limit);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    file.take(size).read_to_end(&mut bytes).map_err(|e| Error::io("read", path, e))?;
    Ok(Some(bytes))
}

/// Replaces `path` by `bytes`, so that after a crash or a power cut at any
/// moment the file holds either all of the old bytes or all of the new.
pub(crate) fn replace_durably(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let temporary = write_temporary(path, bytes, true)?;
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
        check_room(bytes.len() as u64)?;
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
/// at once exactly one succeeds; the answer says whether it was this one. It
/// survives a power cut.
pub(crate) fn create_once(path: &Path, bytes: &[u8]) -> Result<bool, Error> {
    let made = create_once_unsynced(path, bytes, true)?;
    if made {
        sync_parent(path)?;
    }
    Ok(made)
}

/// The same without waiting for the disk: after a power cut the file may be
/// gone, or empty.
pub(crate) fn create_once_quickly(path: &Path, bytes: &[u8]) -> Result<bool, Error> {
    create_once_unsynced(path, bytes, false)
}

fn create_once_unsynced(path: &Path, bytes: &[u8], sync: bool) -> Result<bool, Error> {
    let temporary = write_temporary(path, bytes, sync)?;
    let linked = fs::hard_link(&temporary, path);
    let _ = fs::remove_file(&temporary);
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Error::io("create", path, error)),
    }
}

/// Writes a file and its name to the disk, so that both survive a power cut.
pub(crate) fn sync(path: &Path) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    imp::to_sync(options.read(true));
    let opened = open_existing(&mut options, path);
    opened.and_then(|(file, _)| file.sync_all()).map_err(|e| Error::io("sync", path, e))?;
    sync_parent(path)
}

/// Removes the temporary files that killed processes left beside `path`: each
/// may hold what `path` held, or be a second name of it. A process that writes
/// one at this moment fails and can try again.
pub(crate) fn remove_temporaries(path: &Path) -> Result<(), Error> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    for other in list(folder).map_err(|e| Error::io("read the folder", folder, e))? {
        let rest = other.as_encoded_bytes().strip_prefix(name.as_encoded_bytes());
        if rest.is_some_and(is_temporary_end) {
            remove_if_there(&folder.join(other))?;
        }
    }
    Ok(())
}

/// Removes the temporary files of every file in `folder` that were last written
/// before `before`, and says how many. Files with other names stay.
pub(crate) fn remove_all_temporaries(folder: &Path, before: SystemTime) -> Result<u64, Error> {
    let names = match list(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        names => names.map_err(|e| Error::io("read the folder", folder, e))?,
    };
    let mut removed = 0;
    for name in names {
        let bytes = name.as_encoded_bytes();
        let dot = bytes.iter().position(|byte| *byte == b'.').unwrap_or(bytes.len());
        let ends = |from: usize| bytes.get(from..).is_some_and(is_temporary_end);
        if !(dot..bytes.len()).any(|at| bytes.get(at) == Some(&b'.') && ends(at)) {
            continue;
        }
        let path = folder.join(&name);
        let old = fs::symlink_metadata(&path)
            .is_ok_and(|m| m.is_file() && m.modified().is_ok_and(|time| time <= before));
        if old {
            remove_if_there(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Whether this is what [`temporary_name`] puts behind a name.
fn is_temporary_end(end: &[u8]) -> bool {
    let Some(middle) = end.strip_prefix(b".").and_then(|e| e.strip_suffix(TEMPORARY.as_bytes()))
    else {
        return false;
    };
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let hex = |part: &[u8]| part.len() == 16 && part.iter().all(u8::is_ascii_hexdigit);
    let mut parts = middle.split(|byte| *byte == b'.');
    let (id, count, random) = (parts.next(), parts.next(), parts.next());
    id.is_some_and(digits) && count.is_some_and(digits) && random.is_some_and(hex)
}

/// Removes a file; that there is none is what is wanted.
pub(crate) fn remove_if_there(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", path, error))
        }
        _ => Ok(()),
    }
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

fn write_temporary(path: &Path, bytes: &[u8], sync: bool) -> Result<PathBuf, Error> {
    let temporary = temporary_name(path);
    let write = || -> io::Result<()> {
        check_room(bytes.len() as u64)?;
        let mut file = private_options().write(true).create_new(true).open(&temporary)?;
        file.write_all(bytes)?;
        if sync { file.sync_all() } else { Ok(()) }
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
pub(crate) fn temporary_name(path: &Path) -> PathBuf {
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
