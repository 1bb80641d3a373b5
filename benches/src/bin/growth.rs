//! What a spool costs as it grows.
//!
//! `cargo run --release -p telemetry-benches --bin growth -- 1000000` records so
//! many events, and prints as a JSON line how many microseconds for each event it
//! takes to show all, to erase one by its id, to take over a segment whose owner
//! is gone, and to deliver to a receiver that takes everything; and the most
//! memory that the process held. `benches/growth` asks for several numbers.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a program that prints its figures")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use telemetry_core::export::unstable::{Delivery, Pace, Permission};
use telemetry_core::export::{App, Attempt, Ndjson, Request, Response, Transport, TransportError};
use telemetry_core::spool::internals::{Spool, recover};
use telemetry_core::spool::{self, Filter, Limits};

/// Takes everything, and looks at nothing.
struct Taking;

impl Transport for Taking {
    fn receiver(&self) -> &str {
        "none"
    }

    fn send(&self, _: &Request, _: &Attempt<'_>) -> Result<Response, TransportError> {
        Ok(Response::new(200))
    }
}

/// Records, and ends as a killed process does: the last segment has no end. Says
/// the id of an event in the middle.
fn record(folder: &Path, events: u64) -> Result<String, Box<dyn Error>> {
    let mut limits = Limits::default();
    (limits.bytes, limits.events, limits.segments) = (u64::MAX, u64::MAX, u64::MAX);
    let spool = Spool::open(folder, limits)?;
    let mut middle = String::new();
    for number in 0..events {
        let mut id = String::new();
        spool.next_id(&mut id);
        let line = format!(
            "{{\"id\":\"{id}\",\"time\":\"2026-11-24T10:00:00.000Z\",\"event\":\"run.finished\",\
             \"version\":1,\"purpose\":\"service\",\"generation\":0,\
             \"fields\":{{\"target\":\"h1_{number:032x}\"}}}}\n"
        );
        spool.append(line.as_bytes())?;
        if number == events / 2 {
            middle = id;
        }
    }
    Ok(middle)
}

fn timed<T>(events: u64, what: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let done = what();
    (start.elapsed().as_secs_f64() * 1e6 / events as f64, done)
}

/// The most memory that this process held so far, in KiB, where Linux says it.
fn most_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn main() -> Result<(), Box<dyn Error>> {
    let events = std::env::args().nth(1).map_or(Ok(100_000), |text| text.parse())?;
    let home = std::env::temp_dir().join(format!("telemetry-growth-{}", std::process::id()));
    let folder = home.join("telemetry");
    let id = record(&folder, events)?;
    let (show, shown) =
        timed(events, || Ok::<_, telemetry_core::Error>(spool::read(&folder)?.count()));
    let (recovery, recovered) = timed(events, || recover(&folder));
    let (erase, erased) = timed(events, || spool::erase(&folder, Filter::Id(&id)));
    let app = App::new("bench", "1.0.0")?;
    let delivery = Delivery::builder(&folder, app, Ndjson, Taking, Permission::granted).build();
    let deadline = Instant::now() + Duration::from_secs(3600);
    let (sending, report) = timed(events, || delivery.run_once(Pace::Now, deadline));
    fs::remove_dir_all(&home)?;
    let (shown, erased, sent) = (shown? as u64, erased?, report?.sent);
    if recovered?.segments == 0 {
        return Err("no segment was without an owner".into());
    }
    if (shown, erased, sent) != (events, 1, events - 1) {
        return Err(format!("{shown} shown, {erased} erased, {sent} sent of {events}").into());
    }
    println!(
        r#"{{"question":"growth","events":{events},"show":{show:.3},"erase":{erase:.3},"recovery":{recovery:.3},"delivery":{sending:.3},"memory":{}}}"#,
        most_memory()
    );
    Ok(())
}
