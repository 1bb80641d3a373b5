//! The hot path beside its floor: `cargo bench -p telemetry-benches`.
//!
//! All cases run in turns, so that what slows the machine down slows all of
//! them down. The number that holds is the ratio to the floor.
#![expect(clippy::print_stdout, reason = "the result")]

use std::error::Error;
use std::fs::OpenOptions;
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use telemetry_benches::{CLEAN, DIRTY, EVENT, Scratch, Unprotected, client, floor, sanitizer};
use telemetry_core::scrub::Scrubber;

/// Time of one turn of one case: ten thousand times the clock's resolution,
/// and short beside the slices of time that the system gives to others.
const TURN: Duration = Duration::from_millis(1);
/// Turns of each case. The quickest counts: it is the least disturbed one.
const TURNS: usize = 501;

struct Case<'a> {
    name: &'static str,
    call: Box<dyn FnMut() + 'a>,
    calls: u32,
    nanoseconds: Vec<f64>,
}

impl<'a> Case<'a> {
    fn new(name: &'static str, call: impl FnMut() + 'a) -> Self {
        Self { name, call: Box::new(call), calls: 1, nanoseconds: Vec::new() }
    }

    fn time(&mut self) -> Duration {
        let start = Instant::now();
        for _ in 0..self.calls {
            (self.call)();
        }
        start.elapsed()
    }

    /// Finds how many calls a turn has.
    fn calibrate(&mut self) {
        while self.time() < TURN / 2 && self.calls < 1 << 28 {
            self.calls *= 2;
        }
    }

    fn turn(&mut self) {
        let nanoseconds = self.time().as_nanos() as f64 / f64::from(self.calls);
        self.nanoseconds.push(nanoseconds);
    }

    fn least(&self) -> f64 {
        self.nanoseconds.iter().copied().fold(f64::NAN, f64::min)
    }
}

/// Measures `cases` in turns and prints them, the first being the floor.
fn run(title: &str, mut cases: Vec<Case<'_>>) {
    cases.iter_mut().for_each(Case::calibrate);
    for _ in 0..TURNS {
        cases.iter_mut().for_each(Case::turn);
    }
    println!("\n{title:<44} {:>10} {:>9}", "ns", "x floor");
    let mut floor = None;
    for case in &cases {
        let least = case.least();
        let floor = *floor.get_or_insert(least);
        println!("{:<44} {least:>10.1} {:>9.2}", case.name, least / floor);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    sanitise()?;
    scrub();
    record()
}

fn sanitise() -> Result<(), Box<dyn Error>> {
    let (sanitizer, keys) = (sanitizer()?, floor::Keys::default());
    let unprotected = Unprotected::from(&EVENT);
    let [mut a, mut b, mut c, mut d] = [const { Vec::new() }; 4];
    // Both write the same fields with values of the same length, or the ratio
    // says nothing.
    floor::write(&mut a, &keys, &EVENT)?;
    serde_json::to_writer(&mut b, &sanitizer.sanitize(&EVENT))?;
    assert_eq!(a.len(), b.len());
    run(
        "sanitise: ten fields to JSON",
        vec![
            Case::new("floor: written by hand", || {
                a.clear();
                let _ = floor::write(&mut a, black_box(&keys), black_box(&EVENT));
            }),
            Case::new("sanitised", || {
                b.clear();
                let _ = serde_json::to_writer(&mut b, &sanitizer.sanitize(black_box(&EVENT)));
            }),
            Case::new("unprotected: serde_json of the raw struct", || {
                c.clear();
                let _ = serde_json::to_writer(&mut c, black_box(&unprotected));
            }),
            Case::new("Debug of the raw event", || {
                d.clear();
                let _ = write!(d, "{:?}", black_box(&EVENT));
            }),
        ],
    );
    Ok(())
}

fn scrub() {
    let scrubber = Scrubber::default();
    let page = format!("{CLEAN}\n").repeat(16);
    run(
        "scrub: 64 bytes",
        vec![
            Case::new("floor: a look at each byte", || {
                let seen = black_box(CLEAN).bytes().fold(0_u8, |seen, byte| seen | byte);
                black_box(seen);
            }),
            Case::new("clean", || drop(black_box(scrubber.scrub(black_box(CLEAN))))),
            Case::new("with personal data", || drop(black_box(scrubber.scrub(black_box(DIRTY))))),
            Case::new("clean, 1 KiB", || drop(black_box(scrubber.scrub(black_box(&page))))),
        ],
    );
}

fn record() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new()?;
    let on = client(&scratch.path().join("on"), true)?;
    let off = client(&scratch.path().join("off"), false)?;
    assert!(on.record(&EVENT).is_stored());
    assert!(!off.record(&EVENT).is_stored());
    let line = serde_json::to_vec(&sanitizer()?.sanitize(&EVENT))?;
    // The keys of a stored line beside its fields have some 200 bytes.
    let line = [line.as_slice(), &[b' '; 199], b"\n"].concat();
    let path = scratch.path().join("floor");
    let mut file = OpenOptions::new().append(true).create(true).open(&path)?;
    run(
        "record: ten fields to the spool",
        vec![
            Case::new("floor: a ready line is appended to a file", || {
                let _ = file.write_all(black_box(&line));
            }),
            Case::new("record", || {
                black_box(on.record(black_box(&EVENT)));
            }),
            Case::new("record, consent denied", || {
                black_box(off.record(black_box(&EVENT)));
            }),
        ],
    );
    Ok(())
}
