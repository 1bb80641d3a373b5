//! A program that counts events.
//!
//! `counting_program HOME finish`: counts and ends.
//! `counting_program HOME wait`: counts, says `written` once the counts are in
//! the spool, and waits to be killed.
//! `counting_program HOME on`: counts one every two milliseconds until it is
//! killed, and says after each how many there were.
#![forbid(unsafe_code)]

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use telemetry_core::{Telemetry, TelemetryEvent, TelemetryValue, spool};

#[derive(Clone, Copy, TelemetryValue)]
enum Command {
    Converge,
    Upload,
}

/// Which command ran and how it ended.
#[derive(TelemetryEvent)]
#[telemetry(name = "commands", purpose = "service", count = "day")]
struct Commands {
    #[telemetry(allow)]
    command: Command,
    #[telemetry(allow)]
    ok: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(home), Some(mode)) = (arguments.next(), arguments.next()) else {
        return Err("usage: counting_program HOME finish|wait|on".into());
    };
    let telemetry =
        Telemetry::builder("app").home(&home).with_env(|_| None).on_by_default().build()?;
    if mode == "on" {
        for n in 1_u64.. {
            telemetry.record(&Commands { command: Command::Upload, ok: true });
            println!("{n}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    for n in 0..1000 {
        telemetry.record(&Commands { command: Command::Converge, ok: n % 10 != 0 });
    }
    telemetry.record(&Commands { command: Command::Upload, ok: true });
    if mode == "wait" {
        while written(&Path::new(&home).join("telemetry"))? < 1001 {
            std::thread::sleep(Duration::from_millis(20));
        }
        println!("written");
        std::thread::sleep(Duration::from_secs(600));
    }
    Ok(())
}

fn written(folder: &Path) -> Result<u64, Box<dyn Error>> {
    let mut sum = 0;
    for event in spool::read(folder)? {
        sum += event?.counts.iter().filter_map(|form| form["count"].as_u64()).sum::<u64>();
    }
    Ok(sum)
}
