//! Which events are from before a refusal, and therefore never sent.
//!
//! It owns the generations of consent. It must never know a clock, a file's
//! time or an event.
//!
//! A *generation* is a number that counts refusals. Every stored line carries
//! the generation of its purpose at the moment in which it was recorded
//! ([`Decision::generation`](crate::consent::Decision::generation)). A refusal
//! raises the number, and so does the end of a refusal that nobody has counted.
//! A line whose number is smaller than the one that holds when it would be sent
//! is from before a refusal: it is dropped and counted, also when telemetry is
//! on again ([`Cutoff::permits`]).
//!
//! | what happens | which generations rise |
//! |---|---|
//! | everything is refused | all |
//! | one purpose is refused | all, because an event of another purpose may hold fields of this one |
//! | what was refused is agreed to again | those of the purposes that are agreed to |
//! | a purpose is agreed to that nobody refused | none |
//! | a file is touched, saved or copied, the clock is changed | none |
//!
//! Numbers and not times: a clock that was wrong for a while would make events
//! look older or younger than the refusal, and the modification time of a file
//! says that it was saved and not that it says something else.

use std::collections::BTreeMap;

/// The generations of all purposes.
///
/// ```
/// use telemetry_core::consent::Layers;
/// use telemetry_core::schema::Purpose;
///
/// # let folder = std::env::temp_dir().join(format!("telemetry-cutoff-doc-{}", std::process::id()));
/// let layers = Layers::new("studio")
///     .on_by_default()
/// #   .choice_file(folder.join("telemetry.toml"))
///     .with_env(|_| None);
/// let before = layers.decide().generation(Purpose::SERVICE);
/// layers.choice()?.refuse()?;
/// layers.choice()?.agree()?;
/// let decision = layers.decide();
/// assert!(decision.is_on());
/// assert!(!decision.cutoff().permits("service", before));
/// assert!(decision.cutoff().permits("service", decision.generation(Purpose::SERVICE)));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cutoff {
    /// What refusals of everything, and of any one purpose, have counted.
    all: u64,
    /// What has been counted for one purpose beyond that.
    purposes: BTreeMap<String, u64>,
}

/// The largest number that a file may hold. Nobody refuses that often; a
/// larger one is damage, and a number that cannot rise any more would let
/// through what was refused.
pub(crate) const LARGEST: u64 = 1 << 53;

impl Cutoff {
    /// The generation of a purpose. It never falls.
    pub fn generation(&self, purpose: &str) -> u64 {
        self.all.saturating_add(self.purposes.get(purpose).copied().unwrap_or(0))
    }

    /// Whether an event of `purpose` that carries `generation` may be sent as
    /// far as earlier refusals go. Whether its purpose is granted now is another
    /// question.
    pub fn permits(&self, purpose: &str, generation: u64) -> bool {
        generation >= self.generation(purpose)
    }

    pub(crate) fn from_parts(all: u64, purposes: BTreeMap<String, u64>) -> Self {
        Self { all, purposes }
    }

    pub(crate) fn all(&self) -> u64 {
        self.all
    }

    pub(crate) fn purposes(&self) -> impl Iterator<Item = (&str, u64)> {
        self.purposes.iter().map(|(name, number)| (name.as_str(), *number))
    }

    /// Everything that was recorded before is from before a refusal.
    pub(crate) fn raise_all(&mut self) {
        self.all = self.all.saturating_add(1);
    }

    /// What was recorded for this purpose is from before a refusal.
    pub(crate) fn raise(&mut self, purpose: &str) {
        let number = self.purposes.entry(purpose.to_owned()).or_default();
        *number = number.saturating_add(1);
    }

    /// Takes over what another copy counted and this one did not.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.all = self.all.max(other.all);
        for (name, number) in &other.purposes {
            let own = self.purposes.entry(name.clone()).or_default();
            *own = (*own).max(*number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_rises_for_what_was_refused_and_never_falls() {
        let mut cutoff = Cutoff::default();
        assert!(cutoff.permits("a", 0));
        cutoff.raise("a");
        assert!(!cutoff.permits("a", 0) && cutoff.permits("b", 0));
        let recorded = (cutoff.generation("a"), cutoff.generation("b"));
        cutoff.raise_all();
        assert!(!cutoff.permits("a", recorded.0) && !cutoff.permits("b", recorded.1));
        let before = cutoff.clone();
        cutoff.merge(&Cutoff::default());
        assert_eq!(cutoff, before);
        let mut other = Cutoff::default();
        other.merge(&before);
        assert_eq!(other, before);
    }
}
