//! How fast the lock and the check of stored lines are on this machine:
//!
//!     cargo run --release -p telemetry-schema --example speed
//!
//! The check stands beside its floors in the same run: finding the line ends
//! alone, and reading each line with `serde_json`.
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

fn best(mut work: impl FnMut()) -> Duration {
    let turn = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..9).map(|_| turn(&mut work)).min().unwrap_or_default()
}

fn main() {
    let schema = lock::parse(LOCK).unwrap();
    let lines = LINE.repeat(150_000);
    let rate = |took: Duration| lines.len() as f64 / took.as_secs_f64() / 1e6;
    let mut verifier = Verifier::new(&schema);
    let verified = best(|| {
        let summary = verifier.read(lines.as_bytes(), |finding| panic(&finding)).unwrap();
        assert_eq!(summary.lines, 150_000);
    });
    let floor = best(|| {
        black_box(lines.as_bytes().split(|byte| *byte == b'\n').count());
    });
    let parsed = best(|| {
        for line in lines.lines() {
            black_box(serde_json::from_str::<serde_json::Value>(line).unwrap());
        }
    });
    println!("{} MB of lines of {} bytes, one core", lines.len() / 1_000_000, LINE.len());
    println!("verify         {:6.0} MB/s  {:4.0} ns a line", rate(verified), per_line(verified));
    println!("line ends      {:6.0} MB/s", rate(floor));
    println!("serde_json     {:6.0} MB/s", rate(parsed));

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

fn per_line(took: Duration) -> f64 {
    took.as_nanos() as f64 / 150_000.0
}

fn panic(finding: &telemetry_schema::verify::InvalidLine) {
    println!("{finding}");
    std::process::exit(1);
}
