//! How long one event takes at the worst, from one thread and from two:
//! `cargo run --release -p telemetry-benches --bin record_tail [EVENTS] [--json]`.
//!
//! Beside it the floor: a line of the same length, appended by one write to a
//! file of each thread's own. Each thread times each of its events.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "the result")]

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::Barrier;
use std::time::Instant;

use telemetry_benches::harness::Form;
use telemetry_benches::{EVENT, Scratch, client, sanitizer};

/// Enough for a thousand events beyond the 99.9th percentile.
const EVENTS: usize = 1_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let events = std::env::args().skip(1).find(|text| !text.starts_with('-'));
    let events = events.map_or(Ok(EVENTS), |text| text.parse())?;
    let form = Form::from_arguments();
    let scratch = Scratch::new()?;
    let telemetry = client(&scratch.path().join("on"), true)?;
    assert!(telemetry.record(&EVENT).is_stored());
    let mut line = Vec::new();
    sanitizer()?.sanitize(&EVENT).write_json(&mut line)?;
    // The keys of a stored line beside its fields have some 200 bytes.
    let line = [line.as_slice(), &[b' '; 199], b"\n"].concat();
    if form == Form::Table {
        println!(
            "{:24}{:>10}{:>10}{:>10}{:>10}{:>8}",
            "ns", "mean", "median", "p99", "p99.9", "ratio"
        );
    }
    for threads in [1, 2] {
        let mut files = (0..threads)
            .map(|n| {
                let path = scratch.path().join(format!("floor-{threads}-{n}"));
                OpenOptions::new().append(true).create(true).open(path)
            })
            .collect::<Result<Vec<File>, _>>()?;
        let work = files.iter_mut().map(|file| || drop(file.write_all(&line)));
        print(form, &format!("floor, {threads} threads"), measure(work.collect(), events));
        let work = (0..threads).map(|_| {
            || {
                std::hint::black_box(telemetry.record(&EVENT));
            }
        });
        print(form, &format!("record, {threads} threads"), measure(work.collect(), events));
    }
    Ok(())
}

/// The times of all events, in ns, in order.
fn measure<W: FnMut() + Send>(work: Vec<W>, events: usize) -> Vec<u64> {
    let barrier = Barrier::new(work.len());
    let mut times: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = work
            .into_iter()
            .map(|mut work| {
                let barrier = &barrier;
                scope.spawn(move || {
                    let mut times = Vec::with_capacity(events);
                    barrier.wait();
                    let mut before = Instant::now();
                    for _ in 0..events {
                        work();
                        let now = Instant::now();
                        let time = now.duration_since(before).as_nanos();
                        times.push(u64::try_from(time).unwrap_or(u64::MAX));
                        before = now;
                    }
                    times
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    times.sort_unstable();
    times
}

fn print(form: Form, name: &str, times: Vec<u64>) {
    let at = |share: f64| {
        let index = (times.len() as f64 * share) as usize;
        times.get(index.min(times.len().saturating_sub(1))).copied().unwrap_or(0)
    };
    let mean = times.iter().sum::<u64>() / times.len().max(1) as u64;
    let (median, p99, p999) = (at(0.5), at(0.99), at(0.999));
    let ratio = p999 as f64 / median.max(1) as f64;
    if form == Form::Json {
        for (figure, ns) in [("median", median), ("p99", p99), ("p99.9", p999)] {
            let ratio = ns as f64 / median.max(1) as f64;
            println!(
                "{{\"question\":\"record_tail\",\"case\":\"{name}: {figure}\",\"ns\":{ns},\"ratio\":{ratio:.2}}}"
            );
        }
        return;
    }
    println!("{name:24}{mean:>10}{median:>10}{p99:>10}{p999:>10}{ratio:>8.1}");
}
