//! Where the words of a text begin and end.
//!
//! It owns the cut into pieces, which is the same for a program's messages and
//! for the texts that are held against them. It must never know which words
//! are known.

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// White space, quotes, brackets and other punctuation.
    Gap(&'t str),
    /// A word, a number, a path, an address: what stands between two gaps.
    Word(&'t str),
}

/// Cuts a text into pieces, in order and without a rest.
#[derive(Clone, Debug)]
pub(super) struct Pieces<'t> {
    rest: &'t str,
}

impl<'t> Pieces<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { rest: text }
    }

    fn cut(&mut self, at: usize) -> &'t str {
        let (piece, rest) = self.rest.split_at_checked(at).unwrap_or((self.rest, ""));
        self.rest = rest;
        piece
    }
}

impl<'t> Iterator for Pieces<'t> {
    type Item = Piece<'t>;

    fn next(&mut self) -> Option<Piece<'t>> {
        if self.rest.is_empty() {
            return None;
        }
        let outside = |letter: char| separates(letter) || joins(letter);
        let gap = self.rest.find(|letter| !outside(letter)).unwrap_or(self.rest.len());
        if gap > 0 {
            return Some(Piece::Gap(self.cut(gap)));
        }
        let end = end_of_word(self.rest);
        // What ends a sentence or a quotation is no part of its last word.
        let word = self.rest.get(..end).unwrap_or_default().trim_end_matches(joins);
        Some(Piece::Word(self.cut(word.len())))
    }
}

/// What never stands inside a word.
fn separates(letter: char) -> bool {
    match letter {
        '"' | '`' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' => true,
        ',' | ';' | '=' | '|' | '!' | '?' | '*' | '^' | '&' | '#' | '$' => true,
        // Typographic quotes, the ellipsis, the arrow of a span of code.
        '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}' | '\u{2026}' | '\u{2192}' => true,
        _ => letter.is_whitespace() || letter.is_control(),
    }
}

/// What can stand inside a word, and does not begin or end one.
fn joins(letter: char) -> bool {
    matches!(letter, '\'' | '.' | ':')
}

/// What ends an address, in which most punctuation has a meaning.
fn ends_address(letter: char) -> bool {
    matches!(letter, '"' | '\'' | '`' | '<' | '>' | '(' | ')' | '[' | ']' | '\u{2018}'..='\u{201f}')
        || letter.is_whitespace()
        || letter.is_control()
}

fn end_of_word(text: &str) -> usize {
    for (at, letter) in text.char_indices() {
        let (before, after) =
            (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
        match letter {
            ':' if after.starts_with("//") => {
                return at
                    + text
                        .get(at..)
                        .and_then(|rest| rest.find(ends_address))
                        .unwrap_or(after.len() + 1);
            }
            // `io::Error`, and the drive of a Windows path.
            ':' if after.starts_with(':') || before.ends_with(':') => {}
            ':' if before.len() == 1 && after.starts_with(['\\', '/']) => {}
            ':' => return at,
            '\'' if !shortens(after) => return at,
            '\'' | '.' => {}
            letter if separates(letter) => return at,
            _ => {}
        }
    }
    text.len()
}

/// Whether `'` with `after` behind it shortens a word, as in `can't`.
fn shortens(after: &str) -> bool {
    let end = after.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(after.len());
    matches!(after.get(..end), Some("t" | "s" | "re" | "ll" | "ve" | "d" | "m"))
}
