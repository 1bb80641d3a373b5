//! A tool whose first argument is a value, and which has its telemetry behind a
//! flag: `search_program PATTERN [PATH]`, `search_program --telemetry status`.
//!
//! In the environment `SEARCH_BY=hand` has it read its arguments without clap;
//! `SEARCH_RECEIVER` names a receiver, to which a child delivers; `SEARCH_NOTED`
//! has it record that it ran; `SEARCH_APP` gives its folders another name. They
//! are the usual ones.
#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use telemetry_cli::flag;
use telemetry_core::export::{Deliver, HttpTransport, Ndjson, Receiver};
use telemetry_core::{Builder, Telemetry, TelemetryEvent};

/// A search ended.
#[derive(TelemetryEvent)]
#[telemetry(name = "searched", purpose = "product-improvement")]
struct Searched<'a> {
    /// What was searched for.
    #[telemetry(length)]
    pattern: &'a str,
}

/// Finds files.
#[derive(Parser)]
#[command(name = "search_program")]
struct Cli {
    /// Hidden files too.
    #[arg(long, short)]
    all: bool,
    /// What to search for.
    pattern: String,
    /// Where to search.
    path: Option<PathBuf>,
}

fn telemetry() -> Builder {
    let app = std::env::var("SEARCH_APP").unwrap_or("search_program".to_owned());
    let builder = Telemetry::builder(app).command("search_program --telemetry").collect_in_ci(true);
    let Ok(url) = std::env::var("SEARCH_RECEIVER") else { return builder };
    match HttpTransport::builder(url).build() {
        Ok(transport) => builder.receiver(
            Receiver::new("1.0.0", Ndjson, transport)
                .deliver(Deliver::by_child(["--telemetry", "send"], Duration::ZERO)),
        ),
        Err(_) => builder,
    }
}

fn by_hand() -> Result<String, ExitCode> {
    if let Some(code) = flag::run(telemetry) {
        return Err(code);
    }
    let first = std::env::args_os().skip(1).find(|argument| argument != "--");
    first.map(OsString::into_string).and_then(Result::ok).ok_or(ExitCode::from(2))
}

fn by_clap() -> Result<String, ExitCode> {
    flag::parse(telemetry).map(|cli: Cli| cli.pattern)
}

fn main() -> ExitCode {
    let by_hand_alone = std::env::var_os("SEARCH_BY").is_some();
    let pattern = match if by_hand_alone { by_hand() } else { by_clap() } {
        Ok(pattern) => pattern,
        Err(code) => return code,
    };
    println!("searching for {pattern}");
    if std::env::var_os("SEARCH_NOTED").is_some()
        && let Ok(telemetry) = telemetry().build()
    {
        println!("{:?}", telemetry.record(&Searched { pattern: &pattern }));
    }
    ExitCode::SUCCESS
}
