//! Words of the program, words of the machine.
//!
//! It owns which words a program says of itself: those that are compiled into
//! it, and those that most programs say. It must never know a pattern, nor
//! where a text comes from or goes to.
//!
//! A word of its own is no proof: `young` and `page` stand in many a program
//! and are names of people. So a word is kept when it is among the common ones
//! of error messages (`words.txt`), or when it stands beside a neighbour beside
//! which it also stands in the program. A name that a message holds between
//! two words of its own has no such neighbour.

mod cache;
mod executable;
mod known;
mod pieces;
mod shape;
mod table;

use std::borrow::Cow;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, OnceLock};

use self::pieces::{Piece, Pieces};
use self::table::{FingerprintTable, Print};
use crate::error::Error;

/// A longer piece is no word of a message, but a table or a key.
const LONGEST_WORD: usize = 64;
/// The errors of Linux have numbers up to 133; other systems have fewer, and
/// say of a number that they do not know that it is unknown.
const LAST_SYSTEM_ERROR: i32 = 133;

/// Words that most programs say: those in the messages of 6 or more out of 29
/// programs, without common names of people, and the terms of the trade.
const COMMON: &str = include_str!("words.txt");
static COMMON_WORDS: LazyLock<FingerprintTable> = LazyLock::new(|| {
    let mut words = FingerprintTable::default();
    for word in COMMON.lines() {
        words.insert(Print::of(word.as_bytes()));
    }
    words
});

static PROGRAM: OnceLock<Vocabulary> = OnceLock::new();
static CACHE: OnceLock<PathBuf> = OnceLock::new();

/// The words that a program says of itself, and which of them stand beside
/// each other.
///
/// It holds fingerprints and no words: what it was made of cannot be read from
/// it.
///
/// ```
/// use telemetry_core::scrub::Vocabulary;
///
/// let words = Vocabulary::of_texts(["flux capacitor of {} is not charged"]);
/// let text = "flux capacitor of marty is not charged";
/// assert_eq!(words.hide_unknown(text), "flux capacitor of [word] is not charged");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    words: FingerprintTable,
    pairs: FingerprintTable,
}

impl Vocabulary {
    /// The words of the running program: those in its executable's read-only
    /// data, and those of the operating system's errors.
    ///
    /// Whatever is compiled in is known, whole texts of a test too: a name that
    /// a test plants must not stand in its source.
    ///
    /// They are read when they are first asked for: about 3 milliseconds for
    /// an executable of 1 MB. A client with a spool keeps them beside it, for
    /// the next run of the same executable. Where the executable cannot be
    /// read, the common words of error messages alone are known.
    pub fn of_this_program() -> &'static Self {
        PROGRAM.get_or_init(|| {
            let executable = std::env::current_exe().ok();
            let Some(executable) = executable else { return Self::of_texts(system_errors()) };
            let read = || Self::of_executable(&executable).unwrap_or_default();
            match CACHE.get() {
                Some(folder) => cache::read_or_make(folder, &executable, read),
                None => read(),
            }
        })
    }

    /// The words of the executable at `path`, and those of the operating
    /// system's errors. Libraries that it loads when it runs are not read.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn of_executable(path: &Path) -> Result<Self, Error> {
        let file = std::fs::read(path).map_err(|error| Error::io("read", path, error))?;
        let mut vocabulary = Self::of_texts(system_errors());
        for range in executable::read_only(&file) {
            let data = file.get(range).unwrap_or_default();
            executable::runs(data, |run| vocabulary.learn(run));
        }
        Ok(vocabulary)
    }

    /// The words of `texts`, such as the messages of a program that yours
    /// calls. What is to be filled in, as `{}` or `%s`, is no word.
    pub fn of_texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut vocabulary = Self::default();
        for text in texts {
            vocabulary.learn(text.as_ref());
        }
        vocabulary
    }

    /// Adds the words of `text`.
    pub fn learn(&mut self, text: &str) {
        let (mut before, mut opened): (Option<Print>, bool) = (None, false);
        let mut pieces = Pieces::of(text).peekable();
        while let Some(piece) = pieces.next() {
            let word = match piece {
                Piece::Word(word) if is_word(word) => word,
                Piece::Word(_) => {
                    before = None;
                    continue;
                }
                Piece::Gap(gap) => {
                    opened = gap.ends_with(known::is_quote);
                    before = before.filter(|_| gap == known::BESIDE);
                    continue;
                }
            };
            let print = Print::of(word.as_bytes());
            self.words.insert(print);
            let closed = |piece: &Piece<'_>| matches!(piece, Piece::Gap(gap) if gap.starts_with(known::is_quote));
            if opened && pieces.peek().is_some_and(closed) {
                self.words.insert(print.quoted());
            }
            if let Some(before) = before {
                self.pairs.insert(before.before(print));
            }
            before = Some(print);
        }
    }

    /// Adds the words of another vocabulary.
    pub fn merge(&mut self, other: &Self) {
        self.words.merge(&other.words);
        self.pairs.merge(&other.pairs);
    }

    /// `text` with `[word]` for each word that is not known. Numbers, units,
    /// versions, punctuation and known kinds of files stay, and a path keeps
    /// its shape: `[path]/…/[file].toml`.
    ///
    /// A [`Scrubber`](super::Scrubber) with
    /// [`known_words`](super::Scrubber::known_words) also says *what* it
    /// hides, where one of its rules knows.
    pub fn hide_unknown<'t>(&self, text: &'t str) -> Cow<'t, str> {
        known::hide(self, text, &[])
    }

    /// Where the words are that [`hide_unknown`](Self::hide_unknown) hides, in
    /// bytes from the start of `text`.
    ///
    /// ```
    /// use telemetry_core::scrub::Vocabulary;
    ///
    /// let words = Vocabulary::of_texts(["login failed for {}"]);
    /// assert_eq!(words.unknown("login failed for kowalczyk"), [17..26]);
    /// ```
    pub fn unknown(&self, text: &str) -> Vec<Range<usize>> {
        known::unknown(self, text)
    }

    /// As [`hide_unknown`](Self::hide_unknown); what rules of these names found
    /// stays hidden behind their tokens.
    pub(super) fn hide_unknown_beside<'t>(
        &self,
        text: &'t str,
        labels: &[Box<str>],
    ) -> Cow<'t, str> {
        known::hide(self, text, labels)
    }

    /// Whether `word` stands in the texts that this was made of. That alone
    /// does not keep it.
    pub fn holds(&self, word: &str) -> bool {
        self.words.contains(Print::of(word.as_bytes()))
    }

    /// Whether most programs say `word`, in this form.
    pub(super) fn is_common(word: &str) -> bool {
        COMMON_WORDS.contains(Print::of(word.as_bytes()))
    }

    fn holds_pair(&self, first: Print, second: Print) -> bool {
        self.pairs.contains(first.before(second))
    }
}

/// Where the words of the running program are kept between runs. Called by the
/// client once it may write; the first folder counts.
#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "what the client calls"))]
pub(crate) fn keep_below(folder: &Path) {
    let _ = CACHE.set(folder.to_owned());
}

fn is_word(piece: &str) -> bool {
    piece.len() <= LONGEST_WORD && !piece.contains('%')
}

/// What the operating system says of its errors, in the language in which it
/// says it to this program.
fn system_errors() -> impl Iterator<Item = String> {
    (1..=LAST_SYSTEM_ERROR).map(|number| io::Error::from_raw_os_error(number).to_string())
}
