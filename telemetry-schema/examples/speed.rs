//! How fast the lock and the check of stored lines are on this machine:
//!
//!     cargo run --release -p telemetry-schema --example speed
//!
//! The check stands beside its floors in the same run: finding the line ends
//! alone, reading each line as UTF-8, and reading it with `serde_json`, with and
//! without keeping what is read.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program that prints figures")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use telemetry_schema::verify::Verifier;
use telemetry_schema::{Event, Schema, diff, lock};

const LOCK: &str = r#"telemetry-lock 1

envelope container; library; optional bool
envelope event; library; program
envelope generation; library; number
envelope id; library; random
envelope installation; library; random
envelope purpose; library; program
envelope time; library; time
envelope version; library; number

event run.finished; version 1; purpose product-improvement
field run.finished command; one_of("converge", "upload"); "converge" | "upload" | "other"
field run.finished connection; allow; "ssh" | "winrm"
field run.finished duration_ms; bucket(100, 1000); "<100" | "100..1000" | ">=1000"
field run.finished error; scrub; text
field run.finished host; hash; pseudonym
field run.finished target; hash(lowercase); pseudonym
field run.finished version; allow; 0..=255
"#;

const LINE: &str = r#"{"id":"0123456789abcdef01234567-1","time":"2026-11-24T12:00:00.000Z","event":"run.finished","version":1,"purpose":"product-improvement","generation":0,"installation":"3f2a1b4c-5d6e-4f70-8192-a3b4c5d6e7f8","fields":{"command":"converge","target":"h1_00112233445566778899aabbccddeeff","host":"h1_ffeeddccbbaa99887766554433221100","connection":"ssh","duration_ms":"100..1000","version":17,"error":"the connection to [host] was refused"}}
"#;

/// So many lines at once: a few milliseconds, so that some turns of each are
/// disturbed by nothing else on the machine.
const LINES: usize = 4_000;

fn once(work: &mut dyn FnMut()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn best(mut work: impl FnMut()) -> Duration {
    (0..9).map(|_| once(&mut work)).min().unwrap_or_default()
}

fn main() {
    let schema = lock::parse(LOCK).unwrap();
    let lines = LINE.repeat(LINES);
    let each = || lines.as_bytes().split(|byte| *byte == b'\n');
    let mut verifier = Verifier::new(&schema);
    let mut verify = || {
        let summary = verifier.read(lines.as_bytes(), |finding| panic(&finding)).unwrap();
        assert_eq!(summary.lines, LINES as u64);
    };
    let mut ends = || {
        black_box(each().count());
    };
    let mut utf8 = || {
        each().for_each(|line| {
            let _ = black_box(std::str::from_utf8(line));
        });
    };
    let mut ignored = || {
        lines.lines().for_each(|line| {
            black_box(serde_json::from_str::<serde::de::IgnoredAny>(line).unwrap());
        });
    };
    let mut parsed = || {
        lines.lines().for_each(|line| {
            black_box(serde_json::from_str::<serde_json::Value>(line).unwrap());
        });
    };
    let mut cases: [(&str, &mut dyn FnMut()); 5] = [
        ("verify", &mut verify),
        ("line ends", &mut ends),
        ("and UTF-8", &mut utf8),
        ("serde_json, nothing kept", &mut ignored),
        ("serde_json, a value each", &mut parsed),
    ];
    let mut least = [Duration::MAX; 5];
    for _ in 0..200 {
        for ((_, work), least) in cases.iter_mut().zip(&mut least) {
            *least = once(work).min(*least);
        }
    }
    println!("lines of {} bytes, one core", LINE.len());
    for ((name, _), took) in cases.iter().zip(least) {
        let rate = lines.len() as f64 / took.as_secs_f64() / 1e6;
        println!(
            "{name:26} {rate:6.0} MB/s {:6.0} ns a line",
            took.as_nanos() as f64 / LINES as f64
        );
    }

    let one = schema.events.first().unwrap();
    let many = (0..10_000).map(|n| Event { name: format!("event.{n:05}"), ..one.clone() });
    let many = Schema { events: many.collect(), ..schema.clone() };
    let text = lock::write(&many);
    let read = best(|| drop(black_box(lock::parse(&text).unwrap())));
    let other = lock::parse(&text).unwrap();
    let compared = best(|| drop(black_box(diff::compare(&other, &many))));
    let written = best(|| drop(black_box(lock::write(&many))));
    println!("10,000 events: read {read:.0?}, compared {compared:.0?}, written {written:.0?}");
}

fn panic(finding: &telemetry_schema::verify::InvalidLine) {
    println!("{finding}");
    std::process::exit(1);
}
