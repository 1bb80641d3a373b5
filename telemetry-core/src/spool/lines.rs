//! Reading a segment line by line, with a bound on memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader};

use crate::platform;

/// The longest line that is written or read, in bytes, line feed included.
/// Receivers take events of up to 32 KiB (Segment's limit); twice that leaves
/// room for the envelope, and keeps the one write of a line small.
pub const MAX_LINE: usize = 64 * 1024;

/// One line of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentLine {
    /// Bytes from the start of the file.
    pub(super) offset: u64,
    /// Bytes without the line feed.
    pub(super) length: u64,
    /// From 1.
    pub(super) number: u64,
    pub(super) kind: LineKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineKind {
    /// Can be an event.
    Whole,
    /// Was taken out: its first byte is a space. Or it is empty.
    Blank,
    /// Does not fit [`MAX_LINE`]; its bytes were passed over.
    TooLong,
    /// The file ends before the line does.
    Torn,
}

/// The lines of a file. A line of any length costs at most [`MAX_LINE`] bytes
/// of memory.
#[derive(Debug)]
pub(super) struct Lines {
    reader: BufReader<File>,
    offset: u64,
    number: u64,
    buffer: Vec<u8>,
}

impl Lines {
    pub(super) fn new(file: File) -> Self {
        Self {
            reader: BufReader::with_capacity(32 * 1024, file),
            offset: 0,
            number: 0,
            buffer: Vec::new(),
        }
    }

    /// The next line; its bytes are in [`bytes`](Self::bytes), cut if too long.
    pub(super) fn next(&mut self) -> io::Result<Option<SegmentLine>> {
        self.buffer.clear();
        let (mut length, mut ended) = (0_u64, false);
        while !ended {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                break;
            }
            let end = line_feed(available);
            let taken = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            let room = (MAX_LINE - 1).saturating_sub(self.buffer.len());
            self.buffer.extend_from_slice(taken.get(..taken.len().min(room)).unwrap_or_default());
            length += taken.len() as u64;
            ended = end.is_some();
            let used = taken.len() + usize::from(ended);
            self.reader.consume(used);
        }
        if length == 0 && !ended {
            return Ok(None);
        }
        self.number += 1;
        let line = SegmentLine {
            offset: self.offset,
            length,
            number: self.number,
            kind: self.kind(length, ended),
        };
        self.offset += length + u64::from(ended);
        Ok(Some(line))
    }

    fn kind(&self, length: u64, ended: bool) -> LineKind {
        if matches!(self.buffer.first(), None | Some(b' ')) && ended {
            LineKind::Blank
        } else if !ended {
            LineKind::Torn
        } else if length >= MAX_LINE as u64 {
            LineKind::TooLong
        } else {
            LineKind::Whole
        }
    }

    /// The bytes of the line that was read last, without the line feed.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer
    }
}

/// The first line feed. Block by block, because `contains` compares several
/// bytes at once and `position` does not.
fn line_feed(bytes: &[u8]) -> Option<usize> {
    const BLOCK: usize = 256;
    let (index, block) =
        bytes.chunks(BLOCK).enumerate().find(|(_, block)| block.contains(&b'\n'))?;
    let place = block.iter().position(|byte| *byte == b'\n')?;
    Some(index * BLOCK + place)
}

/// Overwrites lines with spaces, where they stand.
///
/// Lines that are complete never move and are never written again, so that
/// this cannot collide with a process that appends to the same file, with its
/// sealing, or with somebody else who takes out lines: no lock is needed. A
/// line's first byte goes first: whoever is killed in between leaves a line that
/// every reader passes over, and that the next erasing finishes.
///
/// The file is marked before its first line goes: from then on its name does
/// not tell how many events it holds.
pub(super) struct Blanks<'f> {
    file: &'f File,
    marked: bool,
    /// Neighbouring lines, to be written at once, from this byte on.
    from: u64,
    run: Vec<u8>,
}

/// How much is overwritten by one write.
const RUN: usize = 64 * 1024;

impl<'f> Blanks<'f> {
    pub(super) fn new(file: &'f File) -> Self {
        Self { file, marked: false, from: 0, run: Vec::new() }
    }

    /// Overwrites the line of `length` bytes at `offset`; its line feed stays.
    pub(super) fn add(&mut self, offset: u64, length: u64) -> io::Result<()> {
        if !self.run.is_empty() {
            if self.from + self.run.len() as u64 + 1 == offset {
                self.run.push(b'\n');
            } else {
                self.flush()?;
            }
        }
        if self.run.is_empty() {
            self.from = offset;
        }
        let mut left = length;
        while left > 0 {
            let now = usize::try_from(left).unwrap_or(usize::MAX).min(RUN);
            self.run.resize(self.run.len() + now, b' ');
            left -= now as u64;
            if self.run.len() >= RUN {
                let end = self.from + self.run.len() as u64;
                self.flush()?;
                self.from = end;
            }
        }
        Ok(())
    }

    /// Writes what is left.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.run.is_empty() {
            return Ok(());
        }
        if !self.marked {
            platform::mark(self.file)?;
            self.marked = true;
        }
        platform::write_all_at(self.file, &self.run, self.from)?;
        self.run.clear();
        Ok(())
    }
}
