//! Names of users.
//!
//! It owns home folders and the sentences of logs in which a name stands. It
//! must never know names of hosts.

use super::address::is_one_of;
use super::engine::Pass;
use super::fields::{self, Field};
use super::names::Name;
use super::rules::Rule;
use super::text::class::{
    ALNUM, BACKSLASH, BLANK, DASH, DIGIT, DOT, HIGH, LETTER, QUOTE, UNDERSCORE, UPPER, WHITE,
};
use super::text::{Text, Words, is};

const NAME: u16 = ALNUM | UNDERSCORE | DASH | DOT | HIGH;
/// Longer than any system lets a name be.
const MOST: usize = 128;

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

/// What follows `user` in a sentence without being a name.
static NO_NAMES: Words = Words::new(&[
    b"a",
    b"access",
    b"account",
    b"accounts",
    b"action",
    b"after",
    b"agent",
    b"agents",
    b"already",
    b"an",
    b"and",
    b"any",
    b"are",
    b"as",
    b"at",
    b"authentication",
    b"be",
    b"before",
    b"by",
    b"can",
    b"cannot",
    b"code",
    b"config",
    b"configuration",
    b"could",
    b"credentials",
    b"data",
    b"database",
    b"defined",
    b"details",
    b"did",
    b"directory",
    b"does",
    b"email",
    b"error",
    b"exists",
    b"experience",
    b"failed",
    b"false",
    b"file",
    b"files",
    b"folder",
    b"for",
    b"from",
    b"given",
    b"group",
    b"groups",
    b"had",
    b"has",
    b"have",
    b"home",
    b"id",
    b"ids",
    b"if",
    b"in",
    b"info",
    b"information",
    b"input",
    b"interface",
    b"invalid",
    b"is",
    b"it",
    b"its",
    b"key",
    b"list",
    b"logged",
    b"login",
    b"manager",
    b"manual",
    b"may",
    b"messages",
    b"mode",
    b"model",
    b"must",
    b"name",
    b"names",
    b"namespace",
    b"needs",
    b"new",
    b"nil",
    b"no",
    b"none",
    b"not",
    b"null",
    b"object",
    b"of",
    b"on",
    b"only",
    b"or",
    b"page",
    b"password",
    b"permission",
    b"permissions",
    b"policy",
    b"process",
    b"processes",
    b"profile",
    b"profiles",
    b"property",
    b"provided",
    b"record",
    b"request",
    b"requested",
    b"requests",
    b"role",
    b"roles",
    b"running",
    b"service",
    b"session",
    b"sessions",
    b"set",
    b"settings",
    b"should",
    b"slice",
    b"space",
    b"specified",
    b"state",
    b"table",
    b"that",
    b"the",
    b"then",
    b"this",
    b"time",
    b"to",
    b"token",
    b"tokens",
    b"true",
    b"type",
    b"types",
    b"undefined",
    b"unknown",
    b"used",
    b"user",
    b"users",
    b"using",
    b"value",
    b"was",
    b"were",
    b"which",
    b"who",
    b"will",
    b"with",
    b"without",
    b"would",
]);

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
        let mut last = text.until(start, start + MOST, ends_folder);
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
            if text.byte(last) != b' ' || last > start + MOST {
                break;
            }
            let next = text.until(last + 1, last + MOST, ends_folder);
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
        let end = text.run(at + 1, NAME, MOST);
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
        let last = text.until(end, end + MOST, ends_folder);
        let known = is_one_of(
            text.slice(end, last),
            &[b"www", b"http", b"ftp", b"git", b"tftp", b"nfs", b"samba", b"data", b"app"],
        );
        if place && !known {
            self.found(Rule::HomeFolder, end, last);
        }
    }

    /// `user=jane`, `"username": "jane"`, `Account Name: jane`, and names of hosts.
    pub(super) fn named_identity(&mut self, name: Name, at: usize, value: usize) {
        let text = self.text;
        let mut buffer = [0; fields::LONGEST];
        let Some(field) = simple_name(text, name, &mut buffer).and_then(Field::of) else { return };
        let equals = text.byte(at) == b'=';
        let before = |words: &[&[u8]]| words.iter().any(|word| text.ends(name.start, word));
        match field {
            Field::Host | Field::WeakHost => {
                return self.named_host(field == Field::WeakHost, equals, value);
            }
            Field::CommonName if equals => return self.common_name(value),
            Field::CommonName => return,
            Field::Name
                if before(&[b"Workstation ", b"Computer ", b"Machine ", b"Host ", b"Server "]) =>
            {
                return self.identity(Rule::LogHost, self.value_start(value, equals));
            }
            Field::Name if before(&[b"Account ", b"User ", b"user ", b"user: ", b"Login "]) => {}
            Field::Id if before(&[b"User ", b"user ", b"Login "]) => {}
            Field::Name | Field::Id => return,
            Field::WeakUser if !equals => {
                if !self.is_quoted_key(name) && !self.is_whole_line(name, value) {
                    return;
                }
            }
            Field::WeakUser | Field::User => {}
        }
        self.identity(Rule::LogUser, self.value_start(value, equals));
    }

    /// Where the value behind a separator begins. In `logname= uid=0` the first
    /// name has none.
    pub(super) fn value_start(&self, value: usize, equals: bool) -> usize {
        let text = self.text;
        let start = text.run(value, BLANK, 32);
        if equals && start > value && text.byte(text.run(start, ALNUM | UNDERSCORE, 40)) == b'=' {
            value
        } else {
            start
        }
    }

    /// `cn=Jane Doe,ou=people`
    fn common_name(&mut self, value: usize) {
        let text = self.text;
        let end =
            text.until(value, value + MOST, |byte| byte == b',' || byte < b' ' || byte == b'"');
        if [&b",ou="[..], b",dc=", b",cn=", b",o=", b", ou=", b", dc="]
            .iter()
            .any(|next| text.starts_caseless(end, next))
        {
            self.found(Rule::LogUser, value, end);
        }
    }

    /// `login: jane`: nothing else in the line.
    fn is_whole_line(&self, name: Name, value: usize) -> bool {
        let text = self.text;
        let start = text.run(value, BLANK, 8);
        let end = text.run(start, NAME, MOST);
        (name.start == 0 || text.before(name.start) == b'\n')
            && matches!(text.byte(end), 0 | b'\r' | b'\n')
            && end <= text.len()
            && text.is(start, LETTER)
            && !text.is(start, UPPER)
    }

    /// Whether a name is written as the key of a map.
    fn is_quoted_key(&self, name: Name) -> bool {
        self.text.is(name.end, QUOTE)
    }

    /// The value of a field that holds a name.
    pub(super) fn identity(&mut self, rule: Rule, value: usize) {
        let text = self.text;
        let mut start = value;
        // `uid=1001(jane)`
        let number = text.run(start, DIGIT, 10);
        if number > start && text.byte(number) == b'(' {
            start = number;
        }
        // `user=<jane>`, as mail servers write it.
        let close = text.run(start + 1, NAME, MOST);
        if text.byte(start) == b'<' && text.byte(close) == b'>' && text.before(start) == b'=' {
            if self.is_identity(start + 1, close) {
                self.found(rule, start + 1, close);
            }
            return;
        }
        for wrapper in [&b"Some("[..], b"Ok(", b"("] {
            if text.starts(start, wrapper) {
                start += wrapper.len();
                break;
            }
        }
        start = text.run(start, BACKSLASH, 4);
        // Typographic quotes.
        if text.starts(start, b"\xe2\x80\x98") || text.starts(start, b"\xe2\x80\x9c") {
            start += 3;
        }
        if text.is(start, QUOTE) {
            let mark = text.byte(start);
            let end = text.until(start + 1, start + MOST, |byte| {
                byte == mark || byte < b' ' || byte == b'\\'
            });
            if self.is_identity(start + 1, end) {
                self.found(rule, start + 1, end);
            }
            return;
        }
        let mut end = text.run(start, NAME | BACKSLASH, MOST);
        while end > start && text.is_before(end, DOT | BACKSLASH) {
            end -= 1;
        }
        if text.byte(end) == b'$' {
            end += 1;
        }
        // `Jane Doe`
        for _ in 0..2 {
            let next = text.run(end + 1, LETTER | HIGH | DASH, 40);
            let name = text.is(start, UPPER) && text.byte(end) == b' ' && text.is(end + 1, UPPER);
            let ends = matches!(text.byte(next), 0..=b' ' | b',' | b';' | b')' | b'<' | b'.');
            if name && next > end + 2 && ends && !text.is(end + 2, UPPER) {
                end = next;
            }
        }
        let call = matches!(text.byte(end), b'(' | b'{' | b'<' | b'*');
        let code = call || text.starts(start, b"arn:") || self.is_member(start, end);
        if text.is(start, ALNUM | UNDERSCORE | HIGH) && !code && self.is_identity(start, end) {
            self.found(rule, start, end);
        }
    }

    /// `request.user`: a field of a program.
    fn is_member(&self, start: usize, end: usize) -> bool {
        let text = self.text;
        let last = text.back(end, ALNUM | UNDERSCORE, 64);
        let word = text.slice(last, end);
        last > start && (Field::is_user(word) || NO_NAMES.has(word))
    }

    /// Names have a letter, and are no word for "nobody". System accounts of
    /// Windows and numbers of Unix users are nobody's.
    fn is_identity(&self, start: usize, end: usize) -> bool {
        let text = self.text;
        let word = text.slice(start, end);
        let stop = NO_NAMES.has(word) || super::value::NOTHING.has(word);
        let format = text.byte(start) == b'{'
            || text.byte(start) == b'%'
            || text.byte(start) == b'$'
            || text.byte(start) == b'<';
        start < end
            && !text.is(start, WHITE)
            && text.any(start, end, LETTER | HIGH)
            && !stop
            && !format
            && self.label_at(start) != Some(end)
    }

    /// `user jane`, `User 'jane'`, `for invalid user jane from`.
    pub(super) fn user_word(&mut self, at: usize, end: usize) {
        let text = self.text;
        let end = if text.byte(end) | 0x20 == b's' { return } else { end };
        if text.is_before(at, ALNUM | UNDERSCORE | DASH | DOT) || text.byte(end) != b' ' {
            return;
        }
        let start = text.run(end, BLANK, 2);
        if text.is(start, QUOTE) || text.byte(start) == b'(' {
            let close = if text.byte(start) == b'(' { b')' } else { text.byte(start) };
            let last = text.until(start + 1, start + MOST, |byte| byte == close || byte < b' ');
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
                text.until(start + 1, start + MOST, |byte| byte == mark || byte < b' '),
            );
        }
        (start, self.name_end(start))
    }

    fn name_end(&self, start: usize) -> usize {
        let text = self.text;
        let mut end = text.run(start, NAME | BACKSLASH, MOST);
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
        let start = text.back(end, NAME, MOST);
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

/// A name without `_`, `-` and what stands before its last dot, in lower case.
pub(super) fn simple_name<'b>(
    text: Text<'b>,
    name: Name,
    buffer: &'b mut [u8; fields::LONGEST],
) -> Option<&'b [u8]> {
    let slice = text.slice(name.start, name.end);
    super::text::steps(slice.len());
    if slice.iter().all(|byte| is(*byte, ALNUM)) {
        return Some(slice);
    }
    let from = slice.iter().rposition(|byte| *byte == b'.').map_or(0, |dot| dot + 1);
    let mut length = 0;
    for byte in slice.get(from..)?.iter().filter(|byte| !matches!(byte, b'_' | b'-')) {
        *buffer.get_mut(length)? = byte.to_ascii_lowercase();
        length += 1;
    }
    buffer.get(..length)
}
