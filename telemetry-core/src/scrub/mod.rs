//! Free text: personal data is found and replaced.
//!
//! It owns the rules and the engine that runs them. It must never know where
//! a text came from or goes to.

mod address;
mod arguments;
mod author;
mod blocks;
mod command;
mod engine;
mod fields;
mod find;
mod host;
mod keywords;
mod labels;
mod machine;
mod mail;
mod names;
mod number;
mod own;
mod prefixes;
mod rules;
mod scrubber;
mod secret;
#[cfg(test)]
mod tests;
mod text;
mod tlds;
mod tokens;
mod user;
mod value;
pub(crate) mod vocabulary;

pub use self::machine::Machine;
pub use self::rules::{Preset, ScrubRule};
pub use self::scrubber::{Find, Scrubber};
pub use self::vocabulary::Vocabulary;
