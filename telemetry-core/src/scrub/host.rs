//! Names of machines, and what a URL asks them.
//!
//! It owns what tells a host from a file, a field of a program and a package.
//! It must never know addresses.

use super::address::is_one_of;
use super::engine::Pass;
use super::rules::Rule;
use super::text::Words;
use super::text::class::{
    ALNUM, BACKSLASH, BLANK, COLON, DASH, DIGIT, DOT, HIGH, HOST, LETTER, QUOTE, UNDERSCORE, UPPER,
    WHITE,
};
use super::tlds::{self, Kind};

/// The longest name of a host.
const MOST: usize = 253;

/// First labels of packages, modules and objects of programs.
static PACKAGES: Words = Words::new(&[
    b"com", b"org", b"net", b"io", b"java", b"javax", b"jdk", b"sun", b"scala", b"kotlin",
    b"android", b"akka", b"std", b"core", b"self", b"this", b"socket", b"fs", b"os", b"sys", b"np",
    b"math", b"asp", b"vb", b"spring", b"system", b"node", b"import", b"crate", b"super",
]);

/// Hosts of documentation and standards, which are nobody's machine.
const PUBLIC: [&[u8]; 24] = [
    b"w3.org",
    b"xmlsoap.org",
    b"json-schema.org",
    b"rust-lang.org",
    b"docs.rs",
    b"crates.io",
    b"python.org",
    b"golang.org",
    b"go.dev",
    b"nodejs.org",
    b"apache.org",
    b"kernel.org",
    b"gnu.org",
    b"mozilla.org",
    b"ietf.org",
    b"rfc-editor.org",
    b"wikipedia.org",
    b"stackoverflow.com",
    b"openid.net",
    b"purl.org",
    b"schema.org",
    b"readthedocs.io",
    b"go.microsoft.com",
    b"learn.microsoft.com",
];

/// What stands in the place of a host without being one.
static NO_HOSTS: Words = Words::new(&[
    b"localhost",
    b"none",
    b"null",
    b"nil",
    b"unknown",
    b"undefined",
    b"invalid",
    b"host",
    b"hostname",
    b"server",
    b"the",
    b"true",
    b"false",
    b"not",
    b"is",
    b"was",
    b"port",
    b"local",
    b"remote",
    b"default",
    b"any",
    b"all",
    b"no",
    b"user",
    b"stdin",
    b"stdout",
    b"console",
    b"address",
    b"example",
    b"to",
    b"a",
    b"header",
]);

impl Pass<'_> {
    /// `at` is the first letter of a label behind a dot.
    #[inline(never)]
    pub(super) fn host_label(&mut self, at: usize) {
        let text = self.text;
        if !text.is(at, LETTER) {
            return;
        }
        if text.byte(at + 6) == b'.' || text.byte(at + 7) == b'.' {
            self.three_parts(at);
        }
        let end = text.run_letters(at, ALNUM | DASH, 63);
        let more = text.byte(end) == b'.' && text.is(end + 1, ALNUM | HIGH);
        let indexed = text.byte(end) == b'[' && !self.is_bracketed_address(end);
        if more
            || indexed
            || matches!(text.byte(end), b'_' | b'(' | b'{' | b'@')
            || text.starts(end, b"::")
            || text.before(end) == b'-'
        {
            return;
        }
        let Some(kind) = tlds::of(text.slice(at, end)) else { return };
        let mut start = text.back_letters(at, HOST | DOT, MOST);
        while start < at && text.is(start, DASH | DOT | UNDERSCORE) {
            start += 1;
        }
        if self.is_host(start, end, at, kind) {
            self.found(Rule::Host, start, end);
        }
    }

    /// `mail.corp.example[10.0.0.7]`
    fn is_bracketed_address(&self, at: usize) -> bool {
        let text = self.text;
        let end = text.run(at + 1, DIGIT | DOT | COLON | super::text::class::HEX, 45);
        text.byte(end) == b']' && end >= at + 4 && text.any(at + 1, end, DOT | COLON)
    }

    fn is_host(&self, start: usize, end: usize, last: usize, kind: Kind) -> bool {
        let text = self.text;
        let url = text.ends(start, b"://");
        if self.label_before_host(start)
            || text.slice(start, end).windows(2).any(|pair| pair == b"..")
        {
            return false;
        }
        if self.is_public(start, end) {
            return false;
        }
        if url {
            return true;
        }
        // A label in capitals is one when the whole name is in capitals.
        let capital = text.any(last, end, UPPER)
            && text.all(last, end, LETTER)
            && !text.all(last, end, UPPER);
        let labels = text.count(start, end, DOT) + 1;
        let first = text.slice(start, text.until(start, end, |byte| byte == b'.'));
        let package = PACKAGES.has(first)
            && (labels > 2
                || kind != Kind::Host
                || is_one_of(
                    first,
                    &[b"java", b"asp", b"socket", b"vb", b"system", b"node", b"fs", b"std"],
                ));
        let field = matches!(text.byte(end), b'=') || text.is(start.wrapping_sub(1), UNDERSCORE);
        if capital
            || package
            || field
            || self.is_camel(start, last) && !tlds::is_private(text.slice(last, end))
        {
            return false;
        }
        let machine = text.any(start, last, DIGIT | DASH)
            || first == b"www"
            || (text.byte(end) == b':' && text.is(end + 1, DIGIT));
        match kind {
            Kind::Host => labels > 2 || !text.is(start, DIGIT) || text.any(start, last, LETTER),
            Kind::Domain => labels > 2 || (machine && text.byte(end) == b':'),
            Kind::Word => {
                labels > 2
                    && machine
                    && !text.any(start, end, UNDERSCORE)
                    && labels > 2 + usize::from(end - last == 2)
            }
        }
    }

    /// What stands before a name and makes it a part of something else.
    fn label_before_host(&self, start: usize) -> bool {
        let text = self.text;
        let path = text.before(start) == b'/'
            && text.byte(start.wrapping_sub(2)) != b'/'
            && (text.is_before(start - 1, DOT | DASH) || self.glued_before(start - 1));
        path || matches!(text.before(start), b'\\' | b'$' | b'%' | b'#')
            || (text.before(start) == b'@' && self.authority != start)
            || self.glued_before(start)
    }

    fn is_public(&self, start: usize, end: usize) -> bool {
        let name = self.text.slice(start, end);
        super::text::steps(name.len());
        PUBLIC.iter().any(|public| {
            let Some(at) = name.len().checked_sub(public.len()) else { return false };
            let tail = name.get(at..).unwrap_or_default();
            tail.eq_ignore_ascii_case(public) && (at == 0 || name.get(at - 1) == Some(&b'.'))
        })
    }

    /// `fooBar`: a capital behind a small letter.
    fn is_camel(&self, start: usize, end: usize) -> bool {
        let slice = self.text.slice(start, end);
        super::text::steps(slice.len());
        slice
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()))
    }

    /// The host of a URL, also one without a domain. `start` is behind `://`.
    pub(super) fn url_host(&mut self, start: usize) {
        let text = self.text;
        let end = text.run_letters(start, HOST | DOT, MOST);
        // A name of which the last label is a domain is found by that.
        let last = text.back(end, ALNUM | DASH, 63);
        let domain = last > start && tlds::of(text.slice(last, end)).is_some();
        if text.byte(end) == b'@' || end < start + 2 || domain || !text.is(start, LETTER) {
            return;
        }
        let word = text.slice(start, end);
        let scheme =
            text.slice(text.back(start.saturating_sub(3), ALNUM, 16), start.saturating_sub(3));
        let none = NO_HOSTS.has(word)
            || is_one_of(scheme, &[b"file", b"about", b"data", b"app", b"resource", b"classpath"]);
        if !none
            && matches!(
                text.byte(end),
                b'/' | b':' | b'?' | 0..=b' ' | b'"' | b'\'' | b')' | b'>' | b','
            )
        {
            self.found(Rule::LogHost, start, end);
        }
    }

    /// `host=web-7`. `weak`: the value counts behind `=` or in quotes alone.
    pub(super) fn named_host(&mut self, weak: bool, equals: bool, value: usize) {
        let text = self.text;
        let mut start = self.value_start(value, equals);
        let quoted = text.is(start, QUOTE | BACKSLASH);
        if equals || quoted || !weak {
            start = text.until(start, start + 4, |byte| !matches!(byte, b'"' | b'\'' | b'\\'));
            let end = self.host_end(start);
            if self.is_host_value(start, end) {
                self.found(Rule::LogHost, start, end);
            }
        }
    }

    fn host_end(&self, start: usize) -> usize {
        let text = self.text;
        let mut end = text.run_letters(start, HOST | DOT, MOST);
        while end > start && text.is_before(end, DOT | DASH) {
            end -= 1;
        }
        end
    }

    fn is_host_value(&self, start: usize, end: usize) -> bool {
        let text = self.text;
        let word = text.slice(start, end);
        let next = text.byte(end);
        end >= start + 2
            && text.any(start, end, LETTER)
            && text.is(start, ALNUM)
            && !NO_HOSTS.has(word)
            && !matches!(next, b'(' | b'{' | b'/' | b'<' | b'=' | b'*')
            && !(next == b':' && !text.is(end + 1, DIGIT | BLANK) && text.byte(end + 1) > b' ')
            && !self.is_public(start, end)
    }

    /// `from web-7 port 22`, `host web-7`.
    pub(super) fn host_word(&mut self, at: usize, end: usize) {
        let text = self.text;
        if self.glued_before(at) {
            return;
        }
        let start = text.run(end, BLANK, 2);
        let start = if text.starts(start, b"name ") { start + 5 } else { start };
        let quoted = matches!(text.byte(start), b'"' | b'\'');
        let start = start + usize::from(quoted);
        let last = self.host_end(start);
        let port = text.starts(last, b" port ")
            || text.starts(last, b":") && text.is(last + 1, DIGIT)
            || text.starts(last, b" ssh2");
        let digit = text.any(start, last, DIGIT);
        let named = match text.byte(at) | 0x20 {
            b'h' | b'n' | b'k' => quoted || digit,
            // `from x` needs more.
            b'f' => false,
            _ => digit && text.any(start, last, DASH),
        };
        let numbers = text.any(start, last, DIGIT) || text.any(start, last, DASH);
        let said = named || (port && (numbers || !quoted));
        if said && self.is_host_value(start, last) {
            self.found(Rule::LogHost, start, last);
        }
    }

    /// `Nov 24 12:00:00 web-7 sshd[7]: …`, and `[24/Nov/2026:12:00:00`, before
    /// which web servers write who asked.
    pub(super) fn month(&mut self, at: usize, end: usize) {
        let text = self.text;
        if text.before(end) == b'/' {
            return self.access_log(at, end);
        }
        if self.glued_before(at) {
            return;
        }
        let day = text.run(end, BLANK, 2);
        let after_day = text.run(day, DIGIT, 2);
        let time = after_day + 1;
        let clock = text.run(time, DIGIT | COLON | DOT, 16);
        let is_time = after_day > day
            && text.byte(after_day) == b' '
            && clock >= time + 7
            && text.byte(time + 2) == b':';
        if !is_time || text.byte(clock) != b' ' {
            return;
        }
        self.syslog_host(clock + 1);
        // Some collectors write the same name before the date.
        let host = text.until(clock + 1, clock + 1 + MOST, |byte| byte <= b' ' || byte == b'/');
        let name = text.slice(clock + 1, host);
        let before = at.wrapping_sub(1 + name.len());
        if !name.is_empty()
            && text.before(at) == b' '
            && text.starts(before, name)
            && text.is_before(before, BLANK)
        {
            self.found(Rule::LogHost, before, at - 1);
        }
    }

    /// `nas-01:/export`: a machine and a folder of it.
    pub(super) fn host_and_path(&mut self, at: usize) {
        let start = self.text.back(at, ALNUM | DASH, 64);
        self.numbered_host(start, at);
    }

    /// `\\\\files-1\\share`: `at` is the first of the slashes.
    pub(super) fn unc_host(&mut self, at: usize) {
        let text = self.text;
        let start = text.run(at, BACKSLASH, 4);
        let end = text.run(start, HOST | DOT, MOST);
        let begins = at == 0 || text.is_before(at, WHITE | QUOTE) || text.before(at) == b'(';
        if begins
            && matches!(start - at, 2 | 4)
            && text.byte(end) == b'\\'
            && self.is_host_value(start, end)
        {
            self.found(Rule::LogHost, start, end);
        }
    }

    /// `worker-07:40136`: a dash and a port of four digits or more.
    pub(super) fn host_and_port(&mut self, at: usize) {
        let text = self.text;
        let port = text.run(at + 1, DIGIT, 6);
        if !(4..=5).contains(&(port - at - 1)) || text.is(port, ALNUM | COLON | DOT) {
            return;
        }
        let start = text.back(at, ALNUM | DASH, 64);
        self.numbered_host(start, at);
    }

    /// A name with a dash and a number, before what only follows a host.
    fn numbered_host(&mut self, start: usize, at: usize) {
        let text = self.text;
        let name =
            text.is(start, LETTER) && text.any(start, at, DASH) && text.any(start, at, DIGIT);
        if name
            && text.is_before(at, ALNUM)
            && !self.glued_before(start)
            && !matches!(text.before(start), b'.' | b'@' | b'\\' | b'/' | b'[' | b'$')
        {
            self.found(Rule::LogHost, start, at);
        }
    }

    /// The word before `program[7]:` or `program:`.
    fn syslog_host(&mut self, start: usize) {
        let text = self.text;
        let end = text.until(start, start + MOST, |byte| byte <= b' ');
        let program =
            text.until(end + 1, end + 65, |byte| byte <= b' ' || byte == b':' || byte == b'[');
        let is_program = program > end + 1
            && matches!(text.byte(program), b':' | b'[')
            && self.label_at(program).is_none()
            || text.starts(end, b" last message repeated");
        let name = text.all(start, end, HOST | DOT | HIGH)
            || text.slice(start, end).contains(&b'/')
                && text.all(start, end, HOST | DOT | super::text::class::BASE64);
        if is_program
            && end > start
            && name
            && text.is(start, ALNUM)
            && text.any(start, end, LETTER)
            && text.byte(end) == b' '
        {
            self.found(Rule::LogHost, start, end);
        }
    }

    /// `10.0.0.7 - jane [24/Nov/2026:12:00:00 +0000]`
    fn access_log(&mut self, at: usize, end: usize) {
        let text = self.text;
        let bracket = at.wrapping_sub(4);
        if text.byte(bracket) != b'[' || !text.is(end, DIGIT) || text.before(bracket) != b' ' {
            return;
        }
        let last = bracket - 1;
        let start = text.back_while(last, |byte| byte > b' ', 128);
        if start < last && text.slice(start, last) != b"-" && text.is_before(start, BLANK) {
            self.found(Rule::LogUser, start, last);
        }
    }

    /// `<34>1 2026-11-24T12:00:00Z web-7 su - …`, and `<password>…</password>`.
    pub(super) fn opening(&mut self, at: usize) {
        let text = self.text;
        if text.byte(at + 1) == b'/' {
            return self.element(at);
        }
        let priority = text.run(at + 1, DIGIT, 3);
        if priority == at + 1 || !text.starts(priority, b">1 ") {
            return;
        }
        let time = text.until(priority + 3, priority + 40, |byte| byte <= b' ');
        let host = text.until(time + 1, time + 1 + MOST, |byte| byte <= b' ');
        if text.is(time + 1, ALNUM) && text.any(time + 1, host, LETTER) {
            self.found(Rule::LogHost, time + 1, host);
        }
    }

    /// The text of an XML element with the name of a secret.
    fn element(&mut self, at: usize) {
        let text = self.text;
        let end = text.run(at + 2, HOST | DOT | COLON, 64);
        let start = text.back_while(at, |byte| byte != b'>' && byte != b'<' && byte >= b' ', 256);
        if text.byte(end) != b'>' || text.before(start) != b'>' || start == at {
            return;
        }
        let name = super::names::Name::new(text.back(end, HOST, 64), end);
        if let Some(strength) = self.strength(name) {
            self.taken = (0, 0);
            self.value(Rule::NamedSecret, start, strength, true);
        }
    }

    /// A value in the query of a URL: its name stays.
    #[inline(never)]
    pub(super) fn query(&mut self, name: super::names::Name, at: usize) {
        let text = self.text;
        let begins = match text.before(name.start) {
            b'?' => self.is_url(name.start - 1),
            b'&' | b';' => name.start <= self.query_until,
            _ => false,
        };
        if !begins {
            return;
        }
        let end = text.until(at + 1, at + 4096, |byte| {
            byte <= b' '
                || matches!(
                    byte,
                    b'&' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'`' | b')' | b']' | b'}' | b';'
                )
        });
        self.query_until = end + 1;
        let date = end == at + 11 && text.byte(at + 5) == b'-' && text.byte(at + 8) == b'-';
        let small = (end <= at + 4 || date) && text.all(at + 1, end, DIGIT | DASH);
        let flag = is_one_of(
            text.slice(at + 1, end),
            &[b"true", b"false", b"null", b"none", b"asc", b"desc", b"json"],
        );
        let format = matches!(text.byte(at + 1), b'{' | b'$' | b'%') && !text.is(at + 2, DIGIT);
        if !small && !flag && !format {
            self.found(Rule::UrlQuery, at + 1, end);
        }
    }

    /// Whether what ends before `at` is a URL, or the path of a request.
    fn is_url(&self, at: usize) -> bool {
        let text = self.text;
        let start = text.back_while(
            at,
            |byte| byte > b' ' && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`' | b'('),
            512,
        );
        let token = text.slice(start, at);
        text.byte(start) == b'/' || memchr::memmem::find(token, b"://").is_some()
    }
}
