//! Which notice covers what: what is new needs the version that tells of it.

use super::{Diff, Rank, push};
use crate::model::{Event, FieldRow};

/// What is missing for a change to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingSince {
    /// The event.
    pub event: String,
    /// The field.
    pub field: Option<String>,
    /// What is wrong, and what to do.
    pub text: String,
}

/// A new field must say which notice told of it. Else who agreed to an older
/// notice would send it without having been told.
pub(super) fn added(diff: &mut Diff, event: &Event, row: &FieldRow<'_>) {
    let envelope = event.purpose.is_empty();
    if row.field.is_dropped()
        || row.field.since.is_some()
        || envelope
        || !row.field.fields.is_empty()
    {
        return;
    }
    find(
        diff,
        event,
        Some(row),
        "is new and has no `since`: who agreed to an older notice would send it untold. \
         Add `since = \"...\"`, the version of the notice that tells of it",
    );
}

pub(super) fn added_event(diff: &mut Diff, event: &Event) {
    if event.since.is_none() {
        find(
            diff,
            event,
            None,
            "is new and has no `since`: who agreed to an older notice would send it untold. \
             Add `since = \"...\"`, the version of the notice that tells of it",
        );
    }
}

/// A field of which more leaves is not what the older notice told of.
pub(super) fn loosened(diff: &mut Diff, event: &Event, was: &FieldRow<'_>, row: &FieldRow<'_>) {
    let envelope = event.purpose.is_empty();
    if !envelope && was.field.since == row.field.since {
        find(
            diff,
            event,
            Some(row),
            "is loosened without a new `since`: who agreed before was told otherwise. \
             Set `since` to the version of the notice that tells of it",
        );
    }
}

fn find(diff: &mut Diff, event: &Event, row: Option<&FieldRow<'_>>, text: &str) {
    let field = row.map(FieldRow::dotted);
    diff.findings.push(MissingSince { event: event.title(), field, text: text.to_owned() });
}

pub(super) fn compare_event(diff: &mut Diff, old: &Event, new: &Event) {
    change(diff, new, None, &old.since, &new.since);
}

pub(super) fn compare_field(
    diff: &mut Diff,
    event: &Event,
    was: &FieldRow<'_>,
    row: &FieldRow<'_>,
) {
    change(diff, event, Some(row), &was.field.since, &row.field.since);
}

fn change(
    diff: &mut Diff,
    event: &Event,
    row: Option<&FieldRow<'_>>,
    old: &Option<String>,
    new: &Option<String>,
) {
    if old == new {
        return;
    }
    let (rank, why) = match (old, new) {
        (Some(_), None) => {
            (Rank::Loosened, "who agreed to an older notice would send it without having been told")
        }
        (Some(old), Some(new)) if is_older(new, old) => {
            (Rank::Loosened, "who agreed to an older notice would send it without having been told")
        }
        _ => (Rank::Tightened, "who agreed to an older notice does not send it"),
    };
    let say = |since: &Option<String>| since.as_deref().unwrap_or("none").to_owned();
    let what = format!("since {} -> {}", say(old), say(new));
    push(diff, event, row.map(FieldRow::dotted), rank, what, why);
}

/// Whether one version of a notice comes before another: numbers in it count
/// as numbers.
fn is_older(one: &str, other: &str) -> bool {
    let parts = |text: &str| -> Vec<Result<u64, String>> {
        text.split(['.', '-']).map(|part| part.parse().map_err(|_| part.to_owned())).collect()
    };
    parts(one) < parts(other)
}
