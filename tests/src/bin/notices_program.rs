//! A program that its author updates: its notice has a version.
//!
//! `notices_program HOME URL VERSION run`: records two events, shows the notice
//! if it is due, sends what waits, and says how many events that were.
//! `notices_program HOME URL VERSION on`: agrees to the notice.
#![forbid(unsafe_code)]

use std::error::Error;
use std::time::{Duration, Instant};

use telemetry_core::consent::Notice;
use telemetry_core::export::{Deliver, HttpTransport, Ndjson, Receiver};
use telemetry_core::schema::Purpose;
use telemetry_core::{Telemetry, TelemetryEvent};

/// A run ended.
#[derive(TelemetryEvent)]
#[telemetry(name = "run", purpose = "product-improvement", since = "1")]
struct Run {
    #[telemetry(allow)]
    worked: bool,
    /// What the second notice tells of.
    #[telemetry(allow, since = "2")]
    tries: u8,
}

/// What the second notice tells of.
#[derive(TelemetryEvent)]
#[telemetry(name = "later", purpose = "product-improvement", since = "2")]
struct Later {
    #[telemetry(allow)]
    worked: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [home, url, version, mode] = arguments.as_slice() else {
        return Err("usage: notices_program HOME URL VERSION run|on|default".into());
    };
    let transport = HttpTransport::builder(url).without_gzip().build()?;
    let receiver = Receiver::new("1.0.0", Ndjson, transport).deliver(Deliver::on_request());
    let text = format!("Notice {version}.");
    let notice = Notice::new(version, text).purposes(&[Purpose::PRODUCT_IMPROVEMENT]);
    let builder = Telemetry::builder("notices").home(home).with_env(|_| None).receiver(receiver);
    let builder = if mode == "default" { builder.on_by_default() } else { builder };
    let telemetry = builder
        .notice(notice, |notice| {
            println!("shown {}", notice.version());
            true
        })
        .build()?;
    if mode == "on" {
        telemetry.on()?;
        return Ok(());
    }
    telemetry.record(&Run { worked: true, tries: 3 });
    telemetry.record(&Later { worked: true });
    let report = telemetry.send_now(Instant::now() + Duration::from_secs(60))?;
    println!("sent {}", report.map_or(0, |report| report.sent));
    Ok(())
}
