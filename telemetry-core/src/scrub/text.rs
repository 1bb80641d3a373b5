//! Looking around in a text, byte by byte.
//!
//! It owns the classes of bytes and bounded steps over them. It must never
//! know what a rule is about.
//!
//! A text is bytes, so that one that is not valid UTF-8 is searched too. Every
//! loop over bytes is in this file: that is where the steps are counted by
//! which a test shows that the time is linear.

/// Longer than any system lets the name of a user or a folder be.
pub(super) const LONGEST_NAME: usize = 128;

/// Sets of bytes, as bits.
pub(super) mod class {
    pub(in crate::scrub) const DIGIT: u16 = 1;
    pub(in crate::scrub) const LETTER: u16 = 1 << 1;
    pub(in crate::scrub) const UPPER: u16 = 1 << 2;
    pub(in crate::scrub) const HEX: u16 = 1 << 3;
    /// Bytes of characters beyond ASCII.
    pub(in crate::scrub) const HIGH: u16 = 1 << 4;
    pub(in crate::scrub) const UNDERSCORE: u16 = 1 << 5;
    pub(in crate::scrub) const DASH: u16 = 1 << 6;
    pub(in crate::scrub) const DOT: u16 = 1 << 7;
    pub(in crate::scrub) const COLON: u16 = 1 << 8;
    /// Space and tab.
    pub(in crate::scrub) const BLANK: u16 = 1 << 9;
    /// Control bytes and space.
    pub(in crate::scrub) const WHITE: u16 = 1 << 10;
    /// `"`, `'` and the backtick.
    pub(in crate::scrub) const QUOTE: u16 = 1 << 11;
    /// What else stands in the local part of an e-mail address.
    pub(in crate::scrub) const LOCAL: u16 = 1 << 12;
    /// What else stands in a token: `+`, `/`, `=`, `~`.
    pub(in crate::scrub) const BASE64: u16 = 1 << 13;
    pub(in crate::scrub) const BACKSLASH: u16 = 1 << 14;
    /// `<`, `>`, `(`, `)`, `[`, `]`, `{`, `}`, `|`, `,`, `;`
    pub(in crate::scrub) const BRACKET: u16 = 1 << 15;

    pub(in crate::scrub) const ALNUM: u16 = DIGIT | LETTER;
    pub(in crate::scrub) const WORD: u16 = ALNUM | UNDERSCORE;
    pub(in crate::scrub) const HOST: u16 = WORD | DASH;
    /// What the name of a user or a folder is made of.
    pub(in crate::scrub) const NAME: u16 = WORD | DASH | DOT | HIGH;

    #[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
    pub(super) const OF: [u16; 256] = {
        let mut of = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            of[byte] = of_byte(byte as u8);
            byte += 1;
        }
        of
    };

    const fn of_byte(byte: u8) -> u16 {
        match byte {
            b'0'..=b'9' => DIGIT | HEX,
            b'a'..=b'f' => LETTER | HEX,
            b'A'..=b'F' => LETTER | HEX | UPPER,
            b'g'..=b'z' => LETTER,
            b'G'..=b'Z' => LETTER | UPPER,
            0x80.. => HIGH,
            b'_' => UNDERSCORE,
            b'-' => DASH,
            b'.' => DOT,
            b':' => COLON,
            b' ' | b'\t' => BLANK | WHITE,
            0..=0x1f => WHITE,
            b'\'' => QUOTE | LOCAL,
            b'"' | b'`' => QUOTE,
            b'%' => LOCAL,
            b'+' | b'~' => LOCAL | BASE64,
            b'/' | b'=' => BASE64,
            b'\\' => BACKSLASH,
            b'<' | b'>' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'|' | b',' | b';' => BRACKET,
            _ => 0,
        }
    }
}

use self::class::{ALNUM, DIGIT, HIGH, UNDERSCORE};

/// A text of which any place can be asked, also those outside of it: there is
/// a zero byte.
#[derive(Clone, Copy)]
pub(super) struct Text<'t>(pub(super) &'t [u8]);

impl<'t> Text<'t> {
    pub(super) fn len(self) -> usize {
        self.0.len()
    }

    pub(super) fn byte(self, at: usize) -> u8 {
        steps(1);
        looks(at, 1);
        self.0.get(at).copied().unwrap_or(0)
    }

    /// The byte before `at`.
    pub(super) fn before(self, at: usize) -> u8 {
        self.byte(at.wrapping_sub(1))
    }

    pub(super) fn is(self, at: usize, class: u16) -> bool {
        is(self.byte(at), class)
    }

    pub(super) fn is_before(self, at: usize, class: u16) -> bool {
        is(self.before(at), class)
    }

    pub(super) fn slice(self, from: usize, to: usize) -> &'t [u8] {
        looks(from, to.saturating_sub(from));
        self.0.get(from..to).unwrap_or_default()
    }

    /// A range of which not every byte is looked at.
    fn range(self, from: usize, to: usize) -> &'t [u8] {
        self.0.get(from..to).unwrap_or_default()
    }

    /// The end of the run of `class` that begins at `at`, `most` bytes on at
    /// most.
    pub(super) fn run(self, at: usize, class: u16, most: usize) -> usize {
        let slice = self.range(at, self.len().min(at.saturating_add(most)));
        let length = slice.iter().take_while(|byte| is(**byte, class)).count();
        steps(length + 1);
        looks(at, length + 1);
        at + length
    }

    /// The start of the run of `class` that ends before `at`.
    pub(super) fn back(self, at: usize, class: u16, most: usize) -> usize {
        let slice = self.range(at.saturating_sub(most), at);
        let length = slice.iter().rev().take_while(|byte| is(**byte, class)).count();
        steps(length + 1);
        looks((at - length).saturating_sub(1), length + 1);
        at - length
    }

    /// The start of the bytes before `at` for which `goes_on` holds.
    pub(super) fn back_while(self, at: usize, goes_on: impl Fn(u8) -> bool, most: usize) -> usize {
        let slice = self.range(at.saturating_sub(most), at);
        let length = slice.iter().rev().take_while(|byte| goes_on(**byte)).count();
        steps(length + 1);
        looks((at - length).saturating_sub(1), length + 1);
        at - length
    }

    /// The first of `from..to` where `ends` holds, else `to`.
    pub(super) fn until(self, from: usize, to: usize, ends: impl Fn(u8) -> bool) -> usize {
        let slice = self.range(from, to.min(self.len()));
        let length = slice.iter().take_while(|byte| !ends(**byte)).count();
        steps(length + 1);
        looks(from, length + 1);
        from + length
    }

    pub(super) fn starts(self, at: usize, with: &[u8]) -> bool {
        steps(with.len());
        looks(at, with.len());
        self.0.get(at..).is_some_and(|rest| rest.starts_with(with))
    }

    /// `with` is in lower case.
    pub(super) fn starts_caseless(self, at: usize, with: &[u8]) -> bool {
        steps(with.len());
        looks(at, with.len());
        self.0
            .get(at..at.saturating_add(with.len()))
            .is_some_and(|here| here.iter().zip(with).all(|(a, b)| a.to_ascii_lowercase() == *b))
    }

    pub(super) fn ends(self, at: usize, with: &[u8]) -> bool {
        steps(with.len());
        looks(at.saturating_sub(with.len()), with.len());
        self.0.get(..at).is_some_and(|head| head.ends_with(with))
    }

    /// Whether a letter, digit or underscore stands before `at`, of a script
    /// that puts spaces between words.
    pub(super) fn word_before(self, at: usize) -> bool {
        self.is_before(at, ALNUM | UNDERSCORE) || self.spaced_letter_before(at) > 0
    }

    pub(super) fn word_at(self, at: usize) -> bool {
        self.is(at, ALNUM | UNDERSCORE) || self.spaced_letter_at(at) > 0
    }

    /// The length of the letter of Latin, Greek or Cyrillic beyond ASCII at
    /// `at`, or 0. The letters of scripts that are written without spaces would
    /// join an address to the sentence around it.
    pub(super) fn spaced_letter_at(self, at: usize) -> usize {
        if self.is(at, HIGH) && spaced(self.byte(at)) && self.byte(at + 1) & 0xc0 == 0x80 {
            2
        } else {
            0
        }
    }

    pub(super) fn spaced_letter_before(self, at: usize) -> usize {
        let letter = self.before(at) & 0xc0 == 0x80 && spaced(self.byte(at.wrapping_sub(2)));
        usize::from(letter) * 2
    }

    /// As [`run`](Self::run), with the letters of Latin, Greek and Cyrillic.
    pub(super) fn run_letters(self, at: usize, class: u16, most: usize) -> usize {
        let last = at.saturating_add(most);
        let mut end = self.run(at, class, most);
        while end < last && self.spaced_letter_at(end) > 0 {
            end = self.run(end + 2, class, last.saturating_sub(end + 2));
        }
        end
    }

    /// As [`back`](Self::back), with the letters of Latin, Greek and Cyrillic.
    pub(super) fn back_letters(self, at: usize, class: u16, most: usize) -> usize {
        let first = at.saturating_sub(most);
        let mut start = self.back(at, class, most);
        while start > first && self.spaced_letter_before(start) > 0 {
            start = self.back(start - 2, class, (start - 2).saturating_sub(first));
        }
        start
    }

    /// Whether any byte of the range is of the class.
    pub(super) fn any(self, from: usize, to: usize, class: u16) -> bool {
        let slice = self.slice(from, to);
        steps(slice.len());
        slice.iter().any(|byte| is(*byte, class))
    }

    pub(super) fn all(self, from: usize, to: usize, class: u16) -> bool {
        let slice = self.slice(from, to);
        steps(slice.len());
        slice.iter().all(|byte| is(*byte, class))
    }

    pub(super) fn count(self, from: usize, to: usize, class: u16) -> usize {
        let slice = self.slice(from, to);
        steps(slice.len());
        slice.iter().filter(|byte| is(**byte, class)).count()
    }

    pub(super) fn digits(self, from: usize, to: usize) -> bool {
        from < to && self.all(from, to, DIGIT)
    }
}

/// The first bytes of the letters U+00C0 to U+024F and U+0370 to U+052F.
fn spaced(lead: u8) -> bool {
    matches!(lead, 0xc3..=0xc9 | 0xcd..=0xd4)
}

pub(super) fn is(byte: u8, class: u16) -> bool {
    #[expect(clippy::indexing_slicing, reason = "a byte is below 256")]
    let of = class::OF[usize::from(byte)];
    of & class != 0
}

/// A list of words in lower case, found by their hash.
#[derive(Debug)]
pub(super) struct Words {
    words: &'static [&'static [u8]],
    /// The place of each word, counted from one, at the slot of its hash or the
    /// next that is free.
    slots: [u8; WORD_SLOTS],
    /// Of words with each first letter, the lengths that there are, as bits.
    lengths: [u32; 32],
}

/// Four times the words of the longest list: most other words meet an empty slot.
const WORD_SLOTS: usize = 1024;
/// No word of a list is longer.
const LONGEST_WORD: usize = 24;

impl Words {
    #[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
    pub(super) const fn new(words: &'static [&'static [u8]]) -> Self {
        assert!(words.len() < 256, "too many words for one byte");
        let mut slots = [0; WORD_SLOTS];
        let mut lengths = [0; 32];
        let mut at = 0;
        while at < words.len() {
            let word = words[at];
            assert!(word.len() <= LONGEST_WORD, "a word is too long");
            lengths[(word[0] & 31) as usize] |= 1 << word.len();
            let mut slot = word_hash(word) as usize % WORD_SLOTS;
            while slots[slot] != 0 {
                slot = (slot + 1) % WORD_SLOTS;
            }
            at += 1;
            slots[slot] = at as u8;
        }
        Self { words, slots, lengths }
    }

    /// Whether a word is in the list, in any case of letters.
    pub(super) fn has(&self, word: &[u8]) -> bool {
        self.place(word).is_some()
    }

    /// The place of a word in the list, in any case of letters.
    pub(super) fn place(&self, word: &[u8]) -> Option<usize> {
        let first = word.first()? & 31;
        // Nearly every other word is ruled out by its first letter and length.
        let lengths = self.lengths.get(usize::from(first))?;
        if word.len() > LONGEST_WORD || lengths >> word.len() & 1 == 0 {
            return None;
        }
        let mut slot = word_hash(word) as usize % WORD_SLOTS;
        loop {
            steps(word.len());
            let place =
                self.slots.get(slot).map_or(0, |place| usize::from(*place)).checked_sub(1)?;
            if self.words.get(place)?.eq_ignore_ascii_case(word) {
                return Some(place);
            }
            slot = (slot + 1) % WORD_SLOTS;
        }
    }
}

/// A hash of a word in any case of letters: of its first and its last four
/// bytes, and of its length.
pub(super) const fn word_hash(word: &[u8]) -> u32 {
    let (head, tail) = match (word, word.last_chunk::<4>()) {
        (&[a, b, c, d, ..], Some(tail)) => {
            (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes(*tail))
        }
        (&[a, b, c], _) => (u32::from_le_bytes([a, b, c, 0]), 0),
        (&[a, b], _) => (u32::from_le_bytes([a, b, 0, 0]), 0),
        (&[a], _) => (a as u32, 0),
        _ => (0, 0),
    };
    let both = (head | 0x2020_2020) as u64 | ((tail | 0x2020_2020) as u64) << 32;
    let mixed = (both ^ word.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 40) as u32
}

#[cfg(test)]
thread_local! {
    /// How many bytes this thread has looked at.
    pub(super) static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    /// For each place where something could begin: the place, and the first and
    /// the last byte that were looked at for it.
    pub(super) static LOOKS: std::cell::RefCell<Vec<[usize; 3]>> =
        const { std::cell::RefCell::new(Vec::new()) };
}

/// Begins the looks for what is at `at`.
#[inline]
#[cfg_attr(
    not(test),
    expect(clippy::missing_const_for_fn, unused_variables, reason = "tests record")
)]
pub(super) fn looks_for(at: usize) {
    #[cfg(test)]
    LOOKS.with_borrow_mut(|looks| looks.push([at, at, at]));
}

#[inline]
#[cfg_attr(
    not(test),
    expect(clippy::missing_const_for_fn, unused_variables, reason = "tests record")
)]
fn looks(from: usize, length: usize) {
    #[cfg(test)]
    LOOKS.with_borrow_mut(|looks| {
        // Before the text is nothing: such places are below zero, and so high.
        if let Some([_, first, last]) = looks.last_mut()
            && from < usize::MAX / 2
        {
            *first = (*first).min(from);
            *last = (*last).max(from.saturating_add(length).saturating_sub(1));
        }
    });
}

#[inline]
#[cfg_attr(
    not(test),
    expect(clippy::missing_const_for_fn, unused_variables, reason = "tests count")
)]
pub(super) fn steps(bytes: usize) {
    #[cfg(test)]
    STEPS.with(|steps| steps.set(steps.get() + bytes));
}
