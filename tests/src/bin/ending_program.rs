//! A program that ends at once, for the tests to trace, limit and kill.
//!
//! ```text
//! ending_program HOME nothing            uses no telemetry at all
//! ending_program HOME record EVENTS      stores events, and says `stored N dropped N`
//! ending_program HOME static EVENTS      the same with a client that is never dropped, killed at its end
//! ending_program HOME panic              records an event whose own code panics with a value
//! ending_program HOME caps              records without an end into a small spool, a line for each stored event
//! ending_program HOME fork               records from threads while it forks children that record
//! ```
#![cfg_attr(not(unix), allow(dead_code, reason = "it forks"))]

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::sync::LazyLock;

use telemetry_core::spool::Limits;
use telemetry_core::{Recorded, Telemetry, TelemetryEvent};

/// A run of a tool.
#[derive(TelemetryEvent)]
#[telemetry(name = "run.finished", purpose = "product-improvement")]
struct RunFinished<'a> {
    #[telemetry(hash)]
    target: &'a str,
    #[telemetry(allow)]
    exit_code: i32,
}

/// A field whose own code panics, with the value in the message.
#[derive(TelemetryEvent)]
#[telemetry(name = "fragile", purpose = "product-improvement")]
struct Fragile<'a> {
    #[telemetry(with = length_of_a_number)]
    text: &'a str,
}

fn length_of_a_number(text: &&str) -> usize {
    assert!(text.parse::<u64>().is_ok(), "`{text}` is no number");
    text.len()
}

static CLIENT: LazyLock<Option<Telemetry>> = LazyLock::new(|| {
    let home = std::env::args().nth(1)?;
    client(Path::new(&home)).ok()
});

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [_, "nothing"] => say("nothing"),
        [home, "record", events] => {
            let telemetry = client(Path::new(home))?;
            record(&telemetry, events.parse()?);
        }
        [_, "static", events] => {
            let telemetry = CLIENT.as_ref().ok_or("no client")?;
            record(telemetry, events.parse()?);
            std::process::abort();
        }
        [home, "panic"] => {
            let telemetry = client(Path::new(home))?;
            let recorded = telemetry.record(&Fragile { text: "canary-in-a-field" });
            say(&format!("{recorded:?}"));
            // One of the program's own is shown as ever.
            let _ = std::panic::catch_unwind(|| panic!("of the program"));
        }
        [home, "caps"] => caps(Path::new(home))?,
        [home, "fork"] => fork(Path::new(home))?,
        _ => return Err("usage: ending_program HOME nothing|record|static|panic|fork".into()),
    }
    Ok(())
}

fn say(text: &str) {
    let _ = std::io::stdout().write_all(format!("{text}\n").as_bytes());
}

fn client(home: &Path) -> Result<Telemetry, telemetry_core::Error> {
    Telemetry::builder("short")
        .home(home)
        .with_env(|_| None)
        .on_by_default()
        .on_error(|error| {
            let _ = std::io::stderr().write_all(format!("{error}\n").as_bytes());
        })
        .build()
}

fn record(telemetry: &Telemetry, events: u32) {
    let (mut stored, mut dropped) = (0, 0);
    for event in 0..events {
        let target = format!("web-{event}");
        match telemetry.record(&RunFinished { target: &target, exit_code: 0 }) {
            Recorded::Stored => stored += 1,
            _ => dropped += 1,
        }
    }
    say(&format!("stored {stored} dropped {dropped}"));
}

/// What is over the limits goes all the time.
fn caps(home: &Path) -> Result<(), Box<dyn Error>> {
    let mut limits = Limits::default();
    limits.segment = 2_000;
    limits.bytes = 20_000;
    let builder = Telemetry::builder("short").home(home).with_env(|_| None);
    let telemetry = builder.on_by_default().limits(limits).build()?;
    while telemetry.record(&RunFinished { target: "web-1", exit_code: 0 }).is_stored() {
        std::io::stdout().write_all(b"stored\n")?;
    }
    Err("an event was not stored".into())
}

#[cfg(not(unix))]
fn fork(_home: &Path) -> Result<(), Box<dyn Error>> {
    Ok(())
}

/// Two threads record without an end while the main one forks: a child has a
/// copy of every lock, as it was at that moment.
#[cfg(unix)]
fn fork(home: &Path) -> Result<(), Box<dyn Error>> {
    use std::sync::atomic::{AtomicBool, Ordering};
    let telemetry = client(home)?;
    let stop = AtomicBool::new(false);
    let mut children = Vec::new();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    telemetry.record(&RunFinished { target: "web-1", exit_code: 1 });
                }
            });
        }
        for _ in 0..50 {
            telemetry.record(&RunFinished { target: "parent", exit_code: 2 });
            // SAFETY: the child calls nothing but what the library promises to
            // do after a fork, and ends without running what others left.
            let child = unsafe { libc::fork() };
            if child == 0 {
                let stored = (0..3)
                    .filter(|_| {
                        let event = RunFinished { target: "child", exit_code: 3 };
                        telemetry.record(&event).is_stored()
                    })
                    .count();
                // SAFETY: ends the process.
                unsafe { libc::_exit(i32::try_from(stored).unwrap_or(-1)) };
            }
            children.push(child);
        }
        stop.store(true, Ordering::Relaxed);
    });
    let mut stored = 0;
    for child in children {
        let mut status = 0;
        // SAFETY: the id is that of a child, and the status is a valid place.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        stored += libc::WEXITSTATUS(status);
    }
    say(&format!("children stored {stored}"));
    Ok(())
}
