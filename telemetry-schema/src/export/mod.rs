//! What outside readers ask for: app stores, registers of processing, other
//! tools' schemas.
//!
//! It owns the translation, and the marks for what code cannot know. It must
//! never answer such a question: who the controller is, how long data is kept
//! and to whom it goes are decided by people, and a guess would be a false
//! declaration.

mod apple;
mod article30;
mod dpv;
mod play;
mod typescript;
mod weaver;

pub use self::apple::apple;
pub use self::article30::article30;
pub use self::dpv::{Receipt, dpv, receipts};
pub use self::play::play;
pub use self::typescript::typescript;
pub use self::weaver::{weaver, weaver_manifest};

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::Opening;
use crate::model::{Event, Schema};
use crate::words;

/// What stands at the head of each form.
pub const DRAFT: &str = "draft for the controller";

/// What stands in the place of what code cannot know.
pub(crate) const MISSING: &str = "MISSING";

/// The kinds of data that app stores tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Category {
    /// How the program is used.
    Usage,
    /// Errors and performance.
    Diagnostics,
    /// What stays the same over several events: an id, a pseudonym.
    Identifier,
    /// Free text and what an author vouches for: what is in it, the code
    /// cannot know.
    Unknown,
}

/// The kinds of data in the schema, each with the purposes it is for and the
/// fields that it comes from.
fn categories(schema: &Schema) -> BTreeMap<Category, (BTreeSet<&str>, BTreeSet<String>)> {
    let mut found: BTreeMap<Category, (BTreeSet<&str>, BTreeSet<String>)> = BTreeMap::new();
    let random = words::openings(&schema.envelope).contains(&Opening::Random);
    for event in &schema.events {
        let mut add = |category, purpose, place: String| {
            let (purposes, places) = found.entry(category).or_default();
            purposes.insert(purpose);
            places.insert(place);
        };
        let purpose = event.purpose.as_str();
        add(category(purpose), purpose, event.title());
        if random {
            add(Category::Identifier, purpose, "every stored line".to_owned());
        }
        for row in event.rows() {
            let purpose = row.field.purpose.as_deref().unwrap_or(purpose);
            row.field.domain.openings(&mut |opening| {
                let place = format!("{}.{}", event.title(), row.dotted());
                match opening {
                    Opening::Pseudonym | Opening::Digest | Opening::Random => {
                        add(Category::Identifier, purpose, place);
                    }
                    Opening::Text | Opening::Vouched => add(Category::Unknown, purpose, place),
                    _ => {}
                }
            });
            if row.field.purpose.is_some() {
                add(category(purpose), purpose, format!("{}.{}", event.title(), row.dotted()));
            }
        }
    }
    found
}

fn category(purpose: &str) -> Category {
    if purpose == "diagnostics" { Category::Diagnostics } else { Category::Usage }
}

/// Every purpose with the events that are collected for it.
fn by_purpose(schema: &Schema) -> BTreeMap<&str, Vec<&Event>> {
    let mut purposes: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in &schema.events {
        let own = event.rows().into_iter().filter_map(|row| row.field.purpose.as_deref());
        let all: BTreeSet<&str> = own.chain([event.purpose.as_str()]).collect();
        for purpose in all {
            purposes.entry(purpose).or_default().push(event);
        }
    }
    purposes
}

/// Text in an element of XML.
fn xml(text: &str) -> String {
    // Two hyphens end a comment.
    words::one_line(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace("--", "- -")
}
