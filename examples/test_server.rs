//! A server that reports as Testsigma's document says: an is-alive ping at its
//! first start and every 12 hours, and the twelve documented requests.
//!
//!     cargo run --release --example test_server
//!     cargo run --release --example test_server -- telemetry status
//!     cargo run --release --example test_server -- --serve --receiver http://127.0.0.1:8080/
//!
//! Without `--serve` it plays a day through with a clock of its own, against a
//! receiver on this machine that it starts itself, and ends. It keeps its
//! files where a program named `testsigma-example` has them (on Linux
//! `~/.local/share/testsigma-example` and `~/.config/testsigma-example`), or
//! below `--home`.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, SystemTime};

use clap::{CommandFactory, Parser, Subcommand};
use telemetry_cli::Io;
use telemetry_core::export::{Deliver, End};
use telemetry_core::testing::RecordingReceiver;
use telemetry_core::{Builder, Recorded};
use telemetry_examples::deliver_now;
use telemetry_examples::test_server::{DataSource, PERIOD, Server, settings, with_receiver};

#[derive(Parser)]
#[command(name = "test_server", about = "A server with the telemetry that Testsigma documents")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Keeps running, as a server does, until it is stopped
    #[arg(long)]
    serve: bool,
    /// Keeps everything below this folder
    #[arg(long, global = true)]
    home: Option<PathBuf>,
    /// Where a server's events go; without it they stay on this machine
    #[arg(long, requires = "serve")]
    receiver: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Shows, switches off and erases what was collected
    #[command(subcommand)]
    Telemetry(telemetry_cli::Command),
}

/// How the administrator gets at the `telemetry` command of this program.
const COMMAND: &str = "cargo run --release --example test_server -- telemetry";

/// Often enough for `lastUpTime`, and rare enough to be no load.
const SIGN_OF_LIFE: Duration = Duration::from_secs(60);

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.command {
        Some(Command::Telemetry(command)) => {
            return command.run_in(Cli::command, server_settings(&cli), &mut Io::of_process());
        }
        None if cli.serve => serve(&cli),
        None => play(&cli),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("test_server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn server_settings(cli: &Cli) -> Builder {
    settings(cli.home.as_deref()).command(COMMAND).on_error(|error| eprintln!("telemetry: {error}"))
}

fn serve(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let mut builder = server_settings(cli);
    if let Some(url) = &cli.receiver {
        builder = with_receiver(builder, url, Deliver::every(5 * MINUTE))?;
    }
    let (server, _) = Server::start(builder, SystemTime::now())?;
    println!("{}\nStop it with Ctrl-C; look into {}", server.telemetry().why(), folder(&server));
    loop {
        thread::sleep(SIGN_OF_LIFE);
        server.tick(SystemTime::now());
    }
}

fn play(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let receiver = RecordingReceiver::answering([])?;
    let builder = || with_receiver(server_settings(cli), &receiver.url("/"), Deliver::at_start());
    let telemetry = builder()?.build()?;
    println!("{}\n", telemetry.why());
    if !telemetry.is_on() {
        println!("So nothing is recorded, and the receiver was not called. Nothing else to show.");
        return Ok(());
    }
    // The played clock runs ahead of the real one, so that the pings of an
    // earlier play would seem to lie in the future.
    Server::forget_pings(telemetry.folder())?;
    drop(telemetry);

    let start = SystemTime::now();
    let (server, ping) = Server::start(builder()?, start)?;
    said("the first start", ping);
    drop(server);
    let (server, ping) = Server::start(builder()?, start + MINUTE)?;
    said("a minute later, started again", ping);
    said("11 hours later", server.tick(start + 11 * HOUR));
    // The jitter is a tenth of the period at most.
    said("13 hours and a half later", server.tick(start + 13 * HOUR + 30 * MINUTE));
    let source = DataSource {
        url: "postgres://jane:hunter2@payroll.corp.example/salaries".to_owned(),
        rows: vec!["Jane Doe,7100".to_owned()],
    };
    let stored = server.work(&source).into_iter().filter(|recorded| recorded.is_stored()).count();
    println!("a tester's morning                 {stored} requests\n");
    let report = deliver_now(server.telemetry())?;
    println!("What the receiver got, in this order:");
    for received in receiver.requests() {
        println!("  {}", String::from_utf8_lossy(&received.body));
    }
    if report.is_some_and(|report| report.end == End::Waiting) {
        // One request for each event, as documented, comes up to the limit fast.
        println!(
            "  The rest waits: a program calls at most 15 times a minute. Run this again then."
        );
    }
    println!("\nWhat the server knew, and no event holds:");
    println!("  data source  {}\n  row          {}\n", source.url, source.rows.join(", "));
    switch_off(&server, &source, &receiver, start)?;
    Server::forget_pings(server.telemetry().folder())?;
    epilogue(&server)
}

fn said(when: &str, recorded: Option<Recorded>) {
    println!("{when:<34} {}", if recorded.is_some() { "ping" } else { "no ping is due" });
}

/// The administrator's switch, checked and unchecked again.
fn switch_off(
    server: &Server,
    source: &DataSource,
    receiver: &RecordingReceiver,
    start: SystemTime,
) -> Result<(), Box<dyn Error>> {
    let before = receiver.requests().len();
    server.disable_telemetry(true)?;
    println!("The administrator checks \"Disable Telemetry\", and the server goes on:");
    let ping = server.tick(start + 4 * PERIOD);
    let denied = server.work(source).into_iter().filter(|recorded| *recorded == Recorded::Denied);
    println!("  ping {}, requests denied: {}", ping.map_or("none", |_| "sent"), denied.count());
    deliver_now(server.telemetry())?;
    println!("  calls of the receiver: {}", receiver.requests().len() - before);
    println!("  {}\n", server.telemetry().why());
    server.disable_telemetry(false)?;
    Ok(())
}

fn epilogue(server: &Server) -> Result<(), Box<dyn Error>> {
    println!(
        "Where this is stricter than the documented server:\n\
         - serverUuid is random and made with the first event that consent lets through; the\n\
         \x20 document's sample is a UUID of version 1, made of a clock and a network address\n\
         - the switch stops every event, erases what waits, and holds over restarts\n\
         - a field takes a number, a time or a value of a closed list: text does not compile\n\
         - what could not be delivered waits in files that you can read, and is counted\n"
    );
    println!("What was sent      {COMMAND} show --sent");
    println!("What is stored     {}", folder(server));
    println!("Why on or off      {COMMAND} why");
    println!("The switch         {}", server.telemetry().choice()?.path().display());
    println!("Off for one run    DO_NOT_TRACK=1");
    Ok(())
}

fn folder(server: &Server) -> String {
    server.telemetry().folder().display().to_string()
}
