//! Secrets on command lines.
//!
//! It owns options and the programs that take a password by a single letter.
//! It must never know names of fields.

use super::address::is_one_of;
use super::engine::Pass;
use super::names::{Name, Strength};
use super::rules::Rule;
use super::text::class::{ALNUM, BACKSLASH, BLANK, DASH, DIGIT, LETTER, QUOTE, UNDERSCORE, WHITE};

/// Programs of which `-p` takes a password, with or without a blank.
const DATABASES: [&[u8]; 8] = [
    b"mysql",
    b"mysqldump",
    b"mysqladmin",
    b"mariadb",
    b"mysqlimport",
    b"mysqlsh",
    b"mycli",
    b"mariadb-dump",
];
/// Programs of which a single letter takes a password behind a blank.
const PROGRAMS: [(&[u8], u8); 14] = [
    (b"sshpass", b'p'),
    (b"docker", b'p'),
    (b"podman", b'p'),
    (b"redis-cli", b'a'),
    (b"mongo", b'p'),
    (b"mongosh", b'p'),
    (b"mongodump", b'p'),
    (b"sqlcmd", b'P'),
    (b"bcp", b'P'),
    (b"ldapsearch", b'w'),
    (b"ldapmodify", b'w'),
    (b"az", b'p'),
    (b"winexe", b'p'),
    (b"ipmitool", b'P'),
];
/// Programs of which `-u` or `-U` takes a user's name.
const USERS: [&[u8]; 7] =
    [b"docker", b"podman", b"sudo", b"mysql", b"mysqldump", b"mariadb", b"psql"];
/// Programs of which `-p` takes a word that is no password.
const OTHERS: [&[u8]; 18] = [
    b"cargo", b"rustc", b"mkdir", b"ssh", b"scp", b"rsync", b"patch", b"npx", b"npm", b"yarn",
    b"pip", b"adb", b"tmux", b"kubectl", b"perl", b"nmap", b"git", b"dotnet",
];
/// How far before an option the program's name is looked for.
const COMMAND: usize = 256;

impl Pass<'_> {
    /// `at` is the first letter behind the dashes.
    #[inline(never)]
    pub(super) fn option(&mut self, at: usize) {
        let text = self.text;
        if !text.is(at, LETTER) {
            return;
        }
        let dashes = text.back(at, DASH, 3);
        let quoted = text.is_before(dashes, QUOTE);
        let begins = dashes == 0
            || quoted
            || text.is_before(dashes, WHITE)
            || matches!(text.before(dashes), b'=' | b'(' | b',' | b'[');
        if !begins || at - dashes > 2 {
            return;
        }
        let end = text.run(at, ALNUM | DASH | UNDERSCORE, 64);
        if at - dashes == 1 && end == at + 1 {
            return self.letter(at);
        }
        if at - dashes == 1 && text.byte(at) == b'p' && self.glued_password(at) {
            return;
        }
        if at - dashes == 1 && text.byte(at) == b'u' && text.byte(end) == b':' {
            self.user_and_password(at + 1);
            return;
        }
        if let Some(value) = self.argument(end) {
            self.long(at, end, value);
        }
    }

    /// Where the argument of an option that ends at `end` begins: behind
    /// blanks, or in the next string of a list.
    fn argument(&self, end: usize) -> Option<usize> {
        let text = self.text;
        let value = text.run(end, BLANK, 8);
        if value > end {
            return Some(value);
        }
        let closed = text.run(text.run(end, BACKSLASH, 4), QUOTE, 1);
        let comma = text.run(closed, BLANK, 4);
        (closed > end && text.byte(comma) == b',').then(|| text.run(comma + 1, WHITE, 40))
    }

    /// `--password x`, `--user bob:pw`.
    fn long(&mut self, at: usize, end: usize, value: usize) {
        let text = self.text;
        if is_one_of(
            text.slice(at, end),
            &[b"user", b"proxy-user", b"userpwd", b"credentials", b"auth"],
        ) && self.user_and_password(value)
        {
            return;
        }
        let name = Name::new(at, end);
        let Some(strength) = self.strength(name) else { return };
        let quoted = text.is(value, QUOTE | BACKSLASH);
        if self.is_taken(value)
            || strength == Strength::Long
            || (text.byte(value) == b'-' && !quoted && text.is(value + 1, DASH | LETTER))
        {
            return;
        }
        self.value(Rule::CommandSecret, value, Strength::Always, false);
    }

    /// `-u bob:pw`, and `-p pw` of a few programs.
    fn letter(&mut self, at: usize) {
        let text = self.text;
        let Some(value) = self.argument(at + 1) else { return };
        let letter = text.byte(at);
        if matches!(letter, b'u' | b'U') {
            let both = self.user_and_password(value);
            if !both && self.program(at).is_some_and(|program| USERS.contains(&program)) {
                self.identity(Rule::LogUser, value);
            }
            return;
        }
        let program = self.program(at);
        let ports = text.all(
            value,
            text.until(value, value + 32, |byte| byte <= b' '),
            DIGIT | DASH | super::text::class::COLON | super::text::class::DOT,
        );
        if ports {
            return;
        }
        let takes =
            PROGRAMS.iter().any(|(name, option)| *option == letter && program == Some(*name));
        let word = letter == b'p' && self.is_password_word(at, value);
        if (takes || word) && !self.is_taken(value) && text.byte(value) != b'-' {
            self.value(Rule::CommandSecret, value, Strength::Always, false);
        }
    }

    /// Whether what follows `-p` is written as passwords are: letters and digits
    /// mixed, and no path, package or list. Of a program whose `-p` takes such
    /// words, nothing is.
    fn is_password_word(&self, at: usize, value: usize) -> bool {
        let text = self.text;
        let end = text.until(value, value + 64, |byte| byte <= b' ');
        let mixed = text.any(value, end, DIGIT) && text.any(value, end, LETTER) && end >= value + 6;
        let other = text.slice(value, end).iter().any(|byte| {
            matches!(byte, b'/' | b'\\' | b'=' | b',' | b':' | b'.' | b'-' | b'_' | b'"' | b'\'')
        });
        mixed && !other && !self.names_program(at, &OTHERS)
    }

    /// `bob:pw` and `bob%pw`: both are hidden.
    fn user_and_password(&mut self, value: usize) -> bool {
        let text = self.text;
        let start = text.until(value, value + 4, |byte| !matches!(byte, b'"' | b'\'' | b'\\'));
        let user = text.run(
            start,
            ALNUM | UNDERSCORE | DASH | super::text::class::DOT | super::text::class::LOCAL,
            128,
        );
        let user = text.until(start, user, |byte| byte == b'%');
        let at = if text.byte(user) == b'@' {
            text.run(user, ALNUM | DASH | super::text::class::DOT, 0)
        } else {
            user
        };
        let colon = text
            .until(at, at + 128, |byte| byte <= b' ' || matches!(byte, b':' | b'%' | b'"' | b'\''));
        if !matches!(text.byte(colon), b':' | b'%')
            || text.is(colon + 1, WHITE | QUOTE)
            || colon + 1 >= text.len()
            || text.byte(colon + 1) == b'/'
        {
            return false;
        }
        // `-u 1000:1000` is a user's and a group's number.
        let end = self.bare_end(colon + 1);
        if text.digits(start, colon) && text.digits(colon + 1, end)
            || matches!(text.byte(colon + 1), b'$' | b'{' | b'%')
        {
            return false;
        }
        self.taken = (start, end);
        self.found(Rule::CommandSecret, start, end);
        true
    }

    /// `-pS3cret`: a letter and a digit or sign, and no list of letters.
    fn glued_password(&mut self, at: usize) -> bool {
        let text = self.text;
        let end = self.bare_end(at + 1);
        let port = text.digits(at + 1, text.until(at + 1, end, |byte| byte == b':'));
        let database = self.program(at).is_some_and(|program| DATABASES.contains(&program));
        let mixed = text.any(at + 1, end, DIGIT)
            && text.any(at + 1, end, LETTER)
            && end > at + 5
            && !text.slice(at, end).contains(&b'=');
        let path = matches!(text.byte(at + 1), b'/' | b'.' | b'-');
        let found = end > at + 1 && !path && ((database && end > at + 3) || (mixed && !port));
        if found {
            self.taken = (at + 1, end);
            self.found(Rule::CommandSecret, at + 1, end);
        }
        found
    }

    /// The known program whose name stands before `at` in the same command.
    fn program(&self, at: usize) -> Option<&'static [u8]> {
        let programs = PROGRAMS.iter().map(|(name, _)| *name);
        let known = DATABASES.iter().copied().chain(programs).chain(USERS);
        let command = self.command_before(at);
        known.into_iter().find(|name| words(command).any(|word| word == *name))
    }

    fn names_program(&self, at: usize, names: &[&[u8]]) -> bool {
        words(self.command_before(at)).any(|word| names.contains(&word))
    }

    fn command_before(&self, at: usize) -> &[u8] {
        let ends = |byte| matches!(byte, b'\n' | b'|' | b';' | b'&');
        let start = self.text.back_while(at, |byte| !ends(byte), COMMAND);
        super::text::steps(at - start);
        self.text.slice(start, at)
    }
}

fn words(command: &[u8]) -> impl Iterator<Item = &[u8]> {
    command.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-' && *byte != b'_')
}
