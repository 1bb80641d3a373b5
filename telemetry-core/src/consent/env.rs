//! Words from environment variables, and from files of them.
//!
//! It owns how a variable is read. It must never know what other sources say.
//!
//! No crate does this: those for `.env` files are for whole environments, with
//! `$NAME` in a value replaced by what another variable says. Here a few names
//! are looked for, and a line that nearly says one of them is a mistake to be
//! told.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use crate::consent::document::shown;
use crate::consent::file::Problem;

/// Where variables are looked up: the process environment, or a test's own.
pub(crate) type Lookup = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// How a variable's value is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Off when it is set to anything, even to nothing.
    Presence,
    /// `true` is off, `false` is no opinion.
    Disables,
    /// `false` is off, `true` is on.
    Enables,
    /// `DO_NOT_TRACK`: off unless empty, `0` or `false`.
    DoNotTrack,
}

/// A variable and how it is read.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) reading: Reading,
}

impl Variable {
    /// Off, on, no opinion, or a value that is none of them. A message names
    /// the variable and never its value.
    pub(crate) fn read(&self, value: &OsStr) -> Result<Option<bool>, String> {
        let word = value.to_str().and_then(truth);
        let unclear =
            |remedy: &str| Err(format!("has a value that is neither true nor false: {remedy}"));
        match (self.reading, word) {
            (Reading::Presence, _) => Ok(Some(false)),
            (Reading::Disables, Some(true)) => Ok(Some(false)),
            (Reading::Disables, Some(false)) => Ok(None),
            (Reading::Enables, Some(on)) => Ok(Some(on)),
            (Reading::Disables, None) => unclear("set it to `true` (off) or `false`, or unset it"),
            (Reading::Enables, None) => unclear("set it to `1` (on) or `0` (off), or unset it"),
            (Reading::DoNotTrack, _) => {
                let tracked =
                    value.is_empty() || value == "0" || value.eq_ignore_ascii_case("false");
                Ok(if tracked { None } else { Some(false) })
            }
        }
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// A line of an env file that sets one of our variables.
#[derive(Debug)]
pub(crate) struct Set<'v> {
    pub(crate) variable: &'v Variable,
    pub(crate) line: usize,
    pub(crate) value: String,
}

/// Finds `variables` in a file of `KEY=value` lines.
///
/// | line | meaning |
/// |---|---|
/// | empty, or starting with `#` | nothing |
/// | `KEY=value`, `export KEY=value` | sets `KEY`; one pair of quotes around the value is taken off, and ` #` ends an unquoted value |
/// | anything else | the file is broken |
///
/// A name that differs from one of ours in case alone is a mistake in an
/// opt-out, so that it breaks the file too.
pub(crate) fn find<'v>(
    text: &str,
    variables: &'v [Variable],
) -> Result<Vec<Set<'v>>, Vec<Problem>> {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for (line, row) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let row = row.trim();
        if row.is_empty() || row.starts_with('#') {
            continue;
        }
        let row = row.strip_prefix("export ").unwrap_or(row);
        let Some((key, value)) = row.split_once('=') else {
            problems.push(Problem::of_cut_off(line, "has a line that is not `KEY=value`"));
            continue;
        };
        let key = key.trim();
        let own = variables.iter().find(|variable| variable.name.eq_ignore_ascii_case(key));
        match own {
            Some(variable) if variable.name == key => {
                found.push(Set { variable, line, value: unquoted(value.trim()).to_owned() });
            }
            Some(variable) => problems.push(Problem::new(
                line,
                format!("has `{}` where `{}` is meant", shown(key), variable.name),
            )),
            None => {}
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    value.split_once(" #").map_or(value, |(before, _)| before.trim_end())
}
