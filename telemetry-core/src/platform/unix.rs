//! Unix: modes, owners and links.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};

use rustix::fs::{Dir, Mode, OFlags};
use rustix::process::Resource;

use super::{Error, File, OpenOptions, Path, fs, io, refused};

pub(super) fn create_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(path)
}

pub(super) fn check_dir(metadata: &fs::Metadata, path: &Path) -> Result<(), Error> {
    if !metadata.is_dir() {
        return Err(refused(path, "is not a folder", "move it away"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused(path, "belongs to another user", "move it away or change its owner"));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(refused(path, "can be written by others", "run `chmod 700` on it"));
    }
    Ok(())
}

pub(super) fn check_private(metadata: &fs::Metadata, path: &Path) -> Result<(), Error> {
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused(path, "belongs to another user", "move it away or change its owner"));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(refused(path, "can be read by others", "run `chmod 600` on it, or remove it"));
    }
    Ok(())
}

pub(super) fn private(options: &mut OpenOptions) {
    no_follow(options.mode(0o600));
}

pub(super) fn no_follow(options: &mut OpenOptions) {
    // NONBLOCK: opening a pipe that somebody put in the file's place must
    // not hang the host program; on a regular file it changes nothing.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.custom_flags(flags.bits().cast_signed());
}

pub(super) fn no_wait(options: &mut OpenOptions) {
    options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
}

/// Here a file that is open for reading can be synced.
pub(super) fn to_sync(_options: &mut OpenOptions) {}

pub(super) fn hold_writers_off(file: &File) {
    let _ = file.try_lock_shared();
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

pub(super) fn check_own(metadata: &fs::Metadata) -> io::Result<()> {
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "belongs to another user"));
    }
    if metadata.nlink() > 1 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "has a second name (a hard link)"));
    }
    Ok(())
}

pub(super) fn list(folder: &Path) -> io::Result<Vec<OsString>> {
    entries(folder)?.collect()
}

pub(super) fn is_filled(folder: &Path) -> io::Result<bool> {
    Ok(entries(folder)?.next().is_some())
}

fn entries(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<OsString>>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let opened = rustix::fs::open(folder, flags, Mode::empty())?;
    Ok(Dir::new(opened)?.filter_map(|entry| match entry {
        Ok(entry) => {
            let name = entry.file_name().to_bytes();
            (name != b"." && name != b"..").then(|| Ok(OsStr::from_bytes(name).to_owned()))
        }
        Err(error) => Some(Err(error.into())),
    }))
}

pub(super) fn is_removed(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
}

pub(super) fn file_size_limit() -> u64 {
    rustix::process::getrlimit(Resource::Fsize).current.unwrap_or(u64::MAX)
}

/// The owner's right to execute.
const MARK: u32 = 0o100;

pub(super) fn mark(file: &File) -> io::Result<()> {
    file.set_permissions(fs::Permissions::from_mode(0o600 | MARK))
}

pub(super) fn is_marked(metadata: &fs::Metadata) -> bool {
    metadata.mode() & MARK != 0
}

pub(super) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(bytes, offset)
}

/// By a call of its own: the standard library asks the kernel first, with a
/// pointer to nothing, whether it has the call that tells more.
pub(super) fn is_link(path: &Path) -> io::Result<bool> {
    let stat = rustix::fs::lstat(path)?;
    Ok(rustix::fs::FileType::from_raw_mode(stat.st_mode).is_symlink())
}
