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

/// A link is opened itself, and refused then because it is no regular file.
pub(super) fn no_follow(options: &mut OpenOptions) {
    #[cfg(windows)]
    {
        use std::os::windows::fs::OpenOptionsExt;
        const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
        options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT);
    }
    #[cfg(not(windows))]
    let _ = options;
}

pub(super) fn no_wait(_options: &mut OpenOptions) {}

/// Only who may write a file may have it written to the disk.
pub(super) fn to_sync(options: &mut OpenOptions) {
    options.write(true);
}

/// A lock of the whole file would fail the write of who comes meanwhile.
pub(super) fn hold_writers_off(_file: &File) {}

pub(super) fn sync_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// The names that are asked about are never used twice.
pub(super) fn is_file_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

/// The file's own number is not known without unsafe code. One that is put in
/// its place has another time of creation, mostly.
pub(super) fn identity(metadata: &fs::Metadata) -> [u64; 4] {
    let time = |time: io::Result<std::time::SystemTime>| {
        let since = time.ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        u64::try_from(since.as_nanos()).ok()
    };
    [time(metadata.created()).unwrap_or(0), time(metadata.modified()).unwrap_or(0), 0, 0]
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

/// Nobody says how many names an open file has. One that was removed by hand is
/// met again when it is moved: that fails.
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

pub(super) fn is_link(path: &Path) -> io::Result<bool> {
    Ok(fs::symlink_metadata(path)?.is_symlink())
}
