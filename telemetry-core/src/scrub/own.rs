//! Words of this machine and of the author in a text.
//!
//! It owns what stands beside such a word. It must never know where the words
//! come from.

use super::engine::Pass;
use super::labels::label_before;
use super::text::Text;

impl Pass<'_> {
    /// A word of this machine or of the author's ends at `end`.
    pub(super) fn own_word(&mut self, end: usize, place: usize) {
        let Some(word) = self.own.get(place) else { return };
        let start = end - word.text.len();
        if !letter_before(self.text, start)
            && !letter_at(self.text, end)
            && !self.glued_to_label(start, end)
        {
            self.found(word.rule, start, end);
        }
    }

    fn glued_to_label(&self, start: usize, end: usize) -> bool {
        label_before(self.text, start, self.own_labels).is_some() || self.label_at(end).is_some()
    }
}

/// Whether a letter or digit of any script stands before `at`.
fn letter_before(text: Text<'_>, at: usize) -> bool {
    let from = at.saturating_sub(4);
    let slice = text.slice(from, at);
    (0..slice.len())
        .find_map(|skip| str::from_utf8(slice.get(skip..)?).ok())
        .and_then(|text| text.chars().next_back())
        .is_some_and(char::is_alphanumeric)
}

fn letter_at(text: Text<'_>, at: usize) -> bool {
    let slice = text.slice(at, text.len().min(at + 4));
    (1..=slice.len())
        .find_map(|length| str::from_utf8(slice.get(..length)?).ok())
        .and_then(|text| text.chars().next())
        .is_some_and(char::is_alphanumeric)
}
