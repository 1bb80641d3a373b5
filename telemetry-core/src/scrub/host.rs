//! Names of machines.
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
use super::tlds::{self, LabelKind};

/// The longest name of a host.
pub(super) const MOST: usize = 253;

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
pub(super) static NO_HOSTS: Words = Words::new(&[
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

    fn is_host(&self, start: usize, end: usize, last: usize, kind: LabelKind) -> bool {
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
                || kind != LabelKind::Host
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
            LabelKind::Host => {
                labels > 2 || !text.is(start, DIGIT) || text.any(start, last, LETTER)
            }
            LabelKind::Domain => labels > 2 || (machine && text.byte(end) == b':'),
            LabelKind::Word => {
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
}
