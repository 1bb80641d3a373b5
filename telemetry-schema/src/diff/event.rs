//! What changed about an event as a whole, and about the settings of all.

use super::{Bits, Change, Diff, Rank, push, since};
use crate::model::{Event, Form, Settings, Time};
use crate::words;

/// What stands in the place of an event's name for what every line says.
pub(super) fn every_line() -> Event {
    pseudo("(every stored line)")
}

fn all_events() -> Event {
    pseudo("(all events)")
}

fn pseudo(name: &str) -> Event {
    Event {
        name: name.to_owned(),
        instance: None,
        version: 1,
        purpose: String::new(),
        description: String::new(),
        since: None,
        owner: None,
        question: None,
        expires: None,
        form: Form::Each,
        time: Time::Millisecond,
        max_bits: None,
        fields: Vec::new(),
    }
}

pub(super) fn added(diff: &mut Diff, event: &Event) {
    let why = format!(
        "collected for {}; {}",
        event.purpose,
        words::size(event.forms(), event.millibits(), &words::openings(&event.fields))
    );
    let details = event
        .rows()
        .into_iter()
        .map(|row| format!("{}: {}", row.dotted(), words::short(&row.field.policy)));
    diff.changes.push(Change {
        rank: Rank::Widened,
        event: event.title(),
        field: None,
        what: "new event".to_owned(),
        why,
        details: details.collect(),
    });
    diff.bits.push(Bits {
        event: event.title(),
        before: 0,
        after: event.closed_millibits(),
        open: event.millibits().is_none(),
    });
    since::added_event(diff, event);
}

pub(super) fn removed(diff: &mut Diff, event: &Event) {
    push(diff, event, None, Rank::Tightened, "event removed", "it is no longer collected");
    diff.bits.push(Bits {
        event: event.title(),
        before: event.closed_millibits(),
        after: 0,
        open: event.millibits().is_none(),
    });
}

pub(super) fn bits(diff: &mut Diff, old: &Event, new: &Event) {
    let (before, after) = (old.closed_millibits(), new.closed_millibits());
    if before != after {
        let open = old.millibits().is_none() || new.millibits().is_none();
        diff.bits.push(Bits { event: new.title(), before, after, open });
    }
}

/// Compares all that is said of the event but its fields.
pub(super) fn compare(diff: &mut Diff, old: &Event, new: &Event) {
    if old.purpose != new.purpose {
        let why = "who agreed to the old purpose alone has not agreed to this one";
        let what = format!("purpose {} -> {}", old.purpose, new.purpose);
        push(diff, new, None, Rank::Loosened, what, why);
    }
    form(diff, old, new);
    if old.time != new.time {
        let (rank, why) = match old.time > new.time {
            true => (Rank::Loosened, "the time of each event is told more exactly"),
            false => (Rank::Tightened, "the time of each event is told less exactly"),
        };
        let what = format!("time {} -> {}", old.time.name(), new.time.name());
        push(diff, new, None, rank, what, why);
    }
    bound(diff, new, "max_bits", old.max_bits, new.max_bits);
    since::compare_event(diff, old, new);
    if old.expires != new.expires {
        let (rank, why) = match (&old.expires, &new.expires) {
            (Some(_), None) => (Rank::Widened, "it is collected without an end"),
            (Some(old), Some(new)) if new > old => (Rank::Widened, "it is collected for longer"),
            _ => (Rank::Tightened, "its collection ends, or ends sooner"),
        };
        let what = format!("expires {} -> {}", or_none(&old.expires), or_none(&new.expires));
        push(diff, new, None, rank, what, why);
    }
    if old.version != new.version {
        let what = format!("version {} -> {}", old.version, new.version);
        push(diff, new, None, Rank::Cosmetic, what, "its meaning changed");
    }
    for (name, old, new_text) in [
        ("owner", &old.owner, &new.owner),
        ("question", &old.question, &new.question),
        ("description", &Some(old.description.clone()), &Some(new.description.clone())),
    ] {
        if old != new_text {
            let why = "the words alone";
            push(diff, new, None, Rank::Cosmetic, format!("{name} changed"), why);
        }
    }
}

fn form(diff: &mut Diff, old: &Event, new: &Event) {
    let (rank, why) = match (old.form, new.form) {
        (Form::Each, Form::Each) => return,
        (old, new) if old == new => return,
        (Form::Counted { .. }, Form::Each) => {
            (Rank::Loosened, "each event leaves, where only counts left before")
        }
        (Form::Each, Form::Counted { .. }) => (Rank::Tightened, "only counts leave"),
        (Form::Counted { period: before, .. }, Form::Counted { period: after, .. })
            if after < before =>
        {
            (Rank::Loosened, "counts leave for a shorter time, so that fewer are hidden in each")
        }
        (Form::Counted { period: before, .. }, Form::Counted { period: after, .. })
            if after > before =>
        {
            (Rank::Tightened, "counts leave for a longer time")
        }
        (Form::Counted { identified: false, .. }, Form::Counted { identified: true, .. }) => {
            (Rank::Loosened, "the counts of one installation could be joined")
        }
        (Form::Counted { identified: true, .. }, Form::Counted { identified: false, .. }) => {
            (Rank::Tightened, "no id of the installation is with the counts any more")
        }
        (Form::Counted { top: before, .. }, Form::Counted { top: after, .. }) => {
            match after.unwrap_or(u32::MAX) > before.unwrap_or(u32::MAX) {
                true => (Rank::Widened, "more combinations are told apart"),
                false => (Rank::Tightened, "fewer combinations are told apart"),
            }
        }
    };
    let what = format!("{} -> {}", words::form(old.form), words::form(new.form));
    push(diff, new, None, rank, what, why);
}

/// A bound on bits: less of it lets more through, unless it was without effect.
fn bound(diff: &mut Diff, event: &Event, name: &str, old: Option<u32>, new: Option<u32>) {
    if old == new {
        return;
    }
    let say = |bits: Option<u32>| bits.map_or("none".to_owned(), |bits| bits.to_string());
    let (rank, why) = match new.unwrap_or(u32::MAX) > old.unwrap_or(u32::MAX) {
        true => (Rank::Widened, "a bound is raised or gone: later changes may tell more"),
        false => (Rank::Tightened, "a bound is set or lowered"),
    };
    push(diff, event, None, rank, format!("{name} {} -> {}", say(old), say(new)), why);
}

pub(super) fn settings(diff: &mut Diff, old: &Settings, new: &Settings) {
    bound(diff, &all_events(), "max_bits", old.max_bits, new.max_bits);
    let names = |noticed: &Option<Vec<String>>| noticed.clone().unwrap_or_default();
    for purpose in names(&new.noticed) {
        if !names(&old.noticed).contains(&purpose) {
            let what = format!("the notice names {purpose}");
            push(diff, &all_events(), None, Rank::Cosmetic, what, "users are told of it");
        }
    }
    for purpose in names(&old.noticed) {
        if !names(&new.noticed).contains(&purpose) {
            let what = format!("the notice names {purpose} no longer");
            let why = "what is collected for it is not told of";
            push(diff, &all_events(), None, Rank::Widened, what, why);
        }
    }
    for allowance in &new.allowances {
        if !old.allowances.contains(allowance) {
            let what = format!("allow {} {}", allowance.lint, allowance.place);
            push(diff, &all_events(), None, Rank::Cosmetic, what, allowance.because.clone());
        }
    }
    for allowance in &old.allowances {
        if !new.allowances.contains(allowance) {
            let what = format!("no longer allows {} {}", allowance.lint, allowance.place);
            push(diff, &all_events(), None, Rank::Cosmetic, what, "the finding counts again");
        }
    }
}

fn or_none(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("none")
}
