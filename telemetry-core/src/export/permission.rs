//! What may be sent now.
//!
//! It owns the question whether one stored event may leave. It must never know
//! how consent was decided.

use crate::consent::Cutoff;
use crate::envelope::Line;

/// What may be sent now, by the user's and the organisation's word.
///
/// ```
/// use telemetry_core::export::unstable::Permission;
///
/// let permission = Permission::granted().without_purpose("model-training");
/// assert!(permission.is_granted());
/// assert!(!Permission::denied().is_granted());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    granted: bool,
    cutoff: Cutoff,
    purposes: Purposes,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Purposes {
    AllBut(Vec<String>),
    Only(Vec<String>),
}

impl Permission {
    /// Nothing may be sent.
    pub fn denied() -> Self {
        Self { granted: false, ..Self::granted() }
    }

    /// Everything that was recorded may be sent.
    pub fn granted() -> Self {
        Self { granted: true, cutoff: Cutoff::default(), purposes: Purposes::AllBut(Vec::new()) }
    }

    /// The same without events from before a refusal: they are dropped.
    #[must_use]
    pub fn after(mut self, cutoff: Cutoff) -> Self {
        self.cutoff = cutoff;
        self
    }

    /// The same without events of `purpose`: they are dropped.
    #[must_use]
    pub fn without_purpose(mut self, purpose: impl Into<String>) -> Self {
        let purpose = purpose.into();
        match &mut self.purposes {
            Purposes::AllBut(refused) => refused.push(purpose),
            Purposes::Only(granted) => granted.retain(|known| *known != purpose),
        }
        self
    }

    /// The same for events of these purposes alone; others are dropped.
    #[must_use]
    pub fn only_purposes(mut self, purposes: impl IntoIterator<Item = String>) -> Self {
        let mut granted: Vec<String> = purposes.into_iter().collect();
        granted.retain(|purpose| self.grants(purpose));
        self.purposes = Purposes::Only(granted);
        self
    }

    /// Whether anything may be sent.
    pub fn is_granted(&self) -> bool {
        self.granted
    }

    fn grants(&self, purpose: &str) -> bool {
        match &self.purposes {
            Purposes::AllBut(refused) => !refused.iter().any(|known| known == purpose),
            Purposes::Only(granted) => granted.iter().any(|known| known == purpose),
        }
    }

    /// Whether the event of `line` may be sent.
    pub(super) fn permits(&self, line: &Line<'_>) -> bool {
        self.granted
            && self.cutoff.permits(line.purpose, line.generation)
            && self.grants(line.purpose)
    }
}
