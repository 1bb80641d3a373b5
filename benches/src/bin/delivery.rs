//! How fast events leave, beside a plain `gzip` of the same bytes.
//!
//! `cargo run --release -p telemetry-benches --bin delivery -- 1000000` records
//! so many events, and delivers them to a receiver that compresses each body as
//! HTTP would and takes it. It prints the time of each, their ratio, and the most
//! memory that the process held, which must not grow with the number.
#![allow(clippy::print_stdout, reason = "a program that prints its figures")]

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use telemetry_core::export::unstable::{Delivery, Pace, Permission};
use telemetry_core::export::{App, Attempt, Ndjson, Request, Response, Transport, TransportError};
use telemetry_core::spool::Limits;
use telemetry_core::spool::internals::Spool;

/// Compresses, and takes everything.
struct Taking;

fn compress(bytes: &[u8]) -> std::io::Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

impl Transport for Taking {
    fn receiver(&self) -> &str {
        "none"
    }

    fn send(&self, request: &Request, _attempt: &Attempt<'_>) -> Result<Response, TransportError> {
        compress(&request.body).map_err(|_| TransportError::unreached("not compressed"))?;
        Ok(Response::new(200))
    }
}

fn record(folder: &Path, events: u64) -> Result<u64, Box<dyn Error>> {
    let mut limits = Limits::default();
    (limits.bytes, limits.events, limits.segments) = (u64::MAX, u64::MAX, u64::MAX);
    let spool = Spool::open(folder, limits)?;
    let mut bytes = 0;
    for number in 0..events {
        let mut id = String::new();
        spool.next_id(&mut id);
        let line = format!(
            "{{\"id\":\"{id}\",\"time\":\"2026-11-24T10:00:00.000Z\",\"event\":\"run.finished\",\
             \"version\":1,\"purpose\":\"service\",\"generation\":0,\
             \"installation\":\"00000000-0000-4000-8000-000000000000\",\
             \"fields\":{{\"target\":\"h1_{number:032x}\",\"text\":\"no route to [ip]\"}}}}\n"
        );
        bytes += line.len() as u64;
        spool.append(line.as_bytes())?;
    }
    spool.seal()?;
    Ok(bytes)
}

/// The same bytes as they lie there, compressed in pieces of a batch's size.
fn plain(folder: &Path) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    for file in fs::read_dir(folder.join("sealed"))? {
        for piece in fs::read(file?.path())?.chunks(512 * 1024) {
            std::hint::black_box(compress(piece)?);
        }
    }
    Ok(start.elapsed())
}

/// The most memory that this process held so far, in KiB, where Linux says it.
fn most_memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("unknown".to_owned(), |line| line.trim().to_owned())
}

fn main() -> Result<(), Box<dyn Error>> {
    let events = std::env::args().nth(1).map_or(Ok(100_000), |text| text.parse())?;
    let home = std::env::temp_dir().join(format!("telemetry-delivery-{}", std::process::id()));
    let folder = home.join("telemetry");
    let bytes = record(&folder, events)?;
    let gzip = plain(&folder)?;
    let before = most_memory();
    let app = App::new("bench", "1.0.0")?;
    let delivery = Delivery::builder(&folder, app, Ndjson, Taking, Permission::granted).build();
    let start = Instant::now();
    let report = delivery.run_once(Pace::Now, start + Duration::from_secs(3600))?;
    let took = start.elapsed();
    fs::remove_dir_all(&home)?;
    if report.sent != events {
        return Err(format!("{report:?}").into());
    }
    println!("events     {events}, {} MB", bytes / 1_000_000);
    println!("gzip       {:.2} s", gzip.as_secs_f64());
    println!("delivery   {:.2} s in {} requests", took.as_secs_f64(), report.batches);
    println!("ratio      {:.2}", took.as_secs_f64() / gzip.as_secs_f64());
    println!("memory     {before} before, {} after", most_memory());
    Ok(())
}
