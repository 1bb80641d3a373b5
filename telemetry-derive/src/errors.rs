//! Mistakes, gathered over the whole input.

use quote::ToTokens;

/// The mistakes found so far, each with its own span.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// Adds a mistake that lies at `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// All mistakes as one error, if there are any.
    pub(crate) fn finish(self) -> Result<(), syn::Error> {
        self.0.map_or(Ok(()), Err)
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

/// How many letters must be put in, taken out or changed to make `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut left = i + 1;
        let mut diagonal = i;
        for (above, b) in row.iter_mut().skip(1).zip(b.chars()) {
            let changed = diagonal + usize::from(a != b);
            diagonal = *above;
            left = changed.min(left + 1).min(*above + 1);
            *above = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not() {
        let names = ["allow", "drop", "hash", "scrub"];
        assert_eq!(nearest("hahs", names), None);
        assert_eq!(nearest("has", names), Some("hash"));
        assert_eq!(nearest("alow", names), Some("allow"));
        assert_eq!(nearest("scurb", names), Some("scrub"));
        assert_eq!(nearest("encrypt", names), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
