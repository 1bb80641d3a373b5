//! Names in fields: of users, and what a field says of a host.
//!
//! It owns which fields hold a name, how their value is written, and what is
//! no name. It must never know sentences.

use super::engine::Pass;
use super::fields::{self, Field};
use super::names::Name;
use super::rules::Rule;
use super::text::class::{
    ALNUM, BACKSLASH, BLANK, DASH, DIGIT, DOT, HIGH, LETTER, NAME, QUOTE, UNDERSCORE, UPPER, WHITE,
};
use super::text::{LONGEST_NAME, Text, Words, is};

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
        let end = text
            .until(value, value + LONGEST_NAME, |byte| byte == b',' || byte < b' ' || byte == b'"');
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
        let end = text.run(start, NAME, LONGEST_NAME);
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
        let close = text.run(start + 1, NAME, LONGEST_NAME);
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
            let end = text.until(start + 1, start + LONGEST_NAME, |byte| {
                byte == mark || byte < b' ' || byte == b'\\'
            });
            if self.is_identity(start + 1, end) {
                self.found(rule, start + 1, end);
            }
            return;
        }
        let mut end = text.run(start, NAME | BACKSLASH, LONGEST_NAME);
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
    pub(super) fn is_identity(&self, start: usize, end: usize) -> bool {
        let text = self.text;
        let word = text.slice(start, end);
        let stop = NO_NAMES.has(word) || super::nothing::NOTHING.has(word);
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
