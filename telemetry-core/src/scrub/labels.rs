//! What stands in the place of a find.
//!
//! It owns the form of tokens such as `[email]` and `[email:4f1c0a9be6d27c35]`,
//! and how one is told in a text. It must never know a rule.
//!
//! In a text that is scrubbed again, a token stands for something that was
//! found. No find begins or ends within one, and what touches one is glued to
//! it as to a letter: so nothing is found that was not found the first time.

use super::text::{Text, class};

/// Every token of the standard rules, of the vocabulary, and of what was cut.
pub(super) const LABELS: &[&str] = &[
    "secret", "email", "user", "ip", "host", "mac", "iban", "card", "ssn", "phone", "query",
    "path", "file", "word", "private", "cut",
];

/// Stands for the rest of a text that is too long.
pub(super) const CUT: &[u8] = b"[cut]";

/// The hexadecimal digits of a pseudonym in a token: 64 bits, at which two of
/// a million values share one with a chance of 3 in 10^8.
pub(super) const PSEUDONYM_DIGITS: usize = 16;
/// The longest name of a token.
pub(super) const MAX_NAME: usize = 32;
const MAX_LABEL: usize = MAX_NAME + PSEUDONYM_DIGITS + 3;

/// The end of the token that begins at `at`.
pub(super) fn label_at(text: Text<'_>, at: usize, own: &[Box<str>]) -> Option<usize> {
    if text.byte(at) != b'[' {
        return None;
    }
    let name_end = text.until(at + 1, at + 2 + MAX_NAME, |byte| byte == b']' || byte == b':');
    let name = text.slice(at + 1, name_end);
    let known = LABELS.iter().any(|label| label.as_bytes() == name)
        || own.iter().any(|label| label.as_bytes() == name);
    if !known {
        return None;
    }
    if text.byte(name_end) == b']' {
        return Some(name_end + 1);
    }
    let end = text.run(name_end + 1, class::HEX, PSEUDONYM_DIGITS);
    (end == name_end + 1 + PSEUDONYM_DIGITS && text.byte(end) == b']').then_some(end + 1)
}

/// The start of the token that ends before `at`.
pub(super) fn label_before(text: Text<'_>, at: usize, own: &[Box<str>]) -> Option<usize> {
    if text.before(at) != b']' {
        return None;
    }
    let start = open_before(text, at - 1)?;
    (label_at(text, start, own)? == at).then_some(start)
}

/// The token in which `at` is, not at its start.
pub(super) fn label_around(text: Text<'_>, at: usize, own: &[Box<str>]) -> Option<(usize, usize)> {
    let start = open_before(text, at)?;
    let end = label_at(text, start, own)?;
    (at < end).then_some((start, end))
}

/// The last `[` before `at` that has no `]` behind it.
fn open_before(text: Text<'_>, at: usize) -> Option<usize> {
    let first = at.saturating_sub(MAX_LABEL);
    let before = text.slice(first, at);
    super::text::steps(before.len());
    let bracket = memchr::memrchr2(b'[', b']', before)?;
    (before.get(bracket) == Some(&b'[')).then_some(first + bracket)
}
