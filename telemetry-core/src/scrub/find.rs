//! What was found, and what is written in its place.
//!
//! It owns the union of overlapping finds and the replacing. It must never
//! know how anything is found.

use std::ops::Range;

use super::rules::Rule;

/// What is to be hidden, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The place of the rule in the table; where two overlap, the earlier one
    /// names the whole.
    pub(super) rule: Rule,
}

impl Span {
    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// More than most texts have: what fits here costs no allocation.
const FEW: usize = 8;

/// The finds of one text, without an allocation while they are few.
pub(super) struct Spans {
    few: [Span; FEW],
    length: usize,
    /// All of them, once they are many.
    many: Vec<Span>,
}

impl Spans {
    pub(super) const fn new() -> Self {
        let none = Span { start: 0, end: 0, rule: Rule::Pem };
        Self { few: [none; FEW], length: 0, many: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0 && self.many.is_empty()
    }

    pub(super) fn as_slice(&self) -> &[Span] {
        if self.many.is_empty() {
            self.few.get(..self.length).unwrap_or_default()
        } else {
            &self.many
        }
    }

    pub(super) fn push(&mut self, span: Span) {
        if self.many.is_empty() {
            if let Some(place) = self.few.get_mut(self.length) {
                *place = span;
                self.length += 1;
                return;
            }
            self.many.extend_from_slice(&self.few);
        }
        self.many.push(span);
    }

    /// Joins spans that overlap, in the order of the text. What is joined has
    /// the rule of its strongest find, and covers all that any of them covers.
    pub(super) fn join(&mut self) {
        let spans = if self.many.is_empty() {
            self.few.get_mut(..self.length).unwrap_or_default()
        } else {
            self.many.as_mut_slice()
        };
        sort(spans);
        let length = join_sorted(spans);
        if self.many.is_empty() { self.length = length } else { self.many.truncate(length) }
    }
}

/// By start, and then by rule. Finds come nearly in order: few are moved far.
fn sort(spans: &mut [Span]) {
    let order = |span: &Span| (span.start, span.rule);
    let mut moves = spans.len().saturating_mul(4);
    for at in 1..spans.len() {
        let mut place = at;
        while let Some([before, span]) =
            place.checked_sub(1).and_then(|from| spans.get_mut(from..=place))
            && order(before) > order(span)
        {
            std::mem::swap(before, span);
            (place, moves) = (place - 1, moves.saturating_sub(1));
        }
        if moves == 0 {
            return spans.sort_by_key(order);
        }
    }
}

/// Joins in place and says how many are left.
fn join_sorted(spans: &mut [Span]) -> usize {
    let mut length = 0_usize;
    for at in 0..spans.len() {
        let Some(span) = spans.get(at).copied() else { break };
        match length.checked_sub(1).and_then(|last| spans.get_mut(last)) {
            Some(last) if span.start < last.end => {
                last.end = last.end.max(span.end);
                last.rule = last.rule.min(span.rule);
            }
            _ => {
                if let Some(place) = spans.get_mut(length) {
                    *place = span;
                }
                length += 1;
            }
        }
    }
    length
}
