//! A program that records from several threads until it is killed.
//!
//! `recording_program HOME`: prints `<run> <thread> <number>` once `record` has
//! said that the event is stored.
#![forbid(unsafe_code)]

use std::error::Error;
use std::io::Write;
use std::thread;

use telemetry_core::{Telemetry, TelemetryEvent};

#[derive(TelemetryEvent)]
#[telemetry(name = "step", purpose = "service")]
struct Step<'a> {
    #[telemetry(allow)]
    run: u32,
    #[telemetry(allow)]
    thread: u32,
    #[telemetry(allow)]
    number: u64,
    #[telemetry(hash)]
    target: &'a str,
    #[telemetry(scrub)]
    error: &'a str,
}

fn main() -> Result<(), Box<dyn Error>> {
    let home = std::env::args().nth(1).ok_or("usage: recording_program HOME")?;
    let telemetry =
        Telemetry::builder("app").home(home).with_env(|_| None).on_by_default().build()?;
    let run = std::process::id();
    thread::scope(|scope| {
        for thread in 0..3 {
            let telemetry = &telemetry;
            scope.spawn(move || {
                for number in 0.. {
                    let target = format!("web-{number}");
                    let error = "no route to 10.0.0.7";
                    let step = Step { run, thread, number, target: &target, error };
                    let stored = telemetry.record(&step).is_stored();
                    // One write for a line: a killed process tears none.
                    let line = format!("{run} {thread} {number}\n");
                    if stored && std::io::stdout().write_all(line.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok(())
}
