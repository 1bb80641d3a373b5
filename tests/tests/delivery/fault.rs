//! Every way to fail, and the sender killed at any point: nothing is lost
//! without being counted.
//!
//! Over all runs: what `append` acknowledged = what the receivers took, after
//! de-duplication by id + what is still in the spool + what was counted as
//! dropped, by reason.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use telemetry_core::spool::{self, Reason};
use telemetry_tests::receiver::{Receiver, received};

use crate::{aside, ids, ids_in};

/// What the receiver does; the last mode of each goes on for ever.
const FAULTS: [&str; 14] = [
    "ok",
    "slow",
    "ok,silent",
    "ok,trickle",
    "die-before",
    "ok,die-after",
    "ok,ok,die-during",
    "reset-before,ok,reset-before,ok",
    "reset-after,ok,reset-after,ok",
    "garbage,ok,garbage,ok",
    "truncated,ok,truncated,ok",
    "storm-seconds,storm-seconds,storm-date,ok",
    "500,503,redirect=http://127.0.0.1:9/,408,ok",
    "ok,400,ok,400,ok,400",
];

/// The issue asks for at least 200.
const RUNS: usize = 15 * FAULTS.len();

/// What one run added up to.
#[derive(Debug, Default)]
struct Sums {
    runs: usize,
    killed: usize,
    acknowledged: usize,
    received: usize,
    requests: usize,
    repeated: usize,
    waiting: usize,
    rejected: usize,
}

/// Random numbers that a failed run can be repeated with.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap()
    }
}

#[derive(Default)]
struct Recorded {
    tried: BTreeSet<String>,
    acknowledged: BTreeSet<String>,
}

/// Runs a sender, which is killed at some point of what it does.
fn sender(place: &Path, url: &str, dice: &mut Dice, all: &mut Recorded) -> bool {
    // So many of the lines that begin with this.
    let (word, most) = match dice.below(3) {
        0 => ("", 1 + dice.below(200)),
        1 => ("send", 1 + dice.below(8)),
        _ => ("round", 2 + dice.below(8)),
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_sender"))
        .arg("fault")
        .arg(place.join("telemetry"))
        .args([url, "40", "2"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let (mut line, mut count) = (String::new(), 0);
    let mut killed = false;
    // A line that the kill tore is none.
    while said.read_line(&mut line).unwrap() > 0 && line.ends_with('\n') {
        match line.trim().split_once(' ') {
            Some(("try", id)) => all.tried.insert(id.to_owned()),
            Some(("ack", id)) => all.acknowledged.insert(id.to_owned()),
            _ => false,
        };
        count += usize::from(line.starts_with(word));
        line.clear();
        if count == most && !killed {
            // Somewhere in what it does next.
            for _ in 0..dice.below(300_000) {
                std::hint::spin_loop();
            }
            child.kill().unwrap();
            killed = true;
        }
    }
    let status = child.wait().unwrap();
    assert!(killed || status.success(), "{status}");
    killed
}

fn one(seed: u64, faults: &str) -> Sums {
    let mut dice = Dice(seed | 1);
    let home = tempfile::tempdir().unwrap();
    let place = home.path();
    let taken = place.join("taken");
    let mut recorded = Recorded::default();
    let mut killed = 0;
    // A first program, killed somewhere; often a second one after it.
    for _ in 0..1 + dice.below(2) {
        let receiver = Receiver::start(env!("CARGO_BIN_EXE_receiver"), &taken, faults);
        killed += usize::from(sender(place, &receiver.url(), &mut dice, &mut recorded));
    }
    check(place, &recorded, faults, seed, killed)
}

fn check(place: &Path, recorded: &Recorded, faults: &str, seed: u64, killed: usize) -> Sums {
    let about = format!("seed {seed}, receiver {faults}");
    let spool = place.join("telemetry");
    // What the killed process left is looked at as the next one would find it.
    spool::internals::recover(&spool).unwrap();
    let requests = received(&place.join("taken"));
    let all = ids(&requests);
    let taken: BTreeSet<String> = all.iter().cloned().collect();
    let waiting = ids_in(&spool);
    let aside: BTreeSet<String> = aside(&spool).into_iter().map(|(_, id)| id).collect();
    let counts = spool::counts(&spool).unwrap();

    let somewhere: BTreeSet<&String> = taken.iter().chain(&waiting).chain(&aside).collect();
    let lost: Vec<_> = recorded.acknowledged.iter().filter(|id| !somewhere.contains(id)).collect();
    assert!(lost.is_empty(), "{about}: lost {lost:?}");
    assert!(somewhere.iter().all(|id| recorded.tried.contains(*id)), "{about}: from nowhere");

    // Refused is what `dead-letters/` holds; a process killed between the
    // file and the count leaves the event waiting, and counts it next time.
    let rejected = counts.get(Reason::Rejected) as usize;
    assert!(rejected <= aside.len(), "{about}: {rejected} of {}", aside.len());
    assert!(aside.len() - rejected <= killed, "{about}: {rejected} of {}", aside.len());
    let uncounted = aside.iter().filter(|id| !waiting.contains(*id) && !taken.contains(*id));
    assert!(uncounted.count() <= rejected, "{about}: set aside without being counted");
    // Half a line was never acknowledged; nothing else is dropped here.
    let torn = counts.get(Reason::Torn);
    assert_eq!(counts.total(), rejected as u64 + torn, "{about}: {counts:?}");

    let of = |set: &BTreeSet<String>| recorded.acknowledged.intersection(set).count();
    let left: BTreeSet<String> = waiting.difference(&taken).cloned().collect();
    let refused: BTreeSet<String> =
        aside.iter().filter(|id| !taken.contains(*id) && !left.contains(*id)).cloned().collect();
    let sums = Sums {
        runs: 1,
        killed,
        acknowledged: recorded.acknowledged.len(),
        received: of(&taken),
        requests: requests.len(),
        repeated: all.len() - taken.len(),
        waiting: of(&left),
        rejected: of(&refused),
    };
    assert_eq!(sums.acknowledged, sums.received + sums.waiting + sums.rejected, "{about}");
    sums
}

#[test]
fn nothing_is_lost_without_being_counted() {
    let next = AtomicUsize::new(0);
    let runs = || {
        let mut done = Vec::new();
        loop {
            let run = next.fetch_add(1, Ordering::SeqCst);
            if run >= RUNS {
                return done;
            }
            let seed = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(run as u64 + 1);
            done.push(one(seed, FAULTS[run % FAULTS.len()]));
        }
    };
    let done: Vec<Sums> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(runs)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut all = Sums::default();
    for sums in done {
        all.runs += sums.runs;
        all.killed += sums.killed;
        all.acknowledged += sums.acknowledged;
        all.received += sums.received;
        all.requests += sums.requests;
        all.repeated += sums.repeated;
        all.waiting += sums.waiting;
        all.rejected += sums.rejected;
    }
    {
        println!("{all:?}");
    }
    assert_eq!(all.runs, RUNS);
    // The runs do what they are there for.
    assert!(all.killed > RUNS / 2, "{all:?}");
    assert!(all.received > 0 && all.waiting > 0 && all.rejected > 0 && all.repeated > 0, "{all:?}");
}
