//! The same small tool with telemetry.
//!
//! `start_program <folder> <home> <receiver> <what>`; what: `opt-in` (nobody has
//! agreed), `on` (an event, delivered by a child once an hour), `child` (delivered
//! by a child at each start), `thread` (by a thread that begins at the start),
//! `linked` (the library is part of the program, and none of it runs: what a
//! program pays for being larger, whatever made it larger).
#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use telemetry_core::export::{
    Attempt, Deliver, Ndjson, Receiver, Request, Response, Transport, TransportError,
};
use telemetry_core::{Builder, Telemetry, TelemetryEvent};

/// Files were counted.
#[derive(TelemetryEvent)]
#[telemetry(name = "counted", purpose = "product-improvement")]
struct Counted<'a> {
    /// How many, roughly.
    #[telemetry(bucket(10, 100, 1_000, 10_000))]
    files: u64,
    /// The host that it ran on.
    #[telemetry(hash)]
    host: &'a str,
}

/// Sends, and waits for any answer until the deadline.
struct Tcp(String);

impl Transport for Tcp {
    fn receiver(&self) -> &str {
        &self.0
    }

    fn send(&self, request: &Request, attempt: &Attempt<'_>) -> Result<Response, TransportError> {
        let mut stream =
            TcpStream::connect(&self.0).map_err(|_| TransportError::unreached("nobody there"))?;
        if !attempt.is_allowed() {
            return Err(TransportError::unreached("not allowed"));
        }
        let mut exchange = || {
            stream.write_all(&request.body)?;
            stream.set_read_timeout(Some(attempt.left().max(Duration::from_millis(1))))?;
            stream.read_exact(&mut [0])
        };
        exchange().map_err(|_| TransportError::unanswered("no answer"))?;
        Ok(Response::new(200))
    }
}

fn builder(arguments: &[String]) -> Result<Builder, Box<dyn Error>> {
    let [_, home, receiver, what] = arguments else {
        return Err("usage: start_program FOLDER HOME RECEIVER WHAT".into());
    };
    let hour = Duration::from_secs(60 * 60);
    let deliver = match what.as_str() {
        "thread" => Deliver::every(hour),
        "child" => Deliver::by_child(arguments, Duration::ZERO),
        _ => Deliver::by_child(arguments, hour),
    };
    let to = Receiver::new("1.0.0", Ndjson, Tcp(receiver.clone())).deliver(deliver);
    let builder = Telemetry::builder("start-program").home(home).receiver(to);
    Ok(if what == "opt-in" { builder } else { builder.collect_in_ci(true).on_by_default() })
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [folder, .., what] = &arguments[..]
        && what == "linked"
    {
        std::hint::black_box(telemetry_benches::walk::files_below(Path::new(folder))?);
        return Ok(ExitCode::SUCCESS);
    }
    let builder = builder(&arguments)?;
    if telemetry_core::client::is_sender() {
        telemetry_core::client::send_detached(builder)?;
        return Ok(ExitCode::SUCCESS);
    }
    let telemetry = builder.build()?;
    let folder = arguments.first().map_or("", String::as_str);
    let files = telemetry_benches::walk::files_below(Path::new(folder))?;
    std::hint::black_box(telemetry.record(&Counted { files, host: "web-1.example" }));
    Ok(ExitCode::SUCCESS)
}
