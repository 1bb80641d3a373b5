//! What stands behind the name of a secret and is none.
//!
//! It owns placeholders, words of a sentence, code and paths. It must never
//! know how a value is written.

use super::engine::Pass;
use super::names::{Name, Strength};
use super::text::Words;
use super::text::class::{
    ALNUM, BLANK, DASH, DIGIT, DOT, HEX, HIGH, LETTER, UNDERSCORE, UPPER, WHITE,
};

impl Pass<'_> {
    pub(super) fn content_is_secret(&self, start: usize, end: usize, strength: Strength) -> bool {
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

    pub(super) fn bare_is_secret(
        &self,
        start: usize,
        end: usize,
        strength: Strength,
        spaced: bool,
    ) -> bool {
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
        let name = Name::new(start, end);
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
