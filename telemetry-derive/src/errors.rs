//! Mistakes, gathered over the whole input.
//!
//! It owns the list of mistakes and the search for what was meant. It must never
//! know what a mistake is about.
//!
//! The distance of two names is counted here: a crate for it would be compiled
//! before every program that derives an event, for these twenty lines.

use quote::ToTokens;

/// The mistakes found so far, each with its own span.
#[derive(Default)]
pub(crate) struct Errors {
    all: Option<syn::Error>,
    /// Whether one of them lists all policies.
    says_table: bool,
}

impl Errors {
    /// Adds a mistake that lies at `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.all {
            Some(first) => first.combine(error),
            None => self.all = Some(error),
        }
    }

    /// Whether the list of all policies has been written; from now on it has.
    pub(crate) fn says_table(&mut self) -> bool {
        std::mem::replace(&mut self.says_table, true)
    }

    /// All mistakes as one error, if there are any.
    pub(crate) fn finish(self) -> Result<(), syn::Error> {
        self.all.map_or(Ok(()), Err)
    }
}

/// The name among `names` that was probably meant by `written`.
pub(crate) fn nearest<'n>(
    written: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    names
        .into_iter()
        .map(|name| (distance(written, name), name))
        .min()
        // Two slips of the finger; in a short name, one.
        .filter(|(distance, name)| *distance <= if name.len() < 5 { 1 } else { 2 })
        .map(|(_, name)| name)
}

/// How many letters must be put in, taken out, changed or swapped with the next
/// to make `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX - 1);
            let mut least = (at(&above, j) + usize::from(from != to))
                .min(at(&above, j + 1) + 1)
                .min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(to) && b.get(j - 1) == Some(from);
            if swapped {
                least = least.min(at(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not() {
        let names = ["allow", "drop", "hash", "scrub"];
        assert_eq!(nearest("hahs", names), Some("hash"));
        assert_eq!(nearest("has", names), Some("hash"));
        assert_eq!(nearest("alow", names), Some("allow"));
        assert_eq!(nearest("scurb", names), Some("scrub"));
        assert_eq!(nearest("encrypt", names), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
