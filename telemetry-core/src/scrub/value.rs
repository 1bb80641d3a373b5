//! How the value of a secret is written.
//!
//! It owns quotes and where a value ends. It must never know names.

use super::engine::Pass;
use super::names::Strength;
use super::rules::Rule;
use super::text::class::{ALNUM, BACKSLASH, BLANK, DASH, DOT, LETTER, QUOTE, UNDERSCORE, UPPER};

/// The longest value without quotes. Longer ones go on being hidden as far as
/// the next candidate.
const MOST: usize = 16 * 1024;

impl Pass<'_> {
    /// Hides the value that begins at `at` or behind blanks. `spaced`: it
    /// stands behind a colon and a blank, as words of a sentence do.
    pub(super) fn value(&mut self, rule: Rule, at: usize, strength: Strength, spaced: bool) {
        let text = self.text;
        let start = self.block_start(self.value_start(at, text.before(at) == b'='));
        if let Some(end) = self.quoted(rule, start, strength) {
            self.taken = (start, end);
            return;
        }
        let opening = self.opening_bracket(start);
        if let Some(open) = opening {
            self.taken = (start, self.wrapped(rule, open, strength));
            return;
        }
        let end = self.bare_end(start);
        if self.bare_is_secret(start, end, strength, spaced) {
            self.taken = (start, end);
            self.found(rule, start, end);
        }
    }

    /// A value of YAML in the lines below (`|` or `>-`) begins behind the
    /// indent of the first.
    fn block_start(&self, start: usize) -> usize {
        let text = self.text;
        if !matches!(text.byte(start), b'|' | b'>') {
            return start;
        }
        let mark =
            text.until(start + 1, start + 3, |byte| !matches!(byte, b'-' | b'+' | b'1'..=b'9'));
        let line = mark + usize::from(text.byte(mark) == b'\r');
        let indent = text.run(line + 1, BLANK, 32);
        if text.byte(line) == b'\n' && indent > line + 1 { indent } else { start }
    }

    /// A value in quotes, also in escaped ones. Gives its end.
    fn quoted(&mut self, rule: Rule, at: usize, strength: Strength) -> Option<usize> {
        let text = self.text;
        let mut quote = at;
        // `b"…"`, `r#"…"`, `u'…'`, `@"…"`
        for _ in 0..3 {
            if matches!(text.byte(quote), b'b' | b'r' | b'u' | b'f' | b'L' | b'@' | b'#' | b'&') {
                quote += 1;
            }
        }
        let escapes = text.run(quote, BACKSLASH, 8) - quote;
        quote += escapes;
        if !text.is(quote, QUOTE) {
            return None;
        }
        let mark = text.byte(quote);
        let mut start = quote + 1;
        if escapes == 0 && text.byte(start) == mark && text.byte(start + 1) == mark {
            start += 2;
        }
        let end = self.closing(start, mark, escapes);
        if self.content_is_secret(start, end, strength) {
            self.found(rule, start, end);
        }
        Some(end)
    }

    /// The end of what is quoted: before the closing mark, or the line's end.
    pub(super) fn closing(&self, start: usize, mark: u8, escapes: usize) -> usize {
        let text = self.text;
        let mut at = start;
        while at < text.len() {
            match text.byte(at) {
                b'\r' | b'\n' => break,
                b'\\' => {
                    let run = text.run(at, BACKSLASH, 64) - at;
                    if text.byte(at + run) == mark
                        && (run == escapes || escapes > 0 && run < escapes)
                    {
                        return at;
                    }
                    // With as many backslashes more, the mark is escaped.
                    at += run + usize::from(escapes > 0 || run % 2 == 1);
                }
                byte if byte == mark && escapes == 0 => return at,
                byte if byte == mark => return at,
                _ => at += 1,
            }
        }
        at.min(text.len())
    }

    /// The end of a value without quotes.
    pub(super) fn bare_end(&self, start: usize) -> usize {
        let text = self.text;
        let last = text.len().min(start + MOST);
        let mut end = start;
        while end < last {
            let byte = text.byte(end);
            if byte <= b' ' || matches!(byte, b'"' | b'\'' | b'`') {
                break;
            }
            if matches!(byte, b'&' | b';' | b',') && self.separates(end) {
                break;
            }
            if byte == b'\\'
                && (text.is(end + 1, QUOTE) || matches!(text.byte(end + 1), b'n' | b'r' | b't'))
            {
                break;
            }
            if byte == b'<' && text.byte(end + 1) == b'/' {
                break;
            }
            end += 1;
        }
        self.without_closing(start, end)
    }

    /// Whether what follows `&`, `;` or `,` is the next of several values.
    fn separates(&self, at: usize) -> bool {
        let text = self.text;
        let name = text.run(at + 1, ALNUM | UNDERSCORE | DASH | DOT, 40);
        matches!(text.byte(at + 1), 0..=b' ' | b'"' | b'\'' | b']' | b')' | b'}')
            || (name > at + 1 && matches!(text.byte(name), b'=' | b':'))
            || (text.byte(at) == b';'
                && text.is(at + 1, UPPER)
                && text.byte(text.run(at + 1, LETTER | BLANK, 40)) == b'=')
    }

    /// Without commas, and brackets that were opened before the value.
    fn without_closing(&self, start: usize, mut end: usize) -> usize {
        let text = self.text;
        while end > start {
            let byte = text.before(end);
            let opened = match byte {
                b',' | b';' => None,
                b')' => Some(b'('),
                b']' => Some(b'['),
                b'}' => Some(b'{'),
                b'>' => Some(b'<'),
                _ => break,
            };
            super::text::steps(end - start);
            if opened.is_some_and(|open| text.slice(start, end).contains(&open)) {
                break;
            }
            end -= 1;
        }
        end
    }
}
