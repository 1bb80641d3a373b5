//! Words at whose place a find can begin.
//!
//! It owns the table of words and the look-up by their first four bytes. It
//! must never know what is done where one is found.
//!
//! Each word of a text costs one look into a table of bits, however many words
//! are searched: prefixes of tokens, words of log lines, the names of this
//! machine, and the author's literals are all in one table.

use std::ops::Range;

use super::prefixes::PREFIXES;
use super::text::class::ALNUM;
use super::text::{Text, is};

/// What begins where a word is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    /// The token at this place of the table of prefixes.
    Token(usize),
    Jwt,
    Pem,
    Bearer,
    /// `password` and the like, without a separator behind it.
    SecretWord,
    /// `Password {`, `Secret(`: a type that holds a secret.
    Wrapper,
    /// `AUTH x`, as Redis is told.
    Auth,
    Home,
    DocumentsAndSettings,
    /// `/srv/`
    Folder,
    User,
    /// `for`: a name follows in some sentences.
    Name,
    Sudo,
    Su,
    /// A social security number may follow without separators.
    Ssn,
    Cron,
    Month,
    Host,
    Phone,
    /// A name of this machine or a literal, at this place of the list.
    Own(usize),
}

/// In lower case; found whatever the case of the text.
const CASELESS: &[(&str, Begins)] = &[
    ("bearer ", Begins::Bearer),
    ("basic ", Begins::Bearer),
    ("password", Begins::SecretWord),
    ("passphrase", Begins::SecretWord),
    ("passwd", Begins::SecretWord),
    ("identified by", Begins::SecretWord),
    ("home", Begins::Home),
    ("users", Begins::Home),
    ("documents and settings", Begins::DocumentsAndSettings),
    ("srv/", Begins::Folder),
    ("mail/", Begins::Folder),
    ("user", Begins::User),
    ("for ", Begins::Name),
    ("role ", Begins::Name),
    ("login ", Begins::Name),
    ("account ", Begins::Name),
    ("logged ", Begins::Name),
    ("owner ", Begins::Name),
    ("sudo", Begins::Sudo),
    ("su: (", Begins::Su),
    ("su[", Begins::Su),
    ("requirepass", Begins::SecretWord),
    ("masterauth", Begins::SecretWord),
    ("bindpw", Begins::SecretWord),
    ("rootpw", Begins::SecretWord),
    ("ssn ", Begins::Ssn),
    ("ssn:", Begins::Ssn),
    ("ssn=", Begins::Ssn),
    ("social security", Begins::Ssn),
    ("jan ", Begins::Month),
    ("jan/", Begins::Month),
    ("feb ", Begins::Month),
    ("feb/", Begins::Month),
    ("mar ", Begins::Month),
    ("mar/", Begins::Month),
    ("apr ", Begins::Month),
    ("apr/", Begins::Month),
    ("may ", Begins::Month),
    ("may/", Begins::Month),
    ("jun ", Begins::Month),
    ("jun/", Begins::Month),
    ("jul ", Begins::Month),
    ("jul/", Begins::Month),
    ("aug ", Begins::Month),
    ("aug/", Begins::Month),
    ("sep ", Begins::Month),
    ("sep/", Begins::Month),
    ("oct ", Begins::Month),
    ("oct/", Begins::Month),
    ("nov ", Begins::Month),
    ("nov/", Begins::Month),
    ("dec ", Begins::Month),
    ("dec/", Begins::Month),
    ("from ", Begins::Host),
    ("host ", Begins::Host),
    ("hostname ", Begins::Host),
    ("node ", Begins::Host),
    ("connection to ", Begins::Host),
    ("connect to ", Begins::Host),
    ("connected to ", Begins::Host),
    ("deployed to ", Begins::Host),
    ("lookup ", Begins::Host),
    ("ping ", Begins::Host),
    ("leader is ", Begins::Host),
    ("vm ", Begins::Host),
    ("kubelet, ", Begins::Host),
    ("phone", Begins::Phone),
    ("mobile", Begins::Phone),
    ("tel.", Begins::Phone),
    ("tel:", Begins::Phone),
    ("tel ", Begins::Phone),
    ("telephone", Begins::Phone),
    ("fax ", Begins::Phone),
    ("fax:", Begins::Phone),
    ("call ", Begins::Phone),
    ("called ", Begins::Phone),
    ("cell", Begins::Phone),
    ("sms ", Begins::Phone),
    ("whatsapp", Begins::Phone),
];

/// Found in this case only.
const EXACT: &[(&str, Begins)] = &[
    ("eyJ", Begins::Jwt),
    ("BEGIN", Begins::Pem),
    ("CMD ", Begins::Cron),
    ("CMD(", Begins::Cron),
    ("Password", Begins::Wrapper),
    ("Passphrase", Begins::Wrapper),
    ("Secret", Begins::Wrapper),
    ("Token", Begins::Wrapper),
    ("ApiKey", Begins::Wrapper),
    ("AUTH ", Begins::Auth),
];

/// The table of bits has four kilobytes, of which few are ever looked at.
const BITS: u32 = 15;

/// The words that one scrubber looks for.
pub(super) struct Keywords {
    bits: Box<[u64; (1 << BITS) / 64]>,
    /// Where the entries of each group of slots begin.
    starts: Vec<u16>,
    /// Sorted by group; beside each its first four bytes.
    fours: Vec<u32>,
    entries: Vec<Entry>,
    own: Vec<String>,
    /// Whether a word begins with a digit, or has one byte before what is no
    /// letter: only names of this machine and of the author do.
    pub(super) any_start: bool,
}

struct Entry {
    slot: u16,
    /// The first four bytes, in lower case as far as letters go; of a word of
    /// three bytes the fourth is any that can follow.
    four: u32,
    word: Word,
    begins: Begins,
}

enum Word {
    Exact(&'static str),
    Caseless(&'static str),
    Own(usize),
}

impl Keywords {
    /// With the names of this machine and the author's literals.
    pub(super) fn new(mut own: Vec<String>) -> Self {
        own.iter_mut().for_each(|word| word.make_ascii_lowercase());
        let mut new = Self {
            bits: Box::new([0; (1 << BITS) / 64]),
            starts: Vec::new(),
            fours: Vec::new(),
            entries: Vec::new(),
            own: Vec::new(),
            any_start: false,
        };
        for (place, prefix) in PREFIXES.iter().enumerate() {
            debug_assert!(begins_as_most(prefix.text.as_bytes()), "{}", prefix.text);
            let next = |byte| is(byte, prefix.rest);
            let entry = || (Word::Exact(prefix.text), Begins::Token(place));
            new.add(prefix.text.as_bytes(), next, entry);
        }
        for (word, begins) in EXACT {
            new.add(word.as_bytes(), |byte| is(byte, ALNUM), || (Word::Exact(word), *begins));
        }
        for (word, begins) in CASELESS {
            debug_assert!(begins_as_most(word.as_bytes()), "{word}");
            new.add(word.as_bytes(), |byte| is(byte, ALNUM), || (Word::Caseless(word), *begins));
        }
        for (place, word) in own.iter().enumerate() {
            let entry = || (Word::Own(place), Begins::Own(place));
            let word = first_word(word.as_bytes());
            new.any_start |= !begins_as_most(word);
            new.add(word, |byte| !is(byte, ALNUM), entry);
        }
        new.entries.sort_by_key(|entry| group(entry.slot));
        new.fours = new.entries.iter().map(|entry| entry.four).collect();
        // With the end of the last one.
        let mut starts = vec![0; usize::from(group(u16::MAX)) + 2];
        for entry in &new.entries {
            if let Some(count) = starts.get_mut(usize::from(group(entry.slot)) + 1) {
                *count += 1;
            }
        }
        let mut before = 0;
        for start in &mut starts {
            before += *start;
            *start = before;
        }
        new.starts = starts;
        new.own = own;
        new
    }

    /// A word of three bytes is entered with every byte that can follow.
    fn add(&mut self, word: &[u8], next: impl Fn(u8) -> bool, entry: impl Fn() -> (Word, Begins)) {
        let mut fours = Vec::new();
        match *word {
            [a, b, c, d, ..] => fours.push(folded(u32::from_le_bytes([a, b, c, d]))),
            [a, b, c] => {
                let bytes = (0..=u8::MAX).filter(|byte| next(*byte));
                fours.extend(bytes.map(|d| folded(u32::from_le_bytes([a, b, c, d]))));
            }
            _ => return,
        }
        fours.sort_unstable();
        fours.dedup();
        for four in fours {
            let slot = slot(four);
            if let Some(bits) = self.bits.get_mut(usize::from(slot) / 64) {
                *bits |= 1 << (slot % 64);
            }
            let (word, begins) = entry();
            self.entries.push(Entry { slot, four, word, begins });
        }
    }

    /// Whether a word of the table can begin with these four bytes.
    #[inline(always)]
    pub(super) fn may_begin(&self, four: u32) -> bool {
        let slot = slot(folded(four));
        self.bits.get(usize::from(slot) / 64).is_some_and(|bits| bits >> (slot % 64) & 1 != 0)
    }

    /// Where the words are that begin with these four bytes, or with others of
    /// nearly the same hash.
    #[inline(always)]
    pub(super) fn places(&self, four: u32) -> Range<usize> {
        let group = usize::from(group(slot(four)));
        match self.starts.get(group..group + 2) {
            Some([start, end]) => usize::from(*start)..usize::from(*end),
            _ => 0..0,
        }
    }

    /// Whether the word at this place begins with these four bytes.
    #[inline(always)]
    pub(super) fn begins_alike(&self, place: usize, four: u32) -> bool {
        self.fours.get(place) == Some(&four)
    }

    /// What begins by the word at this place, and the word's end, if it is at
    /// `at`.
    pub(super) fn get(&self, place: usize, text: Text<'_>, at: usize) -> Option<(Begins, usize)> {
        let entry = self.entries.get(place)?;
        let end = match entry.word {
            Word::Exact(word) => text.starts(at, word.as_bytes()).then_some(at + word.len()),
            // The first four bytes are alike in any case.
            Word::Caseless(word) => {
                let rest = word.as_bytes().get(4..).unwrap_or_default();
                text.starts_caseless(at + 4, rest).then_some(at + word.len())
            }
            Word::Own(place) => self.own_at(text, at, place),
        }?;
        Some((entry.begins, end))
    }

    /// Where the own word that has its first letter or digit at `at` begins
    /// is asked again by whoever finds it.
    fn own_at(&self, text: Text<'_>, at: usize, place: usize) -> Option<usize> {
        let word = self.own.get(place)?.as_bytes();
        let start = at.checked_sub(lead(word))?;
        let end = start + word.len();
        text.starts_caseless(start, word).then_some(end)
    }
}

/// How many bytes stand before the first letter or digit of `word`.
fn lead(word: &[u8]) -> usize {
    word.iter().take_while(|byte| !in_word(**byte)).count()
}

/// `word` from the place where a word of the text begins: in `/srv/jane`
/// behind the first slash.
fn first_word(word: &[u8]) -> &[u8] {
    word.get(lead(word)..).unwrap_or_default()
}

/// Whether the first two bytes are those of a word, and the first is no digit.
fn begins_as_most(word: &[u8]) -> bool {
    matches!(word, [first, second, ..] if !first.is_ascii_digit() && in_word(*second))
}

fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The case of letters does not matter.
#[inline(always)]
pub(super) fn folded(four: u32) -> u32 {
    four | 0x2020_2020
}

#[inline(always)]
fn slot(folded: u32) -> u16 {
    (folded.wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as u16
}

/// Eight slots, in which one entry is on average.
fn group(slot: u16) -> u16 {
    slot >> 3
}
