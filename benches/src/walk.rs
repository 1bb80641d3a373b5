//! The work of a small tool, with and without telemetry.

use std::fs;
use std::io;
use std::path::Path;

/// How many files there are below `folder`.
///
/// # Errors
///
/// A folder cannot be read.
pub fn files_below(folder: &Path) -> io::Result<u64> {
    let mut files = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files += if entry.file_type()?.is_dir() { files_below(&entry.path())? } else { 1 };
    }
    Ok(files)
}
