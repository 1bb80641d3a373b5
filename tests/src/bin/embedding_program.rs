//! A program with `telemetry` as a subcommand of its own, for tests of the
//! command line: `embedding_program <home> <receiver or -> work|telemetry ...`.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use telemetry_core::consent::Notice;
use telemetry_core::export::{HttpTransport, Ndjson, Receiver};
use telemetry_core::schema::Purpose;
use telemetry_core::{Builder, Error, Telemetry, TelemetryEvent};

/// A run ended.
#[derive(TelemetryEvent)]
#[telemetry(name = "run.finished", version = 3, purpose = "product-improvement")]
struct RunFinished<'a> {
    /// Subcommand that ran,
    /// never its arguments.
    #[telemetry(one_of("converge", "verify"))]
    command: &'a str,
    /// The host connected to.
    #[telemetry(hash(lowercase), domain = "host")]
    target: &'a str,
    /// Milliseconds.
    #[telemetry(bucket(100, 1_000))]
    duration_ms: u64,
    #[telemetry(drop)]
    arguments: &'a [String],
    #[telemetry(scrub, purpose = "model-training")]
    error: Option<&'a str>,
    /// What the author vouches for.
    #[telemetry(allow(because = "either a | b, both ours"))]
    vouched: &'a str,
    /// Columns.
    #[telemetry(keys(hash(sha256)), values(length))]
    columns: BTreeMap<String, String>,
}

/// A file was opened.
#[derive(TelemetryEvent)]
#[telemetry(name = "file.opened", purpose = "diagnostics")]
struct FileOpened {
    #[telemetry(allow)]
    large: bool,
}

#[derive(Parser)]
#[command(name = "embedding-program")]
struct Cli {
    home: PathBuf,
    receiver: String,
    #[command(subcommand)]
    command: What,
}

#[derive(clap::Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one, made once")]
enum What {
    /// Does some work and records two events.
    Work {
        /// What the author vouches for.
        #[arg(default_value = "harmless")]
        vouched: String,
    },
    /// What this program collects: see it, stop it, erase it.
    #[command(subcommand)]
    Telemetry(telemetry_cli::Command),
}

/// A receiver of `-` stands for none.
fn telemetry(cli: &Cli) -> Result<Builder, Error> {
    let purposes = [Purpose::PRODUCT_IMPROVEMENT, Purpose::DIAGNOSTICS, Purpose::MODEL_TRAINING];
    let builder = Telemetry::builder("embedding-program")
        .home(&cli.home)
        .command("embedding-program telemetry")
        .collect_in_ci(true)
        .purposes(&purposes);
    let builder = match std::env::var_os("TEST_NOTICE") {
        None => builder.on_by_default(),
        Some(_) => {
            let text = "We count runs.\nWe never read your files.";
            builder.notice(Notice::new("2026-01", text).purposes(&purposes), |_| true)
        }
    };
    Ok(match cli.receiver.as_str() {
        "-" => builder,
        url => {
            let transport = HttpTransport::builder(url).without_gzip().build()?;
            builder.receiver(Receiver::new("1.0.0", Ndjson, transport))
        }
    })
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let Ok(builder) = telemetry(&cli) else { return ExitCode::FAILURE };
    match &cli.command {
        What::Telemetry(command) => {
            command.run_in(Cli::command, builder, &mut telemetry_cli::Io::of_process())
        }
        What::Work { vouched } => match builder.only_on_request().build() {
            Ok(telemetry) => work(&telemetry, vouched),
            Err(_) => ExitCode::FAILURE,
        },
    }
}

fn work(telemetry: &Telemetry, vouched: &str) -> ExitCode {
    telemetry.record(&RunFinished {
        command: "converge",
        target: "Web-1.corp.example",
        duration_ms: 40,
        arguments: &["--password".to_owned(), "hunter2".to_owned()],
        error: Some("no route to 10.0.0.7"),
        vouched,
        columns: [("salary".to_owned(), "12".to_owned())].into(),
    });
    telemetry.record(&FileOpened { large: true });
    ExitCode::SUCCESS
}
