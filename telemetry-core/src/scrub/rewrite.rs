//! What is written in the place of finds.
//!
//! It owns the tokens, and which lines of a text are scrubbed again once they
//! are in it. It must never know how anything is found.

use std::ops::Range;
use std::slice::from_ref;

use super::engine::Pass;
use super::find::{Span, Spans};
use super::labels::PSEUDONYM_DIGITS;
use super::rules::Rule;
use super::shared::Shared;
use crate::pseudonym::{KeyScope, KeySlot};

/// A token beside a text can make a find of it: in `--password ::fe80::1jane`
/// the value is none until its beginning is a token. So the result is scrubbed
/// until nothing is found, and scrubbing it again changes nothing. One round
/// suffices for what people write, two or three for what tests make up; the
/// limit keeps the time linear for what is made to be slow.
const MAX_ROUNDS: usize = 8;
/// How far a rule reads beyond the line in which it begins: what stands between
/// brackets goes on for 1,024 bytes, and behind a name of a few hundred. Of the
/// line in which it ends, all of it. A test holds every rule to it.
pub(super) const REACH: usize = 1536;
/// Of the next line, these bytes at most: whether a line has ended, or a token
/// goes on.
pub(super) const BEYOND: usize = 64;
/// What is left of a line that is not done after the last round.
const GIVEN_UP: &[u8] = b"[secret]";

impl Shared {
    /// What is found in these windows of a text, joined, in its order.
    #[inline]
    pub(super) fn find(&self, text: &[u8], windows: &[Range<usize>], spans: &mut Spans) {
        let learnt = self.learnt();
        let own = (&learnt.keywords, &*learnt.own);
        let mut pass = Pass::new(text, own, &self.author_labels, self.rules, spans);
        for (place, rule) in (0..).zip(&self.author) {
            for find in rule.pattern.find_iter(text) {
                pass.found(Rule::Author(place), find.start(), find.end());
            }
        }
        pass.run(windows);
    }

    /// The text with tokens in the place of finds, scrubbed again around them
    /// until nothing is found there.
    pub(super) fn replaced(&self, text: &[u8], finds: &Spans) -> Vec<u8> {
        let finds = finds.as_slice();
        // Of a short text all is near; what a PEM block hides stands in any
        // number of lines.
        let whole = text.len() <= 2 * REACH || finds.iter().any(|span| span.rule == Rule::Pem);
        let mut around = (!whole).then(|| Vec::with_capacity(finds.len()));
        let mut replaced = self.written(text, finds, around.as_mut());
        self.settle(&mut replaced, around);
        replaced
    }

    /// Scrubs what is near these places again until nothing is found; without
    /// places, all of it. Lines in which finds come without an end are given up.
    pub(super) fn settle(&self, text: &mut Vec<u8>, mut around: Option<Vec<Range<usize>>>) {
        for round in 0..2 * MAX_ROUNDS {
            let mut spans = Spans::new();
            match &around {
                Some(around) => self.find(text, &regions(text, around), &mut spans),
                None => self.find(text, from_ref(&(0..text.len())), &mut spans),
            }
            if spans.is_empty() {
                return;
            }
            if let Some(around) = &mut around {
                around.clear();
            }
            *text = if round < MAX_ROUNDS {
                self.written(text, spans.as_slice(), around.as_mut())
            } else {
                given_up(text, spans.as_slice(), around.as_mut())
            };
        }
        text.clear();
        text.extend_from_slice(GIVEN_UP);
    }

    /// The text with a token in the place of each find, and where they stand.
    fn written(
        &self,
        text: &[u8],
        spans: &[Span],
        mut places: Option<&mut Vec<Range<usize>>>,
    ) -> Vec<u8> {
        // Tokens are about as long as what they stand for; one allocation.
        let mut to = Vec::with_capacity(text.len() + spans.len() * 4);
        let mut at = 0;
        for span in spans {
            to.extend_from_slice(text.get(at..span.start).unwrap_or_default());
            let start = to.len();
            self.write_token(span, text, &mut to);
            if let Some(places) = &mut places {
                places.push(start..to.len());
            }
            at = span.end;
        }
        to.extend_from_slice(text.get(at..).unwrap_or_default());
        to
    }

    fn write_token(&self, span: &Span, text: &[u8], to: &mut Vec<u8>) {
        let token = self.token_of(span.rule);
        let value = text.get(span.range()).unwrap_or_default();
        let keys = self.keys.as_ref().filter(|_| token != "[secret]");
        let Some(keys) = keys else { return to.extend_from_slice(token.as_bytes()) };
        let Some(pseudonym) = keys.pseudonym(slot_of(token), &value.to_ascii_lowercase()) else {
            return to.extend_from_slice(token.as_bytes());
        };
        let digits = pseudonym.as_str().rsplit('_').next().unwrap_or_default();
        to.extend_from_slice(token.strip_suffix(']').unwrap_or(token).as_bytes());
        to.push(b':');
        to.extend(digits.bytes().take(PSEUDONYM_DIGITS));
        to.push(b']');
    }
}

/// The lines that a rule can read together with one of these places: all of a
/// text in which finds stand close together.
fn regions(text: &[u8], around: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut regions: Vec<Range<usize>> = Vec::new();
    for place in around {
        let from = regions.last().map_or(0, |last| last.end);
        if from == text.len() && from > 0 {
            break;
        }
        let end = end_of_reach(text, place.end);
        match regions.last_mut() {
            Some(last) if place.start < last.end => last.end = end.max(last.end),
            _ => regions.push(start_of_reach(text, from, place.start)..end),
        }
    }
    regions
}

fn end_of_reach(text: &[u8], at: usize) -> usize {
    line_end(text, line_end(text, at) + REACH + BEYOND)
}

/// The line from which on nothing before it is read together with what is at
/// `at`. Where a bracket is left open at the end of a line, the value in it
/// goes on, and what stands in a value is not read by itself.
fn start_of_reach(text: &[u8], from: usize, at: usize) -> usize {
    let back = |at: usize, by: usize| line_start(text, from, at.saturating_sub(by).max(from));
    // What begins before `start` ends in a line that ends `BEYOND` before this
    // one begins.
    let line = back(back(at, 0), BEYOND);
    let mut start = back(line, REACH + 1);
    while start > from {
        let first = back(start, REACH);
        let before = text.get(first..start).unwrap_or_default();
        let open = before.split(|byte| *byte == b'\n').any(leaves_open);
        if !open {
            break;
        }
        start = first;
    }
    start
}

/// Whether a bracket of this line is not closed in it.
fn leaves_open(line: &[u8]) -> bool {
    let mut depth = 0_i32;
    for byte in line {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = (depth - 1).max(0),
            _ => {}
        }
    }
    depth > 0
}

/// The text with nothing left of the lines in which something is found.
fn given_up(text: &[u8], spans: &[Span], mut places: Option<&mut Vec<Range<usize>>>) -> Vec<u8> {
    let mut to = Vec::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        // Of several finds in one line the first gives it up.
        if span.end <= at {
            continue;
        }
        let start = line_start(text, at, span.start.max(at));
        to.extend_from_slice(text.get(at..start).unwrap_or_default());
        if let Some(places) = &mut places {
            places.push(to.len()..to.len() + GIVEN_UP.len());
        }
        to.extend_from_slice(GIVEN_UP);
        at = line_end(text, span.end.saturating_sub(1));
        if text.get(..at).is_some_and(|line| line.ends_with(b"\n")) {
            to.push(b'\n');
        }
    }
    to.extend_from_slice(text.get(at..).unwrap_or_default());
    to
}

/// The start of the line in which `at` is, not before `from`.
pub(super) fn line_start(text: &[u8], from: usize, at: usize) -> usize {
    let before = text.get(from..at).unwrap_or_default();
    memchr::memrchr(b'\n', before).map_or(from, |newline| from + newline + 1)
}

/// Behind the line in which `at` is.
pub(super) fn line_end(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    memchr::memchr(b'\n', rest).map_or(text.len(), |newline| at + newline + 1)
}

/// Values of different kinds cannot be joined: each has a key of its own.
fn slot_of(token: &str) -> &'static KeySlot {
    macro_rules! slots {
        ($($name:literal)*) => {{
            $(
                if token == concat!("[", $name, "]") {
                    static SLOT: KeySlot = KeySlot::new(KeyScope::Domain(concat!("scrub.", $name)));
                    return &SLOT;
                }
            )*
        }};
    }
    static OTHER: KeySlot = KeySlot::new(KeyScope::Domain("scrub.other"));
    slots!("email" "user" "ip" "host" "mac" "iban" "card" "ssn" "phone" "query" "path" "word" "private");
    &OTHER
}
