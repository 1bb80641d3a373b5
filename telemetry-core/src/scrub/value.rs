//! How the value of a secret is written.
//!
//! It owns quotes, wrappers such as `Some("…")`, and what is no secret. It must
//! never know names.

use super::engine::Pass;
use super::names::Strength;
use super::rules::Rule;
use super::text::Words;
use super::text::class::{
    ALNUM, BACKSLASH, BLANK, DASH, DIGIT, DOT, HEX, HIGH, LETTER, QUOTE, UNDERSCORE, UPPER, WHITE,
};

/// The longest value without quotes. Longer ones go on being hidden as far as
/// the next candidate.
const MOST: usize = 16 * 1024;
/// How far a wrapper such as `Password { inner: "…" }` is read.
const WRAPPED: usize = 1024;
/// How many wrappers stand around one another.
const DEPTH: usize = 8;

impl Pass<'_> {
    /// Hides the value that begins at `at` or behind blanks. `spaced`: it
    /// stands behind a colon and a blank, as words of a sentence do.
    pub(super) fn value(&mut self, rule: Rule, at: usize, strength: Strength, spaced: bool) {
        let text = self.text;
        let start = self.value_start(at, text.before(at) == b'=');
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
    fn closing(&self, start: usize, mark: u8, escapes: usize) -> usize {
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

    fn content_is_secret(&self, start: usize, end: usize, strength: Strength) -> bool {
        let text = self.text;
        if start >= end || text.all(start, end, WHITE) || self.is_placeholder(start, end) {
            return false;
        }
        match strength {
            Strength::Always => !self.is_nothing(start, end),
            Strength::Likely => {
                !self.is_nothing(start, end)
                    && !self.is_small_number(start, end)
                    && text.any(start, end, ALNUM | HIGH)
            }
            _ => self.is_long(start, end),
        }
    }

    /// The bracket of `Some(`, `Password {`, `[`, `{`.
    fn opening_bracket(&self, at: usize) -> Option<usize> {
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
    fn wrapped(&mut self, rule: Rule, open: usize, strength: Strength) -> usize {
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

    fn bare_is_secret(&self, start: usize, end: usize, strength: Strength, spaced: bool) -> bool {
        let text = self.text;
        if start >= end
            || matches!(text.byte(start), b':' | b',' | b';')
            || self.label_at(start) == Some(end)
        {
            return false;
        }
        if self.is_path(start, end)
            || self.is_placeholder(start, end)
            || self.is_nothing(start, end)
            || self.is_code(start, end)
        {
            return false;
        }
        if !text.any(start, end, ALNUM | HIGH) && end < start + 6 {
            return false;
        }
        match strength {
            Strength::Always => !(spaced && self.is_sentence(start, end)),
            Strength::Likely => {
                let word = spaced && self.is_word(start, end);
                !word && !self.is_small_number(start, end)
            }
            _ => self.is_long(start, end),
        }
    }

    /// `/home/jane`, `C:\x`, `./x`, `~/x`: the working directory is called `pwd`.
    fn is_path(&self, start: usize, end: usize) -> bool {
        let text = self.text;
        let root = text.byte(start) == b'/'
            && text.is(start + 1, LETTER)
            && text.slice(start + 1, end).contains(&b'/');
        let short =
            text.byte(start) == b'/' && text.all(start + 1, end, LETTER | DOT | UNDERSCORE | DASH);
        let drive = text.is(start, LETTER)
            && text.byte(start + 1) == b':'
            && matches!(text.byte(start + 2), b'\\' | b'/');
        root || short
            || drive
            || [&b"./"[..], b"../", b"~/", b"file:", b"\\\\"]
                .iter()
                .any(|begin| text.starts(start, begin))
    }

    /// What stands for a value: `%s`, `{}`, `${X}`, `<password>`, `****`.
    fn is_placeholder(&self, start: usize, end: usize) -> bool {
        let text = self.text;
        let (first, last) = (text.byte(start), text.before(end));
        let same = text.slice(start, end).iter().all(|byte| *byte == first);
        let masked = same
            && matches!(first, b'*' | b'x' | b'X' | b'.' | b'-' | b'#' | b'_' | b'?')
            && end >= start + 2;
        let word =
            text.all(start + 1, end.saturating_sub(1), ALNUM | UNDERSCORE | DASH | DOT | BLANK);
        let enclosed = match (first, last) {
            (b'<', b'>') | (b'%', b'%') => word,
            (b'{', b'}') => end <= start + 40,
            _ => false,
        };
        let variable = first == b'$'
            && (matches!(text.byte(start + 1), b'{' | b'(')
                || text.starts_caseless(start, b"$env:")
                || (end > start + 1 && text.all(start + 1, end, UPPER | UNDERSCORE | DIGIT))
                || (end > start + 1 && text.all(start + 1, end, LETTER | UNDERSCORE)));
        let format = first == b'%' && (end == start + 2 || text.byte(start + 1) == b'(');
        let cut = text.slice(start, end) == "…".as_bytes()
            || text.slice(start, end) == "•".repeat(8).as_bytes();
        masked || enclosed || variable || format || cut
    }

    /// `self.password`, `get_token()`, `user.token`: code that names a value.
    fn is_code(&self, start: usize, end: usize) -> bool {
        let text = self.text;
        let end = end - usize::from(text.before(end) == b'?');
        let names = text.run(start, ALNUM | UNDERSCORE | DOT, 128);
        if text.byte(names) == b'(' || text.byte(names) == b'[' && names > start {
            let name =
                text.is(start, LETTER | UNDERSCORE) && text.is_before(names, LETTER | UNDERSCORE);
            return name && matches!(text.before(end), b')' | b']' | b'(' | b'[');
        }
        if names != end || text.any(start, end, DIGIT) {
            return false;
        }
        let name = super::names::Name::new(start, end);
        self.strength(name).is_some_and(|strength| strength != Strength::Long)
    }

    /// `None`, `null`, `required`, a type, or another word that is said of a
    /// secret rather than being one.
    pub(super) fn is_nothing(&self, start: usize, end: usize) -> bool {
        let text = self.text;
        let mut end = end;
        while end > start && matches!(text.before(end), b'.' | b',' | b';' | b')' | b'!' | b'?') {
            end -= 1;
        }
        let word = text.slice(start, end);
        if word.len() > 16 {
            return text.starts(start, b"Option<") || text.starts(start, b"Vec<");
        }
        NOTHING.has(word) || text.starts(start, b"Option<") || text.starts(start, b"&")
    }

    /// A lower-case word with another behind it, as in a sentence.
    fn is_sentence(&self, start: usize, end: usize) -> bool {
        let text = self.text;
        let lower =
            |from, to| to > from && text.all(from, to, LETTER) && !text.any(from, to, UPPER);
        let next = text.run(end, BLANK, 1);
        let after = text.run(next, LETTER, 32);
        let third = text.run(after, BLANK, 1);
        let last = text.run(third, LETTER, 32);
        lower(start, end) && next > end && lower(next, after) && third > after && lower(third, last)
    }

    fn is_small_number(&self, start: usize, end: usize) -> bool {
        end <= start + 3 && self.text.digits(start, end)
    }

    /// A word as people write it, without digits.
    fn is_word(&self, start: usize, end: usize) -> bool {
        let text = self.text;
        let name = text.all(start, end, LETTER | DASH | UNDERSCORE | HIGH | DOT)
            || !text.any(start, end, ALNUM | HIGH);
        let mixed =
            text.any(start + 1, end, UPPER) && !text.all(start, end, UPPER | UNDERSCORE | DASH);
        name && (end < start + 20) && !(mixed && end >= start + 12)
    }

    /// Long, and of letters and digits mixed, or of hexadecimal digits.
    fn is_long(&self, start: usize, end: usize) -> bool {
        let text = self.text;
        let digits = text.count(start, end, DIGIT);
        let letters = text.count(start, end, LETTER);
        let hex = text.all(start, end, HEX | DASH);
        end >= start + 12
            && digits > 1
            && letters > 1
            && !(hex && end < start + 16)
            && !text.any(start, end, WHITE)
    }
}

/// In lower case.
pub(super) static NOTHING: Words = Words::new(&[
    b"-",
    b"--",
    b"a",
    b"absent",
    b"accepted",
    b"after",
    b"again",
    b"all",
    b"already",
    b"an",
    b"and",
    b"any",
    b"are",
    b"as",
    b"at",
    b"auto",
    b"bad",
    b"before",
    b"blank",
    b"bool",
    b"boolean",
    b"by",
    b"bytes",
    b"cannot",
    b"change",
    b"changed",
    b"check",
    b"correct",
    b"could",
    b"default",
    b"denied",
    b"deprecated",
    b"did",
    b"disabled",
    b"does",
    b"empty",
    b"enabled",
    b"encrypted",
    b"enter",
    b"error",
    b"exceeded",
    b"expired",
    b"failed",
    b"failure",
    b"false",
    b"field",
    b"file",
    b"for",
    b"found",
    b"from",
    b"given",
    b"has",
    b"hidden",
    b"if",
    b"ignored",
    b"in",
    b"incorrect",
    b"int",
    b"integer",
    b"invalid",
    b"is",
    b"it",
    b"leave",
    b"length",
    b"long",
    b"looks",
    b"malformed",
    b"masked",
    b"may",
    b"mismatch",
    b"missing",
    b"must",
    b"needs",
    b"never",
    b"new",
    b"nil",
    b"no",
    b"none",
    b"not",
    b"nothing",
    b"null",
    b"number",
    b"object",
    b"off",
    b"ok",
    b"old",
    b"on",
    b"only",
    b"optional",
    b"or",
    b"please",
    b"present",
    b"private",
    b"prompt",
    b"provided",
    b"public",
    b"read",
    b"redacted",
    b"refused",
    b"rejected",
    b"removed",
    b"required",
    b"reset",
    b"revoked",
    b"same",
    b"see",
    b"set",
    b"short",
    b"should",
    b"some",
    b"str",
    b"string",
    b"success",
    b"text",
    b"that",
    b"the",
    b"this",
    b"to",
    b"too",
    b"true",
    b"try",
    b"type",
    b"undefined",
    b"unknown",
    b"unset",
    b"updated",
    b"use",
    b"used",
    b"using",
    b"valid",
    b"value",
    b"verified",
    b"was",
    b"weak",
    b"were",
    b"when",
    b"which",
    b"will",
    b"with",
    b"without",
    b"wrong",
    b"yes",
    b"you",
    b"your",
    b"{}",
]);
