//! Reading one consent file, carefully.
//!
//! It owns what counts as missing, as unreadable and as not yet written. It
//! must never know what the text means.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::consent::seen::{FileMetadata, Owner};
use crate::platform;

/// The largest consent file in bytes. A real one has less than one kilobyte, a
/// program's own config file rarely more than ten; what is larger is not read
/// into a host program's memory at every start.
pub(crate) const LIMIT: u64 = 64 * 1024;

/// A file that was changed or lost its name within this time may be in the middle
/// of being written anew: editors and installers empty a file and fill it, or
/// remove it and put another in its place. Both are done within milliseconds.
const FRESH: Duration = Duration::from_millis(20);

/// An *empty* file this young may still be filled by somebody slow.
const EMPTIED: Duration = Duration::from_secs(1);

/// A file's text, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Missing,
    Text(String),
    Broken(Problem),
}

/// Something in a source that could not be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) line: usize,
    pub(crate) what: String,
    /// Whether it may be gone at the next look without anybody's doing.
    pub(crate) passing: bool,
    /// Whether a text that was cut off would look like this.
    pub(crate) cut_off: bool,
    /// Whether there is a file where a folder should be.
    pub(crate) no_folder: bool,
}

impl Problem {
    pub(crate) fn new(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into(), passing: false, cut_off: false, no_folder: false }
    }

    /// The same for what a text looks like that is not written to its end.
    pub(crate) fn of_cut_off(line: usize, what: impl Into<String>) -> Self {
        Self { cut_off: true, ..Self::new(line, what) }
    }

    fn passing(what: impl Into<String>) -> Self {
        Self { passing: true, ..Self::new(0, what) }
    }
}

/// One look at a file.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) content: Content,
    /// How the file looked, to notice a change later; none where there is none.
    pub(crate) seen: Option<FileMetadata>,
}

/// Reads a consent file. Creates nothing and never waits for anybody, not even
/// for a pipe in the file's place. Only what surely is not there is missing; a
/// link to nowhere is broken.
///
/// A missing file costs one system call, any other six at most.
pub(crate) fn read(path: &Path, owner: Owner) -> Look {
    let is_link = match platform::is_link(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Look { content: Content::Missing, seen: None };
        }
        Err(error) => {
            return Look { content: broken("cannot be reached", &error, false), seen: None };
        }
        Ok(is_link) => is_link,
    };
    let open = match owner {
        Owner::Us => platform::open_and_look(path),
        Owner::Others => platform::open_and_look_at_linked(path),
    };
    let (mut seen, mut bytes) = (None, Vec::new());
    let read = open.and_then(|(file, metadata)| {
        seen = Some(FileMetadata::of(&metadata));
        read_whole(file, &metadata, &mut bytes).map(|()| metadata)
    });
    let content = match read {
        Err(error) => broken("cannot be read", &error, is_link),
        Ok(metadata) => match platform::could_be_anothers(&metadata) {
            Some(what) if owner == Owner::Us => Content::Broken(Problem::new(0, what)),
            _ => text(bytes),
        },
    };
    // What could not be opened is recognised by its look alone.
    Look { content, seen: seen.or_else(|| FileMetadata::at(path, owner)) }
}

/// The same for a file of others whose silence would let something be collected: a file
/// that says nothing and was changed, emptied or removed a moment ago may be in
/// the middle of being written. It is looked at again, for six milliseconds at
/// most, and believed when it stays as it is. `is_silent` tells whether a text
/// says nothing.
pub(crate) fn read_twice(path: &Path, is_silent: impl Fn(&str) -> bool) -> Look {
    let mut look = read(path, Owner::Others);
    let mut unchanged = 0;
    for _ in 0..6 {
        let young = may_be_unfinished(path, &look, &is_silent);
        // No file, or an empty one, says too little to be believed at once.
        let says_much = matches!(&look.content, Content::Text(text) if !text.trim().is_empty());
        if !young || (unchanged >= 3 && says_much) {
            return look;
        }
        std::thread::sleep(Duration::from_millis(1));
        let again = read(path, Owner::Others);
        unchanged = if again.content == look.content { unchanged + 1 } else { 0 };
        look = again;
    }
    if is_empty(&look.content) && may_be_unfinished(path, &look, &is_silent) {
        look.content = Content::Broken(Problem::passing("was emptied a moment ago"));
    }
    look
}

fn is_empty(content: &Content) -> bool {
    matches!(content, Content::Text(text) if text.trim().is_empty())
}

/// Whether somebody may be writing the file right now.
fn may_be_unfinished(path: &Path, look: &Look, is_silent: &impl Fn(&str) -> bool) -> bool {
    let (time, limit) = match (&look.content, &look.seen) {
        (content, Some(seen)) if is_empty(content) => (seen.modified, EMPTIED),
        (Content::Text(text), Some(seen)) if is_silent(text) => (seen.modified, FRESH),
        (Content::Missing, _) => {
            let folder = path.parent().and_then(|folder| fs::metadata(folder).ok());
            (folder.and_then(|folder| folder.modified().ok()), FRESH)
        }
        (Content::Broken(problem), _) => return problem.passing,
        _ => return false,
    };
    age(time).is_some_and(|age| age < limit)
}

/// How far a time is from now, on either side: the clock of a file server is
/// not ours.
fn age(time: Option<SystemTime>) -> Option<Duration> {
    let age = SystemTime::now().duration_since(time?);
    Some(age.unwrap_or_else(|ahead| ahead.duration()))
}

fn read_whole(file: File, metadata: &Metadata, bytes: &mut Vec<u8>) -> io::Result<()> {
    let size = usize::try_from(metadata.len().min(LIMIT)).unwrap_or(0);
    bytes.reserve(size.saturating_add(32));
    file.take(LIMIT + 1).read_to_end(bytes).map(drop)
}

fn text(bytes: Vec<u8>) -> Content {
    if bytes.len() as u64 > LIMIT {
        return Content::Broken(Problem::new(0, format!("is larger than {LIMIT} bytes")));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Content::Text(text),
        Err(_) => Content::Broken(Problem::of_cut_off(0, "is not UTF-8 text")),
    }
}

fn broken(what: &str, error: &io::Error, is_link: bool) -> Content {
    // The kind has fixed words; an error's own text could hold anything.
    let mut problem = Problem::new(0, format!("{what} ({})", error.kind()));
    // A file that was there a moment ago is being replaced; a link to nowhere
    // stays one.
    let just_gone = error.kind() == io::ErrorKind::NotFound && !is_link;
    problem.passing = just_gone || platform::may_pass(error);
    problem.no_folder = error.kind() == io::ErrorKind::NotADirectory;
    Content::Broken(problem)
}
