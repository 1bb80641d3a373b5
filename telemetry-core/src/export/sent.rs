//! What was sent, byte for byte: the file `sent.ndjson` in the telemetry folder.
//!
//! A line is written *before* its request starts, so that nothing leaves that
//! is not in it; the status is put into the line when the answer comes. When
//! nothing can have reached the receiver, the line is taken back. One JSON
//! object and a line feed, its keys in this order:
//!
//! | key | value |
//! |---|---|
//! | `status` | four bytes: a space and the status of the answer, or `null` when there was none |
//! | `time` | when it was sent, RFC 3339, UTC, milliseconds |
//! | `to` | the receiver: scheme, host, port |
//! | `batch` | the batch's id |
//! | `type` | the media type of the body |
//! | `body` | the body before compression, as text; or |
//! | `base64` | the body before compression in base64, when it is not UTF-8 |
//!
//! The file keeps to a cap: the oldest lines go first. The newest is kept
//! whole, even alone over the cap.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::Request;
use crate::error::Error;
use crate::platform;

/// The file's name in the telemetry folder.
const FILE: &str = "sent.ndjson";

/// Enough for some months of a program that sends a few kilobytes a day, and
/// small enough that nobody minds it on a phone-sized disk.
pub(super) const DEFAULT_CAP: u64 = 1024 * 1024;

/// Where the status stands in a line: after `{"status":`.
const STATUS_AT: u64 = 10;

/// One request that left.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// The status of the answer; `None` when there was none.
    pub status: Option<u16>,
    /// When it was sent, RFC 3339, UTC, milliseconds.
    pub time: String,
    /// The receiver: scheme, host and port.
    pub to: String,
    /// The batch's id.
    pub batch: String,
    /// The media type of the body.
    pub content_type: String,
    /// The body, before compression.
    pub body: Vec<u8>,
    /// The line as it is stored, without the line feed.
    pub raw: Vec<u8>,
}

/// Everything that the log holds, oldest first, one request in memory at a time.
/// A line that cannot be read, such as one that a killed process left half
/// written, is passed by: its request had not started.
///
/// `dir` is the telemetry folder. Without a log there is nothing.
///
/// # Errors
///
/// The file is there and cannot be opened, or others can read it. That reading
/// fails in the middle is an item.
pub fn each(dir: &Path) -> Result<SentLines, Error> {
    let path = dir.join(FILE);
    let file = platform::open_private(&path)?.map(BufReader::new);
    Ok(SentLines { path, file })
}

/// The same, all at once.
///
/// # Errors
///
/// The file is there and cannot be read, or others can read it.
pub fn read(dir: &Path) -> Result<Vec<Sent>, Error> {
    each(dir)?.collect()
}

/// The iterator of [`each`].
#[derive(Debug)]
pub struct SentLines {
    path: PathBuf,
    file: Option<BufReader<File>>,
}

impl Iterator for SentLines {
    type Item = Result<Sent, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        loop {
            line.clear();
            match self.file.as_mut()?.read_until(b'\n', &mut line) {
                Ok(0) => return None,
                Ok(_) => {
                    line.pop_if(|last| *last == b'\n');
                    if let Some(sent) = parse(&line) {
                        return Some(Ok(sent));
                    }
                }
                Err(error) => {
                    self.file = None;
                    return Some(Err(Error::io("read", &self.path, error)));
                }
            }
        }
    }
}

/// Removes the log.
///
/// # Errors
///
/// The file is there and cannot be removed.
pub fn erase(dir: &Path) -> Result<(), Error> {
    let path = dir.join(FILE);
    match fs::remove_file(&path) {
        Ok(()) => platform::sync_parent(&path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("remove", &path, error)),
    }
}

fn parse(raw: &[u8]) -> Option<Sent> {
    let line: Value = serde_json::from_slice(raw).ok()?;
    let text = |key: &str| line.get(key).and_then(Value::as_str);
    let body = match text("body") {
        Some(body) => body.as_bytes().to_vec(),
        None => BASE64_STANDARD.decode(text("base64")?).ok()?,
    };
    Some(Sent {
        status: line.get("status")?.as_u64().and_then(|status| status.try_into().ok()),
        time: text("time")?.to_owned(),
        to: text("to")?.to_owned(),
        batch: text("batch")?.to_owned(),
        content_type: text("type")?.to_owned(),
        body,
        raw: raw.to_vec(),
    })
}

/// The line of a request without an answer. Its keys stand in a fixed order,
/// so that the status can be found.
fn render(request: &Request, to: &str, time: &str) -> Vec<u8> {
    let quoted = |text: &str| Value::from(text).to_string();
    let (key, body) = match std::str::from_utf8(&request.body) {
        Ok(text) => ("body", quoted(text)),
        Err(_) => ("base64", quoted(&BASE64_STANDARD.encode(&request.body))),
    };
    let (time, to, batch) = (quoted(time), quoted(to), quoted(&request.batch));
    let kind = quoted(request.content_type);
    format!(
        "{{\"status\":null,\"time\":{time},\"to\":{to},\"batch\":{batch},\
         \"type\":{kind},\"{key}\":{body}}}\n"
    )
    .into_bytes()
}

/// The log, open for writing. Only who holds the delivery lock has one.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    file: File,
    length: u64,
    cap: u64,
}

/// A line whose answer is not there yet.
#[derive(Debug)]
#[must_use]
pub(super) struct UnansweredLine {
    at: u64,
}

impl Log {
    /// Opens the log, and cuts what a killed process left of a line.
    pub(super) fn open(dir: &Path, cap: u64) -> Result<Self, Error> {
        let path = dir.join(FILE);
        let open = || -> io::Result<(File, u64)> {
            let mut options = platform::private_options();
            // Not `append`: the status is written into a line that stands.
            let file = options.read(true).write(true).create(true).truncate(false).open(&path)?;
            if !file.metadata()?.is_file() {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
            }
            let length = whole_lines(&file)?;
            file.set_len(length)?;
            Ok((file, length))
        };
        let (file, length) = open().map_err(|error| Error::io("open", &path, error))?;
        Ok(Self { path, file, length, cap })
    }

    /// Writes down that `request` is about to be sent.
    pub(super) fn start(
        &mut self,
        request: &Request,
        to: &str,
        time: &str,
    ) -> Result<UnansweredLine, Error> {
        let line = render(request, to, time);
        let bytes = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if self.length > 0 && self.length.saturating_add(bytes) > self.cap {
            self.cut(bytes)?;
        }
        let at = self.length;
        let write = |file: &mut File| -> io::Result<()> {
            platform::check_room(at.saturating_add(bytes))?;
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&line)?;
            file.sync_data()
        };
        if let Err(error) = write(&mut self.file) {
            let _ = self.file.set_len(at);
            return Err(Error::io("write", &self.path, error));
        }
        self.length += bytes;
        Ok(UnansweredLine { at })
    }

    /// The answer came.
    pub(super) fn answered(&mut self, entry: UnansweredLine, status: u16) -> Result<(), Error> {
        let mut write = || -> io::Result<()> {
            self.file.seek(SeekFrom::Start(entry.at + STATUS_AT))?;
            self.file.write_all(format!("{:>4}", status.min(999)).as_bytes())
        };
        write().map_err(|error| Error::io("write", &self.path, error))
    }

    /// Nothing of it can have left.
    pub(super) fn take_back(&mut self, entry: UnansweredLine) -> Result<(), Error> {
        self.file.set_len(entry.at).map_err(|error| Error::io("cut", &self.path, error))?;
        self.length = entry.at;
        Ok(())
    }

    /// Makes room for `bytes` more. The oldest lines go, and a quarter of the
    /// cap with them, so that not every line rewrites the file.
    ///
    /// The new file is in place before it is on the disk: the one sync of the line
    /// that comes next, in the same file, writes its content and its name. Only
    /// a power cut between the two can cost the older lines.
    fn cut(&mut self, bytes: u64) -> Result<(), Error> {
        let room = (self.cap / 4 * 3).saturating_sub(bytes);
        let surplus = self.length.saturating_sub(room);
        let read = || -> io::Result<Vec<u8>> {
            let mut reader = BufReader::new(&self.file);
            reader.seek(SeekFrom::Start(surplus.saturating_sub(1)))?;
            // The rest of the line that the surplus ends in goes as well.
            reader.skip_until(b'\n')?;
            let mut kept = Vec::new();
            reader.read_to_end(&mut kept)?;
            Ok(kept)
        };
        let kept = read().map_err(|error| Error::io("read", &self.path, error))?;
        platform::replace(&self.path, &kept)?;
        let mut options = platform::private_options();
        self.file = options
            .read(true)
            .write(true)
            .open(&self.path)
            .map_err(|error| Error::io("open", &self.path, error))?;
        self.length = u64::try_from(kept.len()).unwrap_or(u64::MAX);
        Ok(())
    }
}

/// The length of the file up to its last line feed.
fn whole_lines(mut file: &File) -> io::Result<u64> {
    const STEP: u64 = 64 * 1024;
    let mut end = file.metadata()?.len();
    while end > 0 {
        let start = end.saturating_sub(STEP);
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.take(end - start).read_to_end(&mut bytes)?;
        if let Some(place) = bytes.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + u64::try_from(place).unwrap_or(0) + 1);
        }
        end = start;
    }
    Ok(0)
}
