//! Hides every word that the program does not say of itself.
//!
//! It owns what is kept of a text and what stands for the rest. It must never
//! know where the vocabulary came from.

use std::borrow::Cow;
use std::ops::Range;

use super::pieces::{Piece, Pieces};
use super::shape;
use super::table::Print;
use super::{COMMON_WORDS, LONGEST_WORD, Vocabulary};
use crate::scrub::labels::{LABELS, PSEUDONYM_DIGITS};

/// What stands between two words that stand beside each other.
pub(super) const BESIDE: &str = " ";
/// A value in quotes has at most so many words; what has more is a sentence.
const WORDS_OF_A_VALUE: usize = 3;

pub(super) fn is_quote(letter: char) -> bool {
    matches!(letter, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}')
}

/// `text` without unknown words; the text itself when all are known.
pub(super) fn hide<'t>(
    vocabulary: &Vocabulary,
    text: &'t str,
    labels: &[Box<str>],
) -> Cow<'t, str> {
    let (mut hidden, mut changed, mut end) = (None::<String>, false, 0);
    each_unknown(vocabulary, text, labels, |at, word, gap_before| {
        let hidden = hidden.get_or_insert_with(|| String::with_capacity(text.len() + 16));
        hidden.push_str(text.get(end..at).unwrap_or_default());
        let start = hidden.len();
        shape::stand_in(word, gap_before, hidden);
        // Of `http://localhost/` nothing is to be hidden.
        changed |= hidden.get(start..) != Some(word);
        end = at + word.len();
    });
    match hidden.filter(|_| changed) {
        Some(mut hidden) => {
            hidden.push_str(text.get(end..).unwrap_or_default());
            Cow::Owned(hidden)
        }
        None => Cow::Borrowed(text),
    }
}

/// Where the words are that [`hide`] hides.
pub(super) fn unknown(vocabulary: &Vocabulary, text: &str) -> Vec<Range<usize>> {
    let (mut ranges, mut stand_in) = (Vec::new(), String::new());
    each_unknown(vocabulary, text, &[], |at, word, gap_before| {
        stand_in.clear();
        shape::stand_in(word, gap_before, &mut stand_in);
        if stand_in != word {
            ranges.push(at..at + word.len());
        }
    });
    ranges
}

/// Shows each word that is not kept to `see`: where it begins, the word, and
/// what stands before it.
fn each_unknown<'t>(
    vocabulary: &Vocabulary,
    text: &'t str,
    labels: &[Box<str>],
    mut see: impl FnMut(usize, &'t str, &'t str),
) {
    let pieces: Vec<Piece<'t>> = Pieces::of(text).collect();
    let text_of = PiecedText { pieces: &pieces, vocabulary, labels };
    let (mut quoted_until, mut at) = (0, 0);
    for (index, piece) in pieces.iter().enumerate() {
        at += match piece {
            Piece::Gap(gap) => {
                if index >= quoted_until {
                    quoted_until = text_of.end_of_quotation(index, gap);
                }
                gap.len()
            }
            Piece::Word(word) => {
                if !text_of.keeps(index, word, index < quoted_until) {
                    see(at, word, text_of.gap(index.checked_sub(1)));
                }
                word.len()
            }
        };
    }
}

struct PiecedText<'p, 't> {
    pieces: &'p [Piece<'t>],
    vocabulary: &'p Vocabulary,
    /// The names of the author's own rules.
    labels: &'p [Box<str>],
}

impl<'t> PiecedText<'_, 't> {
    fn gap(&self, index: Option<usize>) -> &'t str {
        match index.and_then(|index| self.pieces.get(index)) {
            Some(Piece::Gap(gap)) => gap,
            _ => "",
        }
    }

    fn word(&self, index: Option<usize>) -> Option<&'t str> {
        match index.and_then(|index| self.pieces.get(index))? {
            Piece::Word(word) => Some(word),
            Piece::Gap(_) => None,
        }
    }

    /// Where a quotation ends that `gap` opens, if it is as short as a value.
    fn end_of_quotation(&self, index: usize, gap: &str) -> usize {
        let Some(quote) = gap.chars().next_back().filter(|letter| is_quote(*letter)) else {
            return 0;
        };
        let closes = |letter: char| match quote {
            '`' => matches!(letter, '`' | '\''),
            '"' | '\'' => letter == quote,
            _ => is_quote(letter),
        };
        let ends = (1..=WORDS_OF_A_VALUE).map(|words| index + 2 * words);
        ends.into_iter().find(|end| self.gap(Some(*end)).starts_with(closes)).unwrap_or(0)
    }

    fn keeps(&self, index: usize, word: &str, quoted: bool) -> bool {
        if shape::says_nothing(word) || self.is_label(index, word) {
            return true;
        }
        let gap_before = self.gap(index.checked_sub(1));
        if gap_before.ends_with('.') && shape::known_extension(word).is_some() {
            return true;
        }
        // `https://[ip]:8443/`
        let port = word.strip_suffix('/').filter(|_| gap_before.ends_with("]:"));
        if port.is_some_and(shape::is_number) || shape::is_scheme(word) {
            return true;
        }
        if word.len() > LONGEST_WORD {
            return false;
        }
        let option = word.trim_start_matches('-');
        if option.len() < word.len() {
            let known = self.vocabulary.holds(word) || self.vocabulary.holds(option);
            return known || !quoted && is_common(option, false);
        }
        if !shape::is_plain(word) {
            return self.vocabulary.holds(word) || is_common(word, true);
        }
        if self.stands_as_in_the_program(index, word) {
            return true;
        }
        if quoted {
            return self.vocabulary.words.contains(Print::of(word.as_bytes()).quoted());
        }
        is_common(word, gap_before != BESIDE) || is_identifier_of_common_words(word)
    }

    /// Whether one of the two neighbours is one in the program too. The first
    /// letter of a sentence may be a capital here or there.
    fn stands_as_in_the_program(&self, index: usize, word: &str) -> bool {
        let beside = |gap: Option<usize>, word: Option<usize>| {
            if self.gap(gap) == BESIDE { self.word(word) } else { None }
        };
        let before = beside(index.checked_sub(1), index.checked_sub(2));
        let after = beside(Some(index + 1), Some(index + 2));
        let is_pair = |first: &str, second: &str| {
            let (first, second) = (first.as_bytes(), second.as_bytes());
            let (one, two) = (Print::of(first), Print::of(second));
            self.vocabulary.holds_pair(one, two)
                || self.vocabulary.holds_pair(Print::of_lowercase(first), two)
                || self.vocabulary.holds_pair(one, Print::of_lowercase(second))
        };
        before.is_some_and(|before| is_pair(before, word))
            || after.is_some_and(|after| is_pair(word, after))
    }

    fn is_label_name(&self, word: &str) -> bool {
        LABELS.contains(&word) || self.labels.iter().any(|label| **label == *word)
    }

    /// Whether this is what stands for an earlier find: `[email]`, or with a
    /// pseudonym `[email:4f1c]`. Scrubbing twice must change nothing.
    fn is_label(&self, index: usize, word: &str) -> bool {
        let before = self.gap(index.checked_sub(1));
        let after = self.gap(Some(index + 1));
        let opens = |gap: &str| gap.ends_with('[');
        if opens(before) && self.is_label_name(word) {
            return after.starts_with(']')
                || after == ":" && self.gap(Some(index + 3)).starts_with(']');
        }
        before == ":"
            && after.starts_with(']')
            && is_pseudonym(word)
            && index.checked_sub(3).is_some_and(|opening| opens(self.gap(Some(opening))))
            && self.word(index.checked_sub(2)).is_some_and(|name| self.is_label_name(name))
    }
}

fn is_pseudonym(word: &str) -> bool {
    word.len() == PSEUDONYM_DIGITS && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether `word` is an identifier such as `readFileSync` or `KeyError`.
fn is_identifier_of_common_words(word: &str) -> bool {
    let Some(mut humps) = shape::humps(word) else { return false };
    COMMON_WORDS.contains(Print::of_lowercase(word.as_bytes()))
        || humps.all(|hump| COMMON_WORDS.contains(Print::of(hump.as_bytes())))
}

/// Whether most programs say `word`. A capital that no sentence begins with
/// makes a name of it: `Will`, `May`.
fn is_common(word: &str, starts: bool) -> bool {
    let mut letters = word.chars();
    let first = letters.next().is_some_and(char::is_uppercase);
    let rest = letters.as_str();
    let shouted = !rest.is_empty() && !rest.chars().any(char::is_lowercase);
    let capitals = rest.chars().any(char::is_uppercase);
    if !first && !capitals {
        return COMMON_WORDS.contains(Print::of(word.as_bytes()));
    }
    // `README.md` and `Cargo.toml` are listed as they are written.
    if !shape::is_plain(word) && COMMON_WORDS.contains(Print::of(word.as_bytes())) {
        return true;
    }
    (shouted || first && starts && !capitals)
        && COMMON_WORDS.contains(Print::of_lowercase(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program() -> Vocabulary {
        Vocabulary::of_texts([
            "could not charge the flux capacitor of {}: {}",
            "page not found",
            "see 'delorean --help' or src/flux.rs",
            "invalid young value",
        ])
    }

    #[track_caller]
    fn check(cases: &[(&str, &str)]) {
        let program = program();
        for (text, expected) in cases {
            let once = program.hide_unknown(text);
            assert_eq!(once, *expected, "{text}");
            let twice = program.hide_unknown(&once);
            assert_eq!(twice, *expected, "twice: {text}");
            assert!(matches!(twice, Cow::Borrowed(_)), "copied: {text}");
        }
    }

    #[test]
    fn words_of_the_machine_are_hidden() {
        check(&[
            (
                "could not charge the flux capacitor of marty",
                "could not charge the flux capacitor of [word]",
            ),
            ("login failed for kowalczyk", "login failed for [word]"),
            ("password=hunter22", "password=[word]"),
            ("no such table: lohnliste", "no such table: [word]"),
            ("branch 'wip-payroll' not found", "[word] '[word]' not found"),
            ("müller, 李 and O'Brien", "[word], [word] and O'[word]"),
            ("unknown option --payroll", "unknown option --[word]"),
        ]);
    }

    #[test]
    fn names_that_are_words_of_the_program_are_kept_only_beside_its_words() {
        check(&[
            ("page not found", "page not found"),
            ("login failed for page", "login failed for [word]"),
            ("invalid young value", "invalid young value"),
            ("user young is locked", "user [word] is locked"),
            ("Will is not May", "Will is not [word]"),
            ("the user 'root'", "the user '[word]'"),
        ]);
    }

    #[test]
    fn numbers_units_versions_and_punctuation_stay() {
        let program = program();
        for text in [
            "error 404: 12.5% of 3,000 files (v1.2.3-rc1, 0x7ffe) in 250ms!",
            "at 2026-11-24T12:30:59.123456Z line 12:7, 64KiB … 1.95.0-nightly",
            "(os error 2) {} [] <-> && || => -- ?",
        ] {
            assert_eq!(program.hide_unknown(text), text);
            assert!(matches!(program.hide_unknown(text), Cow::Borrowed(_)));
        }
        check(&[
            ("account 4711081512345", "account [word]"),
            ("call 0171-2345678", "call [word]"),
            ("commit 9f3c2b1d4e", "commit [word]"),
        ]);
    }

    #[test]
    fn paths_and_addresses_keep_their_shape() {
        check(&[
            ("/home/jane/acme/budget.toml:12:5", "[path]/…/[file].toml:12:5"),
            ("open budget.xlsx or notes.jane", "open [file].xlsx or [word]"),
            (r"C:\Users\jane\x.docx", r"[path]\…\[file].docx"),
            ("cd /srv/acme/", "cd [path]/…/"),
            ("read /home/[user]/acme/x.rs", "read [path]/[user]/[path]/[file].rs"),
            ("src/flux.rs:3", "src/flux.rs:3"),
            ("GET https://jane:x@db.corp.example:8443/a?b=c", "GET https://[host]:8443/[path]"),
            ("http://localhost:80/", "http://localhost:80/"),
            ("ftp://[ip]:21/x", "ftp://[ip]:21/[file]"),
        ]);
    }

    #[test]
    fn labels_of_earlier_finds_stay() {
        check(&[
            ("from [email] on [ip]", "from [email] on [ip]"),
            (
                "from [email:4f1c0a9be6d27c35] and [marty:4f1c]",
                "from [email:4f1c0a9be6d27c35] and [[word]:[word]]",
            ),
            ("[word] [path]/…/[file].toml [host]", "[word] [path]/…/[file].toml [host]"),
        ]);
    }
}
