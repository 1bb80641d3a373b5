//! A program that behaves like `chef-run` as far as its telemetry goes: it
//! takes a target and arguments, reports through the library, and then shows
//! side by side what it knew and what reached the disk.
//!
//!     cargo run --release --example chef_run -- --password hunter2 Web-1.corp.example
//!     cargo run --release --example chef_run -- telemetry status
//!
//! It connects to nobody: the target's operating system is what `--target-os`
//! says. Telemetry is delivered only when `CHEF_TELEMETRY_URL` names a
//! receiver; the documented system has one built in.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use serde_json::{Map, Value};
use telemetry_cli::Io;
use telemetry_core::export::{Deliver, HttpTransport, Ndjson, Receiver};
use telemetry_core::{
    Builder, Literal, Recorded, Telemetry, TelemetryEvent, TelemetryValue, literal, spool,
};

/// The document collects a run's data "at the start of the next": of each next
/// run, so that no time is between two senders.
const AT_MOST_EVERY: Duration = Duration::ZERO;

/// How a host is connected to.
#[derive(Clone, Copy, Debug, PartialEq, TelemetryValue, ValueEnum)]
enum Connection {
    Ssh,
    #[telemetry(rename = "winrm")]
    #[value(name = "winrm")]
    WinRm,
}

/// The operating systems that targets have.
#[derive(Clone, Copy, Debug, PartialEq, TelemetryValue, ValueEnum)]
enum TargetSystem {
    Linux,
    Windows,
    Macos,
}

/// A `chef-run` invocation ended.
#[derive(TelemetryEvent)]
#[telemetry(name = "chef_run.finished", purpose = "product-improvement")]
struct RunFinished<'a> {
    /// The command that ran, without any of its arguments.
    #[telemetry(one_of("chef-run"))]
    command: &'a str,
    /// Everything else that was typed.
    #[telemetry(drop)]
    arguments: &'a [String],
    /// The operating system that the command ran on.
    #[telemetry(allow)]
    host_system: Literal,
    /// Its version, as numbers.
    #[telemetry(with = version_numbers)]
    host_version: Option<&'a str>,
    /// SHA-256 of the target's host name, as Chef Workstation documents it. A
    /// list of common host names reverses it in seconds: the schema says so.
    #[telemetry(hash(sha256, lowercase))]
    target_sha256: &'a str,
    /// Pseudonym of the target's host name, under a key that never leaves this
    /// installation.
    #[telemetry(hash(lowercase))]
    target: &'a str,
    /// How the target was connected to.
    #[telemetry(allow)]
    connection: Connection,
    /// The target's operating system.
    #[telemetry(allow)]
    target_system: TargetSystem,
    /// How long the run took, in milliseconds.
    #[telemetry(bucket(100, 1_000, 10_000, 60_000))]
    duration_ms: u64,
}

/// `22.04` as `[22, 4]`: up to three numbers, and nothing that is not a number.
fn version_numbers(version: &Option<&str>) -> Option<(u32, Option<u32>, Option<u32>)> {
    let mut numbers = version.as_ref()?.split('.').map_while(|part| part.parse().ok());
    Some((numbers.next()?, numbers.next(), numbers.next()))
}

#[derive(Parser)]
#[command(
    name = "chef_run",
    about = "Behaves like chef-run, as far as its telemetry goes",
    args_conflicts_with_subcommands = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Option<Run>,
}

#[derive(Subcommand)]
enum Command {
    /// Shows, switches off and erases what was collected
    #[command(subcommand)]
    Telemetry(telemetry_cli::Command),
}

#[derive(Args)]
struct Run {
    /// The host to run on
    target: String,
    /// What to run there, such as `user timmy action=create`
    action: Vec<String>,
    /// The user on the target
    #[arg(long)]
    user: Option<String>,
    /// The user's password on the target
    #[arg(long)]
    password: Option<String>,
    /// How to connect
    #[arg(long, value_enum, default_value = "ssh")]
    protocol: Connection,
    /// The system that the target is taken to have: this program connects to nobody
    #[arg(long, value_enum, default_value = "linux")]
    target_os: TargetSystem,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match (cli.command, cli.run) {
        (Some(Command::Telemetry(command)), _) => {
            return match telemetry() {
                Ok(builder) => command.run_in(Cli::command, builder, &mut Io::of_process()),
                Err(error) => fail(error.as_ref()),
            };
        }
        (None, Some(run)) => converge(&run),
        (None, None) => Err("name a target: see --help".into()),
    };
    done.map_or_else(|error| fail(error.as_ref()), |()| ExitCode::SUCCESS)
}

fn fail(error: &dyn Error) -> ExitCode {
    eprintln!("chef_run: {error}");
    ExitCode::FAILURE
}

/// `$HOME/.chef-workstation`, where the documented system keeps its files.
fn home() -> Result<PathBuf, Box<dyn Error>> {
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    Ok(home.ok_or("there is no home folder: set HOME")?.join(".chef-workstation"))
}

fn telemetry() -> Result<Builder, Box<dyn Error>> {
    let home = home()?;
    let builder = Telemetry::builder("chef-workstation")
        .home(&home)
        .user_config(home.join("config.toml"))
        .opt_out_env("CHEF_TELEMETRY_OPT_OUT")
        .command("cargo run --release --example chef_run -- telemetry")
        .on_by_default()
        // An example shows its work wherever it is run; a product leaves this out.
        .collect_in_ci(true)
        .on_error(|error| eprintln!("telemetry: {error}"));
    with_receiver(builder)
}

fn with_receiver(builder: Builder) -> Result<Builder, Box<dyn Error>> {
    let Some(url) = std::env::var("CHEF_TELEMETRY_URL").ok().filter(|url| !url.is_empty()) else {
        return Ok(builder);
    };
    let transport = HttpTransport::builder(url).build()?;
    let receiver = Receiver::new(env!("CARGO_PKG_VERSION"), Ndjson, transport)
        .deliver(Deliver::by_child(["telemetry", "send"], AT_MOST_EVERY));
    Ok(builder.receiver(receiver))
}

fn converge(run: &Run) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let telemetry = telemetry()?.build()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let version = host_version();
    let mut words = String::new();
    for word in &run.action {
        words.push(' ');
        words.push_str(word);
    }
    println!("Converging {}{words} ... done.\n", run.target);
    let event = RunFinished {
        command: "chef-run",
        arguments: &arguments,
        host_system: literal!(std::env::consts::OS),
        host_version: version.as_deref(),
        target_sha256: &run.target,
        target: &run.target,
        connection: run.protocol,
        target_system: run.target_os,
        duration_ms: start.elapsed().as_millis().try_into().unwrap_or(u64::MAX),
    };
    let recorded = telemetry.record(&event);
    println!("{}\n", telemetry.why());
    if recorded == Recorded::Stored {
        show(&telemetry, &event)?;
    }
    how_to(&telemetry)
}

/// What the program knew beside what reached the disk, read back from the disk.
fn show(telemetry: &Telemetry, event: &RunFinished<'_>) -> Result<(), Box<dyn Error>> {
    let stored = spool::read(telemetry.folder())?.filter_map(Result::ok).last();
    let stored = stored.ok_or("the event is not in the spool")?;
    let absent = Map::new();
    let line: Value = serde_json::from_slice(&stored.raw)?;
    let fields = line.get("fields").and_then(Value::as_object).unwrap_or(&absent);
    let known: [(&str, String); 9] = [
        ("command", event.command.to_owned()),
        ("arguments", event.arguments.join(" ")),
        ("host_system", event.host_system.to_string()),
        ("host_version", event.host_version.unwrap_or_default().to_owned()),
        ("target_sha256", event.target_sha256.to_owned()),
        ("target", event.target.to_owned()),
        ("connection", format!("{:?}", event.connection)),
        ("target_system", format!("{:?}", event.target_system)),
        ("duration_ms", event.duration_ms.to_string()),
    ];
    println!("{:<14} {:<43} what reached the disk", "field", "what the program knew");
    for (name, knew) in known {
        let reached = fields.get(name).map_or("(absent)".to_owned(), Value::to_string);
        println!("{name:<14} {knew:<43} {reached}");
    }
    println!("\nThe line as stored:\n{}\n", String::from_utf8_lossy(&stored.raw));
    println!(
        "target_sha256 is what the documented system sends: whoever has a list of host names\n\
         reverses it. target is this library's own form: without the key in the file `secret`\n\
         nobody can, and the key never leaves this machine.\n"
    );
    Ok(())
}

fn how_to(telemetry: &Telemetry) -> Result<(), Box<dyn Error>> {
    let run = "cargo run --release --example chef_run -- telemetry";
    println!("Where it is    {}", telemetry.folder().display());
    println!("See it         {run} show");
    println!("Switch it off  {run} off");
    println!("               CHEF_TELEMETRY_OPT_OUT=1 before a single run");
    println!(
        "               [telemetry] enabled=false in {}",
        home()?.join("config.toml").display()
    );
    println!("Erase it       {run} erase --yes");
    Ok(())
}

/// The version of this machine's operating system, where a file names it.
fn host_version() -> Option<String> {
    let release = std::fs::read_to_string("/etc/os-release").ok()?;
    let line = release.lines().find_map(|line| line.strip_prefix("VERSION_ID="))?;
    Some(line.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    // The library's own event of panics is linked in when the workspace is built
    // as a whole; this program never records it.

    /// What a change lets leave is reviewed as a change of the file.
    #[test]
    fn what_telemetry_can_say_is_what_was_reviewed() {
        telemetry_core::schema_lock!("chef_run/telemetry.lock", without: ["panic"]);
    }

    #[test]
    fn the_page_for_users_is_true() {
        telemetry_core::schema_docs!(
            "chef_run/PRIVACY.md",
            without: ["panic"],
            program: "chef_run",
            command: "chef_run telemetry",
            variable: "CHEF_TELEMETRY_OPT_OUT=1",
        );
    }
}
