//! A committed file held to what the code says.
//!
//! It owns when a test fails, when it writes, and what it then says. It must
//! never know how the code's schema was found.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use crate::dictionary::{self, Facts};
use crate::lint::{self, Known, Lint};
use crate::model::{Event, Schema};
use crate::{diff, lock};

pub use crate::lock::VARIABLE;

/// What accepts something new that no notice told of.
const UNTOLD: &str = "accept-untold";

/// Whether what the code says is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The file must say the same.
    Compare,
    /// The file is written, unless something new has no `since`.
    Accept,
    /// The file is written, also when something new has no `since`: who agreed
    /// to an older notice sends it untold.
    AcceptUntold,
}

impl Mode {
    /// What the variable says; without it, the file must say the same.
    ///
    /// # Errors
    ///
    /// A word that is neither, which a typing mistake must not turn into a
    /// silent comparison.
    pub fn from_variable(value: Option<&OsStr>) -> Result<Self, String> {
        match value.map(OsStr::to_string_lossy).as_deref() {
            None | Some("") => Ok(Self::Compare),
            Some("accept") => Ok(Self::Accept),
            Some(UNTOLD) => Ok(Self::AcceptUntold),
            Some(_) => Err(format!(
                "{VARIABLE} can be `accept` or `{UNTOLD}` alone: set it so, or remove it"
            )),
        }
    }
}

/// Compares the lock at `path` with the code's schema, or writes it.
///
/// What the author wrote at the file's head is kept.
///
/// # Errors
///
/// What changed, in words, and how to accept it; or why the file cannot be
/// used. `Ok` holds what there is to say: what was written, what ends soon.
pub fn lock(path: &Path, code: &Schema, known: &Known, mode: Mode) -> Result<String, String> {
    let shown = path.display();
    let text = match fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(format!("{shown} cannot be read: {error}")),
    };
    let mut settings = text.as_deref().map(lock::settings).unwrap_or_default();
    // What the tests do not say stays as the file has it.
    settings.noticed = code.settings.noticed.clone().or(settings.noticed);
    let code = Schema { settings, ..code.clone() };
    bounded(&code)?;
    let old = match text.as_deref().map(lock::parse) {
        Some(Ok(old)) => old,
        // Written anew below; the settings were read by themselves.
        None | Some(Err(_)) if mode != Mode::Compare => Schema::default(),
        None => {
            return Err(format!(
                "there is no {shown}: run the tests with {VARIABLE}=accept to write it, and commit it"
            ));
        }
        Some(Err(error)) => return Err(format!("{shown}: {error}")),
    };
    let diff = diff::compare(&old, &code);
    let mut notes = ending(&code, known);
    let written = lock::write(&code);
    if diff.is_empty() && text.as_deref().is_some_and(|text| is_same(text, &written)) {
        return Ok(notes);
    }
    if mode == Mode::Compare {
        return Err(format!(
            "the telemetry says something else than {shown}:\n\n{diff}\n\
             If that is meant, run the tests with {VARIABLE}=accept and commit the file."
        ));
    }
    if mode == Mode::Accept {
        told(&old, &code, &diff)?;
    }
    replace(path, &written).map_err(|error| format!("{shown} cannot be written: {error}"))?;
    notes.push_str(&format!("{shown} is written:\n{diff}"));
    Ok(notes)
}

/// What is new in a program whose notices have versions says which of them
/// tells of it. The first lock of a program has nothing older, and a program
/// without `since` anywhere has no versions.
fn told(old: &Schema, code: &Schema, diff: &diff::Diff) -> Result<(), String> {
    let since = |event: &Event| {
        event.since.is_some() || event.rows().iter().any(|row| row.field.since.is_some())
    };
    let has_versions = old.events.iter().chain(&code.events).any(since);
    if diff.findings.is_empty() || old.events.is_empty() || !has_versions {
        return Ok(());
    }
    let mut text = String::new();
    for finding in &diff.findings {
        let field = finding.field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
        text.push_str(&format!("{}{field} {}\n", finding.event, finding.text));
    }
    Err(format!(
        "the lock is not written:\n\n{text}\nIf who agreed to an older notice may send it all the \
         same, run the tests with {VARIABLE}={UNTOLD}."
    ))
}

/// Whether the texts are equal but for line ends, which git may change.
fn is_same(text: &str, written: &str) -> bool {
    text.lines().eq(written.lines())
}

/// The bound of the file's head holds for every event.
fn bounded(code: &Schema) -> Result<(), String> {
    let over: Vec<String> = lint::lint(code, &Known::default())
        .into_iter()
        .filter(|finding| finding.lint == Lint::OverMaxBits && finding.allowed.is_none())
        .map(|finding| finding.to_string())
        .collect();
    if over.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}\nMake these events tell less, or write `allow {} EVENT; because \"...\"` into the head of the \
         lock's file",
        over.join("\n"),
        Lint::OverMaxBits.name()
    ))
}

/// A test must not fail because a day has passed: it says what ends.
fn ending(code: &Schema, known: &Known) -> String {
    let mut text = String::new();
    for finding in lint::lint(code, known) {
        if matches!(finding.lint, Lint::Expired | Lint::ExpiresSoon) && finding.allowed.is_none() {
            text.push_str(&format!("warning: {finding}\n"));
        }
    }
    text
}

/// Compares the page at `path` with what the code says, or writes it: Markdown,
/// or HTML or JSON by the name's ending.
///
/// # Errors
///
/// The first line that is other, and how to accept it.
pub fn page(path: &Path, code: &Schema, facts: &Facts, mode: Mode) -> Result<String, String> {
    let shown = path.display();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(format!("{shown} cannot be read: {error}")),
    };
    let written = match path.extension().and_then(OsStr::to_str) {
        Some("html" | "htm") => dictionary::html(code, facts),
        Some("json") => format!("{:#}\n", dictionary::json(code)),
        _ => dictionary::between_marks(&text, &dictionary::markdown(code, facts)),
    };
    if is_same(&text, &written) {
        return Ok(String::new());
    }
    if mode != Mode::Compare {
        replace(path, &written).map_err(|error| format!("{shown} cannot be written: {error}"))?;
        return Ok(format!("{shown} is written"));
    }
    let other = text.lines().zip(written.lines()).take_while(|(old, new)| old == new).count();
    let line = |text: &str| text.lines().nth(other).unwrap_or("(nothing)").to_owned();
    Err(format!(
        "{shown} does not say what the telemetry says; line {} is\n    {}\nand must be\n    {}\n\
         Run the tests with {VARIABLE}=accept to write it, and commit the file.",
        other + 1,
        line(&text),
        line(&written)
    ))
}

/// Writes the file as a whole: a test that runs beside this one reads either
/// the old or the new.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(name);
    fs::write(&beside, text)?;
    fs::rename(&beside, path).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}
