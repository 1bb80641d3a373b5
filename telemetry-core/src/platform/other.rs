//! Windows: files under the user's profile inherit an access list that gives
//! other users nothing, and a rename is made durable by the file system's own
//! journal, so there is no mode to set and no folder to sync.

use std::ffi::OsString;

use super::{Error, File, OpenOptions, Path, fs, io, refused};

pub(super) fn create_dir(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

pub(super) fn check_dir(metadata: &fs::Metadata, path: &Path) -> Result<(), Error> {
    if !metadata.is_dir() {
        return Err(refused(path, "is not a folder", "move it away"));
    }
    Ok(())
}

pub(super) fn check_private(_metadata: &fs::Metadata, _path: &Path) -> Result<(), Error> {
    Ok(())
}

pub(super) fn private(options: &mut OpenOptions) {
    no_follow(options);
}

pub(super) fn no_follow(_options: &mut OpenOptions) {}

pub(super) fn no_wait(_options: &mut OpenOptions) {}

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

pub(super) fn check_own(_metadata: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

pub(super) fn list(folder: &Path) -> io::Result<Vec<OsString>> {
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
}

pub(super) fn is_filled(folder: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(folder)?.next().is_some())
}

/// A file that is open cannot be removed here.
pub(super) fn is_removed(_file: &File) -> bool {
    false
}

pub(super) fn file_size_limit() -> u64 {
    u64::MAX
}

pub(super) fn mark(_file: &File) -> io::Result<()> {
    Ok(())
}

/// There is no such bit: who asks has to look into the file.
pub(super) fn is_marked(_metadata: &fs::Metadata) -> bool {
    true
}

pub(super) fn write_all_at(mut file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    use std::io::{Seek, Write};
    file.seek(io::SeekFrom::Start(offset))?;
    file.write_all(bytes)
}
