//! The bytes of names and simple values.
//!
//! It owns how each of them looks in JSON, and the room that it is written to.
//! It must never know where a value comes from.
//!
//! The room is zeros behind what is written, so that most of what is written
//! has a length that the compiler knows, and is cut off by what comes behind it.

use crate::pseudonym::format;
use crate::schema::JsonKey;
use crate::words;

/// Where in the output the next byte goes.
pub(super) type End = usize;

/// Room for most events, made once for each.
const USUAL: usize = 256;

/// What is written in one piece has at most so many bytes.
const PIECE: usize = 32;

/// A pseudonym in quotes, with its digits to come.
const PSEUDONYM: &[u8; 37] = b"\"h1_00000000000000000000000000000000\"";
const _: () = assert!(matches!(format::PREFIX.as_bytes(), b"h1_"));
const _: () = assert!(PSEUDONYM.len() == 1 + format::PREFIX.len() + format::DIGITS + 1);

/// Makes room for an event.
#[inline]
pub(super) fn begin(out: &mut Vec<u8>) {
    out.reserve(USUAL);
    for _ in 0..USUAL / PIECE {
        out.extend_from_slice(&[0; PIECE]);
    }
}

/// Closes the object that began at `start`.
#[inline]
pub(super) fn finish(out: &mut Vec<u8>, start: End, end: End) {
    // Every field begins with a comma; the object begins where the first one is.
    let end = if end == start { byte(out, end, b'{') } else { end };
    if let Some(comma) = out.get_mut(start) {
        *comma = b'{';
    }
    let end = byte(out, end, b'}');
    out.truncate(end);
}

/// The place of `N` bytes from `end` on.
#[inline(always)]
fn room<const N: usize>(out: &mut Vec<u8>, end: End) -> Option<&mut [u8; N]> {
    if out.len().checked_sub(end).is_none_or(|room| room < N) {
        grow(out, end, N);
    }
    out.get_mut(end..)?.first_chunk_mut()
}

#[cold]
#[inline(never)]
fn grow(out: &mut Vec<u8>, end: End, bytes: usize) {
    out.resize(end + bytes + USUAL, 0);
}

/// Writes a piece of which `length` bytes count.
#[inline(always)]
fn piece<const N: usize>(out: &mut Vec<u8>, end: End, bytes: &[u8; N], length: usize) -> End {
    if let Some(place) = room(out, end) {
        *place = *bytes;
    }
    end + length
}

#[inline(always)]
fn byte(out: &mut Vec<u8>, end: End, byte: u8) -> End {
    piece(out, end, &[byte], 1)
}

/// Writes any number of bytes.
fn bytes(out: &mut Vec<u8>, end: End, bytes: &[u8]) -> End {
    out.truncate(end);
    out.extend_from_slice(bytes);
    out.len()
}

/// Writes the name of a field, with what stands before and behind it.
#[inline(always)]
pub(super) fn key(out: &mut Vec<u8>, end: End, key: &JsonKey) -> End {
    match key.piece() {
        Some(padded) => piece(out, end, padded, key.text().len()),
        None => bytes(out, end, key.text().as_bytes()),
    }
}

/// Writes a pseudonym without its digits, and says where those go.
#[inline]
pub(super) fn pseudonym(out: &mut Vec<u8>, end: End) -> (End, usize) {
    let digits = end + 1 + format::PREFIX.len();
    (piece(out, end, PSEUDONYM, PSEUDONYM.len()), digits)
}

#[inline]
pub(super) fn boolean(out: &mut Vec<u8>, end: End, value: bool) -> End {
    match value {
        true => piece(out, end, b"true", 4),
        false => piece(out, end, b"false", 5),
    }
}

#[inline(never)]
pub(super) fn unsigned(out: &mut Vec<u8>, end: End, integer: u64) -> End {
    match u8::try_from(integer) {
        // Most counts are.
        Ok(digit @ 0..10) => byte(out, end, b'0' + digit),
        _ => digits(out, end, itoa::Buffer::new().format(integer)),
    }
}

#[inline(never)]
pub(super) fn signed(out: &mut Vec<u8>, end: End, integer: i64) -> End {
    match u64::try_from(integer) {
        Ok(integer) => unsigned(out, end, integer),
        Err(_) => digits(out, end, itoa::Buffer::new().format(integer)),
    }
}

#[inline]
fn digits(out: &mut Vec<u8>, end: End, digits: &str) -> End {
    if let Some(place) = room::<PIECE>(out, end) {
        // An integer of 64 bits has at most 20 digits.
        let _ = words::copy(digits.as_bytes(), place);
    }
    end + digits.len()
}

/// Writes `text` in quotes, escaped where it must be.
#[inline(never)]
pub(super) fn text(out: &mut Vec<u8>, end: End, text: &str) -> End {
    match is_short_and_plain(text.as_bytes()) {
        true => short_text(out, end, text.as_bytes()),
        false => longer_text(out, end, text),
    }
}

/// Writes a text in quotes in which nothing must be escaped.
#[inline(never)]
pub(super) fn plain_text(out: &mut Vec<u8>, end: End, text: &str) -> End {
    if text.len() > PIECE - 2 {
        return long_plain_text(out, end, text.as_bytes());
    }
    short_text(out, end, text.as_bytes())
}

/// The same of one that fits into a piece with its quotes.
#[inline(always)]
fn short_text(out: &mut Vec<u8>, end: End, text: &[u8]) -> End {
    if let Some([quote, place @ ..]) = room::<PIECE>(out, end) {
        *quote = b'"';
        let _ = words::copy(text, place);
        if let Some(quote) = place.get_mut(text.len()) {
            *quote = b'"';
        }
    }
    end + text.len() + 2
}

fn long_plain_text(out: &mut Vec<u8>, end: End, text: &[u8]) -> End {
    let end = byte(out, end, b'"');
    let end = bytes(out, end, text);
    byte(out, end, b'"')
}

fn longer_text(out: &mut Vec<u8>, end: End, text: &str) -> End {
    if is_plain(text.as_bytes()) {
        return long_plain_text(out, end, text.as_bytes());
    }
    out.truncate(end);
    // Writing a text to memory cannot fail.
    let _ = serde_json::to_writer(&mut *out, text);
    out.len()
}

/// Whether a text of at most 16 bytes needs no escape; of a longer one, false.
/// By its two ends, which overlap.
#[inline(always)]
fn is_short_and_plain(text: &[u8]) -> bool {
    let half = |half: Option<&[u8; 8]>| half.map_or(0, |half| u64::from_le_bytes(*half));
    let quarter = |part: Option<&[u8; 4]>| part.map_or(0, |part| u32::from_le_bytes(*part));
    match text.len() {
        0..4 => text.iter().all(|byte| suspicious(u64::from(*byte) | (ONES * 0x20) << 8) == 0),
        4..8 => {
            let ends = (quarter(text.first_chunk()), quarter(text.last_chunk()));
            suspicious(u64::from(ends.0) | u64::from(ends.1) << 32) == 0
        }
        8..=16 => {
            let ends = (half(text.first_chunk()), half(text.last_chunk()));
            suspicious(ends.0) | suspicious(ends.1) == 0
        }
        _ => false,
    }
}

/// Whether nothing in a text must be escaped (RFC 8259, section 7): no quote,
/// no backslash, nothing below a space. Eight bytes at a time.
fn is_plain(text: &[u8]) -> bool {
    let (words, rest) = text.as_chunks();
    let found = words.iter().fold(0, |found, word| found | suspicious(u64::from_le_bytes(*word)));
    found == 0 && is_short_and_plain(rest)
}

/// One in each byte.
const ONES: u64 = u64::MAX / 255;

/// Not zero if one of the bytes must be escaped; hardly ever when none must.
#[inline(always)]
fn suspicious(word: u64) -> u64 {
    const HIGH: u64 = ONES << 7;
    // A byte is below n (at most 128) where its high bit is off and taking n
    // away borrows; equal to n where it is so after an exclusive or with n, for
    // n = 1. What a borrow does to the next byte can only be a false alarm.
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word;
    let equal = |n: u8| below(word ^ (ONES * u64::from(n)), 1);
    (below(word, 0x20) | equal(b'"') | equal(b'\\')) & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written behind `before` bytes, so that the room ends anywhere.
    fn written(before: usize, write: impl FnOnce(&mut Vec<u8>, End) -> End) -> Vec<u8> {
        let mut out = Vec::new();
        begin(&mut out);
        out.resize(before.max(USUAL), b'x');
        let end = write(&mut out, before);
        assert!(end <= out.len(), "{end} of {}", out.len());
        out[before..end].to_vec()
    }

    #[test]
    fn texts_of_every_length_are_what_serde_json_writes() {
        for length in 0..70 {
            for special in ["", "\"", "\\", "\u{0}", "\u{1f}", " ", "!", "\u{7f}", "é", "\u{2028}"]
            {
                for at in 0..=length {
                    let text = "a".repeat(at) + special + &"b".repeat(length - at);
                    let json = serde_json::to_vec(&text).unwrap();
                    for before in [0, USUAL - 33, USUAL - 1, USUAL, USUAL + 40] {
                        assert_eq!(written(before, |out, end| super::text(out, end, &text)), json);
                    }
                }
            }
            let text = "c".repeat(length);
            let json = serde_json::to_vec(&text).unwrap();
            for before in [0, USUAL - 3, USUAL] {
                assert_eq!(written(before, |out, end| plain_text(out, end, &text)), json);
            }
        }
    }

    #[test]
    fn numbers_are_what_serde_json_writes() {
        let unsigned_ones = (0..64).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit]);
        for number in unsigned_ones.chain([9, 10, 99, 100, u64::MAX]) {
            let json = serde_json::to_vec(&number).unwrap();
            assert_eq!(written(USUAL, |out, end| unsigned(out, end, number)), json);
            let number = number.cast_signed();
            for number in [number, number.wrapping_neg()] {
                let json = serde_json::to_vec(&number).unwrap();
                assert_eq!(written(3, |out, end| signed(out, end, number)), json);
            }
        }
    }
}
