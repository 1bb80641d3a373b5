//! What the scrubber looks for, as data.
//!
//! It owns the patterns and the checks that a pattern alone cannot make. It
//! must never know how patterns are run, nor what becomes of a find.
//!
//! Patterns are written for an engine without Unicode tables: classes list
//! what ends a value and so take every other character in, of any script.

use std::net::Ipv6Addr;
use std::ops::Range;

/// One thing that the scrubber looks for.
#[derive(Clone, Copy, Debug)]
pub struct ScrubRule {
    name: &'static str,
    label: &'static str,
    description: &'static str,
    /// With groups, the first that took part is the find; without, the match.
    pub(super) pattern: &'static str,
    /// Narrows a find to what is to be hidden, or refuses it.
    pub(super) check: fn(text: &str, find: Range<usize>) -> Option<Range<usize>>,
    /// Where the same rule looks on after a find.
    pub(super) next: Next,
}

/// Where a rule looks on after a find, or after one that its check refused.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    /// Behind it.
    Behind,
    /// A little before its end, which can be the beginning of another: in
    /// `token: password: x` the first value is the name of the second.
    BeforeEnd,
    /// Behind it, but after a refused one at its second byte.
    SecondByte,
}

impl ScrubRule {
    /// The rule's name, in kebab case.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What stands in the place of a find, such as `[email]`.
    pub fn label(&self) -> &'static str {
        self.label
    }

    /// What is found and what is left alone, in whole sentences.
    pub fn description(&self) -> &'static str {
        self.description
    }
}

/// All labels: in a text, they are what is left of earlier finds.
pub(super) const LABELS: &[&str] = &["[secret]", "[email]", "[user]", "[ip]", "[private]"];

/// Stands for a literal that the author added.
pub(super) const LITERAL_LABEL: &str = "[private]";

/// The rules; where finds overlap, the label of the earlier rule stands for
/// all of them.
pub(super) const RULES: &[ScrubRule] = &[
    ScrubRule {
        name: "authorization",
        label: "[secret]",
        description: "The credentials after `Authorization:` or `Proxy-Authorization:`. \
            Of the schemes Bearer, Basic, Token and Negotiate one word is hidden and the scheme \
            is kept; of any other, everything up to a quote or the end of the line.",
        pattern: r#"(?x)
            (?i-u:authorization) \\? ["']? [\x20\t]* [:=] [\x20\t]* \\? ["']?
            (?:
                (?i-u:bearer|basic|token|negotiate) [\x20\t]+ \\? ["']? ([^\x00-\x20"',;\\]+)
              | (?i-u:digest) [\x20\t]+ ([^\r\n]+)
              | ([^\x00-\x20"'\\] [^\r\n"'\\]*)
            )"#,
        check: whole,
        next: Next::BeforeEnd,
    },
    ScrubRule {
        name: "bearer-token",
        label: "[secret]",
        description: "A word of 16 or more characters, at least one a digit, after `Bearer`.",
        pattern: r"(?i-u:\bbearer)[\x20\t]+([A-Za-z0-9._~+/=-]{16,})",
        check: with_digit,
        next: Next::BeforeEnd,
    },
    ScrubRule {
        name: "secret-option",
        label: "[secret]",
        description: "The word or quoted text after a command-line option whose name ends in \
            password, passwd, passphrase, pwd, secret, token, api-key, access-key, secret-key, \
            private-key or credentials, such as `--password x`, also in a list of quoted \
            arguments. One-letter options such as `-p` are left alone: they mean ports, paths and \
            packages more often than passwords.",
        pattern: r#"(?x)
            (?: ^ | [\x00-\x20"'`=(,\[] ) --? [A-Za-z0-9_-]*
            (?i-u:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key
                |secret[_-]?key|private[_-]?key|credentials?)
            (?:
                [\x20\t]+ (?: "([^"\r\n]+) | '([^'\r\n]+) | ([^\x00-\x20"'][^\x00-\x20]*) )
              | \\?["'] [\x20\t]* , [\x20\t]* \\?["'] ([^"'\\\r\n]+)
            )"#,
        check: whole,
        next: Next::BeforeEnd,
    },
    ScrubRule {
        name: "named-secret",
        label: "[secret]",
        description: "The value after a name that ends in password, passwd, passphrase, pwd, \
            secret, token, api_key, access_key, secret_key, private_key or credentials and `:`, \
            `=` or `=>`, such as `password: x`, `token=x`, `\"secret\": \"x\"`. A value in quotes \
            ends at the closing one, any other at white space, a quote, `&` or `;`. Names that go \
            on after such a word (`tokenizer`, `secretary`, `password_file`) are left alone.",
        pattern: r#"(?x)
            (?i-u:passwords?|passwd|passphrase|pwd|secrets?|token|api[_-]?key|access[_-]?key
                |secret[_-]?key|private[_-]?key|credentials?)
            \\* ["'`]? [\x20\t]* (?: => | := | = | : ) [\x20\t]*
            (?:
                \\+ ["'] ([^"'\\\r\n]+)
              | "( (?: [^"\\\r\n] | \\[^\r\n] )+ )
              | '( (?: [^'\\\r\n] | \\[^\r\n] )+ )
              | ( [^\x00-\x20"'&;:,\\] (?: [^\x00-\x20"'&;]* [^\x00-\x20"'&;,] )? )
            )"#,
        check: whole,
        next: Next::BeforeEnd,
    },
    ScrubRule {
        name: "url-credentials",
        label: "[secret]",
        description: "What stands before `@` in a URL: `user:password`, or a token alone.",
        pattern: r#"://([^\x00-\x20/?\#"'<>\\]+)@"#,
        check: whole,
        next: Next::Behind,
    },
    ScrubRule {
        name: "email",
        label: "[email]",
        description: "E-mail addresses whose domain has a dot, also with `%40` for `@`. \
            Local parts in quotes and domains without a dot are left alone.",
        // Letters of Latin, Greek and Cyrillic belong to an address; those of
        // scripts that are written without spaces would join the sentence.
        pattern: r"(?x)
            [A-Za-z0-9_\u{C0}-\u{24F}\u{370}-\u{52F}]
            [A-Za-z0-9_\u{C0}-\u{24F}\u{370}-\u{52F}.%+'~-]*
            (?: @ | %40 )
            (?: [A-Za-z0-9\u{C0}-\u{24F}\u{370}-\u{52F}_-]+ \. )+
            [A-Za-z\u{C0}-\u{24F}\u{370}-\u{52F}] [A-Za-z0-9\u{C0}-\u{24F}\u{370}-\u{52F}-]*",
        check: email,
        next: Next::Behind,
    },
    ScrubRule {
        name: "home-folder",
        label: "[user]",
        description: "The name after `/home/`, `/Users/`, `C:\\Users\\` or `C:\\Documents and \
            Settings\\`, with either kind of slash, also in `file:` URLs and with doubled \
            backslashes. Of a Windows name with spaces only the first word is hidden when \
            neither a slash nor a quote says where it ends.",
        pattern: r#"(?x)
            (?:
                (?: [A-Za-z]:[\\/]+ | \\+ ) (?i-u:users|documents\x20and\x20settings|home) [\\/]+
                ( [^\x00-\x20\\/:*?"'`<>|,;()\[\]{}]+
                  (?: \x20 [^\x00-\x20\\/:*?"'`<>|,;()\[\]{}]+ ){1,3} ) [\\/"'`]
              | [\\/] (?: home | (?i-u:users) | (?i-u:documents\x20and\x20settings) ) [\\/]+
                ( [^\x00-\x20\\/:"'`<>|,;()\[\]{}]+ )
            )"#,
        check: whole,
        next: Next::Behind,
    },
    ScrubRule {
        name: "tilde-user",
        label: "[user]",
        description: "The name in `~name/` at the start of a path, and in `/~name`.",
        pattern: r#"(?x)
            (?: ^ | [\x00-\x20"'`=:(,] ) ~([A-Za-z_][A-Za-z0-9_.-]*)/
          | /~([A-Za-z_][A-Za-z0-9_.-]*)"#,
        check: whole,
        next: Next::Behind,
    },
    ScrubRule {
        name: "ipv6",
        label: "[ip]",
        description: "Whole valid IPv6 addresses in every text form, with the square brackets \
            around them. The zone and the port behind them are kept. Module paths such as \
            `std::fs` are left alone.",
        // Where one can begin; the check reads on from there.
        pattern: r"[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:",
        check: ipv6,
        next: Next::SecondByte,
    },
    ScrubRule {
        name: "ipv4",
        label: "[ip]",
        description: "IPv4 addresses: four numbers up to 255, also where they are the version \
            of something. Three or five such numbers are left alone.",
        pattern: r"[0-9]+(?:\.[0-9]+)+",
        check: ipv4,
        next: Next::Behind,
    },
];

fn whole(_text: &str, find: Range<usize>) -> Option<Range<usize>> {
    Some(find)
}

fn with_digit(text: &str, find: Range<usize>) -> Option<Range<usize>> {
    text.get(find.clone())?.bytes().any(|byte| byte.is_ascii_digit()).then_some(find)
}

/// The longest user and password of a URL that an e-mail address is told from.
/// Beyond it the host is hidden too, which leaks nothing.
const URL_CREDENTIALS_MAX: usize = 256;

/// In `https://jane:x@corp.example` the host is none of an e-mail address: the
/// rule for URLs hides what stands before it.
fn email(text: &str, find: Range<usize>) -> Option<Range<usize>> {
    let before = text.as_bytes().get(..find.start)?;
    let ends = |byte: &u8| *byte <= b' ' || b"/?#\"'<>\\".contains(byte);
    let length =
        before.iter().rev().take(URL_CREDENTIALS_MAX).take_while(|byte| !ends(byte)).count();
    let in_url = before.get(..before.len() - length)?.ends_with(b"://");
    // `%40` does not end the credentials of a URL.
    let at = text.get(find.clone())?.contains('@');
    (!(in_url && at)).then_some(find)
}

/// The find is a maximal run of numbers between dots.
fn ipv4(text: &str, find: Range<usize>) -> Option<Range<usize>> {
    // A label beside the run stands for something that was part of it.
    let after_label = text.get(..find.start)?.ends_with("].");
    if after_label || text.get(find.end..)?.starts_with(".[") {
        return None;
    }
    let mut numbers = 0;
    for number in text.get(find.clone())?.split('.') {
        numbers += 1;
        // Three digits at most: `u8` would also take `0000001`.
        if numbers > 4 || number.len() > 3 || number.parse::<u8>().is_err() {
            return None;
        }
    }
    (numbers == 4).then_some(find)
}

/// The longest text form of an IPv6 address: six groups and an IPv4 address.
const IPV6_MAX: usize = 45;
/// Seven groups, each with its colon, and a second colon behind the last.
const IPV6_COLONS: usize = 8;

/// The longest valid address that begins where the find does. What stands
/// behind it is a port, a zone or punctuation.
fn ipv6(text: &str, find: Range<usize>) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let before = find.start.checked_sub(1).and_then(|at| bytes.get(at));
    if before.is_some_and(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut colons = 0;
    let rest = bytes.get(find.start..)?;
    let run = rest.iter().take(IPV6_MAX).take_while(|byte| {
        colons += usize::from(**byte == b':');
        colons <= IPV6_COLONS && (byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
    });
    for length in (2..=run.count()).rev() {
        let in_group = rest.get(length).is_some_and(u8::is_ascii_hexdigit)
            && rest.get(length - 1).is_some_and(u8::is_ascii_hexdigit);
        let range = find.start..find.start + length;
        if !in_group && is_ipv6(text, range.clone()) {
            return Some(with_brackets(text, range));
        }
    }
    None
}

fn is_ipv6(text: &str, range: Range<usize>) -> bool {
    let Some(address) = text.get(range.clone()) else { return false };
    if address.parse::<Ipv6Addr>().is_err() {
        return false;
    }
    // `ab::cd` is a valid address, and a module path. Addresses have a digit
    // or groups in full length; a module path has no single colon, and
    // `base64::decode` has letters beside what looks like an address.
    let full = address.split(':').filter(|group| group.len() == 4).count() >= 2;
    let single = address.split("::").any(|half| half.contains(':'));
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let bytes = text.as_bytes();
    let beside = range.start.checked_sub(1).and_then(|at| bytes.get(at)).is_some_and(word)
        || bytes.get(range.end).is_some_and(word);
    (full || address.bytes().any(|byte| byte.is_ascii_digit())) && (single || !beside)
}

fn with_brackets(text: &str, range: Range<usize>) -> Range<usize> {
    let bytes = text.as_bytes();
    let before = range.start.checked_sub(1);
    let opened = before.and_then(|at| bytes.get(at)) == Some(&b'[');
    match before {
        Some(before) if opened && bytes.get(range.end) == Some(&b']') => before..range.end + 1,
        _ => range,
    }
}
