//! Tokens that say by their own form what they are.
//!
//! It owns what is checked behind the prefix of a token, the JSON web
//! token and the PEM block. It must never know names of values.

use super::engine::Pass;
use super::prefixes::{PREFIXES, URL64, WIDE};
use super::rules::Rule;
use super::text::class::{self, ALNUM, BASE64, DASH, DIGIT, DOT, LETTER, UPPER};

/// The longest token that is looked through; what is longer is hidden as far
/// as its bytes go on.
const MOST: usize = 4096;

impl Pass<'_> {
    pub(super) fn token(&mut self, at: usize, place: usize) {
        let Some(prefix) = PREFIXES.get(place) else { return };
        let text = self.text;
        if self.glued_before(at) && !text.ends(at, b"%20") {
            return;
        }
        let rest = at + prefix.text.len();
        let mut end = text.run(rest, prefix.rest, MOST);
        // What ends a sentence is no part of a token.
        while end > rest && matches!(text.before(end), b'.' | b'-' | b'~') {
            end -= 1;
        }
        let mixed = text.any(rest, end, DIGIT) || self.mixed_case(rest, end);
        if end < rest + prefix.least || !mixed {
            return;
        }
        // `….atlasv1.…`: the number of the token stands before.
        let at = if prefix.text == "atlasv1." && text.before(at) == b'.' {
            text.back(at - 1, ALNUM, 20)
        } else {
            at
        };
        self.found(Rule::ApiToken, at, end);
    }

    /// Three parts of 23 to 28, 6 or 7, and 27 and more: the number of a bot, a
    /// time and a sum, as Discord writes it. `at` is the first byte of the second.
    pub(super) fn three_parts(&mut self, at: usize) {
        let text = self.text;
        let dot = text.run(at, URL64, 8);
        let start = text.back(at - 1, URL64, 29);
        let end = text.run(dot + 1, URL64, 64);
        if matches!(dot - at, 6 | 7)
            && text.byte(dot) == b'.'
            && (23..=28).contains(&(at - 1 - start))
            && (27..=40).contains(&(end - dot - 1))
            && matches!(text.byte(start), b'M' | b'N' | b'O')
            && !self.glued_before(start)
        {
            self.found(Rule::ApiToken, start, end);
        }
    }

    /// `1//0e…`, as Google begins what renews a token: the only prefix that
    /// begins with a digit. `at` is behind the digit.
    pub(super) fn slashes(&mut self, second: usize) {
        let (text, at) = (self.text, second - 1);
        if !text.ends(at + 3, b"1//0") || self.glued_before(at - 1) {
            return;
        }
        let end = text.run(at + 3, URL64, MOST);
        if end >= at + 33 && self.mixed_case(at, end) {
            self.found(Rule::ApiToken, at - 1, end);
        }
    }

    /// `123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw`: the number of a bot, a
    /// colon and its token.
    pub(super) fn bot_token(&mut self, colon: usize) {
        let text = self.text;
        let start = text.back(colon, DIGIT, 12);
        let end = text.run(colon + 1, URL64, 64);
        if colon >= start + 8 && end >= colon + 31 && !self.glued_before(start) {
            self.found(Rule::ApiToken, start, end);
        }
    }

    fn mixed_case(&self, from: usize, to: usize) -> bool {
        self.text.any(from, to, UPPER)
            && self.text.count(from, to, LETTER) > self.text.count(from, to, UPPER)
    }

    /// Header, payload and signature, the first two of them JSON.
    pub(super) fn jwt(&mut self, at: usize) {
        let text = self.text;
        if self.glued_before(at) {
            return;
        }
        let header = text.run(at, URL64, MOST);
        if text.byte(header) != b'.' || header < at + 10 {
            return;
        }
        let payload = text.run(header + 1, URL64, 4 * MOST);
        // Of an encrypted token the second part is a key and can be empty.
        if payload < header + 5 && text.byte(payload) != b'.' {
            return;
        }
        let end = text.run(payload, URL64 | DOT | BASE64, 4 * MOST);
        let end = if text.before(end) == b'.' { end - 1 } else { end };
        self.found(Rule::Jwt, at, end);
    }

    /// The word after `Bearer` or `Basic`.
    pub(super) fn bearer(&mut self, at: usize, end: usize) {
        let text = self.text;
        if self.glued_before(at) {
            return;
        }
        let start = text.run(end, class::BLANK, 8);
        let end = text.run(start, WIDE, MOST);
        let basic = text.byte(at) | 0x20 == b'b' && text.byte(at + 1) | 0x20 == b'a';
        let encoded = !basic || (end - start).is_multiple_of(4) || text.before(end) == b'=';
        let least = if basic { 8 } else { 12 };
        let digit = text.any(start, end, DIGIT) || (basic && self.mixed_case(start, end));
        if end >= start + least && digit && encoded {
            self.found(Rule::BearerToken, start, end);
        }
    }

    /// The body between `-----BEGIN …-----` and `-----END …`, or as far as it
    /// goes when it has been cut off.
    pub(super) fn pem(&mut self, at: usize) {
        let text = self.text;
        // `----` stands in SSH2 keys.
        if at < self.pem_until || !text.ends(at, b"----") {
            return;
        }
        let title = text.until(at + 5, at + 80, |byte| byte == b'-' || byte < b' ');
        let body = text.run(title, DASH, 5);
        if body < title + 4 {
            return;
        }
        let end = self.pem_end(body);
        self.pem_until = end;
        let start = text.run(body, class::WHITE, 64);
        let mut last = end;
        while last > start && text.is_before(last, class::WHITE) {
            last -= 1;
        }
        if start < last {
            self.found(Rule::Pem, start, last);
        }
    }

    fn pem_end(&mut self, body: usize) -> usize {
        let text = self.text;
        if !self.no_pem_end {
            if let Some(length) = memchr::memmem::find(text.slice(body, text.len()), b"----END ") {
                super::text::steps(length);
                let end = body + length;
                return if text.before(end) == b'-' { end - 1 } else { end };
            }
            super::text::steps(text.len() - body);
            self.no_pem_end = true;
        }
        // Lines of base64, also with their ends escaped, and quoting marks.
        text.until(body, text.len(), |byte| {
            !super::text::is(byte, ALNUM | BASE64 | class::WHITE | class::BACKSLASH)
        })
    }
}
