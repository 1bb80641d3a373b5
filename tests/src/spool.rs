//! Stored lines for tests of the spool, and what lies in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use telemetry_core::spool::{self, Stored};

/// Every event that waits below `folder`, the data folder of a program.
///
/// # Panics
///
/// When one cannot be read.
pub fn stored(folder: &Path) -> Vec<Stored> {
    spool::read(folder).unwrap().map(Result::unwrap).collect()
}

/// Everything that lies in `folder`, folders too, by name; nothing, when there
/// is no such folder.
///
/// # Panics
///
/// When the folder cannot be read.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// Every file below `folder`, however deep.
///
/// # Panics
///
/// When a folder cannot be read.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let is_folder = |path: &PathBuf| path.is_dir() && !path.is_symlink();
    let (folders, mut found): (Vec<_>, Vec<_>) = entries(folder).into_iter().partition(is_folder);
    found.extend(folders.iter().flat_map(|folder| files(folder)));
    found
}

/// A line as the client writes it, with a field of `padding` bytes.
pub fn stored_line(id: &str, time: &str, padding: usize) -> String {
    event_line(id, time, "test.event", &"x".repeat(padding))
}

/// A line of the event `event`, with `text` in its one field.
pub fn event_line(id: &str, time: &str, event: &str, text: &str) -> String {
    format!(
        "{{\"id\":\"{id}\",\"time\":\"{time}\",\"event\":\"{event}\",\"version\":1,\
         \"purpose\":\"service\",\"installation\":\"00000000-0000-4000-8000-000000000000\",\
         \"fields\":{{\"text\":\"{text}\"}}}}\n"
    )
}

/// Says that a test cannot run here, and fails it where no test may be left out.
pub fn skipped(needs: &str) {
    let must_run = std::env::var_os("TELEMETRY_TESTS_MUST_NOT_SKIP").is_some();
    assert!(!must_run, "skipped: needs {needs}");
    // The test harness shows it with `--nocapture`.
    {
        eprintln!("skipped: needs {needs}");
    }
}
