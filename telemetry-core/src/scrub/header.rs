//! What the header of a line of a log says: who, where, when.
//!
//! It owns the forms of syslog and of web servers, and elements of XML, which
//! begin as one of them. It must never know what a line says behind its header.

use super::engine::Pass;
use super::host::MOST;
use super::names::Name;
use super::rules::Rule;
use super::text::class::{ALNUM, BASE64, BLANK, COLON, DIGIT, DOT, HIGH, HOST, LETTER};

impl Pass<'_> {
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
            || text.slice(start, end).contains(&b'/') && text.all(start, end, HOST | DOT | BASE64);
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
        let name = Name::new(text.back(end, HOST, 64), end);
        if let Some(strength) = self.strength(name) {
            self.taken = (0, 0);
            self.value(Rule::NamedSecret, start, strength, true);
        }
    }
}
