//! Writing the user's choice.
//!
//! It owns the changes of the choice file and that they last. Every change is
//! made under a lock among processes, so that of two at once none is lost, and
//! replaces the file whole and durably, so that after a crash at any moment it
//! holds the old or the new. A file that cannot be understood counts as off
//! until [`Choice::off`] replaces it.

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::consent::cutoff::Cutoff;
use crate::consent::notice::{Notice, Receipt};
use crate::consent::source::{self, Answer, Content, Kind, Links, Record, Said, Shown};
use crate::error::{self, Error};
use crate::platform;

/// How many receipts are kept: enough for a lifetime of notices, and few
/// enough to stay far below the largest file that is read.
const RECEIPTS: usize = 64;

/// How long a change waits for another process that changes the choice. A
/// change takes milliseconds; whoever holds the lock for longer was stopped.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest name of a purpose or version of a notice, in bytes, so that
/// [`RECEIPTS`] receipts fit into the file.
const LONGEST_NAME: usize = 64;

/// The user's choice, to change it. Made by
/// [`Layers::choice`](crate::consent::Layers::choice).
///
/// Each method returns when the change is on the disk and will survive a power
/// cut. What stronger layers say still holds: decide again to see the result.
///
/// ```
/// use telemetry_core::consent::Layers;
///
/// # let folder = std::env::temp_dir().join(format!("telemetry-choice-doc-{}", std::process::id()));
/// let layers = Layers::new("studio")
///     .on_by_default()
/// #   .choice_file(folder.join("telemetry.toml"))
///     .with_env(|_| None);
/// assert!(layers.decide().is_on());
/// layers.choice()?.off()?;
/// assert!(!layers.decide().is_on());
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Choice {
    path: PathBuf,
    known: Vec<String>,
    notice: Option<Notice>,
}

impl Choice {
    pub(crate) fn new(path: PathBuf, known: Vec<String>, notice: Option<Notice>) -> Self {
        Self { path, known, notice }
    }

    /// The file in which the choice is kept.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses everything, from now on and for what is stored: every
    /// generation rises, so that what was recorded before is never sent.
    ///
    /// It works when there is no folder and when the file is broken; what was
    /// in a broken file is kept beside it, with `.broken` after its name.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn off(&self) -> Result<(), Error> {
        self.change(Broken::Replace, |state, _| {
            state.said.enabled = Some(Answer { on: false, line: 0 });
            state.said.only = None;
            state.record.cutoff.raise_all();
        })
    }

    /// Refuses one purpose.
    ///
    /// # Errors
    ///
    /// When the file cannot be written, or there is no such purpose.
    pub fn off_for(&self, purpose: &str) -> Result<(), Error> {
        self.check(purpose)?;
        self.change(Broken::Replace, |state, _| {
            if let Some((names, _)) = &mut state.said.only {
                names.retain(|name| name != purpose);
            }
            state.said.purposes.insert(purpose.to_owned(), Answer { on: false, line: 0 });
            // Of all purposes: an event of another may hold fields of this one.
            state.record.cutoff.raise_all();
        })
    }

    /// Agrees to everything except the purposes that were refused one by one.
    /// In a program with a notice that is everything the notice speaks of, and
    /// a receipt says so.
    ///
    /// # Errors
    ///
    /// When the file cannot be written. When it is broken, because it may hold
    /// a refusal that would be lost: run [`off`](Self::off) first.
    pub fn on(&self) -> Result<(), Error> {
        let notice = self.notice.as_ref();
        self.change(Broken::Refuse, |state, now| {
            if state.said.of(None).is_some_and(|answer| !answer.on) {
                state.record.cutoff.raise_all();
            }
            state.said.enabled = Some(Answer { on: true, line: 0 });
            state.said.only = None;
            if let Some(notice) = notice {
                let refused = &state.said.purposes;
                let agreed = notice.purpose_names().iter();
                let agreed =
                    agreed.filter(|name| refused.get(*name).is_none_or(|answer| answer.on));
                let purposes = agreed.cloned().collect();
                state.sign(notice, purposes, now);
            }
        })
    }

    /// Agrees to one purpose, also after everything was refused: then to this
    /// one alone.
    ///
    /// # Errors
    ///
    /// As of [`on`](Self::on), and when there is no such purpose.
    pub fn on_for(&self, purpose: &str) -> Result<(), Error> {
        self.check(purpose)?;
        self.agree(&[purpose])
    }

    /// Agrees to these purposes of the notice and to no other of it, with a
    /// receipt: what a dialogue with one box for each purpose calls.
    ///
    /// # Errors
    ///
    /// As of [`on_for`](Self::on_for).
    pub fn agree_to(&self, purposes: &[&str]) -> Result<(), Error> {
        purposes.iter().try_for_each(|purpose| self.check(purpose))?;
        let explained = self.notice.as_ref().map_or(&[][..], Notice::purpose_names);
        let declined: Vec<_> =
            explained.iter().filter(|name| !purposes.contains(&name.as_str())).cloned().collect();
        self.change(Broken::Refuse, |state, now| {
            let narrower =
                declined.iter().any(|name| state.said.of(Some(name)).is_none_or(|a| a.on));
            for name in &declined {
                state.said.purposes.insert(name.clone(), Answer { on: false, line: 0 });
                if let Some((names, _)) = &mut state.said.only {
                    names.retain(|listed| listed != name);
                }
            }
            if narrower {
                state.record.cutoff.raise_all();
            }
            self.grant(state, purposes, now);
        })
    }

    /// Notes that the notice was shown. The purposes of the notice that was
    /// shown first are those that the default may cover.
    ///
    /// # Errors
    ///
    /// As of [`on`](Self::on).
    pub fn notice_shown(&self) -> Result<(), Error> {
        let Some(notice) = &self.notice else { return Ok(()) };
        self.change(Broken::Refuse, |state, now| {
            let before = state.record.shown.take().map(|shown| shown.purposes);
            // What is added after a first notice, shown or agreed to, is off
            // until agreed to, not merely told.
            let first = before.is_none() && state.record.receipts.is_empty();
            let purposes = if first { notice.purpose_names() } else { &[] };
            state.record.shown = Some(Shown {
                version: notice.version().to_owned(),
                time: now,
                purposes: before.unwrap_or_else(|| purposes.to_vec()),
            });
        })
    }

    /// The notice that the program has, whether or not it is due.
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    fn agree(&self, purposes: &[&str]) -> Result<(), Error> {
        self.change(Broken::Refuse, |state, now| self.grant(state, purposes, now))
    }

    fn grant(&self, state: &mut State, purposes: &[&str], now: Timestamp) {
        for purpose in purposes {
            // What a running process stored before it noticed the refusal may
            // not be sent after its end either.
            if state.said.of(Some(purpose)).is_some_and(|word| !word.on) {
                state.record.cutoff.raise(purpose);
            }
        }
        for purpose in purposes {
            state.said.purposes.insert((*purpose).to_owned(), Answer { on: true, line: 0 });
        }
        // After "everything off" only what is agreed to now is on, and not all
        // that nobody has named.
        if state.said.enabled.is_some_and(|answer| !answer.on) {
            state.said.enabled = None;
            state.said.only = Some((Vec::new(), 0));
            state
                .said
                .purposes
                .retain(|name, answer| !answer.on || purposes.contains(&name.as_str()));
        }
        if let Some((names, _)) = &mut state.said.only {
            let new = purposes.iter().filter(|purpose| !names.iter().any(|name| name == *purpose));
            let new: Vec<_> = new.map(|purpose| (*purpose).to_owned()).collect();
            names.extend(new);
        }
        if let Some(notice) = &self.notice {
            let purposes = purposes.iter().map(|purpose| (*purpose).to_owned()).collect();
            state.sign(notice, purposes, now);
        }
    }

    fn check(&self, purpose: &str) -> Result<(), Error> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let usable =
            !purpose.is_empty() && purpose.len() <= LONGEST_NAME && purpose.chars().all(plain);
        let known = self.known.is_empty() || self.known.iter().any(|name| name == purpose);
        if usable && known {
            return Ok(());
        }
        let purposes = if self.known.is_empty() { String::new() } else { self.known.join("`, `") };
        let message = format!("there is no such purpose; the purposes are `{purposes}`");
        Err(Error::new(error::Kind::Argument, message))
    }

    fn change(
        &self,
        broken: Broken,
        change: impl FnOnce(&mut State, Timestamp),
    ) -> Result<(), Error> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        create_durably(folder).map_err(|error| self.unwritten(error))?;
        let _lock = self.lock().map_err(|error| self.unwritten(error))?;
        // Left by writers that were killed: under the lock there is no living
        // one. What cannot be removed is in nobody's way.
        let _ = platform::remove_temporaries(&self.path);
        let mut state = self.load(broken)?;
        let now = whole_milliseconds(Timestamp::now());
        change(&mut state, now);
        state.record.written = Some(now);
        platform::replace_durably(&self.path, state.to_toml().as_bytes())
            .map_err(|error| self.unwritten(error))
    }

    /// What the user can do when the choice cannot be kept.
    fn unwritten(&self, error: Error) -> Error {
        let message = format!(
            "the choice about telemetry could not be kept in {}: let this user write there, or set DO_NOT_TRACK=1 to refuse",
            self.path.display()
        );
        Error::new(error.kind(), message).because(error)
    }

    fn lock(&self) -> Result<File, Error> {
        let path = self.path.with_extension("lock");
        let file = platform::open_lock(&path).map_err(|error| Error::io("open", &path, error))?;
        let begun = Instant::now();
        while !platform::try_lock(&file, &path)? {
            if begun.elapsed() >= PATIENCE {
                let message =
                    "another process has been changing it for too long: end that one and try again";
                return Err(Error::new(error::Kind::Io, message));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(file)
    }

    fn load(&self, broken: Broken) -> Result<State, Error> {
        let text = match source::read(&self.path, Links::Refuse) {
            Content::Missing => return Ok(State::default()),
            Content::Broken(_) => None,
            Content::Text(text) => Some(text),
        };
        let parsed = text.as_ref().and_then(|text| source::parse(text, Kind::Choice, &[]).ok());
        if let Some((said, record)) = parsed {
            return Ok(State { said, record });
        }
        if broken == Broken::Refuse {
            let message = format!(
                "{} cannot be understood, and may hold a refusal: switch telemetry off first, which writes it anew, or remove it",
                self.path.display()
            );
            return Err(Error::new(error::Kind::Config, message));
        }
        if let Some(text) = text {
            // A copy, so that the broken file, which says off, stays in place
            // until the new one is there. It is a courtesy: off goes on without.
            let mut name = self.path.file_name().unwrap_or_default().to_os_string();
            name.push(".broken");
            let _ = platform::replace_durably(&self.path.with_file_name(name), text.as_bytes());
        }
        // What was refused in there is unknown, so that nothing is on.
        let said = Said::all(false, 0);
        Ok(State { said, ..State::default() })
    }
}

fn whole_milliseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

/// What to do with a file that cannot be understood.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Broken {
    Replace,
    Refuse,
}

/// What the choice file holds.
#[derive(Default)]
struct State {
    said: Said,
    record: Record,
}

impl State {
    fn sign(&mut self, notice: &Notice, purposes: Vec<String>, time: Timestamp) {
        let receipts = &mut self.record.receipts;
        receipts.push(Receipt { notice: notice.version().to_owned(), time, purposes });
        // Forgetting the oldest can only make a purpose ask again.
        let surplus = receipts.len().saturating_sub(RECEIPTS);
        receipts.drain(..surplus);
    }

    fn to_toml(&self) -> String {
        let mut text = String::from(
            "# What you chose about telemetry. Written by the program's telemetry command;\n\
             # whatever cannot be understood in here means off.\n[telemetry]\n",
        );
        let Record { written, cutoff, shown, receipts } = &self.record;
        if let Some(answer) = self.said.enabled {
            let _ = writeln!(text, "enabled = {}", answer.on);
        }
        if let Some((names, _)) = &self.said.only {
            let _ = writeln!(text, "only = {}", list(names));
        }
        if let Some(time) = written {
            let _ = writeln!(text, "written = \"{time}\"");
        }
        if !self.said.purposes.is_empty() {
            text.push_str("\n[telemetry.purposes]\n");
        }
        for (name, answer) in &self.said.purposes {
            let _ = writeln!(text, "{} = {}", quoted(name), answer.on);
        }
        if *cutoff != Cutoff::default() {
            text.push_str("\n# How often you refused: what was recorded before is never sent.\n");
            let _ = writeln!(text, "[telemetry.cutoff]\nall = {}", cutoff.all());
            for (index, (name, number)) in cutoff.purposes().enumerate() {
                let table = if index == 0 { "\n[telemetry.cutoff.purposes]\n" } else { "" };
                let _ = writeln!(text, "{table}{} = {number}", quoted(name));
            }
        }
        if let Some(Shown { version, time, purposes }) = shown {
            text.push_str("\n# The notice that was shown last, and what the first one spoke of.\n");
            let _ = writeln!(text, "[telemetry.notice]\nshown = {}", quoted(version));
            let _ = writeln!(text, "time = \"{time}\"\npurposes = {}", list(purposes));
        }
        for Receipt { notice, time, purposes } in receipts {
            let _ = writeln!(text, "\n[[telemetry.receipts]]\nnotice = {}", quoted(notice));
            let _ = writeln!(text, "time = \"{time}\"\npurposes = {}", list(purposes));
        }
        text
    }
}

fn list(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
    format!("[{}]", names.join(", "))
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Creates a folder and what is missing above it, each durably: a choice in a
/// folder that a power cut takes away is a choice lost. An existing folder is
/// used as it is, since an off must not fail over its permissions.
fn create_durably(folder: &Path) -> Result<(), Error> {
    if folder.is_dir() {
        return Ok(());
    }
    let missing: Vec<_> = folder.ancestors().take_while(|path| !path.exists()).collect();
    platform::private_dir(folder)?;
    missing.into_iter().try_for_each(platform::sync_parent)
}
