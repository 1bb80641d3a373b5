//! The texts that are compiled into an executable.
//!
//! It owns finding read-only data in a file and the printable runs in it. It
//! must never know what becomes of a run.

use std::ops::Range;

/// Shorter runs are by far more often code and tables than words.
const SHORTEST_RUN: usize = 4;

/// Where read-only data lies. Of a file that is no ELF file of 64 bits, or
/// whose sections were stripped, all of it: that finds more words, never fewer.
pub(super) fn read_only(file: &[u8]) -> Vec<Range<usize>> {
    let sections = sections(file).unwrap_or_default();
    if sections.is_empty() { std::iter::once(0..file.len()).collect() } else { sections }
}

/// A section's kind and flags, as the ELF standard numbers them.
const PROGRAM_DATA: u64 = 1;
const LOADED: u64 = 2;
const WRITTEN_OR_RUN: u64 = 1 | 4;

/// | field | at | bytes |
/// |---|---|---|
/// | magic, class 2, little endian | 0 | 6 |
/// | offset of the section headers | 0x28 | 8 |
/// | bytes of a header | 0x3a | 2 |
/// | number of headers | 0x3c | 2 |
/// | in a header: kind, flags | 4, 8 | 4, 8 |
/// | in a header: offset, length in the file | 0x18, 0x20 | 8, 8 |
fn sections(file: &[u8]) -> Option<Vec<Range<usize>>> {
    if !file.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let (start, size, count) =
        (number(file, 0x28, 8)?, number(file, 0x3a, 2)?, number(file, 0x3c, 2)?);
    let mut found = Vec::new();
    for index in 0..count {
        let header = usize::try_from(start.checked_add(index.checked_mul(size)?)?).ok()?;
        let field = |at: usize, bytes| number(file, header.checked_add(at)?, bytes);
        let (kind, flags) = (field(4, 4)?, field(8, 8)?);
        if kind != PROGRAM_DATA || flags & LOADED == 0 || flags & WRITTEN_OR_RUN != 0 {
            continue;
        }
        let (from, length) =
            (usize::try_from(field(0x18, 8)?).ok()?, usize::try_from(field(0x20, 8)?).ok()?);
        let range = from..from.checked_add(length)?;
        file.get(range.clone())?;
        found.push(range);
    }
    Some(found)
}

fn number(file: &[u8], at: usize, bytes: usize) -> Option<u64> {
    let bytes = file.get(at..at.checked_add(bytes)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Calls `each` with every printable run of `data`.
pub(super) fn runs<'d>(data: &'d [u8], mut each: impl FnMut(&'d str)) {
    let mut start = 0;
    for (at, byte) in data.iter().enumerate() {
        if !printable(*byte) {
            hand_on(data.get(start..at), &mut each);
            start = at + 1;
        }
    }
    hand_on(data.get(start..), &mut each);
}

fn hand_on<'d>(run: Option<&'d [u8]>, each: &mut impl FnMut(&'d str)) {
    let Some(run) = run.filter(|run| run.len() >= SHORTEST_RUN) else { return };
    // What is no UTF-8 is no text, but can stand directly beside one.
    for chunk in run.utf8_chunks() {
        if chunk.valid().len() >= SHORTEST_RUN {
            each(chunk.valid());
        }
    }
}

fn printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | 0x80..)
}
