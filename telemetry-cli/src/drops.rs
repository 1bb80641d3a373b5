//! What was dropped, with what helps against it.
//!
//! It owns how a drop is told. It must never know how it is counted.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use telemetry_core::spool::{Counts, Reason};

use crate::text::count;

/// Where to look.
fn place(folder: &Path, reason: Reason) -> PathBuf {
    match reason.place() {
        "" => folder.to_owned(),
        place => folder.join(place),
    }
}

/// How many, by reason, on one line.
pub(crate) fn summary(counts: &Counts) -> String {
    let mut text = count(counts.total(), "event");
    for (index, (reason, events)) in counts.iter().enumerate() {
        text.push_str(if index == 0 { ": " } else { ", " });
        text.push_str(&format!("{reason} {events}"));
    }
    text
}

/// A line for each reason: the cause, the remedy, the place.
pub(crate) fn lines<'c>(folder: &'c Path, counts: &'c Counts) -> impl Iterator<Item = String> + 'c {
    counts.iter().map(|(reason, _)| {
        let place = place(folder, reason);
        let (cause, remedy) = (reason.cause(), reason.remedy());
        format!("{reason}: {cause}; {remedy} (see {})", place.display())
    })
}

pub(crate) fn json(folder: &Path, counts: &Counts) -> Value {
    let reasons = counts.iter().map(|(reason, events)| {
        json!({
            "reason": reason.name(),
            "events": events,
            "cause": reason.cause(),
            "remedy": reason.remedy(),
            "place": place(folder, reason).display().to_string(),
        })
    });
    json!({ "events": counts.total(), "reasons": reasons.collect::<Vec<_>>() })
}
