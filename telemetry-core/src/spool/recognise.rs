//! Telling a spool by what is in it.
//!
//! It owns which files show that this library keeps events in a folder. It must
//! never know which program it is.

use std::io::Read;
use std::path::Path;

use super::counts::{FILE, HEAD};
use super::read::read;
use crate::platform;

/// How many lines are looked at: one of ours is among the first.
const LINES: usize = 16;

/// Whether the folder `dir` holds the counts that are made with the first event,
/// or an event.
pub(crate) fn is_spool(dir: &Path) -> bool {
    has_counts(dir)
        || read(dir).is_ok_and(|mut events| events.by_ref().take(LINES).any(|event| event.is_ok()))
}

fn has_counts(dir: &Path) -> bool {
    let Ok(file) = platform::open_regular(&dir.join(FILE)) else { return false };
    let mut head = Vec::new();
    let read = file.take(HEAD.len() as u64).read_to_end(&mut head);
    read.is_ok() && head == HEAD.as_bytes()
}
