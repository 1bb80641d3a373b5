//! What holds for one purpose, and on what it rests.
//!
//! It owns the clause that tells it. It must never know how sources are weighed.

use crate::consent::source::Source;

/// What holds for one purpose, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    pub(super) granted: bool,
    pub(super) basis: Basis,
    /// Sources that say the same as the result, the deciding one first.
    pub(super) agreeing: Vec<Source>,
    pub(super) beaten: Vec<Source>,
    pub(super) change: String,
}

/// What a ruling rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    Said,
    NotTold,
    NobodySaidOn,
    /// The author's list of purposes does not have it.
    NotCollected,
}

impl Ruling {
    /// Whether events of the purpose may be recorded.
    pub fn is_granted(&self) -> bool {
        self.granted
    }

    /// The source that decided; none when it is off because nobody said on,
    /// because the user was not told of the purpose, or because the program
    /// does not collect for it.
    pub fn source(&self) -> Option<&Source> {
        self.agreeing.first().filter(|_| self.basis == Basis::Said)
    }

    /// The sources that say the same as the result, the deciding one first.
    pub fn agreeing(&self) -> &[Source] {
        &self.agreeing
    }

    /// The sources that say the opposite, the strongest first.
    pub fn beaten(&self) -> &[Source] {
        &self.beaten
    }

    /// Why, as a clause without a full stop: "the environment (DO_NOT_TRACK)
    /// says so".
    pub fn reason(&self) -> String {
        match (self.basis, self.agreeing.first()) {
            (Basis::Said, Some(source)) => source.clause(),
            (Basis::NotTold, _) => "the user has not agreed to this purpose yet".to_owned(),
            (Basis::NotCollected, _) => "this program does not collect for it".to_owned(),
            _ => "nobody has agreed to it yet".to_owned(),
        }
    }

    /// How to turn the result around, as an instruction without a full stop.
    pub fn how_to_change(&self) -> &str {
        &self.change
    }

    /// Whether nobody has decided: neither refused nor effectively agreed.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.basis, Basis::NotTold | Basis::NobodySaidOn)
    }

    /// What holds for a purpose that the author's list does not have.
    pub(super) fn not_collected() -> Self {
        Self {
            granted: false,
            basis: Basis::NotCollected,
            agreeing: Vec::new(),
            beaten: Vec::new(),
            change: "ask the program's author, who has not listed this purpose".to_owned(),
        }
    }
}
