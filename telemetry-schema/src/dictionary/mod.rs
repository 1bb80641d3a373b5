//! The dictionary: all that a program's telemetry can say, for the person
//! whose data it is.
//!
//! It owns what a reader is told and in which order, as a Markdown page, one
//! HTML page and JSON. It must never know whether telemetry is on: that is
//! different on each machine, and the page is for all.

mod html;
mod json;
mod markdown;

pub use self::html::html;
pub use self::json::json;
pub use self::markdown::{between_marks, markdown};

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Domain, Opening};
use crate::model::{Event, Field, Form, Schema, Time};
use crate::words;

/// What the schema does not say of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The program's name; of none the page speaks of "this program".
    pub program: Option<String>,
    /// The command that shows and stops telemetry: `chef telemetry`.
    pub command: Option<String>,
    /// A variable of the program's own that switches telemetry off.
    pub variable: Option<String>,
    /// Who decides why data is collected: the controller, in the law's term.
    pub controller: Option<String>,
    /// Where questions go.
    pub contact: Option<String>,
}

impl Facts {
    pub(crate) fn program(&self) -> &str {
        self.program.as_deref().unwrap_or("this program")
    }

    pub(crate) fn command(&self) -> &str {
        self.command.as_deref().unwrap_or("telemetry")
    }
}

/// Everything that the purposes are for: how many events, by name.
fn purposes(schema: &Schema) -> BTreeMap<&str, Vec<&Event>> {
    let mut purposes: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in &schema.events {
        let fields = event.rows().into_iter().filter_map(|row| row.field.purpose.as_deref());
        let all: BTreeSet<&str> = fields.chain([event.purpose.as_str()]).collect();
        for purpose in all {
            purposes.entry(purpose).or_default().push(event);
        }
    }
    purposes
}

/// What the four standard purposes mean; of an author's own only the name is
/// known.
fn purpose_means(purpose: &str) -> &'static str {
    match purpose {
        "service" => "needed to provide the service itself",
        "diagnostics" => "finding and fixing errors",
        "product-improvement" => "learning how the product is used, to improve it",
        "model-training" => "training or fine-tuning of models",
        _ => "",
    }
}

/// Every way in which something in the schema is open, and what it means.
fn treatments(schema: &Schema) -> Vec<(&'static str, &'static str)> {
    let mut open = words::openings(&schema.envelope);
    for event in &schema.events {
        open.extend(words::openings(&event.fields));
    }
    open.into_iter().filter_map(treatment).collect()
}

fn treatment(opening: Opening) -> Option<(&'static str, &'static str)> {
    match opening {
        Opening::Pseudonym => Some((
            "Pseudonym",
            "A code that stands for a value, such as a host name. It is made with a key that is made on \
             your machine and never leaves it, so that nobody can find the value by trying names. The \
             same value has the same code, so that events can be counted together: a pseudonym is still \
             personal data.",
        )),
        Opening::Digest => Some((
            "Plain SHA-256",
            "A sum of a value that everybody makes in the same way. Who has a list of likely values finds \
             out in seconds which one it was.",
        )),
        Opening::Text => Some((
            "Free text",
            "Text in which e-mail addresses, paths, keys and the like are searched for and replaced before \
             it is stored. A search can miss something.",
        )),
        Opening::Vouched => Some((
            "Vouched for",
            "The value itself. The author has given a reason why it tells nothing about a person; the \
             reason is printed beside it.",
        )),
        Opening::Program => Some((
            "The program's own words",
            "Text that stands in the program's source. Nothing that was typed or read can be in it.",
        )),
        Opening::Random => Some((
            "Random id",
            "A random number. It is made on your machine and is about nothing; that two events have the \
             same one says that they come from one installation.",
        )),
        Opening::Time | Opening::Number | Opening::Collection => None,
    }
}

/// The values that can stand in the field's place, in words: each of them where
/// they can be listed.
fn values(field: &Field) -> String {
    let mut text = values_of(&field.domain);
    if field.domain.is_optional() && !field.is_dropped() {
        text.push_str(", or nothing");
    }
    text
}

fn values_of(domain: &Domain) -> String {
    match domain {
        Domain::Nothing => "nothing".to_owned(),
        Domain::Bool => "`true`, `false`".to_owned(),
        Domain::Texts(texts) => {
            texts.iter().map(|text| words::code(text)).collect::<Vec<_>>().join(", ")
        }
        Domain::Integers { from, to, step: 1 } => format!("a whole number from {from} to {to}"),
        Domain::Integers { from, to, step } => {
            format!("a whole number from {from} to {to} in steps of {step}")
        }
        Domain::Networks { v4, v6 } => {
            let part = |name: &str, bits: &Option<u8>| {
                bits.map(|bits| format!("the first {bits} bits of an {name} address"))
            };
            let parts: Vec<_> = part("IPv4", v4).into_iter().chain(part("IPv6", v6)).collect();
            parts.join(", or ")
        }
        Domain::Optional(inner) => values_of(inner),
        Domain::Tuple(parts) => {
            let parts: Vec<_> = parts.iter().map(values_of).collect();
            format!("in this order: {}", parts.join("; "))
        }
        Domain::Array { length, gaps, of } => {
            format!("{}{length} of: {}", if *gaps { "up to " } else { "" }, values_of(of))
        }
        Domain::Fields => "see its parts".to_owned(),
        Domain::List(of) => format!("any number of: {}", values_of(of)),
        Domain::Map(keys, values) => {
            format!("entries: {} for each of {}", values_of(values), values_of(keys))
        }
        Domain::Open(Opening::Pseudonym) => "`h1_` and 32 digits".to_owned(),
        Domain::Open(Opening::Digest) => "64 digits".to_owned(),
        Domain::Open(Opening::Text) => "any text".to_owned(),
        Domain::Open(Opening::Number) => "any number".to_owned(),
        Domain::Open(Opening::Program) => "any word of the program".to_owned(),
        Domain::Open(Opening::Random) => "random digits".to_owned(),
        Domain::Open(Opening::Time) => "a time".to_owned(),
        Domain::Open(Opening::Collection) => "any number of values".to_owned(),
        Domain::Open(Opening::Vouched) => "any value".to_owned(),
    }
}

/// What is said of the event beside its fields, as name and text.
fn notes(event: &Event) -> Vec<(&'static str, String)> {
    let mut notes = vec![("Why", purpose(&event.purpose))];
    if let Some(question) = &event.question {
        notes.push(("What we learn", words::one_line(question)));
    }
    let tells = words::size(event.forms(), event.millibits(), &words::openings(&event.fields));
    notes.push(("How much it can tell", format!("it {tells}")));
    if let Form::Counted { identified, .. } = event.form {
        let nobody = if identified { "" } else { "; no id of the installation is with them" };
        let text = format!("never single events, only {}{nobody}", words::form(event.form));
        notes.push(("What leaves", text));
    }
    if event.time != Time::Millisecond {
        notes.push(("Time", format!("to the {}", event.time.name())));
    }
    if let Some(since) = &event.since {
        notes.push(("Since", format!("version {since} of the notice")));
    }
    if let Some(last) = &event.expires {
        notes.push(("Until", format!("{last}; it is not collected afterwards")));
    }
    if let Some(owner) = &event.owner {
        notes.push(("Who answers for it", words::one_line(owner)));
    }
    notes
}

fn purpose(name: &str) -> String {
    match purpose_means(name) {
        "" => name.to_owned(),
        means => format!("{name}: {means}"),
    }
}

/// What the author says of the field, and what a reader must know beside it.
fn remarks(field: &Field) -> String {
    let mut text = words::one_line(&field.description);
    let mut add = |more: String| {
        text.push_str(if text.is_empty() { "" } else { " " });
        text.push_str(&more);
    };
    if let Some(purpose) = &field.purpose {
        add(format!("Absent unless {purpose} is agreed to."));
    }
    if field.private {
        add("Private: nothing in the program but its policy opens it.".to_owned());
    }
    if let Some(since) = &field.since {
        add(format!("Since version {since} of the notice."));
    }
    text
}
