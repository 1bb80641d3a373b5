//! What a scrubber was told, and what it learns at its first text.
//!
//! It owns the choice of rules and of words, and the token of each rule. It must
//! never know a text.

use std::sync::{Arc, OnceLock};

use super::arguments;
use super::author::AuthorRule;
use super::keywords::Keywords;
use super::machine::{Machine, OwnWord};
use super::rules::{Preset, RULES, Rule, RuleSet, ScrubRule};
use super::vocabulary::Vocabulary;
use crate::pseudonym::Keys;

/// Larger than any message that a person reads, and scrubbed in milliseconds.
const MAX_LENGTH: usize = 1 << 20;

pub(super) struct Shared {
    pub(super) rules: RuleSet,
    /// What the author says; else the system is asked at first use.
    pub(super) machine: Option<Machine>,
    pub(super) literals: Vec<String>,
    /// Whether what was typed on the command line is hidden.
    pub(super) arguments: bool,
    /// Whether unknown words are hidden.
    pub(super) known: Option<KnownWords>,
    pub(super) author: Vec<AuthorRule>,
    pub(super) author_labels: Vec<Box<str>>,
    pub(super) keys: Option<Arc<Keys>>,
    pub(super) max_length: usize,
    pub(super) learnt: OnceLock<Learnt>,
}

/// Which words are known.
#[derive(Clone, Debug)]
pub(super) enum KnownWords {
    OfThisProgram,
    Given(Arc<Vocabulary>),
}

impl KnownWords {
    pub(super) fn vocabulary(&self) -> &Vocabulary {
        match self {
            Self::OfThisProgram => Vocabulary::of_this_program(),
            Self::Given(vocabulary) => vocabulary,
        }
    }
}

/// What is built when the first text comes.
pub(super) struct Learnt {
    pub(super) keywords: Keywords,
    pub(super) own: Vec<OwnWord>,
}

impl Shared {
    pub(super) fn new(preset: Preset) -> Self {
        Self {
            rules: preset.rules(),
            machine: None,
            literals: Vec::new(),
            arguments: false,
            known: (preset == Preset::Strict).then_some(KnownWords::OfThisProgram),
            author: Vec::new(),
            author_labels: Vec::new(),
            keys: None,
            max_length: MAX_LENGTH,
            learnt: OnceLock::new(),
        }
    }

    pub(super) fn learnt(&self) -> &Learnt {
        self.learnt.get_or_init(|| {
            let machine = self.machine.clone().unwrap_or_else(Machine::current);
            let mut own = machine.words();
            let typed = if self.arguments { arguments::typed() } else { Vec::new() };
            own.extend(
                self.literals
                    .iter()
                    .cloned()
                    .chain(typed)
                    .map(|text| OwnWord { text, rule: Rule::Literal }),
            );
            let words = own.iter().map(|word| word.text.clone()).collect();
            Learnt { keywords: Keywords::new(words), own }
        })
    }

    pub(super) fn token_of(&self, rule: Rule) -> &str {
        match rule {
            Rule::Literal => "[private]",
            Rule::Author(place) => {
                self.author.get(usize::from(place)).map_or("[private]", |rule| &rule.token)
            }
            rule => rule.place().and_then(|at| RULES.get(at)).map_or("[secret]", ScrubRule::token),
        }
    }

    pub(super) fn name_of(&self, rule: Rule) -> &str {
        match rule {
            Rule::Literal => "literal",
            Rule::Author(place) => {
                self.author.get(usize::from(place)).map_or("literal", |rule| &rule.name)
            }
            rule => rule.place().and_then(|at| RULES.get(at)).map_or("", ScrubRule::name),
        }
    }
}

impl Clone for Shared {
    /// What was learnt is learnt anew, by what the copy is told next.
    fn clone(&self) -> Self {
        Self {
            rules: self.rules,
            machine: self.machine.clone(),
            literals: self.literals.clone(),
            arguments: self.arguments,
            known: self.known.clone(),
            author: self.author.clone(),
            author_labels: self.author_labels.clone(),
            keys: self.keys.clone(),
            max_length: self.max_length,
            learnt: OnceLock::new(),
        }
    }
}
