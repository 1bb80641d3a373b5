//! Names of users in paths.
//!
//! It owns home folders, and where the name of a folder ends. It must never
//! know sentences.

use super::address::is_one_of;
use super::engine::Pass;
use super::rules::Rule;
use super::text::LONGEST_NAME;
use super::text::class::{ALNUM, HIGH, LETTER, NAME, UNDERSCORE};

/// What ends the name of a folder.
fn ends_folder(byte: u8) -> bool {
    byte <= b' '
        || matches!(
            byte,
            b'\\'
                | b'/'
                | b':'
                | b'*'
                | b'?'
                | b'"'
                | b'\''
                | b'`'
                | b'<'
                | b'>'
                | b'|'
                | b','
                | b';'
                | b'('
                | b')'
                | b'['
                | b']'
                | b'{'
                | b'}'
        )
}

impl Pass<'_> {
    /// The name after `/home/`, `\Users\` and `Documents and Settings`.
    pub(super) fn home(&mut self, at: usize, end: usize) {
        let text = self.text;
        let windows = text.before(at) == b'\\' || self.is_drive(at);
        // `/Home/` is a folder like any other.
        let exact =
            text.byte(at) == b'h' || text.byte(at) | 0x20 == b'u' || text.byte(at) | 0x20 == b'd';
        if !matches!(text.before(at), b'/' | b'\\') || !(exact || windows) {
            return;
        }
        let start = text.until(end, end + 8, |byte| !matches!(byte, b'/' | b'\\'));
        if start == end {
            return;
        }
        let mut last = text.until(start, start + LONGEST_NAME, ends_folder);
        if windows {
            last = self.with_spaces(start, last);
        }
        let shared = text.slice(start, last).eq_ignore_ascii_case(b"public")
            || text.slice(start, last) == b"Shared";
        if !shared {
            self.found(Rule::HomeFolder, start, last);
        }
    }

    /// `C:\` or `C:/` before the place, with any number of slashes.
    fn is_drive(&self, at: usize) -> bool {
        let text = self.text;
        let mut colon = at;
        while colon + 4 > at && matches!(text.before(colon), b'\\' | b'/') {
            colon -= 1;
        }
        text.before(colon) == b':' && text.is(colon.wrapping_sub(2), LETTER)
    }

    /// A Windows name has up to four words, when a slash or a quote says where
    /// it ends.
    fn with_spaces(&self, start: usize, end: usize) -> usize {
        let text = self.text;
        let mut last = end;
        for _ in 0..3 {
            if text.byte(last) != b' ' || last > start + LONGEST_NAME {
                break;
            }
            let next = text.until(last + 1, last + LONGEST_NAME, ends_folder);
            if next == last + 1 {
                break;
            }
            last = next;
        }
        if matches!(text.byte(last), b'\\' | b'/' | b'"' | b'\'' | b'`') { last } else { end }
    }

    /// `~jane/`, and `/~jane` in a URL.
    pub(super) fn tilde(&mut self, at: usize) {
        let text = self.text;
        let before = text.before(at);
        let url = before == b'/';
        let end = text.run(at + 1, NAME, LONGEST_NAME);
        let begins = at == 0
            || before <= b' '
            || matches!(before, b'"' | b'\'' | b'`' | b'=' | b':' | b'(' | b',');
        let name = text.is(at + 1, LETTER | UNDERSCORE | HIGH);
        if name && (url || (begins && text.byte(end) == b'/')) {
            self.found(Rule::TildeUser, at + 1, end);
        }
    }

    /// `/srv/jane`, `/var/mail/jane`, `/var/spool/mail/jane`.
    pub(super) fn folder(&mut self, at: usize, end: usize) {
        let text = self.text;
        let mail = text.byte(end - 2) == b'l';
        let place = if mail {
            text.ends(at, b"/var/") || text.ends(at, b"/spool/")
        } else {
            text.before(at) == b'/' && !text.is_before(at - 1, ALNUM)
        };
        let last = text.until(end, end + LONGEST_NAME, ends_folder);
        let known = is_one_of(
            text.slice(end, last),
            &[b"www", b"http", b"ftp", b"git", b"tftp", b"nfs", b"samba", b"data", b"app"],
        );
        if place && !known {
            self.found(Rule::HomeFolder, end, last);
        }
    }
}
