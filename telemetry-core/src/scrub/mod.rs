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
mod folder;
mod header;
mod host;
mod identity;
mod keywords;
mod labels;
mod machine;
mod mail;
mod names;
mod nothing;
mod number;
mod own;
mod prefixes;
mod rewrite;
mod rules;
mod scrubber;
mod secret;
mod shared;
#[cfg(test)]
mod tests;
mod text;
mod tlds;
mod tokens;
mod url;
mod user;
mod value;
pub(crate) mod vocabulary;
mod wrapped;

pub use self::machine::Machine;
pub use self::rules::{Preset, ScrubRule};
pub use self::scrubber::{Find, Scrubber};
pub use self::vocabulary::Vocabulary;
