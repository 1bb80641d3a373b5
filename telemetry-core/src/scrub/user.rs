//! Names of users in sentences.
//!
//! It owns the sentences of logs in which a name stands. It must never know
//! names of hosts.

use super::address::is_one_of;
use super::engine::Pass;
use super::rules::Rule;
use super::text::class::{
    ALNUM, BACKSLASH, BLANK, DASH, DIGIT, DOT, LETTER, NAME, QUOTE, UNDERSCORE, UPPER,
};
use super::text::{LONGEST_NAME, Words, is};

/// Words before `user`, after which a name follows.
static BEFORE_USER: Words = Words::new(&[
    b"for",
    b"invalid",
    b"illegal",
    b"unknown",
    b"as",
    b"by",
    b"remote",
    b"to",
    b"from",
    b"authenticating",
    b"of",
    b"new",
    b"add",
    b"delete",
    b"su",
    b"unauthorized",
    b"local",
    b"disconnected",
    b"ruser",
]);
/// Words before `for`, after which a name follows.
static BEFORE_FOR: Words = Words::new(&[
    b"password",
    b"publickey",
    b"keyboard-interactive/pam",
    b"keyboard-interactive",
    b"gssapi-with-mic",
    b"hostbased",
    b"none",
    b"failures",
    b"exceeded",
    b"opened",
    b"closed",
    b"login",
    b"authentication",
    b"failed",
    b"changed",
    b"unlocked",
    b"locked",
    b"su",
    b"credentials",
    b"ticket",
    b"denied",
]);

impl Pass<'_> {
    /// `user jane`, `User 'jane'`, `for invalid user jane from`.
    pub(super) fn user_word(&mut self, at: usize, end: usize) {
        let text = self.text;
        let end = if text.byte(end) | 0x20 == b's' { return } else { end };
        // `arn:aws:iam::123456789012:user/jane`
        if text.byte(end) == b'/' && text.before(at) == b':' && text.is(at.wrapping_sub(2), DIGIT) {
            let last = self.name_end(end + 1);
            if self.is_identity(end + 1, last) {
                self.found(Rule::LogUser, end + 1, last);
            }
            return;
        }
        if text.is_before(at, ALNUM | UNDERSCORE | DASH | DOT) || text.byte(end) != b' ' {
            return;
        }
        let start = text.run(end, BLANK, 2);
        if text.is(start, QUOTE) || text.byte(start) == b'(' {
            let close = if text.byte(start) == b'(' { b')' } else { text.byte(start) };
            let last =
                text.until(start + 1, start + LONGEST_NAME, |byte| byte == close || byte < b' ');
            if text.byte(last) == close && self.is_identity(start + 1, last) {
                self.found(Rule::LogUser, start + 1, last);
            }
            return;
        }
        let before = self.word_before(at);
        let last = self.name_end(start);
        let next = text.run(last, BLANK, 1);
        let verbs = [
            &b"logged"[..],
            b"from",
            b"not",
            b"is not",
            b"login",
            b"by",
            b"on",
            b"connected",
            b"authenticated",
            b"disconnected",
            b"does",
            b"has logged",
            b"failed",
            b"at",
            b"via",
            b"cannot",
            b"with uid",
        ];
        let sentence = verbs.iter().any(|verb| text.starts(next, verb)) && last > start;
        let ends =
            matches!(text.byte(last), 0 | b'\n' | b'\r' | b',' | b':' | b';' | b')' | b'(' | b'[')
                || sentence
                || text.is(start, DIGIT)
                || text.any(start, last, DIGIT | DOT | UNDERSCORE);
        let named = BEFORE_USER.has(before) || ends;
        if named && self.is_identity(start, last) {
            self.found(Rule::LogUser, start, last);
            self.by_whom(last);
        }
    }

    /// `for user jane by bob(uid=0)`
    fn by_whom(&mut self, end: usize) {
        let text = self.text;
        let end = if text.byte(end) == b'(' {
            text.until(end, end + 24, |byte| byte == b')') + 1
        } else {
            end
        };
        if !text.starts_caseless(end, b" by ") {
            return;
        }
        let last = self.name_end(end + 4);
        if self.is_identity(end + 4, last) {
            self.found(Rule::LogUser, end + 4, last);
        }
    }

    /// `Accepted password for jane from`, `login jane`, `role "jane"`.
    pub(super) fn name_word(&mut self, at: usize, end: usize) {
        let text = self.text;
        if self.glued_before(at) {
            return;
        }
        let word = text.byte(at) | 0x20;
        let before = self.word_before(at);
        let start = text.run(end, BLANK, 2);
        let quoted = text.is(start, QUOTE);
        match word {
            // `LOGIN ON tty1 BY jane`
            b'l' if text.starts(start, b"ON ") => {
                self.by_whom(text.until(start + 3, start + 40, |byte| byte <= b' '))
            }
            b'f' if quoted && text.byte(at) == b'F' => {
                let (from, last) = self.name_in_sentence(start);
                self.found(Rule::LogUser, from, last);
            }
            b'f' if !BEFORE_FOR.has(before) => {}
            b'f' if text.starts(start, b"invalid user ")
                || text.starts(start, b"illegal user ")
                || text.starts(start, b"user ") => {}
            b'f' => {
                let (from, last) = self.name_in_sentence(start);
                let next = text.run(last, BLANK, 1);
                let sentence = [&b"from "[..], b"by ", b"on ", b"at ", b"via "]
                    .iter()
                    .any(|word| text.starts(next, word));
                let ends =
                    matches!(text.byte(last), 0 | b'\n' | b'\r' | b'(' | b':' | b'[' | b',' | b';')
                        || text.starts(last, b" (")
                        || (text.byte(last) == b'.' && text.byte(last + 1) <= b' ');
                if (sentence || ends || quoted) && self.is_identity(from, last) {
                    self.found(Rule::LogUser, from, last);
                    self.by_whom(last);
                }
            }
            _ if quoted => {
                let (from, last) = self.name_in_sentence(start);
                if self.is_identity(from, last) {
                    self.found(Rule::LogUser, from, last);
                }
            }
            _ => {}
        }
    }

    fn name_in_sentence(&self, start: usize) -> (usize, usize) {
        let text = self.text;
        if text.is(start, QUOTE) {
            let mark = text.byte(start);
            return (
                start + 1,
                text.until(start + 1, start + LONGEST_NAME, |byte| byte == mark || byte < b' '),
            );
        }
        (start, self.name_end(start))
    }

    fn name_end(&self, start: usize) -> usize {
        let text = self.text;
        let mut end = text.run(start, NAME | BACKSLASH, LONGEST_NAME);
        while end > start && text.is_before(end, DOT | BACKSLASH) {
            end -= 1;
        }
        end
    }

    /// The word before `at`, with a blank between them.
    pub(super) fn word_before(&self, at: usize) -> &[u8] {
        let text = self.text;
        let end = text.back(at, BLANK, 2);
        let start = if end == at {
            end
        } else {
            text.back_while(end, |byte| is(byte, ALNUM | DASH) || byte == b'/', 24)
        };
        text.slice(start, end)
    }

    /// `sudo: jane : TTY=pts/0`, `sudo[123]: jane : …`, `sudo -u jane`.
    pub(super) fn sudo(&mut self, at: usize, end: usize) {
        let text = self.text;
        if self.glued_before(at) {
            return;
        }
        let mut colon = end;
        if text.byte(colon) == b'[' {
            colon = text.run(colon + 1, DIGIT, 10) + 1;
        }
        if text.byte(colon) != b':' {
            return;
        }
        let start = text.run(colon + 1, BLANK, 16);
        let last = self.name_end(start);
        if text.starts(last, b" : ") && self.is_identity(start, last) {
            self.found(Rule::LogUser, start, last);
        }
    }

    /// `su: (to root) jane on pts/0`
    pub(super) fn su(&mut self, at: usize) {
        let text = self.text;
        let open = text.until(at, at + 16, |byte| byte == b'(');
        if self.glued_before(at) || !text.starts(open, b"(to ") {
            return;
        }
        let target = self.name_end(open + 4);
        let last = self.name_end(target + 2);
        if text.starts(target, b") ") && text.starts(last, b" on ") {
            self.found(Rule::LogUser, open + 4, target);
            self.found(Rule::LogUser, target + 2, last);
        }
    }

    /// `(jane) CMD (…)`
    pub(super) fn cron(&mut self, at: usize) {
        let text = self.text;
        if !text.ends(at, b") ") {
            return;
        }
        let end = at - 2;
        let start = text.back(end, NAME, LONGEST_NAME);
        if text.before(start) == b'(' {
            self.found(Rule::LogUser, start, end);
        }
    }

    /// `CORP\jane`
    pub(super) fn backslash(&mut self, at: usize) {
        let text = self.text;
        let start = text.back(at, ALNUM | DASH | DOT, 16);
        let end = self.name_end(at + 1);
        let begins = start == 0
            || text.is_before(start, BLANK | QUOTE)
            || matches!(text.before(start), b'(' | b'=' | b':' | b'[' | b',' | b'\n');
        let domain = start + 2 <= at
            && text.is(start, UPPER)
            && text.is_before(at, ALNUM)
            && text.all(start, at, UPPER | DIGIT | DASH | DOT);
        if text.byte(at + 1) == b'\\' && text.before(at) != b'\\' {
            return self.unc_host(at);
        }
        let path = matches!(text.byte(end), b'\\' | b'/' | b':')
            || text.any(at + 1, end, DOT)
                && text.slice(at + 1, end).iter().rev().take_while(|byte| **byte != b'.').count()
                    <= 4
                && !text.any(at + 1, end, UPPER)
                && text.byte(end) == b'"';
        let system = is_one_of(
            text.slice(start, at),
            &[b"HKLM", b"HKCU", b"HKCR", b"HKU", b"BUILTIN", b"AUTHORITY", b"HKEY-LOCAL-MACHINE"],
        );
        let escape = matches!(text.byte(at + 1), b'n' | b't' | b'r' | b'u' | b'x' | b'\\')
            && (end <= at + 2 || text.is(at + 2, UPPER | DASH));
        if begins
            && domain
            && !path
            && !system
            && !escape
            && end > at + 2
            && text.is(at + 1, LETTER)
        {
            self.found(Rule::LogUser, start, end);
        }
    }
}
