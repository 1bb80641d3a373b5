//! What changed about one field, above all whether more of its value leaves.

use super::{Diff, Rank, push, since};
use crate::domain::{Domain, Opening};
use crate::model::{Event, Field, FieldRow};
use crate::words;

pub(super) fn added(diff: &mut Diff, event: &Event, row: &FieldRow<'_>) {
    let what = format!("new field {}: {}", row.dotted(), words::short(&row.field.policy));
    let (rank, why) = match row.field.is_dropped() {
        true => (Rank::Cosmetic, "it is never read".to_owned()),
        false => (Rank::Widened, words::leaves(row.field)),
    };
    push(diff, event, None, rank, what, why);
}

pub(super) fn removed(diff: &mut Diff, event: &Event, row: &FieldRow<'_>) {
    let what = format!("field {} removed", row.dotted());
    let (rank, why) = match row.field.is_dropped() {
        true => (Rank::Cosmetic, "it never left"),
        false => (Rank::Tightened, "it is no longer collected"),
    };
    push(diff, event, None, rank, what, why);
}

pub(super) fn compare(diff: &mut Diff, event: &Event, was: &FieldRow<'_>, row: &FieldRow<'_>) {
    let (old, new) = (was.field, row.field);
    if old == new {
        return;
    }
    let mut say = |rank, what: String, why: &str| {
        push(diff, event, Some(row.dotted()), rank, what, why);
    };
    if let Some((rank, what, why)) = treatment(old, new) {
        say(rank, what, &why);
        if rank == Rank::Loosened {
            since::loosened(diff, event, was, row);
        }
    }
    if old.purpose != new.purpose {
        let (rank, why) = match (&old.purpose, &new.purpose) {
            (None, _) => (Rank::Tightened, "it needs one more purpose to be agreed to"),
            (_, None) => {
                (Rank::Loosened, "it no longer needs a purpose of its own to be agreed to")
            }
            _ => (Rank::Loosened, "who agreed to the old purpose has not agreed to this one"),
        };
        let name = |purpose: &Option<String>| purpose.as_deref().unwrap_or("none").to_owned();
        let what = format!("purpose {} -> {}", name(&old.purpose), name(&new.purpose));
        push(diff, event, Some(row.dotted()), rank, what, why);
    }
    if old.private != new.private {
        let (rank, what, why) = if new.private {
            (Rank::Tightened, "private", "nothing in the program but its policy opens it")
        } else {
            (Rank::Loosened, "no longer private", "the program's own code can show it")
        };
        push(diff, event, Some(row.dotted()), rank, what.to_owned(), why);
    }
    since::compare_field(diff, event, was, row);
    if old.renamed_from != new.renamed_from && old.name == new.name {
        let name = |from: &Option<String>| from.as_deref().unwrap_or("none").to_owned();
        let what =
            format!("renamed_from {} -> {}", name(&old.renamed_from), name(&new.renamed_from));
        push(diff, event, Some(row.dotted()), Rank::Cosmetic, what, "the field's history");
    }
    if old.description != new.description {
        let what = "description changed".to_owned();
        push(diff, event, Some(row.dotted()), Rank::Cosmetic, what, "the words alone");
    }
}

/// How much of a value an open domain shows.
fn exposure(domain: &Domain) -> Exposure {
    let mut most = Exposure::Closed;
    if *domain == Domain::Nothing {
        return Exposure::Nothing;
    }
    domain.openings(&mut |opening| {
        most = most.max(match opening {
            Opening::Program => Exposure::Program,
            Opening::Pseudonym | Opening::Random => Exposure::Pseudonym,
            Opening::Number | Opening::Time => Exposure::Number,
            Opening::Text => Exposure::Text,
            Opening::Digest => Exposure::Digest,
            Opening::Vouched => Exposure::Vouched,
            Opening::Collection => Exposure::Closed,
        });
    });
    most
}

/// From what shows least to what shows most. A plain digest stands above
/// scrubbed text because a list of names reverses it as a whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Exposure {
    Nothing,
    Closed,
    Program,
    Pseudonym,
    Number,
    Text,
    Digest,
    Vouched,
}

/// What changed about how a field leaves, if anything.
fn treatment(old: &Field, new: &Field) -> Option<(Rank, String, String)> {
    if old.policy == new.policy && old.domain == new.domain {
        return None;
    }
    let what = arrow(old, new);
    let (before, after) = (exposure(&old.domain), exposure(&new.domain));
    let bare = |field: &Field| field.policy.name() == "allow";
    let itself = || match after {
        Exposure::Number => "the number itself would leave",
        Exposure::Closed => "the value itself would leave, one of those that the schema lists",
        _ => "the value itself would leave",
    };
    let ruling = if before == Exposure::Nothing {
        (Rank::Loosened, format!("it did not leave before, and now {}", words::leaves(new)))
    } else if after == Exposure::Nothing {
        (Rank::Tightened, "it no longer leaves".to_owned())
    } else if bare(new) && !bare(old) && after != Exposure::Program {
        (Rank::Loosened, itself().to_owned())
    } else if after > before {
        (Rank::Loosened, opened(after).to_owned())
    } else if after < before || bare(old) && !bare(new) {
        (Rank::Tightened, format!("now {}", words::leaves(new)))
    } else if after == Exposure::Closed {
        return closed(old, new, what);
    } else {
        open(old, new)
    };
    Some((ruling.0, what, ruling.1))
}

fn arrow(old: &Field, new: &Field) -> String {
    let (before, after) = (words::short(&old.policy), words::short(&new.policy));
    if before == after {
        format!("{before}: {} -> {}", words::domain(&old.domain), words::domain(&new.domain))
    } else {
        format!("{before} -> {after}")
    }
}

/// Why it is looser that a domain is open in this way.
fn opened(after: Exposure) -> &'static str {
    match after {
        Exposure::Nothing | Exposure::Closed => "other values would leave",
        Exposure::Program => "words of the program would leave, which the schema does not list",
        Exposure::Pseudonym => "a pseudonym of the value would leave: one person can be followed",
        Exposure::Number => "the number itself would leave",
        Exposure::Text => "text would leave, with personal data replaced where it was found",
        Exposure::Digest => "a plain SHA-256 would leave, which a list of names reverses",
        Exposure::Vouched => "the value itself would leave, as the author vouches for it",
    }
}

/// Both can be listed: which values are new, and are they finer?
fn closed(old: &Field, new: &Field, what: String) -> Option<(Rank, String, String)> {
    let same_policy = old.policy.name() == new.policy.name();
    if let (Domain::Texts(before), Domain::Texts(after)) =
        (old.domain.required(), new.domain.required())
    {
        let only = |these: &[String], those: &[String]| -> Vec<String> {
            these.iter().filter(|text| !those.contains(text)).cloned().collect()
        };
        let (fresh, gone) = (only(after, before), only(before, after));
        if !fresh.is_empty() || !gone.is_empty() {
            let finer = new.policy.name() == "bucket" || !same_policy;
            let rank = match (after.len() > before.len(), fresh.is_empty()) {
                (_, true) => Rank::Tightened,
                (true, false) if finer => Rank::Loosened,
                _ => Rank::Widened,
            };
            return Some((rank, changed(old, new, &fresh, &gone), listed(&fresh, &gone)));
        }
    }
    if old.domain == new.domain {
        return Some((Rank::Cosmetic, what, "the same values can leave".to_owned()));
    }
    let finer = finer(old.domain.required(), new.domain.required());
    let ruling = match (old.millibits(), new.millibits()) {
        _ if finer => (Rank::Loosened, "the value is told more exactly"),
        (Some(before), Some(after)) if after > before && !same_policy => {
            (Rank::Loosened, "the value is told more exactly")
        }
        (Some(before), Some(after)) if after > before => (Rank::Widened, "more values can leave"),
        (Some(before), Some(after)) if after < before => {
            (Rank::Tightened, "fewer values can leave")
        }
        _ if same_texts(old, new) => (Rank::Cosmetic, "the same values in another order"),
        _ => (Rank::Widened, "other values can leave"),
    };
    Some((ruling.0, what, ruling.1.to_owned()))
}

fn same_texts(old: &Field, new: &Field) -> bool {
    matches!((&old.domain, &new.domain), (Domain::Texts(_), Domain::Texts(_)))
}

/// Whether numbers or addresses are told in smaller steps.
fn finer(old: &Domain, new: &Domain) -> bool {
    match (old, new) {
        (Domain::Integers { step: before, .. }, Domain::Integers { step: after, .. }) => {
            after < before
        }
        (Domain::Networks { v4, v6 }, Domain::Networks { v4: new4, v6: new6 }) => {
            (v4.is_some() && new4 > v4) || (v6.is_some() && new6 > v6)
        }
        _ => false,
    }
}

fn changed(old: &Field, new: &Field, fresh: &[String], gone: &[String]) -> String {
    if old.policy.name() != new.policy.name() {
        return arrow(old, new);
    }
    let list = |sign: &str, texts: &[String]| {
        texts.iter().map(|text| format!("{sign}{text:?}")).collect::<Vec<_>>()
    };
    let all: Vec<String> = list("+", fresh).into_iter().chain(list("-", gone)).collect();
    let mut shown = all.iter().take(8).cloned().collect::<Vec<_>>().join(" ");
    if all.len() > 8 {
        shown.push_str(&format!(" and {} more", all.len() - 8));
    }
    format!("{} {shown}", new.policy.name())
}

fn listed(fresh: &[String], gone: &[String]) -> String {
    let count = |texts: &[String], what: &str| match texts.len() {
        0 => None,
        1 => Some(format!("1 value {what}")),
        n => Some(format!("{n} values {what}")),
    };
    let parts = [count(fresh, "more"), count(gone, "fewer")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Both are open in the same way: the parameters decide.
fn open(old: &Field, new: &Field) -> (Rank, String) {
    let (before, after) = (&old.policy, &new.policy);
    let joined = |policy: &crate::model::Policy| policy.argument("domain").map(str::to_owned);
    if joined(before) != joined(after) {
        return match joined(after) {
            Some(domain) => {
                (Rank::Loosened, format!("can be joined with every field of the domain {domain}"))
            }
            None => (Rank::Tightened, "can no longer be joined with other fields".to_owned()),
        };
    }
    if before.name() != after.name() {
        return (Rank::Widened, format!("now {}", words::leaves(new)));
    }
    if before.name() == "with" {
        let why = "another function decides what leaves: read it";
        return (Rank::Widened, why.to_owned());
    }
    match (before.has("known"), after.has("known")) {
        (true, false) if after.name() == "scrub" => {
            let why = "words that nobody knows would leave too: names, files, hosts";
            return (Rank::Loosened, why.to_owned());
        }
        (false, true) if after.name() == "scrub" => {
            return (Rank::Tightened, "only words that are known are kept".to_owned());
        }
        _ => {}
    }
    let collection = |domain: &Domain| {
        let mut there = false;
        domain.openings(&mut |opening| there |= opening == Opening::Collection);
        there
    };
    match (collection(&old.domain), collection(&new.domain)) {
        (false, true) => (Rank::Widened, "any number of values can leave".to_owned()),
        (true, false) => (Rank::Tightened, "one value at most leaves".to_owned()),
        _ if old.domain.required() != new.domain.required() => {
            (Rank::Widened, "other values can leave".to_owned())
        }
        _ if before.because() != after.because() => {
            (Rank::Cosmetic, "another reason for the same treatment".to_owned())
        }
        _ if before.has("lowercase") != after.has("lowercase") => {
            (Rank::Cosmetic, "pseudonyms from before and after cannot be joined".to_owned())
        }
        _ if before == after => (Rank::Cosmetic, "whether there is always a value".to_owned()),
        _ => (Rank::Widened, "other parameters".to_owned()),
    }
}
