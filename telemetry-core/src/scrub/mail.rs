//! What stands around an at sign.
//!
//! It owns e-mail addresses, the credentials of URLs, and users at hosts. It
//! must never know names of values.

use super::engine::Pass;
use super::rules::Rule;
use super::text::class::{
    self, ALNUM, DASH, DIGIT, DOT, HEX, HIGH, LETTER, LOCAL, UNDERSCORE, UPPER,
};
use super::tlds;

const LOCAL_PART: u16 = ALNUM | UNDERSCORE | DASH | DOT | LOCAL;
const DOMAIN: u16 = ALNUM | UNDERSCORE | DASH | DOT;
/// Longer than any local part or domain that mail servers take.
const MOST: usize = 320;
/// The longest user and password of a URL that is looked through.
const CREDENTIALS: usize = 512;

impl Pass<'_> {
    /// `domain` is behind `@` or `%40`.
    #[inline(never)]
    pub(super) fn at_sign(&mut self, at: usize, domain: usize) {
        if domain == at + 1 && self.credentials(at) {
            return;
        }
        if !self.email(at, domain) && domain == at + 1 {
            self.user_at_host(at);
        }
    }

    /// What stands between `://` and `@`.
    fn credentials(&mut self, at: usize) -> bool {
        let text = self.text;
        let first = at.saturating_sub(CREDENTIALS);
        let mut start = at;
        let mut slash = None;
        while start > first {
            let byte = text.before(start);
            if byte <= b' ' || matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`') {
                return false;
            }
            if byte == b'/' && text.ends(start, b"://") {
                break;
            }
            if matches!(byte, b'/' | b'?' | b'#' | b'\\') {
                slash = Some(start - 1);
            }
            start -= 1;
        }
        if start == first && !text.ends(start, b"://") || start == at {
            return false;
        }
        // A slash ends the authority, unless it is in a password: there is a
        // user before it, and no port.
        if let Some(slash) = slash {
            let user = text.run(start, ALNUM | UNDERSCORE | DASH | DOT, MOST);
            let port = text.run(user + 1, DIGIT, 6) == slash;
            if text.byte(user) != b':' || user + 1 >= slash || port {
                return false;
            }
        }
        self.found(Rule::UrlCredentials, start, at);
        self.authority = at + 1;
        self.url_host(at + 1);
        true
    }

    fn email(&mut self, at: usize, domain: usize) -> bool {
        let text = self.text;
        let start = match text.before(at) {
            b'"' => self.quoted_local(at),
            _ => self.local(at),
        };
        let (Some(start), Some(end)) = (start, self.domain(domain)) else { return false };
        self.found(Rule::Email, start, end);
        self.name_before_email(start);
        true
    }

    fn local(&self, at: usize) -> Option<usize> {
        let text = self.text;
        let mut start = text.back_letters(at, LOCAL_PART, MOST);
        while start < at && text.is(start, DASH | DOT | LOCAL) {
            start += 1;
        }
        (start < at).then_some(start)
    }

    /// `"jane doe"@corp.example`
    fn quoted_local(&self, at: usize) -> Option<usize> {
        let text = self.text;
        let mut start = at - 1;
        let first = start.saturating_sub(64);
        while start > first {
            match text.before(start) {
                b'"' if text.byte(start.wrapping_sub(2)) != b'\\' => {
                    return (start < at - 1).then_some(start - 1);
                }
                byte if byte < b' ' => return None,
                _ => start -= 1,
            }
        }
        None
    }

    /// The end of the domain of an e-mail address at `start`.
    fn domain(&self, start: usize) -> Option<usize> {
        let text = self.text;
        if text.byte(start) == b'[' {
            let end = text.until(start + 1, start + 48, |byte| byte == b']' || byte <= b' ');
            let address = text.any(start + 1, end, DIGIT) && !text.is(start + 1, LETTER);
            let literal = address || text.starts_caseless(start + 1, b"ipv6:");
            return (text.byte(end) == b']' && literal).then_some(end + 1);
        }
        let mut end = text.run_letters(start, DOMAIN, MOST);
        loop {
            while end > start && text.is_before(end, DOT | DASH | UNDERSCORE) {
                end -= 1;
            }
            let label = text.back_letters(end, ALNUM | UNDERSCORE | DASH, MOST);
            if label <= start || text.before(label) != b'.' {
                return None;
            }
            if end >= label + 2 && text.is(label, LETTER | HIGH) {
                break;
            }
            end = label;
        }
        let label = text.back_letters(end, ALNUM | UNDERSCORE | DASH, MOST);
        // `lodash@4.17.21-beta.rc` is a package.
        let package = text.is(start, DIGIT) && tlds::of(text.slice(label, end)).is_none();
        (!package && text.byte(start) != b'.').then_some(end)
    }

    /// `Jane Doe <jane@corp.example>`
    fn name_before_email(&mut self, start: usize) {
        let text = self.text;
        if text.before(start) != b'<' || text.byte(start.wrapping_sub(2)) != b' ' {
            return;
        }
        let end = start - 2;
        let mut first = end;
        for _ in 0..5 {
            let word = text.back(first, LETTER | HIGH | DOT | DASH | class::QUOTE, 40);
            let particle = [
                &b"de"[..],
                b"van",
                b"von",
                b"der",
                b"den",
                b"da",
                b"di",
                b"la",
                b"le",
                b"bin",
                b"al",
                b"el",
            ];
            let capital = text.is(word, UPPER | HIGH | class::QUOTE);
            if word == first || !(capital || particle.contains(&text.slice(word, first))) {
                break;
            }
            first = word;
            if text.before(word) != b' ' {
                break;
            }
            first -= 1;
        }
        let first = text.run(first, class::BLANK, 1);
        if first < end {
            self.found(Rule::LogUser, first, end);
        }
    }

    /// `jane@web-7`, `jane@10.0.0.7`
    fn user_at_host(&mut self, at: usize) {
        let text = self.text;
        let start = text.back(at, ALNUM | UNDERSCORE | DASH | DOT, 64);
        // `scott/tiger@db`, as one database takes them.
        if text.before(start) == b'/' {
            let user = text.back(start - 1, ALNUM | UNDERSCORE, 64);
            if text.ends(user, b"thin:") || text.ends(user, b"sqlplus ") {
                return self.found(Rule::UrlCredentials, user, at);
            }
        }
        let quoted = text.is_before(start, class::QUOTE);
        let user = start < at
            && text.is(start, LETTER | UNDERSCORE)
            && !text.any(start, at, UPPER)
            && (!self.glued_before(start)
                && !matches!(text.before(start), b'/' | b'@' | b'$' | b'\\'));
        if !user && !quoted {
            return;
        }
        let end = text.run(at + 1, ALNUM | DASH | DOT | UNDERSCORE, 253);
        if text.is(at + 1, DIGIT) {
            if user && self.is_ipv4(at + 1, end) {
                self.found(Rule::LogUser, start, at);
            }
            return;
        }
        if user && self.is_host_word(at + 1, end) {
            self.found(Rule::LogUser, start, at);
            self.found(Rule::LogHost, at + 1, end);
        }
    }

    /// Whether this can be the name of a machine without a domain, rather than
    /// a release or an object's address.
    fn is_host_word(&self, start: usize, end: usize) -> bool {
        const RELEASES: [&[u8]; 22] = [
            b"latest",
            b"next",
            b"beta",
            b"alpha",
            b"canary",
            b"rc",
            b"stable",
            b"main",
            b"master",
            b"dev",
            b"edge",
            b"nightly",
            b"head",
            b"trunk",
            b"host",
            b"hostname",
            b"localhost",
            b"sha256",
            b"sha512",
            b"tag",
            b"version",
            b"example",
        ];
        let text = self.text;
        let word = text.slice(start, end);
        let hex = text.all(start, end, HEX) && text.any(start, end, DIGIT);
        let release = text.byte(start) | 0x20 == b'v' && text.is(start + 1, DIGIT);
        let next = text.byte(end);
        text.is(start, LETTER)
            && end >= start + 2
            && !hex
            && !release
            && !matches!(next, b'/' | b'(' | b'@' | b'=')
            && !text.any(start, end, DOT)
            && !RELEASES.iter().any(|release| word.eq_ignore_ascii_case(release))
    }
}
