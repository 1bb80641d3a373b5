//! What must hold when a world is over.
//!
//! - What a program was told is stored is in the spool, was received, lies among
//!   the dead letters, is counted as dropped, or was there to be erased by an off.
//! - The counts are exact: they say neither less nor more than what is missing,
//!   but for what a kill may have left in the middle.
//! - An event arrives twice only if a request was under way when something was
//!   killed or failed; it is in the spool at most once.
//! - No request asks for consent after an `off` returned, and before an `on` begins,
//!   and gets it. What was recorded before that `on` never leaves again.
//! - Nothing is left of the killed but what the next run takes over.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;

use serde_json::Value;
use telemetry_core::spool::{self, Counts, Reason};

use crate::diary::{Attempt, Diaries, Key, Word};
use telemetry_tests::spool::entries;

use crate::world::{Role, World};

/// What several worlds add up to.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    killed: BTreeMap<Role, u64>,
    offs: BTreeMap<&'static str, u64>,
    events: BTreeMap<&'static str, u64>,
    counts: BTreeMap<Reason, u64>,
}

impl Sums {
    pub(crate) fn kills(&self) -> u64 {
        self.killed.values().sum()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        fn add<K: Ord + Copy>(to: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
            from.iter().for_each(|(key, count)| *to.entry(*key).or_default() += count);
        }
        add(&mut self.killed, &other.killed);
        add(&mut self.offs, &other.offs);
        add(&mut self.events, &other.events);
        add(&mut self.counts, &other.counts);
    }

    /// That the worlds did what they are there for.
    pub(crate) fn assert_everything_happened(&self) {
        for role in [Role::Writer, Role::Deliverer, Role::Sender, Role::Receiver, Role::User] {
            assert!(self.killed.contains_key(&role), "no {role:?} was killed: {self}");
        }
        for state in ["before the first run", "while writing"] {
            assert!(self.offs.contains_key(state), "no off {state}: {self}");
        }
        for what in ["acknowledged", "received", "received again", "erased"] {
            assert!(self.events.get(what).is_some_and(|n| *n > 0), "none {what}: {self}");
        }
    }
}

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "kills      {} {:?}", self.kills(), self.killed)?;
        writeln!(f, "offs       {:?}", self.offs)?;
        writeln!(f, "events     {:?}", self.events)?;
        write!(f, "counted    {:?}", self.counts)
    }
}

/// One request that a receiver took.
struct Reception {
    attempt: Attempt,
    keys: Vec<Key>,
    /// The receiver answered 200 to the end.
    done: bool,
}

fn key(event: &Value) -> Key {
    let number = |name: &str| event["fields"][name].as_u64().unwrap();
    (number("diary"), number("thread"), number("number"))
}

fn receptions(world: &World) -> Vec<Reception> {
    let all = entries(&world.path("taken"));
    let heads = all.iter().filter(|path| path.extension().is_some_and(|e| e == "head"));
    let read = |head: &std::path::PathBuf| {
        let text = fs::read_to_string(head).unwrap().to_ascii_lowercase();
        let id = text.lines().find_map(|line| line.strip_prefix("idempotency-key:")).unwrap();
        let (diary, number) = id.trim().split_once('.').unwrap();
        let body = fs::read_to_string(head.with_extension("body")).unwrap();
        let events = body.lines().map(|line| serde_json::from_str(line).unwrap());
        Reception {
            attempt: (diary.parse().unwrap(), number.parse().unwrap()),
            keys: events.map(|event: Value| key(&event)).collect(),
            done: head.with_extension("done").exists(),
        }
    };
    heads.map(read).collect()
}

struct Found<'w> {
    world: &'w World,
    diaries: Diaries,
    receptions: Vec<Reception>,
    waiting: BTreeSet<Key>,
    dead: BTreeSet<Key>,
    counts: Counts,
    /// By how many requests each arrived of which the sender was told so, and was
    /// not cut off.
    settled: BTreeMap<Key, u64>,
    received: BTreeMap<Key, u64>,
}

impl<'w> Found<'w> {
    fn look(world: &'w World) -> Self {
        let spool = world.spool();
        let mut waiting = BTreeSet::new();
        for event in spool::read(&spool).unwrap() {
            let event = event.unwrap();
            let number = |name: &str| event.fields[name].as_u64().unwrap();
            let key = (number("diary"), number("thread"), number("number"));
            assert!(waiting.insert(key), "{}: {key:?} is stored twice", world.about());
        }
        let mut dead = BTreeSet::new();
        for path in entries(&spool.join("dead-letters")) {
            for line in fs::read_to_string(path).unwrap().lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                dead.insert(key(&line["stored"]));
            }
        }
        let diaries = Diaries::read(world);
        let receptions = receptions(world);
        let (mut settled, mut received) = (BTreeMap::new(), BTreeMap::new());
        for reception in &receptions {
            let asked = diaries.asked.get(&reception.attempt).unwrap();
            let is_settled = reception.done && asked.answered && !asked.cut;
            for key in &reception.keys {
                *received.entry(*key).or_default() += 1;
                *settled.entry(*key).or_default() += u64::from(is_settled);
            }
        }
        let counts = spool::counts(&spool).unwrap();
        Self { world, diaries, receptions, waiting, dead, counts, settled, received }
    }

    fn is_somewhere(&self, key: &Key) -> bool {
        self.waiting.contains(key) || self.dead.contains(key) || self.received.contains_key(key)
    }

    /// Whether an off may have erased it: one that had not ended when the event
    /// was begun.
    fn may_be_erased(&self, key: &Key) -> bool {
        let begun = self.diaries.tried[key].begun;
        self.diaries.offs.iter().any(|off| off.over > begun)
    }

    fn nothing_is_from_nowhere(&self) {
        for key in self.waiting.iter().chain(&self.dead).chain(self.received.keys()) {
            let tried = self.diaries.tried.get(key);
            let tried = tried.unwrap_or_else(|| panic!("{}: {key:?}", self.world.about()));
            assert!(
                !matches!(tried.word, Word::Denied | Word::Dropped),
                "{}: {key:?} is there, and was {:?}",
                self.world.about(),
                tried.word
            );
        }
    }

    fn what_is_missing_is_counted(&self, sums: &mut Sums) {
        let about = self.world.about();
        let (mut erased, mut missing, mut unacknowledged, mut dropped) = (0, 0, 0, 0_u64);
        let mut examples = Vec::new();
        for (key, tried) in &self.diaries.tried {
            let gone = !self.is_somewhere(key);
            match tried.word {
                Word::Stored if gone && self.may_be_erased(key) => erased += 1,
                Word::Stored if gone => {
                    missing += 1;
                    examples.push(*key);
                }
                Word::None if gone => unacknowledged += 1,
                Word::Dropped => dropped += 1,
                _ => {}
            }
        }
        examples.truncate(5);
        let of = |reasons: &[Reason]| reasons.iter().map(|r| self.counts.get(*r)).sum::<u64>();
        let capped = of(&[Reason::CapEvents, Reason::CapSegments, Reason::CapBytes]);
        let gone = capped + of(&[Reason::Withdrawn, Reason::Removed]);
        assert!(missing <= gone, "{about}: {missing} are missing, {:?}: {examples:?}", self.counts);
        // What was received and whose sender was cut off is still in the spool, and
        // may be counted from there.
        let cut = self.received.keys().filter(|key| self.settled[*key] == 0).count() as u64;
        let most = missing + unacknowledged + erased + cut;
        assert!(gone <= most, "{about}: {:?}, but {most} are missing", self.counts);
        let refused = of(&[Reason::NotReady, Reason::WriteFailed, Reason::DiskFull]);
        // Also on a full disk: the files of the counts are there before it is full.
        let most = dropped + unacknowledged;
        assert!(
            (dropped..=most).contains(&refused),
            "{about}: {dropped} were refused, {:?} {:?}",
            self.counts,
            self.diaries.told
        );
        let torn = self.counts.get(Reason::Torn);
        assert!(torn <= unacknowledged, "{about}: {torn} torn");
        let known = gone + refused + torn;
        assert_eq!(self.counts.total(), known, "{about}: {:?}", self.counts);
        let mut add = |what, events: u64| {
            sums.events.insert(what, events);
        };
        add("tried", self.diaries.tried.len() as u64);
        let acknowledged = self.diaries.tried.values().filter(|t| t.word == Word::Stored);
        add("acknowledged", acknowledged.count() as u64);
        add(
            "denied",
            self.diaries.tried.values().filter(|t| t.word == Word::Denied).count() as u64,
        );
        add("erased", erased);
        add("missing and counted", missing);
        sums.counts = self.counts.iter().collect();
    }

    fn twice_only_where_something_was_cut_off(&self, sums: &mut Sums) {
        let about = self.world.about();
        for (key, settled) in &self.settled {
            assert!(*settled <= 1, "{about}: {key:?} arrived {settled} times, and nothing was cut");
            assert!(
                *settled == 0 || !self.waiting.contains(key),
                "{about}: {key:?} arrived, nothing was cut, and it waits"
            );
        }
        let again: u64 = self.received.values().map(|times| times - 1).sum();
        sums.events.insert("received", self.received.len() as u64);
        sums.events.insert("received again", again);
        sums.events.insert("requests", self.receptions.len() as u64);
        sums.events.insert("waiting at the end", self.waiting.len() as u64);
    }

    fn off_is_off(&self) {
        let about = self.world.about();
        // In a program that asks first it is off from the start.
        let undecided = self.world.plan.contains("opt-in").then_some((0, 0));
        let offs = self.diaries.offs.iter();
        let offs = offs.filter_map(|off| Some((off.begun, off.returned?)));
        for (begun, off) in offs.chain(undecided) {
            // Until the first on that was not over before it: of two words at the same
            // time either may be the last.
            let over = self.diaries.ons.iter().filter(|on| on.over > begun);
            let over = over.map(|on| on.begun).min().unwrap_or(u128::MAX);
            for (key, tried) in self.diaries.tried.iter().filter(|_| off == 0) {
                let early = tried.ended.is_some_and(|ended| ended < over);
                assert!(!early || tried.word == Word::Denied, "{about}: {key:?} before a yes");
            }
            for (attempt, asked) in &self.diaries.asked {
                let while_off = asked.time > off && asked.time < over;
                assert!(!while_off, "{about}: {attempt:?} asked and got it after an off");
            }
            for reception in &self.receptions {
                let asked = self.diaries.asked[&reception.attempt].time;
                if asked <= off {
                    continue;
                }
                for key in &reception.keys {
                    let ended = self.diaries.tried[key].ended;
                    let before = ended.is_some_and(|ended| ended < over.min(asked));
                    assert!(!before, "{about}: {key:?} was recorded before an off ended, and left");
                }
            }
        }
    }

    fn all_is_delivered_and_tidy(&self) {
        let about = self.world.about();
        let sent_all = self.waiting.is_empty() || self.world.with_off;
        assert!(sent_all, "{about}: {} wait after a delivery", self.waiting.len());
        let spool = self.world.spool();
        for folder in [&spool, &spool.join("active"), &spool.join("sealed")] {
            for path in entries(folder) {
                let name = path.to_string_lossy();
                assert!(!name.ends_with(".tmp"), "{about}: {name} is left");
            }
        }
    }
}

pub(crate) fn check(world: &World) -> Sums {
    let mut sums = Sums { offs: world.offs.clone(), ..Sums::default() };
    for ended in world.ended.iter().filter(|ended| ended.killed) {
        *sums.killed.entry(ended.role).or_default() += 1;
    }
    let found = Found::look(world);
    found.nothing_is_from_nowhere();
    found.what_is_missing_is_counted(&mut sums);
    found.twice_only_where_something_was_cut_off(&mut sums);
    found.off_is_off();
    found.all_is_delivered_and_tidy();
    sums
}
