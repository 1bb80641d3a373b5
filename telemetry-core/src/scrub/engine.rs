//! One pass over a text.
//!
//! It owns the order: block by block, the places where something can begin,
//! and the check that is made at each. It must never know what becomes of a
//! find.
//!
//! Every place is checked against the text as it was given, whatever was found
//! before it: what overlaps is joined afterwards, so that no rest of it stays.

use std::ops::Range;

use super::blocks::{AHEAD, BLOCK, Shaper, Shapes};
use super::find::{Span, Spans};
use super::keywords::{Begins, Keywords, folded};
use super::labels;
use super::machine::OwnWord;
use super::rules::{Rule, RuleSet};
use super::text::Text;

/// One pass over one text.
pub(super) struct Pass<'t> {
    pub(super) text: Text<'t>,
    pub(super) keywords: &'t Keywords,
    pub(super) own: &'t [OwnWord],
    pub(super) own_labels: &'t [Box<str>],
    rules: RuleSet,
    spans: &'t mut Spans,
    /// The value that was read last. What is named within it is hidden with it:
    /// so no byte is read as a part of many values, and the time is linear.
    pub(super) taken: (usize, usize),
    /// Behind the last run of hexadecimal groups between colons.
    pub(super) colons_until: usize,
    /// Behind the last run of numbers between dots or dashes.
    pub(super) quads_until: usize,
    /// Behind the last groups of digits.
    pub(super) numbers_until: usize,
    /// Behind the last `?`, `&` or `;`, before which a query can begin.
    pub(super) query_mark: usize,
    /// Behind the last query of a URL.
    pub(super) query_until: usize,
    /// Where the last host behind the credentials of a URL begins.
    pub(super) authority: usize,
    /// Behind the last PEM block.
    pub(super) pem_until: usize,
    /// Whether no PEM block ends any more.
    pub(super) no_pem_end: bool,
    /// Whether there is a `[` in the text, once that was asked.
    brackets: Option<bool>,
}

impl<'t> Pass<'t> {
    pub(super) fn new(
        bytes: &'t [u8],
        (keywords, own): (&'t Keywords, &'t [OwnWord]),
        own_labels: &'t [Box<str>],
        rules: RuleSet,
        spans: &'t mut Spans,
    ) -> Self {
        Self {
            text: Text(bytes),
            keywords,
            own,
            own_labels,
            rules,
            spans,
            taken: (0, 0),
            colons_until: 0,
            quads_until: 0,
            numbers_until: 0,
            query_mark: 0,
            query_until: 0,
            authority: usize::MAX,
            pem_until: 0,
            no_pem_end: false,
            brackets: None,
        }
    }

    /// What begins in these windows of the text, which stand at starts of lines,
    /// joined where it overlaps. What is found is read to its end, also behind
    /// its window.
    pub(super) fn run(&mut self, windows: &[Range<usize>]) {
        for window in windows {
            self.window(window.start, window.end);
        }
        if !self.spans.is_empty() {
            self.spans.join();
        }
    }

    #[inline]
    fn window(&mut self, start: usize, end: usize) {
        let mut shaper = Shaper::default();
        let mut base = start;
        while base < end {
            let Some(block) = self.text.0.get(base..).and_then(|rest| rest.first_chunk()) else {
                break;
            };
            self.block(&mut shaper, block, base);
            base += BLOCK;
        }
        while base < end {
            // Blanks behind the end begin nothing.
            let mut last = [b' '; AHEAD];
            let rest = self.text.slice(base, self.text.len().min(base + AHEAD));
            if let Some(start) = last.get_mut(..rest.len()) {
                start.copy_from_slice(rest);
            }
            self.block(&mut shaper, &last, base);
            base += BLOCK;
        }
    }

    #[inline(always)]
    fn block(&mut self, shaper: &mut Shaper, block: &[u8; AHEAD], base: usize) {
        let shapes = shaper.shapes(block);
        if shapes.any() {
            self.shapes(&shapes, base);
        }
        let mut words = if self.keywords.any_start { shapes.starts } else { shapes.words };
        while words != 0 {
            let bit = words.trailing_zeros();
            words &= words - 1;
            let four = four_of(block, bit);
            if self.keywords.may_begin(four) {
                self.word(base + bit as usize, four);
            }
        }
    }

    #[inline(never)]
    fn shapes(&mut self, shapes: &Shapes, base: usize) {
        each(shapes.rare, base, |at| self.rare(at));
        each(shapes.behind_colon, base, |at| self.colon(at - 1));
        if shapes.colons | shapes.quads | shapes.pairs | shapes.labels != 0 {
            each(shapes.colons, base, |at| self.groups(at));
            each(shapes.quads, base, |at| self.quad(at));
            each(shapes.pairs, base, |at| self.pairs(at));
            each(shapes.labels, base, |at| self.host_label(at));
        }
        if shapes.numbers | shapes.accounts | shapes.options | shapes.slashes | shapes.ports != 0 {
            each(shapes.numbers, base, |at| self.number(at));
            each(shapes.accounts, base, |at| self.account(at));
            each(shapes.options, base, |at| self.option(at));
            each(shapes.slashes, base, |at| self.slashes(at));
            each(shapes.ports, base, |at| self.host_and_port(at - 4));
        }
    }

    fn rare(&mut self, at: usize) {
        match self.text.byte(at) {
            b'=' => self.equals(at),
            b'?' | b'&' | b';' => self.query_mark = at + 1,
            b'@' => self.at_sign(at, at + 1),
            b'%' if self.text.starts(at, b"%40") => self.at_sign(at, at + 3),
            b'<' => self.opening(at),
            b'~' => self.tilde(at),
            b'+' => self.plus(at),
            b'\\' => self.backslash(at),
            _ => {}
        }
    }

    /// A word that may begin with those of the table; most of them do not.
    #[inline(never)]
    fn word(&mut self, at: usize, four: u32) {
        let four = folded(four);
        for place in self.keywords.places(four) {
            if self.keywords.begins_alike(place, four) {
                self.known_word(at, place);
            }
        }
    }

    #[inline(never)]
    fn known_word(&mut self, at: usize, place: usize) {
        let text = self.text;
        super::text::looks_for(at);
        if let Some((begins, end)) = self.keywords.get(place, text, at)
            // `[phone]` says nothing of what follows.
            && !(text.before(at) == b'[' && self.label_at(at - 1).is_some())
        {
            self.begin(begins, at, end);
        }
    }

    fn begin(&mut self, begins: Begins, at: usize, end: usize) {
        match begins {
            Begins::Token(place) => self.token(at, place),
            Begins::Jwt => self.jwt(at),
            Begins::Pem => self.pem(at),
            Begins::Bearer => self.bearer(at, end),
            Begins::SecretWord => self.secret_word(at, end),
            Begins::Wrapper => self.wrapper(at, end),
            Begins::Auth => self.auth(at, end),
            Begins::Home | Begins::DocumentsAndSettings => self.home(at, end),
            Begins::Folder => self.folder(at, end),
            Begins::User => self.user_word(at, end),
            Begins::Name => self.name_word(at, end),
            Begins::Sudo => self.sudo(at, end),
            Begins::Su => self.su(at),
            Begins::Ssn => self.ssn_word(end),
            Begins::Cron => self.cron(at),
            Begins::Month => self.month(at, end),
            Begins::Host => self.host_word(at, end),
            Begins::Phone => self.phone_word(end),
            Begins::Own(place) => self.own_word(end, place),
        }
    }

    /// Whether a letter, digit or token touches `at` from before.
    pub(super) fn glued_before(&self, at: usize) -> bool {
        self.text.word_before(at) || labels::label_before(self.text, at, self.own_labels).is_some()
    }

    /// Whether a letter, digit or token touches `at` from behind.
    pub(super) fn glued_behind(&self, at: usize) -> bool {
        self.text.word_at(at) || self.label_at(at).is_some()
    }

    /// The end of the token in place of an earlier find that begins at `at`.
    pub(super) fn label_at(&self, at: usize) -> Option<usize> {
        labels::label_at(self.text, at, self.own_labels)
    }

    /// Whether a value that begins here is a part of the one that was read last.
    pub(super) fn is_taken(&self, value: usize) -> bool {
        self.taken.0 <= value && value < self.taken.1
    }

    /// Takes a find, of which tokens are taken in whole. What consists of
    /// tokens alone is hidden already.
    pub(super) fn found(&mut self, rule: Rule, mut start: usize, mut end: usize) {
        if !self.rules.has(rule) || start >= end {
            return;
        }
        if self.has_brackets() {
            let text = self.text;
            let around = |at| labels::label_around(text, at, self.own_labels);
            (start, end) =
                (around(start).map_or(start, |of| of.0), around(end).map_or(end, |of| of.1));
            if text.byte(start) == b'[' && self.is_hidden(start, end) {
                return;
            }
        }
        let text = self.text;
        let (start, end) = self.characters(start, end.min(text.len()));
        self.spans.push(Span { start, end, rule });
    }

    /// Whether there can be a token in the text: looked up once.
    fn has_brackets(&mut self) -> bool {
        let text = self.text.0;
        *self.brackets.get_or_insert_with(|| {
            super::text::steps(text.len());
            memchr::memchr(b'[', text).is_some()
        })
    }

    fn is_hidden(&self, start: usize, end: usize) -> bool {
        let mut at = start;
        while at < end {
            match self.label_at(at) {
                Some(label) => at = label,
                None => return false,
            }
        }
        true
    }

    /// Widened to whole characters.
    fn characters(&self, mut start: usize, mut end: usize) -> (usize, usize) {
        let inside = |at: usize| at < self.text.len() && self.text.byte(at) & 0xc0 == 0x80;
        if !inside(start) && !inside(end) {
            return (start, end);
        }
        // A character has four bytes at most.
        for _ in 0..3 {
            start -= usize::from(start > 0 && inside(start));
            end += usize::from(inside(end));
        }
        (start, end)
    }
}

/// The four bytes at a place of a block.
#[inline(always)]
fn four_of(block: &[u8; AHEAD], bit: u32) -> u32 {
    let at = bit as usize % BLOCK;
    let four = block.get(at..at + 4).and_then(|four| four.first_chunk());
    four.map_or(0, |four| u32::from_le_bytes(*four))
}

#[inline(always)]
fn each(mut bits: u64, base: usize, mut check: impl FnMut(usize)) {
    while bits != 0 {
        let at = base + bits.trailing_zeros() as usize;
        super::text::looks_for(at);
        check(at);
        bits &= bits - 1;
    }
}
