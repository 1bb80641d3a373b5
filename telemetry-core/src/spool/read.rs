//! Reading what is stored, while others write it.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::{Map, Value};

use super::lines::{LineKind, Lines, MAX_LINE, SegmentLine};
use super::names::{self, SegmentFile};
use crate::envelope::{self, Envelope, Malformed};
use crate::error::Error;
use crate::platform;

/// Where a line stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePosition {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1; 0 stands for the whole file.
    pub line: u64,
    pub(super) offset: u64,
    pub(super) length: u64,
}

impl fmt::Display for LinePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.path.display()),
            line => write!(f, "{}:{line}", self.path.display()),
        }
    }
}

/// One stored event.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Stored {
    /// The event's id, by which a receiver can drop a duplicate.
    pub id: String,
    /// When it was recorded: RFC 3339, UTC.
    pub time: String,
    /// The event's name.
    pub event: String,
    /// The schema version.
    pub version: u64,
    /// The event's purpose.
    pub purpose: String,
    /// The installation id, if there is one.
    pub installation: Option<String>,
    /// The generation of the purpose when it was recorded: an event of an
    /// earlier generation than the one that holds now is never sent. See
    /// [`Cutoff`](crate::consent::Cutoff).
    pub generation: u64,
    /// Whether the program ran in a container: who counts installations may
    /// want to leave those out.
    pub container: bool,
    /// The sanitised fields; empty in a line of counts.
    pub fields: Map<String, Value>,
    /// Of a line of counts, the period: `run`, `hour`, `day` or `week`, which
    /// began at [`time`](Self::time).
    pub period: Option<String>,
    /// Of a line of counts, one object for each form that occurred.
    pub counts: Vec<Value>,
    /// The line as it is stored, without the line feed.
    pub raw: Vec<u8>,
    /// Where it stands.
    pub place: LinePosition,
}

impl Stored {
    /// When it was recorded, if the stored time can be understood.
    pub fn recorded(&self) -> Option<SystemTime> {
        envelope::time_of(&self.time)
    }

    fn parse(raw: &[u8], place: &LinePosition) -> Result<Self, Defect> {
        let Envelope {
            id,
            time,
            event,
            version,
            purpose,
            generation,
            installation,
            container,
            fields,
            period,
            counts,
        } = envelope::parse(raw)?;
        let (raw, place) = (raw.to_vec(), place.clone());
        Ok(Self {
            id,
            time,
            event,
            version,
            purpose,
            generation,
            installation,
            container,
            fields,
            period,
            counts,
            raw,
            place,
        })
    }
}

/// A line, or a whole file, that cannot be read. The message names the place
/// and the reason, never the content.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unreadable {
    /// Where it stands.
    pub place: LinePosition,
    /// What is wrong with it.
    pub defect: Defect,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.defect)
    }
}

impl std::error::Error for Unreadable {}

/// What is wrong with a line or a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Defect {
    /// The bytes are not UTF-8.
    NotUtf8,
    /// The text is not a JSON object.
    NotJson,
    /// The object lacks what every event has.
    NotAnEvent,
    /// The line is longer than [`MAX_LINE`].
    TooLong,
    /// The file ends before the line does.
    Torn,
    /// The file cannot be opened: it is a symbolic link or a folder, or it may
    /// not be read.
    NotOpened(io::ErrorKind),
    /// The operating system failed in the middle of the file.
    ReadFailed(io::ErrorKind),
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 => f.write_str("not UTF-8"),
            Self::NotJson => f.write_str("not a JSON object"),
            Self::NotAnEvent => f.write_str("not a stored event"),
            Self::TooLong => write!(f, "longer than {MAX_LINE} bytes"),
            Self::Torn => f.write_str("ends in the middle of a line"),
            Self::NotOpened(kind) => write!(f, "could not be opened ({kind})"),
            Self::ReadFailed(kind) => write!(f, "could not be read ({kind})"),
        }
    }
}

impl From<Malformed> for Defect {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::NotUtf8 => Self::NotUtf8,
            Malformed::NotJson => Self::NotJson,
            Malformed::NotAnEvent => Self::NotAnEvent,
        }
    }
}

/// Every stored event: of complete segments in the order in which they were
/// sealed, then of those that are being written. What cannot be read is an
/// item too, and does not end the reading.
///
/// # Errors
///
/// When a folder of the spool exists and cannot be listed.
pub fn read(dir: &Path) -> Result<StoredEvents, Error> {
    // A segment is sealed by a rename. Listed in this order, one that moves in
    // between is seen in both places, never in none.
    let active = names::active_by_time(dir)?;
    let sealed = names::sealed(dir)?;
    let seen: BTreeSet<String> = sealed.iter().map(|file| file.segment.clone()).collect();
    let mut files: VecDeque<_> = sealed.into_iter().map(|file| (file, true)).collect();
    files.extend(active.into_iter().filter(|f| !seen.contains(&f.segment)).map(|f| (f, false)));
    Ok(StoredEvents { dir: dir.to_owned(), files, events: None })
}

/// The iterator of [`read`].
#[derive(Debug)]
pub struct StoredEvents {
    dir: PathBuf,
    files: VecDeque<(SegmentFile, bool)>,
    events: Option<Events>,
}

impl StoredEvents {
    fn open(&self, file: SegmentFile, sealed: bool) -> Result<Option<Events>, Unreadable> {
        match platform::open_regular(&file.path) {
            Ok(open) => Ok(Some(Events::new(open, file.path, sealed))),
            // Delivered, or sealed since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !sealed => {
                match names::find_sealed(&self.dir, &file.segment) {
                    Ok(Some(file)) => self.open(file, true),
                    _ => Ok(None),
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(whole_file(&file.path, Defect::NotOpened(error.kind()))),
        }
    }
}

impl Iterator for StoredEvents {
    type Item = Result<Stored, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.events.as_mut().and_then(Iterator::next) {
                return Some(item);
            }
            let (file, sealed) = self.files.pop_front()?;
            match self.open(file, sealed) {
                Ok(events) => self.events = events,
                Err(unreadable) => return Some(Err(unreadable)),
            }
        }
    }
}

fn whole_file(path: &Path, defect: Defect) -> Unreadable {
    Unreadable {
        place: LinePosition { path: path.to_owned(), line: 0, offset: 0, length: 0 },
        defect,
    }
}

/// The events of one segment.
#[derive(Debug)]
pub struct Events {
    lines: Option<Lines>,
    path: PathBuf,
    complete: bool,
}

impl Events {
    /// `complete`: nobody writes the file, so that a last line without a line
    /// feed is torn, and not only unfinished.
    pub(super) fn new(file: File, path: PathBuf, complete: bool) -> Self {
        Self { lines: Some(Lines::new(file)), path, complete }
    }

    fn item(&self, line: SegmentLine, bytes: &[u8]) -> Option<Result<Stored, Unreadable>> {
        let place = LinePosition {
            path: self.path.clone(),
            line: line.number,
            offset: line.offset,
            length: line.length,
        };
        let defect = match line.kind {
            LineKind::Blank => return None,
            LineKind::Torn if !self.complete => return None,
            LineKind::Torn => Defect::Torn,
            LineKind::TooLong => Defect::TooLong,
            LineKind::Whole => match Stored::parse(bytes, &place) {
                Ok(stored) => return Some(Ok(stored)),
                Err(defect) => defect,
            },
        };
        Some(Err(Unreadable { place, defect }))
    }
}

impl Iterator for Events {
    type Item = Result<Stored, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let lines = self.lines.as_mut()?;
            match lines.next() {
                Ok(Some(line)) => {
                    let lines = self.lines.as_ref()?;
                    if let Some(item) = self.item(line, lines.bytes()) {
                        return Some(item);
                    }
                }
                Ok(None) => self.lines = None,
                Err(error) => {
                    self.lines = None;
                    return Some(Err(whole_file(&self.path, Defect::ReadFailed(error.kind()))));
                }
            }
        }
    }
}
