//! What one source says about each purpose.
//!
//! It owns how the words of one source add up. It must never know where the
//! source is kept, nor what other sources say.

use std::collections::{BTreeMap, BTreeSet};

/// What one source says. `None` and absent mean no opinion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signal {
    /// For every purpose.
    pub(crate) enabled: Option<Verdict>,
    /// Off for every purpose that is not listed, on for the listed.
    pub(crate) only: Option<(Vec<String>, usize)>,
    /// For single purposes.
    pub(crate) purposes: BTreeMap<String, Verdict>,
}

/// Off or on, and the line it stands in (0 where there are no lines).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) on: bool,
    pub(crate) line: usize,
}

impl Verdict {
    /// A no without a line.
    pub(crate) const NO: Self = Self { on: false, line: 0 };
    /// A yes without a line.
    pub(crate) const YES: Self = Self { on: true, line: 0 };
}

impl Signal {
    pub(crate) fn for_all(on: bool, line: usize) -> Self {
        Self { enabled: Some(Verdict { on, line }), ..Self::default() }
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.enabled.is_none() && self.only.is_none() && self.purposes.is_empty()
    }

    /// What this source says of a purpose; without a name, of purposes that no
    /// source names. Within one source too, any off wins over every on.
    pub(crate) fn about(&self, purpose: Option<&str>) -> Option<Verdict> {
        let named = purpose.and_then(|name| self.purposes.get(name).copied());
        let listed = self.only.as_ref().map(|(names, line)| Verdict {
            on: purpose.is_some_and(|purpose| names.iter().any(|name| name == purpose)),
            line: *line,
        });
        // The most exact answer first, so that `why` points at its line.
        let answers = [named, listed, self.enabled];
        let mut given = answers.iter().flatten().copied();
        given.clone().find(|answer| !answer.on).or_else(|| given.next())
    }

    pub(crate) fn refuses(&self, purpose: Option<&str>) -> bool {
        self.about(purpose).is_some_and(|answer| !answer.on)
    }

    /// Whether it refuses something that another does not.
    pub(crate) fn refuses_beyond(&self, other: &Self) -> bool {
        let names = self.named().map(|name| Some(name.as_str())).chain([None]);
        names.into_iter().any(|name| self.refuses(name) && !other.refuses(name))
    }

    /// Whether an on for this purpose calls it by its name.
    pub(crate) fn names(&self, purpose: &str) -> bool {
        self.purposes.get(purpose).is_some_and(|answer| answer.on)
            || self.only.as_ref().is_some_and(|(names, _)| names.iter().any(|name| name == purpose))
    }

    /// The purposes that it calls by their names, whatever it says of them.
    pub(crate) fn named(&self) -> impl Iterator<Item = &String> {
        self.purposes.keys().chain(self.only.iter().flat_map(|(names, _)| names))
    }

    /// The purposes that it refuses by name.
    pub(crate) fn refused(&self) -> BTreeSet<String> {
        let refused = self.purposes.iter().filter(|(_, answer)| !answer.on);
        refused.map(|(name, _)| name.clone()).collect()
    }

    /// Takes over every refusal of another source, and nothing else.
    pub(crate) fn refuse_as(&mut self, other: &Self) {
        if other.enabled.is_some_and(|answer| !answer.on) {
            self.enabled = Some(Verdict::NO);
            self.only = None;
        }
        if let Some((names, _)) = other.only.as_ref().filter(|_| self.enabled != Some(Verdict::NO))
        {
            let own = self.only.take().map(|(own, _)| own);
            let listed = |name: &&String| own.as_ref().is_none_or(|own| own.contains(name));
            self.only = Some((names.iter().filter(listed).cloned().collect(), 0));
            self.enabled = None;
        }
        for name in other.refused() {
            self.purposes.insert(name, Verdict::NO);
        }
    }
}
