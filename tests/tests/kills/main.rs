//! Writers, deliverers, child senders, receivers and the user's word, each
//! killed anywhere, at random.
//!
//! The test makes one world after another: a home, a receiver that misbehaves,
//! programs that record, deliver and change consent. It starts, kills and
//! waits as the dice say, until the world is over; then it looks at the diaries of
//! the programs, the spool, the counts and what the receivers took. What must hold
//! stands in `check.rs`.
//!
//! A failure prints the seed of its world. `TELEMETRY_TESTS_SEED=<seed>` makes that
//! world alone; the moments of the kills are the system's, so that it may take a
//! few times. `TELEMETRY_TESTS_KILLS=10000` is the long form.
#![cfg(target_os = "linux")]

mod check;
mod diary;
mod world;

use std::time::Instant;

use crate::check::Sums;
use crate::world::World;

/// The seed of the first world; the others follow from it.
const FIRST: u64 = 0x9e37_79b9_7f4a_7c15;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn killed_anywhere_nothing_is_lost_uncounted_and_off_is_off() {
    let kills = number("TELEMETRY_TESTS_KILLS").unwrap_or(300);
    let only = number("TELEMETRY_TESTS_SEED");
    // Whoever is left behind by a killed parent comes to this process.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
    let begun = Instant::now();
    let mut all = Sums::default();
    let mut world = 0_u64;
    while all.kills() < kills {
        let seed = only.unwrap_or_else(|| FIRST.wrapping_mul(world * 2 + 1));
        let ended = World::new(seed).run();
        let sums = check::check(&ended);
        all.add(&sums);
        world += 1;
        if only.is_some() {
            break;
        }
    }
    println!("{world} worlds in {:.0} s\n{all}", begun.elapsed().as_secs_f64());
    if only.is_none() {
        all.assert_everything_happened();
    }
}
