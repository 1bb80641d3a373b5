//! Secrets in brackets: `Some("…")`, `Password { inner: "…" }`, `["…"]`.
//!
//! It owns which brackets hold a value and what in them is one. It must never
//! know names.

use super::engine::Pass;
use super::names::Strength;
use super::rules::Rule;
use super::text::class::{ALNUM, BACKSLASH, BLANK, DASH, LETTER, QUOTE, UNDERSCORE, UPPER, WHITE};

/// How far a wrapper such as `Password { inner: "…" }` is read.
const WRAPPED: usize = 1024;
/// How many wrappers stand around one another.
const DEPTH: usize = 8;

impl Pass<'_> {
    /// The bracket of `Some(`, `Password {`, `[`, `{`.
    pub(super) fn opening_bracket(&self, at: usize) -> Option<usize> {
        let text = self.text;
        let mut end = at;
        if text.is(at, LETTER | UNDERSCORE) {
            loop {
                end = text.run(end, LETTER | UNDERSCORE, 64);
                if text.starts(end, b"::") {
                    end += 2;
                } else {
                    break;
                }
            }
            if !self.is_wrapper(at, end) {
                return None;
            }
        }
        if text.byte(end) == b'<' {
            // `Secret<String>(…)`
            let close = text.until(end, end + 64, |byte| matches!(byte, b'(' | b'{' | b' '));
            end = if text.before(close) == b'>' { close } else { return None };
        }
        if end > at && text.byte(end) == b' ' && matches!(text.byte(end + 1), b'{' | b'(') {
            end += 1;
        }
        let open = match text.byte(end) {
            b'(' => true,
            b'{' => !matches!(text.byte(end + 1), b'{' | b'}'),
            b'[' => self.label_at(end).is_none(),
            _ => false,
        };
        (open && !(end == at && self.is_bracketed_word(end)) && self.is_balanced(end))
            .then_some(end)
    }

    /// Whether every bracket from `open` on is closed again, not far behind, and
    /// nothing is glued to the last of them.
    fn is_balanced(&self, open: usize) -> bool {
        let text = self.text;
        let mut depth = 0_usize;
        let last = text.len().min(open + WRAPPED);
        let mut at = open;
        while at < last {
            match text.byte(at) {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' if depth == 1 => return self.is_closed(at + 1),
                b')' | b']' | b'}' => depth -= 1,
                // Brackets within a string are part of it.
                b'"' => {
                    let escapes = at - text.back(at, BACKSLASH, 8);
                    at = self.closing(at + 1, b'"', escapes);
                    at = text.run(at, BACKSLASH, 8);
                }
                _ => {}
            }
            at += 1;
        }
        false
    }

    /// Whether nothing is glued to a closing bracket but more of them.
    fn is_closed(&self, at: usize) -> bool {
        let text = self.text;
        let end = text.until(at, at + 16, |byte| !matches!(byte, b')' | b']' | b'}'));
        matches!(text.byte(end), 0..=b' ' | b',' | b';' | b'"' | b'\'' | b'`' | b'\\' | b'|')
            || (text.byte(end) == b'.' && text.byte(end + 1) <= b' ')
    }

    /// Types begin with a capital; functions do not, and their arguments are
    /// names more often than values.
    fn is_wrapper(&self, start: usize, end: usize) -> bool {
        const LOWER: [&[u8]; 19] = [
            b"string",
            b"str",
            b"secret",
            b"secretstr",
            b"sensitive",
            b"bytes",
            b"bytearray",
            b"repr",
            b"optional",
            b"nullable",
            b"value",
            b"inner",
            b"text",
            b"just",
            b"some",
            b"ok",
            b"masked",
            b"protected",
            b"vec",
        ];
        let text = self.text;
        let path = text.slice(start, end);
        let last = path.iter().rposition(|byte| *byte == b':').map_or(0, |at| at + 1);
        let word = path.get(last..).unwrap_or_default();
        text.is(start + last, UPPER) || LOWER.iter().any(|lower| word.eq_ignore_ascii_case(lower))
    }

    /// `[REDACTED]`, `{name}`, `(hidden)`: something that stands for a value.
    fn is_bracketed_word(&self, at: usize) -> bool {
        let text = self.text;
        let end = text.run(at + 1, LETTER | UNDERSCORE | DASH, 40);
        matches!(text.byte(end), b']' | b'}' | b')')
            && (text.byte(at) != b'['
                || text.all(at + 1, end, UPPER | UNDERSCORE)
                || self.is_nothing(at + 1, end))
    }

    /// Hides every string and every bare value between balanced brackets, and
    /// leaves the names of fields. Gives the end.
    pub(super) fn wrapped(&mut self, rule: Rule, open: usize, strength: Strength) -> usize {
        let text = self.text;
        let last = text.len().min(open + WRAPPED);
        let mut depth = 0_usize;
        let mut at = open;
        while at < last {
            at = match text.byte(at) {
                b'(' | b'[' | b'{' if self.label_at(at).is_none() => {
                    depth += 1;
                    if depth > DEPTH {
                        return at;
                    }
                    at + 1
                }
                b')' | b']' | b'}' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return at + 1;
                    }
                    at + 1
                }
                b'"' | b'\'' | b'`' | b'\\' => match self.wrapped_string(rule, at, strength) {
                    Some(end) => end,
                    None => at + 1,
                },
                b'[' => self.label_at(at).unwrap_or(at + 1),
                b if super::text::is(b, WHITE)
                    || matches!(b, b',' | b';' | b':' | b'=' | b'>' | b'&') =>
                {
                    at + 1
                }
                _ => self.wrapped_word(rule, at, strength),
            };
        }
        at
    }

    /// A string, unless it is the key of a map.
    fn wrapped_string(&mut self, rule: Rule, at: usize, strength: Strength) -> Option<usize> {
        let text = self.text;
        let escapes = text.run(at, BACKSLASH, 8) - at;
        let quote = at + escapes;
        if !text.is(quote, QUOTE) {
            return None;
        }
        let mark = text.byte(quote);
        let end = self.closing(quote + 1, mark, escapes);
        let behind = text.run(text.run(end, BACKSLASH, 8), QUOTE, 1);
        let next = text.run(behind, BLANK, 4);
        let key = text.byte(next) == b':' || text.starts(next, b"=>") || text.byte(next) == b'=';
        if !key && self.content_is_secret(quote + 1, end, strength) {
            self.found(rule, quote + 1, end);
        }
        Some(behind.max(at + 1))
    }

    /// A word within a wrapper: a value, a type around another, or a name.
    fn wrapped_word(&mut self, rule: Rule, at: usize, strength: Strength) -> usize {
        let text = self.text;
        let end = text.until(at, at + WRAPPED, |byte| {
            byte <= b' '
                || matches!(
                    byte,
                    b'(' | b')' | b'[' | b']' | b'{' | b'}' | b',' | b'"' | b'\'' | b'`'
                )
        });
        let colon = text.until(at, end, |byte| byte == b':');
        let name =
            colon < end && text.all(at, colon, ALNUM | UNDERSCORE) && text.byte(colon + 1) != b':';
        if name && colon + 1 == end {
            return end;
        }
        let next = text.run(end, BLANK, 2);
        if matches!(text.byte(next), b'(' | b'{') && text.is(at, UPPER) {
            return next;
        }
        let start = if name { colon + 1 } else { at };
        // The fields of a parser's token are words and numbers.
        let strength = if strength == Strength::Likely { Strength::Long } else { strength };
        if self.bare_is_secret(start, end, strength, false) {
            self.found(rule, start, end);
        }
        end.max(at + 1)
    }
}
