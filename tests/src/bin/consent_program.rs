//! A program with telemetry that does what it is told, a word at a time.
//!
//! `consent_program [--home FOLDER] [--config FILE] [--opt-in] [--notice seen|unseen]`
//! reads one order a line from its input and answers each with one line.
//!
//! | order | answer |
//! |---|---|
//! | `record` | `Stored`, `Denied` or `Dropped` |
//! | `record-timed` | the same, and the milliseconds that it took |
//! | `refresh`, `on`, `off` | whether telemetry is on afterwards, or the error |
//! | `why` | the reasons, on one line |
//! | `diagnostics` | what could not be understood, on one line |
//! | `told` | what the hook was told, on one line |
//! | `lost` | how many events are counted as `not-ready` |
//! | `wait` | after 1.1 seconds: the next look at the files is due |
//! | `exhaust`, `release` | takes every free file descriptor, and gives them back |
#![forbid(unsafe_code)]

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use telemetry_core::consent::Notice;
use telemetry_core::schema::Purpose;
use telemetry_core::spool::Reason;
use telemetry_core::{Telemetry, TelemetryEvent};

#[derive(TelemetryEvent)]
#[telemetry(name = "ticked", purpose = "product-improvement")]
struct Ticked {
    #[telemetry(allow)]
    number: u64,
}

fn telemetry(told: &Arc<Mutex<Vec<String>>>) -> Result<Telemetry, Box<dyn Error>> {
    let hook = Arc::clone(told);
    let mut builder = Telemetry::builder("consent-program")
        .collect_in_ci(true)
        .on_error(move |error| hook.lock().expect("no thread panicked").push(error.to_string()));
    let mut by_default = true;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--home" => builder = builder.home(value()?),
            "--config" => builder = builder.user_config(value()?),
            "--opt-in" => by_default = false,
            "--notice" => {
                let seen = value()? == "seen";
                let notice = Notice::new("1", "What this program counts.")
                    .purposes(&[Purpose::PRODUCT_IMPROVEMENT]);
                builder = builder.notice(notice, move |_| {
                    println!("notice");
                    seen
                });
            }
            other => return Err(format!("what is {other}?").into()),
        }
    }
    Ok(if by_default { builder.on_by_default() } else { builder }.build()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let telemetry = telemetry(&told)?;
    let mut number = 0;
    let mut record = || {
        number += 1;
        telemetry.record(&Ticked { number })
    };
    let mut taken = Vec::new();
    for order in std::io::stdin().lock().lines() {
        let answer = match order?.as_str() {
            "record" => format!("{:?}", record()),
            "record-timed" => {
                let start = Instant::now();
                let recorded = record();
                format!("{recorded:?} {}", start.elapsed().as_millis())
            }
            "refresh" => telemetry.refresh().to_string(),
            "on" => telemetry.on().map_or_else(|error| error.to_string(), |on| on.to_string()),
            "off" => match telemetry.off() {
                Ok(_) => telemetry.is_on().to_string(),
                Err(error) => error.to_string(),
            },
            "why" => telemetry.why().to_string().replace('\n', " "),
            "diagnostics" => {
                let decision = telemetry.decision();
                let said: Vec<_> = decision.diagnostics().iter().map(ToString::to_string).collect();
                said.join(" ")
            }
            "told" => told.lock().expect("no thread panicked").join(" "),
            "lost" => telemetry.counts()?.get(Reason::NotReady).to_string(),
            "wait" => {
                std::thread::sleep(Duration::from_millis(1_100));
                "waited".to_owned()
            }
            "exhaust" => {
                while let Ok(file) = File::open("/dev/null") {
                    taken.push(file);
                }
                "exhausted".to_owned()
            }
            "release" => {
                taken.clear();
                "released".to_owned()
            }
            order => return Err(format!("what is {order}?").into()),
        };
        println!("{answer}");
        std::io::stdout().flush()?;
    }
    Ok(())
}
