//! Rules that the author adds.
//!
//! It owns regular expressions and literals. It must never know the standard
//! rules.

use regex::bytes::{Regex, RegexBuilder};

use super::labels::MAX_NAME;
use crate::error::{Error, Kind};

/// Literals shorter than this are refused: names of one or two letters are
/// also ordinary words ("me", "an", "pi"), and hiding those makes every text
/// useless without hiding anybody.
const MIN_LITERAL_CHARS: usize = 3;
/// The longest name of a host has 253 characters, and a user's name has fewer:
/// what is longer is no name, and would only make each search slower.
const MAX_LITERAL_CHARS: usize = 253;
/// More than anybody writes by hand, and few enough for one byte.
const MAX_RULES: usize = 200;
/// A compiled pattern of this size is built in milliseconds.
const MAX_PATTERN: usize = 1 << 20;

/// A regular expression of the author's.
#[derive(Clone, Debug)]
pub(super) struct AuthorRule {
    pub(super) name: Box<str>,
    /// With its brackets.
    pub(super) token: Box<str>,
    pub(super) pattern: Regex,
}

impl AuthorRule {
    pub(super) fn new(name: &str, pattern: &str, count: usize) -> Result<Self, Error> {
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(letters) {
            return Err(argument(format!(
                "the name of a rule has 1 to {MAX_NAME} small letters, digits and dashes: it \
                 becomes the token `[name]`"
            )));
        }
        if count >= MAX_RULES {
            return Err(argument(format!(
                "there are {MAX_RULES} rules already: join some of them"
            )));
        }
        let pattern = RegexBuilder::new(pattern)
            .unicode(false)
            .size_limit(MAX_PATTERN)
            .build()
            .map_err(|error| argument(format!("the pattern of the rule `{name}`: {error}")))?;
        if pattern.is_match(b"") {
            return Err(argument(format!(
                "the pattern of the rule `{name}` matches an empty text, and so every place of \
                 every text: let it take one byte at least"
            )));
        }
        Ok(Self { name: name.into(), token: format!("[{name}]").into(), pattern })
    }
}

pub(super) fn literal(literal: &str) -> Result<&str, Error> {
    let literal = literal.trim();
    if (MIN_LITERAL_CHARS..=MAX_LITERAL_CHARS).contains(&literal.chars().count()) {
        return Ok(literal);
    }
    Err(argument(format!(
        "a literal to hide has {MIN_LITERAL_CHARS} to {MAX_LITERAL_CHARS} characters: leave out \
         any other"
    )))
}

fn argument(message: String) -> Error {
    Error::new(Kind::Argument, message)
}
