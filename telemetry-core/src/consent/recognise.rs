//! Telling a folder of ours by what is in it.
//!
//! It owns which files show that this library keeps the choice of a program's
//! user in a folder. It must never know which program it is.

use std::io::Read;
use std::path::Path;

use super::choice::Choice;
use super::contents::{CHOICE_HEAD, COPY_HEAD};
use super::document::{self, Document, Record};
use super::file::LIMIT;
use super::folders::Folders;
use super::signal::Signal;
use crate::platform;

/// Whether the config folder holds a choice that was made for this library, or
/// the mark of a refusal. A name alone shows nothing: other programs have a
/// `telemetry.toml` too. No link is followed.
pub(crate) fn is_choice(folders: &Folders) -> bool {
    let path = folders.choice();
    let says = |text: &str| {
        let nothing = (Signal::default(), Record::default());
        document::parse(text, Document::Choice, &[]).is_ok_and(|said| said != nothing)
    };
    // Written by us and broken since, or written by hand and whole.
    own_text(&path).is_some_and(|text| text.starts_with(CHOICE_HEAD) || says(&text))
        || own_text(&Choice::mark_beside(&path)).is_some_and(|text| text.is_empty())
}

/// Whether the data folder holds the copy of a refusal.
pub(crate) fn is_copy(folders: &Folders) -> bool {
    own_text(&folders.copy()).is_some_and(|text| text.starts_with(COPY_HEAD))
}

/// The text of a regular file of this user.
fn own_text(path: &Path) -> Option<String> {
    let file = platform::open_regular(path).ok()?;
    if !platform::is_own(&file.metadata().ok()?) {
        return None;
    }
    let mut text = String::new();
    file.take(LIMIT).read_to_string(&mut text).ok()?;
    Some(text)
}
