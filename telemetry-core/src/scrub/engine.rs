//! Runs the rules over a text.
//!
//! It owns the search, the union of overlapping finds, and what is written in
//! their place. It must never know what a rule is about.
//!
//! Every rule is tried at every place of the text: one set of all patterns
//! says in a single pass which rules can find anything at all, which for most
//! texts is none, and the others run one after the other.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use regex::{Captures, Regex, RegexBuilder, RegexSet};

use super::rules::{LABELS, LITERAL_LABEL, Next, RULES, ScrubRule};
use crate::error::{Error, Kind};

/// How far before the end of a find the same rule looks again. Longer than any name of a secret with quotes and separator, and short, so that
/// the time stays linear.
const LOOK_AGAIN: usize = 32;

/// A label beside a text can make a find of it: in `1.2.3.4fe80::1` the second
/// address is glued to a digit until the first is replaced. So the result is
/// scrubbed until nothing is found, and scrubbing it again changes nothing.
/// One round more suffices for what people write, two or three for what tests
/// make up; the limit keeps the time linear for what is made to be slow.
const MAX_ROUNDS: usize = 8;
/// What is left of a text that is not done after the last round.
const GIVEN_UP: &str = "[secret]";

static STANDARD: LazyLock<Arc<Compiled>> = LazyLock::new(|| Arc::new(Compiled::new()));

/// The compiled rules, shared, and the author's own literals.
#[derive(Clone)]
pub(super) struct Engine {
    compiled: Arc<Compiled>,
    literals: Vec<Regex>,
}

struct Compiled {
    any: RegexSet,
    rules: Vec<(&'static ScrubRule, Regex)>,
    labels: Regex,
}

impl Compiled {
    #[expect(clippy::expect_used, reason = "constant patterns, which a test compiles")]
    fn new() -> Self {
        let compile = |pattern: &str| Regex::new(pattern).expect("a constant pattern");
        let labels: Vec<_> = LABELS.iter().map(|label| regex::escape(label)).collect();
        Self {
            any: RegexSet::new(RULES.iter().map(|rule| rule.pattern)).expect("constant patterns"),
            rules: RULES.iter().map(|rule| (rule, compile(rule.pattern))).collect(),
            labels: compile(&labels.join("|")),
        }
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self { compiled: Arc::clone(&STANDARD), literals: Vec::new() }
    }
}

/// What is to be replaced, by what, and which find wins where two overlap.
struct Find {
    range: Range<usize>,
    label: &'static str,
    rank: usize,
}

/// A label that is in the text already loses against every find.
const RANK_OF_LABELS: usize = usize::MAX;
/// A literal loses against every rule, whose label says more.
const RANK_OF_LITERALS: usize = usize::MAX - 1;

impl Engine {
    pub(super) fn literals(&self) -> usize {
        self.literals.len()
    }

    pub(super) fn add_literal(&mut self, literal: &str) -> Result<(), Error> {
        let regex = RegexBuilder::new(&ascii_caseless(literal)).build().map_err(|_| {
            // The source would show the literal.
            Error::new(Kind::Argument, "a literal to hide is too long: leave it out")
        })?;
        self.literals.push(regex);
        Ok(())
    }

    pub(super) fn scrub<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(mut scrubbed) = self.round(text) else { return Cow::Borrowed(text) };
        for _ in 1..MAX_ROUNDS {
            match self.round(&scrubbed) {
                Some(again) => scrubbed = again,
                None => return Cow::Owned(scrubbed),
            }
        }
        Cow::Borrowed(GIVEN_UP)
    }

    /// Replaces what is found; `None` when nothing is.
    fn round(&self, text: &str) -> Option<String> {
        let mut finds = self.finds(text);
        if finds.is_empty() {
            return None;
        }
        self.add_labels(text, &mut finds);
        let union = union(finds);
        let found = union.iter().any(|find| find.rank != RANK_OF_LABELS);
        found.then(|| replace(text, &union))
    }

    fn finds(&self, text: &str) -> Vec<Find> {
        let mut finds = Vec::new();
        // Whether there is anything is cheaper to ask than what.
        let any = self.compiled.any.is_match(text).then(|| self.compiled.any.matches(text));
        for rank in any.iter().flatten() {
            if let Some((rule, regex)) = self.compiled.rules.get(rank) {
                run(rule, rank, regex, text, &mut finds);
            }
        }
        for literal in &self.literals {
            let words = literal.find_iter(text).map(|find| find.range());
            finds.extend(words.filter(|range| is_word(text, range)).map(|range| Find {
                range,
                label: LITERAL_LABEL,
                rank: RANK_OF_LITERALS,
            }));
        }
        finds
    }

    /// Labels are finds of themselves, so that a find that takes in a part of
    /// one takes in all of it, and none is found in the middle of one.
    fn add_labels(&self, text: &str, finds: &mut Vec<Find>) {
        let mut labels = self.compiled.labels.find_iter(text).peekable();
        if labels.peek().is_none() {
            return;
        }
        let labels: Vec<_> = labels.map(|label| label.range()).collect();
        finds.retain(|find| {
            let next = labels.partition_point(|label| label.end < find.range.end);
            let inside = |label: &Range<usize>| {
                label.start <= find.range.start && find.range.end <= label.end
            };
            !labels.get(next).is_some_and(inside)
        });
        finds.extend(labels.into_iter().map(|range| Find {
            range,
            label: "",
            rank: RANK_OF_LABELS,
        }));
    }
}

fn run(rule: &ScrubRule, rank: usize, regex: &Regex, text: &str, finds: &mut Vec<Find>) {
    let mut at = 0;
    while let Some(captures) = regex.captures_at(text, at) {
        let Some(find) = hidden(&captures) else { return };
        let checked = (rule.check)(text, find.clone());
        at = match (&checked, rule.next) {
            // A name before the value is part of the match, so that even its
            // first byte is behind the place of this search.
            (_, Next::BeforeEnd) => {
                char_boundary(text, find.end.saturating_sub(LOOK_AGAIN)).max(find.start)
            }
            (None, Next::SecondByte) => find.start + 1,
            (Some(range), _) => range.end,
            (None, Next::Behind) => find.end,
        };
        if let Some(range) = checked {
            finds.push(Find { range, label: rule.label(), rank });
        }
    }
}

/// The first group that took part, or the whole match of a pattern without
/// groups.
fn hidden(captures: &Captures<'_>) -> Option<Range<usize>> {
    let group = captures.iter().skip(1).flatten().next();
    group.or_else(|| captures.get(0)).map(|find| find.range())
}

/// The first character boundary at or after `at`.
fn char_boundary(text: &str, at: usize) -> usize {
    (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

/// Whether no letter or digit stands directly before or after `range`.
fn is_word(text: &str, range: &Range<usize>) -> bool {
    let before = text.get(..range.start).and_then(|before| before.chars().next_back());
    let after = text.get(range.end..).and_then(|after| after.chars().next());
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
}

/// A pattern for `literal` in which the case of ASCII letters does not matter.
fn ascii_caseless(literal: &str) -> String {
    let mut pattern = String::new();
    let mut buffer = [0; 4];
    for letter in literal.chars() {
        if letter.is_ascii_alphabetic() {
            pattern.push('[');
            pattern.push(letter.to_ascii_lowercase());
            pattern.push(letter.to_ascii_uppercase());
            pattern.push(']');
        } else {
            pattern.push_str(&regex::escape(letter.encode_utf8(&mut buffer)));
        }
    }
    pattern
}

/// Joins finds that overlap, in the order of the text. What is joined has the
/// label of its strongest find, and covers all that any of them covers.
fn union(mut finds: Vec<Find>) -> Vec<Find> {
    finds.sort_unstable_by_key(|find| (find.range.start, find.rank));
    let mut union: Vec<Find> = Vec::with_capacity(finds.len());
    for find in finds {
        match union.last_mut() {
            Some(last) if find.range.start < last.range.end => {
                last.range.end = last.range.end.max(find.range.end);
                if find.rank < last.rank {
                    (last.label, last.rank) = (find.label, find.rank);
                }
            }
            _ => union.push(find),
        }
    }
    union
}

fn replace(text: &str, union: &[Find]) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut at = 0;
    for find in union.iter().filter(|find| find.rank != RANK_OF_LABELS) {
        replaced.push_str(text.get(at..find.range.start).unwrap_or_default());
        replaced.push_str(find.label);
        at = find.range.end;
    }
    replaced.push_str(text.get(at..).unwrap_or_default());
    replaced
}
