//! Writing the user's choice.
//!
//! It owns the changes of the choice and that they last. It must never know
//! what other sources say.
//!
//! Every change is made under a lock among processes, so that of two at once
//! none is lost, and replaces the file whole and durably, so that after a crash
//! at any moment it holds the old or the new. A file that cannot be understood
//! counts as off until [`Choice::refuse`] replaces it.
//!
//! Three files say what the user refused, and any of them is enough:
//!
//! | file | written | why |
//! |---|---|---|
//! | `<config>/telemetry.toml` | by every change | the choice itself |
//! | `<data>/consent.toml` | by every refusal, and by what follows one | holds when the config folder is removed, or is another one |
//! | `<config>/telemetry.off`, empty | by an off that cannot write the choice: the disk is full, or another process holds the lock | needs no lock, and no room for a single byte |
//!
//! They are written in this order, and an on removes the mark last: killed in
//! between, it leaves a refusal.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::consent::contents::Contents;
use crate::consent::decision::CountedRefusals;
use crate::consent::document::{Record, ShownNotice};
use crate::consent::file;
use crate::consent::gather::parse_own;
use crate::consent::notice::Notice;
use crate::consent::seen::Owner;
use crate::consent::signal::{Signal, Verdict};
use crate::error::{self, Error};
use crate::platform::{self, Lock};

/// How long a change waits for another process that changes the choice. A
/// change takes milliseconds; whoever holds the lock for longer was stopped. A
/// refusal of everything does not wait at all.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest name of a purpose or version of a notice, in bytes, so that all
/// receipts that are kept fit into the file.
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
/// layers.choice()?.refuse()?;
/// assert!(!layers.decide().is_on());
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Choice {
    path: PathBuf,
    copy: Option<PathBuf>,
    known: Vec<String>,
    notice: Option<Notice>,
}

/// What a change does with a file that cannot be understood, and how long it
/// waits for others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ChangeKind {
    /// A refusal: replaces it.
    Refusal(Duration),
    /// Anything else: fails, since it may hold a refusal that would be lost.
    Other,
}

impl Choice {
    pub(crate) fn new(
        path: PathBuf,
        copy: Option<PathBuf>,
        known: Vec<String>,
        notice: Option<Notice>,
    ) -> Self {
        Self { path, copy, known, notice }
    }

    /// The mark of a refusal beside a choice.
    pub(crate) fn mark_beside(choice: &Path) -> PathBuf {
        choice.with_extension("off")
    }

    /// The file in which the choice is kept.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses everything, from now on and for what is stored: every
    /// generation rises, so that what was recorded before is never sent.
    ///
    /// It works when there is no folder and when the file is broken; what was
    /// in a broken file is kept beside it, with `.broken` after its name. It
    /// does not wait for another process, and it works on a full disk: then the
    /// refusal is an empty file beside the choice or beside the data.
    ///
    /// # Errors
    ///
    /// When none of the files can be written. Then nothing is refused beyond
    /// this process.
    pub fn refuse(&self) -> Result<(), Error> {
        let written = self.change(ChangeKind::Refusal(Duration::ZERO), |contents, _| {
            contents.signal.enabled = Some(Verdict::NO);
            contents.signal.only = None;
            contents.record.cutoff.raise_all();
        });
        match written {
            Err(error) if !self.leave_mark() => Err(error),
            _ => Ok(()),
        }
    }

    /// Refuses one purpose.
    ///
    /// # Errors
    ///
    /// When neither the choice nor its copy can be written, or there is no such
    /// purpose.
    pub fn refuse_purpose(&self, purpose: &str) -> Result<(), Error> {
        self.check(purpose)?;
        self.change(ChangeKind::Refusal(PATIENCE), |contents, _| {
            if let Some((names, _)) = &mut contents.signal.only {
                names.retain(|name| name != purpose);
            }
            contents.signal.purposes.insert(purpose.to_owned(), Verdict::NO);
            // Of all purposes: an event of another may hold fields of this one.
            contents.record.cutoff.raise_all();
        })
    }

    /// Agrees to everything except the purposes that were refused one by one.
    /// In a program with a notice that is everything the notice speaks of, and
    /// a receipt says so.
    ///
    /// # Errors
    ///
    /// When the file cannot be written. When it is broken, because it may hold
    /// a refusal that would be lost: run [`refuse`](Self::refuse) first.
    pub fn agree(&self) -> Result<(), Error> {
        let notice = self.notice.as_ref();
        self.change(ChangeKind::Other, |contents, now| {
            if contents.signal.refuses(None) {
                contents.record.cutoff.raise_all();
            }
            contents.signal.enabled = Some(Verdict::YES);
            contents.signal.only = None;
            if let Some(notice) = notice {
                let refused = contents.signal.refused();
                let agreed = notice.purpose_names().iter();
                let agreed = agreed.filter(|name| !refused.contains(*name)).cloned().collect();
                contents.sign(notice, agreed, now);
            }
        })
    }

    /// Agrees to one purpose, also after everything was refused: then to this
    /// one alone. What was recorded for other purposes stays.
    ///
    /// # Errors
    ///
    /// As of [`agree`](Self::agree), and when there is no such purpose.
    pub fn agree_to(&self, purpose: &str) -> Result<(), Error> {
        self.check(purpose)?;
        self.change(ChangeKind::Other, |contents, now| self.grant(contents, &[purpose], now))
    }

    /// Agrees to these purposes of the notice and to no other of it, with a
    /// receipt: what a dialogue with one box for each purpose calls.
    ///
    /// # Errors
    ///
    /// As of [`agree_to`](Self::agree_to).
    pub fn agree_only_to(&self, purposes: &[&str]) -> Result<(), Error> {
        purposes.iter().try_for_each(|purpose| self.check(purpose))?;
        let explained = self.notice.as_ref().map_or(&[][..], Notice::purpose_names);
        let declined: Vec<_> =
            explained.iter().filter(|name| !purposes.contains(&name.as_str())).collect();
        self.change(ChangeKind::Other, |contents, now| {
            // Nothing of a purpose was recorded that nobody has agreed to.
            let on = |name: &&&String| contents.signal.about(Some(name)).is_none_or(|a| a.on);
            let narrower = declined.iter().any(|name| on(&name));
            for name in &declined {
                contents.signal.purposes.insert((*name).clone(), Verdict::NO);
                if let Some((names, _)) = &mut contents.signal.only {
                    names.retain(|listed| listed != *name);
                }
            }
            if narrower {
                contents.record.cutoff.raise_all();
            }
            self.grant(contents, purposes, now);
        })
    }

    /// Notes that the notice was shown. The purposes of the notice that was
    /// shown first are those that the default may cover.
    ///
    /// # Errors
    ///
    /// As of [`agree`](Self::agree).
    pub fn notice_shown(&self) -> Result<(), Error> {
        let Some(notice) = &self.notice else { return Ok(()) };
        self.change(ChangeKind::Other, |contents, now| {
            let record = &mut contents.record;
            let before = record.shown.take().map(|shown| shown.purposes);
            // What is added after a first notice, shown or agreed to, is off
            // until agreed to, not merely told.
            let first = before.is_none() && record.receipts.is_empty();
            let purposes = if first { notice.purpose_names() } else { &[] };
            record.shown = Some(ShownNotice {
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

    /// Remembers what other sources refuse now. What is new among it raises the
    /// generations.
    pub(crate) fn count_refusals(&self, refusals: &CountedRefusals) -> Result<(), Error> {
        let Some(copy) = &self.copy else { return Ok(()) };
        let _lock = self.lock(PATIENCE)?.ok_or_else(busy)?;
        let Loaded { mut contents, edited, .. } = self.load(ChangeKind::Other)?;
        let before = std::mem::replace(&mut contents.record.counted, refusals.clone());
        let known = |source: &String, name: &String| {
            before.get(source).is_some_and(|names| names.contains(name))
        };
        let mut all =
            refusals.iter().flat_map(|(source, names)| names.iter().map(move |n| (source, n)));
        if all.any(|(source, name)| !known(source, name)) || edited {
            contents.record.cutoff.raise_all();
        }
        self.write_copy(copy, &contents)
    }

    /// Something that was refused while the program ran is agreed to again: what
    /// was recorded before that is never sent.
    pub(crate) fn count_end_of_refusal(&self) -> Result<(), Error> {
        let _lock = self.lock(PATIENCE)?.ok_or_else(busy)?;
        let mut contents = self.load(ChangeKind::Other)?.contents;
        contents.record.cutoff.raise_all();
        match &self.copy {
            Some(copy) => self.write_copy(copy, &contents),
            None => self.write_choice(&contents),
        }
    }

    fn grant(&self, contents: &mut Contents, purposes: &[&str], now: Timestamp) {
        let signal = &mut contents.signal;
        for purpose in purposes {
            // What a running process stored before it noticed the refusal may
            // not be sent after its end either.
            if signal.refuses(Some(purpose)) {
                contents.record.cutoff.raise(purpose);
            }
        }
        for purpose in purposes {
            signal.purposes.insert((*purpose).to_owned(), Verdict::YES);
        }
        // After "everything off" only what is agreed to now is on, and not all
        // that nobody has named.
        if signal.enabled.is_some_and(|answer| !answer.on) {
            signal.enabled = None;
            signal.only = Some((Vec::new(), 0));
            signal.purposes.retain(|name, a| !a.on || purposes.contains(&name.as_str()));
        }
        if let Some((names, _)) = &mut signal.only {
            let new = purposes.iter().filter(|purpose| !names.iter().any(|name| name == *purpose));
            let new: Vec<_> = new.map(|purpose| (*purpose).to_owned()).collect();
            names.extend(new);
        }
        if let Some(notice) = &self.notice {
            let purposes = purposes.iter().map(|purpose| (*purpose).to_owned()).collect();
            contents.sign(notice, purposes, now);
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
        kind: ChangeKind,
        change: impl FnOnce(&mut Contents, Timestamp),
    ) -> Result<(), Error> {
        // Before the lock is waited for: a mark that an off leaves meanwhile is
        // younger than this change, and stays.
        let mark = SavedMark::find(&self.path);
        let (patience, is_refusal) = match kind {
            ChangeKind::Refusal(patience) => (patience, true),
            ChangeKind::Other => (PATIENCE, false),
        };
        let locked = create_durably(folder_of(&self.path)).and_then(|()| self.lock(patience));
        let _lock = match locked {
            Ok(Some(lock)) => Some(lock),
            Ok(None) => return Err(self.unwritten(busy())),
            // The config folder cannot be used; the copy may still be.
            Err(_) if is_refusal && self.copy.is_some() => None,
            Err(error) => return Err(self.unwritten(error)),
        };
        // Left by writers that were killed: under the lock there is no living
        // one. What cannot be removed is in nobody's way.
        let _ = platform::remove_temporaries(&self.path);
        let Loaded { mut contents, copy_exists, edited } = self.load(kind)?;
        if edited {
            contents.record.cutoff.raise_all();
        }
        if mark.is_some() {
            contents.signal.refuse_as(&Signal::for_all(false, 0));
        }
        // Whole milliseconds, as every other time of ours.
        let now = Timestamp::now();
        let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        change(&mut contents, now);
        contents.record.written = Some(now);
        let chosen = self.write_choice(&contents);
        let copied = match &self.copy {
            Some(copy) if is_refusal || copy_exists || contents.has_refused() => {
                self.write_copy(copy, &contents)
            }
            _ => Ok(()),
        };
        match (chosen, copied) {
            // Either is a refusal that lasts.
            (Ok(()), _) | (Err(_), Ok(())) if is_refusal && self.copy.is_some() => Ok(()),
            (chosen, copied) => chosen.and(copied).and_then(|()| match mark {
                Some(mark) if !is_refusal => mark.remove(&self.path),
                _ => Ok(()),
            }),
        }
        .map_err(|error| self.unwritten(error))
    }

    fn write_choice(&self, contents: &Contents) -> Result<(), Error> {
        platform::replace_durably(&self.path, contents.to_toml(false).as_bytes())
    }

    fn write_copy(&self, copy: &Path, contents: &Contents) -> Result<(), Error> {
        create_durably(folder_of(copy))?;
        let _ = platform::remove_temporaries(copy);
        platform::replace_durably(copy, contents.to_toml(true).as_bytes())
    }

    /// The refusal in its smallest form: an empty file beside the choice, or
    /// else the copy or the choice itself emptied. Says whether one was made.
    fn leave_mark(&self) -> bool {
        let mark = Self::mark_beside(&self.path);
        let marked = create_durably(folder_of(&mark))
            .and_then(|()| platform::replace_durably(&mark, b""))
            .is_ok();
        if marked {
            return true;
        }
        let copied = self.copy.as_deref().is_some_and(|copy| {
            platform::empty_durably(copy).is_ok()
                || create_durably(folder_of(copy))
                    .and_then(|()| platform::replace_durably(copy, b""))
                    .is_ok()
        });
        copied || platform::empty_durably(&self.path).is_ok()
    }

    /// What the user can do when the choice cannot be kept.
    fn unwritten(&self, error: Error) -> Error {
        let message = format!(
            "the choice about telemetry could not be kept in {}: let this user write there, or set DO_NOT_TRACK=1 to refuse",
            self.path.display()
        );
        Error::new(error.kind(), message).because(error)
    }

    /// The lock under which one process at a time changes the choice; none when
    /// another process has it.
    fn lock(&self, patience: Duration) -> Result<Option<Lock>, Error> {
        Lock::wait_at(&self.path.with_extension("lock"), patience)
    }

    /// What the choice and its copy hold together.
    fn load(&self, kind: ChangeKind) -> Result<Loaded, Error> {
        let (mut contents, there) = match self.load_one(&self.path, kind)? {
            Some(contents) => (contents, true),
            None => (Contents::default(), false),
        };
        let Some(copy) = &self.copy else {
            return Ok(Loaded { contents, copy_exists: false, edited: false });
        };
        let copied = self.load_one(copy, kind)?;
        let copy_exists = copied.is_some();
        let copied = copied.unwrap_or_default();
        let edited = contents.signal.refuses_beyond(&copied.signal);
        let Record { written, cutoff, counted, .. } = copied.record;
        contents.record.cutoff.merge(&cutoff);
        contents.record.counted = counted;
        if !there || written.is_none() || written != contents.record.written {
            contents.signal.refuse_as(&copied.signal);
        }
        Ok(Loaded { contents, copy_exists, edited })
    }

    fn load_one(&self, path: &Path, kind: ChangeKind) -> Result<Option<Contents>, Error> {
        let content = file::read(path, Owner::Us).content;
        let text = match &content {
            file::Content::Text(text) => Some(text.clone()),
            _ => None,
        };
        match parse_own(content, &[]) {
            None => return Ok(None),
            Some(Ok((signal, record))) => return Ok(Some(Contents { signal, record })),
            Some(Err(_)) => {}
        }
        if kind == ChangeKind::Other {
            let message = format!(
                "{} cannot be understood, and may hold a refusal: switch telemetry off first, which writes it anew, or remove it",
                path.display()
            );
            return Err(Error::new(error::Kind::Config, message));
        }
        if let Some(text) = text {
            // A copy, so that the broken file, which says off, stays in place
            // until the new one is there. It is a courtesy: off goes on without.
            let mut name = path.file_name().unwrap_or_default().to_os_string();
            name.push(".broken");
            let _ = platform::replace_durably(&path.with_file_name(name), text.as_bytes());
        }
        // What was refused in there is unknown, so that nothing is on.
        Ok(Some(Contents { signal: Signal::for_all(false, 0), ..Contents::default() }))
    }
}

fn busy() -> Error {
    let message = "another process has been changing it for too long: end that one and try again";
    Error::new(error::Kind::Io, message)
}

struct Loaded {
    contents: Contents,
    copy_exists: bool,
    /// The choice refuses what we did not write: somebody edited it.
    edited: bool,
}

/// A mark that was there when a change began.
struct SavedMark([u64; 2]);

impl SavedMark {
    fn find(choice: &Path) -> Option<Self> {
        let metadata = fs::symlink_metadata(Choice::mark_beside(choice)).ok()?;
        Some(Self(Self::number(&metadata)))
    }

    fn number(metadata: &fs::Metadata) -> [u64; 2] {
        let [device, number, ..] = platform::identity(metadata);
        [device, number]
    }

    /// Removes it, unless another has taken its place.
    fn remove(&self, choice: &Path) -> Result<(), Error> {
        let path = Choice::mark_beside(choice);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if Self::number(&metadata) == self.0 => {
                fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
                platform::sync_parent(&path)
            }
            _ => Ok(()),
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
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
