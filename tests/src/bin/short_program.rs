//! A command-line tool that is over at once: it records that it ran, and has a
//! child deliver.
//!
//! `short_program <home> <url> <number>` records the number. `short_program
//! <home> <url> send` is what the child is started with. `short_program <home>
//! <url> now` sends all that waits, and says what happened. In the environment
//! `SHORT_CA` names a file with the authority that vouches for the receiver, and
//! `SHORT_AT_MOST` how many milliseconds lie between two children. `SHORT_BOUNDS`
//! holds two numbers of milliseconds in place of the child's fifty seconds for its
//! delivery and of its minute; with `SHORT_HANGS` its transport never returns.
#![forbid(unsafe_code)]

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use telemetry_core::export::{
    Attempt, Deliver, HttpTransport, Ndjson, Receiver, Request, Response, Transport, TransportError,
};
use telemetry_core::{Builder, Telemetry, TelemetryEvent};

/// The program ran.
#[derive(TelemetryEvent)]
#[telemetry(name = "ran", purpose = "product-improvement")]
struct Ran {
    /// Which run it was.
    #[telemetry(allow)]
    number: u32,
}

/// Never returns, if it is asked to.
struct Hanging(HttpTransport);

impl Transport for Hanging {
    fn receiver(&self) -> &str {
        self.0.receiver()
    }

    fn send(&self, request: &Request, attempt: &Attempt<'_>) -> Result<Response, TransportError> {
        let answer = self.0.send(request, attempt);
        while std::env::var_os("SHORT_HANGS").is_some() {
            std::thread::park();
        }
        answer
    }

    fn ready(&self) -> Result<(), telemetry_core::Error> {
        self.0.ready()
    }

    fn cancel(&self) {
        self.0.cancel();
    }
}

fn builder(home: &str, url: &str) -> Result<Builder, Box<dyn Error>> {
    let mut http = HttpTransport::builder(url);
    if let Some(path) = std::env::var_os("SHORT_CA") {
        http = http.ca_pem(std::fs::read(path)?);
    }
    let at_most = std::env::var("SHORT_AT_MOST").ok().and_then(|text| text.parse().ok());
    let at_most = Duration::from_millis(at_most.unwrap_or(0));
    let receiver = Receiver::new("1.0.0", Ndjson, Hanging(http.build()?))
        .deliver(Deliver::by_child([home, url, "send"], at_most));
    Ok(Telemetry::builder("short-program")
        .home(home)
        .collect_in_ci(true)
        .on_by_default()
        .on_error(|error| println!("telemetry: {error}"))
        .receiver(receiver))
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [home, url, what] = arguments.as_slice() else {
        return Err("usage: short_program HOME URL WHAT".into());
    };
    let builder = builder(home, url)?;
    if telemetry_core::client::is_sender() {
        let bounds = std::env::var("SHORT_BOUNDS").ok();
        match bounds.as_deref().and_then(|bounds| bounds.split_once(',')) {
            Some((delivery, life)) => {
                let [delivery, life] =
                    [delivery.parse()?, life.parse()?].map(Duration::from_millis);
                telemetry_core::client::send_detached_within(builder, delivery, life)?;
            }
            None => telemetry_core::client::send_detached(builder)?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    if what == "now" {
        let telemetry = builder.only_on_request().build()?;
        let report = telemetry.send_now(Instant::now() + Duration::from_secs(60))?;
        println!("{report:?}");
        return Ok(ExitCode::SUCCESS);
    }
    let number = what.parse()?;
    let stored = builder.build()?.record(&Ran { number });
    println!("{stored:?}");
    Ok(ExitCode::SUCCESS)
}
