//! Saying why telemetry is on or off.
//!
//! It owns the sentences. It must never know how a decision is made.

use std::fmt;

use crate::consent::ruling::Ruling;
use crate::consent::source::{Layer, Source};

/// Why telemetry is on or off. `Display` tells it in whole sentences: the
/// deciding source, its place, what it outweighs, and how to change it.
#[derive(Clone, Debug)]
pub struct Why {
    pub(crate) groups: Vec<(Option<Vec<String>>, Ruling)>,
    pub(crate) notice: Option<String>,
    pub(crate) command: String,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (purposes, ruling)) in self.groups.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            explain(f, purposes.as_deref(), ruling)?;
        }
        if let Some(version) = &self.notice {
            write!(f, "\nNothing is sent before the notice {version} was shown.")?;
        }
        if self.groups.iter().all(|(_, ruling)| is_for_a_while(ruling)) {
            let command = &self.command;
            write!(
                f,
                "\nWhat was recorded before that stays, and may be sent when it is over; \
                 `{command} off` erases it for good."
            )?;
        }
        Ok(())
    }
}

/// Whether a refusal may come and go without the library being told: a run that
/// a variable or a file of somebody else's switches off leaves no trace, so that
/// the next run cannot know of it.
fn is_for_a_while(ruling: &Ruling) -> bool {
    let off = |source: &&Source| !source.is_on();
    let refusing: Vec<_> = ruling.agreeing().iter().filter(off).collect();
    !refusing.is_empty()
        && refusing.iter().all(|source| {
            !matches!(source.layer(), Layer::UserChoice | Layer::Start | Layer::Default)
        })
}

fn explain(
    f: &mut fmt::Formatter<'_>,
    purposes: Option<&[String]>,
    ruling: &Ruling,
) -> fmt::Result {
    f.write_str("Telemetry")?;
    if let Some(purposes) = purposes {
        write!(f, " for {}", purposes.join(", "))?;
    }
    let granted = ruling.is_granted();
    write!(f, " is {}", if granted { "on" } else { "off" })?;
    write!(f, ": {}.", ruling.reason())?;
    if !ruling.beaten().is_empty() {
        let beaten: Vec<_> = ruling.beaten().iter().map(Source::to_string).collect();
        let verb = if beaten.len() == 1 { "says" } else { "say" };
        let word = if granted { "off" } else { "on" };
        write!(f, " It outweighs {}, which {verb} {word}.", beaten.join(", and "))?;
    }
    if let Some(others) = ruling.agreeing().get(1..).filter(|others| !others.is_empty()) {
        let others: Vec<_> = others.iter().map(Source::to_string).collect();
        let word = if granted { "on" } else { "off" };
        write!(f, " Also {word}: {}.", others.join("; "))?;
    }
    write!(f, " To change it, {}.", ruling.how_to_change())
}
