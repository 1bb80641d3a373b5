//! A program that uses all of the library: it records, beats, delivers and ends.
//!
//! `whole_program HOME RECEIVER`: what consent is, the environment says.
#![forbid(unsafe_code)]

use std::error::Error;
use std::time::{Duration, Instant, SystemTime};

use telemetry_core::export::{Deliver, HttpTransport, Ndjson, Receiver};
use telemetry_core::{Telemetry, TelemetryEvent};

#[derive(TelemetryEvent)]
#[telemetry(name = "run.finished", purpose = "product-improvement")]
struct RunFinished<'a> {
    #[telemetry(hash)]
    target: &'a str,
    #[telemetry(scrub)]
    error: &'a str,
}

#[derive(TelemetryEvent)]
#[telemetry(name = "alive", purpose = "service")]
struct Alive {
    #[telemetry(allow)]
    first: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(home), Some(receiver)) = (arguments.next(), arguments.next()) else {
        return Err("usage: whole_program HOME RECEIVER".into());
    };
    let transport = HttpTransport::builder(receiver).build()?;
    let telemetry = Telemetry::builder("whole")
        .home(home)
        .collect_in_ci(true)
        .on_by_default()
        .receiver(
            Receiver::new("1.0.0", Ndjson, transport)
                .deliver(Deliver::every(Duration::from_secs(3600))),
        )
        .build()?;
    let heartbeat = telemetry.heartbeat("alive", Duration::from_secs(3600))?;
    telemetry.beat(&heartbeat, SystemTime::now(), |beat| Alive { first: beat.first });
    for _ in 0..100 {
        telemetry.record(&RunFinished { target: "web-1", error: "no route to 10.0.0.7" });
    }
    telemetry.refresh();
    telemetry.flush()?;
    telemetry.counts()?;
    telemetry.send_now(Instant::now() + Duration::from_secs(10))?;
    let _ = telemetry.why().to_string();
    telemetry.shutdown(Duration::from_secs(10));
    Ok(())
}
