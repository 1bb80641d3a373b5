//! What could not be read, and what a receiver refused.
//!
//! It owns `dead-letters/`, whose files are named as the sealed segments from which
//! their lines come. One JSON object and a line feed per line:
//!
//! | key | value |
//! |---|---|
//! | `reason` | a [`Reason`]'s name |
//! | `detail` | what else is known, such as a receiver's answer |
//! | `stored` | the line, when it is an event |
//! | `text` | else its first KiB, with what is not UTF-8 replaced |

use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde_json::{Map, Value};

use super::limits::Limits;
use super::lines::MAX_LINE;
use super::names::{self, DEAD_LETTERS, SegmentFile};
use super::outgoing::{ByteRange, DeadLetter};
use crate::envelope::STORED;
use crate::error::Error;
use crate::platform;

/// How much of an unreadable line is kept, in bytes: enough to see what it is.
const TEXT: usize = 1024;

/// Appends `letters`, lines of `segment`, with one sync. Whoever is killed before the
/// lines are taken out of their segment leaves a letter twice, and never none.
pub(super) fn keep(
    dir: &Path,
    segment: &SegmentFile,
    letters: &[DeadLetter],
    limits: &Limits,
) -> Result<(), Error> {
    let folder = dir.join(DEAD_LETTERS);
    platform::private_dir(&folder)?;
    let target = folder.join(segment.path.file_name().unwrap_or_default());
    let held = fs::symlink_metadata(&target).map_or(0, |metadata| metadata.len());
    let mut lines = Vec::new();
    for letter in letters {
        let line = line(&segment.path, letter)?;
        // One refused segment must not push itself out: what was first tells most.
        if held + (lines.len() + line.len()) as u64 > limits.dead_letters {
            break;
        }
        lines.extend(line);
    }
    if !lines.is_empty() {
        append(&target, &lines).map_err(|e| Error::io("write", &target, e))?;
        platform::sync_parent(&target)?;
    }
    trim(dir, limits.dead_letters)
}

fn line(path: &Path, letter: &DeadLetter) -> Result<Vec<u8>, Error> {
    let bytes = bytes_at(path, letter.span).map_err(|e| Error::io("read", path, e))?;
    let mut map = Map::new();
    map.insert("reason".to_owned(), letter.reason.name().into());
    map.insert("detail".to_owned(), letter.detail.as_str().into());
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(stored)) => map.insert(STORED.to_owned(), stored.into()),
        _ => {
            let text = String::from_utf8_lossy(bytes.get(..TEXT).unwrap_or(&bytes));
            map.insert("text".to_owned(), text.into())
        }
    };
    Ok(format!("{}\n", Value::Object(map)).into_bytes())
}

fn bytes_at(path: &Path, span: ByteRange) -> io::Result<Vec<u8>> {
    let mut file = platform::open_regular(path)?;
    file.seek(SeekFrom::Start(span.offset))?;
    let mut bytes = Vec::new();
    file.take(span.length.min(MAX_LINE as u64)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn append(path: &Path, line: &[u8]) -> io::Result<()> {
    let mut file = platform::private_options().append(true).create(true).open(path)?;
    platform::check_room(file.metadata()?.len().saturating_add(line.len() as u64))?;
    file.write_all(line)?;
    file.sync_data()
}

/// The oldest files go first. Their events were counted when they came here.
fn trim(dir: &Path, limit: u64) -> Result<(), Error> {
    let mut files = names::dead_letters(dir)?;
    files.reverse();
    let mut bytes = 0;
    for file in files {
        bytes += fs::symlink_metadata(&file.path).map_or(0, |metadata| metadata.len());
        if bytes > limit {
            fs::remove_file(&file.path).map_err(|e| Error::io("remove", &file.path, e))?;
        }
    }
    Ok(())
}
