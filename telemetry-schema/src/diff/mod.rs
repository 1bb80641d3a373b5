//! What changed between two schemas, in words, and how much it matters.
//!
//! It owns the pairing of what was with what is, renames included, and the
//! order in which a reader is told. It must never know where the two schemas
//! come from.

mod event;
mod policy;
mod report;
mod since;

use crate::model::{Event, FieldRow, Schema};

pub use self::since::MissingSince;

/// How much a change matters to the person whose data it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// No other data leaves.
    Cosmetic,
    /// Less leaves.
    Tightened,
    /// More is collected: an event, a field, a value that could not be before.
    Widened,
    /// Of a value that was collected before, more leaves; or a protection that
    /// was promised is gone.
    Loosened,
}

impl Rank {
    /// Every rank, the least first.
    pub const ALL: [Self; 4] = [Self::Cosmetic, Self::Tightened, Self::Widened, Self::Loosened];

    /// In small letters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cosmetic => "cosmetic",
            Self::Tightened => "tightened",
            Self::Widened => "widened",
            Self::Loosened => "loosened",
        }
    }

    /// In capital letters, which a reader of a long list sees.
    pub const fn loud(self) -> &'static str {
        match self {
            Self::Cosmetic => "COSMETIC",
            Self::Tightened => "TIGHTENED",
            Self::Widened => "WIDENED",
            Self::Loosened => "LOOSENED",
        }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// How much it matters.
    pub rank: Rank,
    /// The event, or that it is about every line or every event.
    pub event: String,
    /// The field, with the path down to it.
    pub field: Option<String>,
    /// What is other, such as `hash -> allow`.
    pub what: String,
    /// What follows from it, in words.
    pub why: String,
    /// The parts of what is new, one a line.
    pub details: Vec<String>,
}

/// How much more or less an event can tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Bits {
    /// The event.
    pub event: String,
    /// Thousandths of a bit before: of its closed fields, if others are open.
    pub before: u64,
    /// Thousandths of a bit now.
    pub after: u64,
    /// Whether a field is open, so that the numbers are not the whole.
    pub open: bool,
}

/// Everything that is other between two schemas.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diff {
    /// The changes, by event; those that matter most first.
    pub changes: Vec<Change>,
    /// The events that can tell more or less than before.
    pub bits: Vec<Bits>,
    /// What is missing for the change to be right.
    pub findings: Vec<MissingSince>,
}

impl Diff {
    /// Whether nothing is other.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.bits.is_empty()
    }

    /// The rank of the change that matters most; nothing if there is none.
    pub fn rank(&self) -> Option<Rank> {
        self.changes.iter().map(|change| change.rank).max()
    }

    /// How many changes have the rank.
    pub fn count(&self, rank: Rank) -> usize {
        self.changes.iter().filter(|change| change.rank == rank).count()
    }

    /// By how many thousandths of a bit all events together can tell more.
    pub fn millibits(&self) -> i64 {
        let whole = |bits: u64| i64::try_from(bits).unwrap_or(i64::MAX);
        self.bits.iter().map(|bits| whole(bits.after).saturating_sub(whole(bits.before))).sum()
    }
}

/// Compares what was with what is.
///
/// Two events are the same if they have the same name (and instance), two
/// fields if they have the same path, or if one says `renamed_from` the other
/// and the other is gone.
pub fn compare(old: &Schema, new: &Schema) -> Diff {
    let mut diff = Diff::default();
    event::settings(&mut diff, &old.settings, &new.settings);
    let envelope =
        |schema: &Schema| Event { fields: schema.envelope.clone(), ..event::every_line() };
    // A file from before the envelope was part of it says nothing of it.
    fields(&mut diff, &envelope(old), &envelope(new));
    let (mut olds, mut news) = (by_title(old), by_title(new));
    olds.sort_by(|a, b| key(a).cmp(&key(b)));
    news.sort_by(|a, b| key(a).cmp(&key(b)));
    let (mut olds, mut news) = (olds.into_iter().peekable(), news.into_iter().peekable());
    loop {
        let order = match (olds.peek(), news.peek()) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(old), Some(new)) => key(old).cmp(&key(new)),
        };
        if order.is_lt() {
            olds.next().into_iter().for_each(|old| event::removed(&mut diff, old));
        } else if order.is_gt() {
            news.next().into_iter().for_each(|new| event::added(&mut diff, new));
        } else if let (Some(old), Some(new)) = (olds.next(), news.next())
            && old != new
        {
            event::compare(&mut diff, old, new);
            fields(&mut diff, old, new);
            event::bits(&mut diff, old, new);
        }
    }
    // Within an event the changes that matter most come first; the events
    // stay in the order of their names.
    diff.changes.sort_by(|a, b| {
        (&a.event, std::cmp::Reverse(a.rank), &a.field).cmp(&(
            &b.event,
            std::cmp::Reverse(b.rank),
            &b.field,
        ))
    });
    diff
}

fn key(event: &Event) -> (&str, Option<&str>) {
    (&event.name, event.instance.as_deref())
}

fn by_title(schema: &Schema) -> Vec<&Event> {
    schema.events.iter().collect()
}

/// Compares the fields of one event.
fn fields(diff: &mut Diff, old: &Event, new: &Event) {
    let (olds, news) = (old.rows(), new.rows());
    let find = |rows: &[FieldRow<'_>], path: &[&str]| rows.iter().position(|row| row.path == path);
    let mut paired = vec![false; olds.len()];
    for row in &news {
        let mut before = find(&olds, &row.path);
        if before.is_none()
            && let Some(was) = renamed_path(row)
            && find(&news, &was).is_none()
            && let Some(index) = find(&olds, &was)
        {
            before = Some(index);
            let what = format!("renamed from {} to {}", was.join("."), row.dotted());
            let why = "the name alone; pseudonyms of the old and the new name cannot be joined";
            push(diff, new, Some(row.dotted()), Rank::Cosmetic, what, why);
        }
        match before.and_then(|index| Some((index, olds.get(index)?))) {
            Some((index, was)) => {
                if let Some(paired) = paired.get_mut(index) {
                    *paired = true;
                }
                policy::compare(diff, new, was, row);
            }
            None => {
                policy::added(diff, new, row);
                since::added(diff, new, row);
            }
        }
    }
    for (row, paired) in olds.iter().zip(paired) {
        // A part of a field that was renamed as a whole is paired by its new
        // path or gone with it.
        if !paired && !is_below_renamed(row, &news) {
            policy::removed(diff, new, row);
        }
    }
}

/// The path that the row had before, if it says so.
fn renamed_path<'a>(row: &FieldRow<'a>) -> Option<Vec<&'a str>> {
    let was = row.field.renamed_from.as_deref()?;
    let (_, parents) = row.path.split_last()?;
    Some(parents.iter().copied().chain([was]).collect())
}

fn is_below_renamed(row: &FieldRow<'_>, news: &[FieldRow<'_>]) -> bool {
    let below = |was: Vec<&str>| row.path.len() > was.len() && row.path.starts_with(&was);
    news.iter().filter_map(renamed_path).any(below)
}

fn push(
    diff: &mut Diff,
    event: &Event,
    field: Option<String>,
    rank: Rank,
    what: impl Into<String>,
    why: impl Into<String>,
) {
    diff.changes.push(Change {
        rank,
        event: event.title(),
        field,
        what: what.into(),
        why: why.into(),
        details: Vec::new(),
    });
}
