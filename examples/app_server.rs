//! An installer and a server that report as Appsmith's document says, through
//! Segment: the installation, the keep-alive every 6 hours, which plugins are
//! used, and the client's events for who agrees to them.
//!
//!     cargo run --release --example app_server
//!     cargo run --release --example app_server -- telemetry status
//!     cargo run --release --example app_server -- --serve --receiver https://segment.example/v1/batch
//!
//! Without `--serve` it plays an installation and two starts through with a
//! clock of its own, against a receiver on this machine that it starts itself,
//! and ends. The deployment folder, with `docker.env`, is `.appsmith-example`
//! in the home folder, or what `--deployment` says.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, SystemTime};

use clap::{CommandFactory, Parser, Subcommand};
use serde_json::Value;
use telemetry_cli::Io;
use telemetry_core::export::Deliver;
use telemetry_core::testing::RecordingReceiver;
use telemetry_core::{Builder, Recorded};
use telemetry_examples::app_server::{
    Action, ApplicationsPageLoad, CLIENT_USAGE, Installation, InstallationSupport, PERIOD, Server,
    SupportRequest, docker_env, settings, with_receiver,
};
use telemetry_examples::deliver_now;

#[derive(Parser)]
#[command(name = "app_server", about = "A server with the telemetry that Appsmith documents")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Keeps running, as a server does, until it is stopped
    #[arg(long)]
    serve: bool,
    /// The deployment folder, in which docker.env is
    #[arg(long, global = true)]
    deployment: Option<PathBuf>,
    /// Where a server's events go; without it they stay on this machine
    #[arg(long, requires = "serve")]
    receiver: Option<String>,
    /// Segment's key of the source
    #[arg(long, default_value = "example-write-key")]
    write_key: String,
}

#[derive(Subcommand)]
enum Command {
    /// Shows, switches off and erases what was collected
    #[command(subcommand)]
    Telemetry(telemetry_cli::Command),
}

/// How the user gets at the `telemetry` command of this program.
const COMMAND: &str = "cargo run --release --example app_server -- telemetry";

/// What `/etc/os-release` says in the document's sample.
const OS: &str = "ubuntu";

/// Who uses the server in the play.
const PERSON: &str = "Jane.Doe@corp.example";

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("app_server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<ExitCode, Box<dyn Error>> {
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    let deployment = match (&cli.deployment, home) {
        (Some(folder), _) => folder.clone(),
        (None, Some(home)) => home.join(".appsmith-example"),
        (None, None) => return Err("there is no home folder: name one with --deployment".into()),
    };
    match &cli.command {
        Some(Command::Telemetry(command)) => {
            return Ok(command.run_in(Cli::command, builder(&deployment), &mut Io::of_process()));
        }
        None if cli.serve => serve(cli, &deployment)?,
        None => play(cli, &deployment)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn builder(deployment: &Path) -> Builder {
    settings(deployment, |notice| {
        println!("{}\n", notice.text());
        true
    })
    .command(COMMAND)
    .on_error(|error| eprintln!("telemetry: {error}"))
}

fn serve(cli: &Cli, deployment: &Path) -> Result<(), Box<dyn Error>> {
    let mut builder = builder(deployment);
    if let Some(url) = &cli.receiver {
        builder = with_receiver(builder, url, &cli.write_key, Deliver::every(5 * MINUTE))?;
    }
    let server = Server::start(builder)?;
    println!("{}\nStop it with Ctrl-C.", server.telemetry().why());
    loop {
        server.tick(SystemTime::now());
        thread::sleep(MINUTE);
    }
}

fn play(cli: &Cli, deployment: &Path) -> Result<(), Box<dyn Error>> {
    let receiver = RecordingReceiver::answering([])?;
    let url = receiver.url("/v1/batch");
    let start_server = || -> Result<Server, Box<dyn Error>> {
        Ok(Server::start(with_receiver(
            builder(deployment),
            &url,
            &cli.write_key,
            Deliver::at_start(),
        )?)?)
    };
    install(deployment)?;
    let server = start_server()?;
    println!("{}\n", server.telemetry().why());
    if !server.telemetry().is_on() {
        println!("So nothing is recorded, and the receiver was not called. Nothing else to show.");
        return Ok(());
    }
    a_day(&server)?;
    deliver_now(server.telemetry())?;
    arrived(&receiver)?;
    restart_switched_off(server, deployment, &receiver, start_server)?;
    epilogue(&start_server()?, deployment)
}

/// The installation script: it ends before anything is sent, and the run that
/// shows the notice sends nothing at all.
fn install(deployment: &Path) -> Result<(), Box<dyn Error>> {
    let file = deployment.join("docker.env");
    if !file.exists() {
        fs::create_dir_all(deployment)?;
        fs::write(file, docker_env(false))?;
    }
    let telemetry = builder(deployment).build()?;
    let told = |what: &str, recorded: Recorded| println!("{what:<46} {recorded:?}");
    told("Installation Started", telemetry.record(&Installation::Started { os: OS }));
    // The script asks "Do you need support?", and the answer is empty.
    match SupportRequest::entered("") {
        Some(request) => {
            told("Installation Support", telemetry.record(&InstallationSupport::of(&request, OS)));
        }
        None => println!("Installation Support: not asked for, no event, no address"),
    }
    told("Installation Success", telemetry.record(&Installation::Success { os: OS }));
    println!();
    Ok(())
}

/// A day of the server, by a clock of its own.
fn a_day(server: &Server) -> Result<(), Box<dyn Error>> {
    // The played clock runs ahead of the real one, so that the pings of an
    // earlier play would seem to lie in the future.
    Server::forget_pings(server.telemetry().folder())?;
    let start = SystemTime::now();
    for (when, after) in [
        ("start", Duration::ZERO),
        ("3 hours later", 3 * HOUR),
        // The jitter is a tenth of the period at most.
        ("7 hours later", 7 * HOUR),
    ] {
        let ping = server.tick(start + after);
        println!("{when:<46} {}", ping.map_or("no ping is due", |_| "Instance Active"));
    }
    let answer = ["Jane Doe,7100".to_owned()];
    let action = Action::of_the_document(&answer);
    println!("{:<46} {:?}", "an action runs", server.action_ran(&action, PERSON));
    println!("{:<46} {:?}", "the client, not agreed to", server.telemetry().record(&page_load()));
    // Who agrees to what was refused draws a line, and nothing from before it is
    // sent any more: what may go, goes first.
    deliver_now(server.telemetry())?;
    let choice = server.telemetry().choice()?;
    choice.agree_to(CLIENT_USAGE.name())?;
    server.telemetry().refresh();
    println!("{:<46} {:?}\n", "the client, agreed to", server.telemetry().record(&page_load()));
    Ok(())
}

fn page_load() -> ApplicationsPageLoad<'static> {
    ApplicationsPageLoad {
        path: "/applications",
        referrer: Some("https://dev.appsmith.com/applications"),
        search: "",
        title: "Editor | Appsmith",
        url: "https://dev.appsmith.com/applications",
        locale: "en-US",
        user_agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/86.0.4240.111 Safari/537.36",
        user_id: PERSON,
    }
}

fn arrived(receiver: &RecordingReceiver) -> Result<(), Box<dyn Error>> {
    println!("What Segment would have got:");
    for received in receiver.requests() {
        let body: Value = serde_json::from_slice(&received.body)?;
        for call in body.get("batch").and_then(Value::as_array).into_iter().flatten() {
            let text = |key: &str| call.get(key).map_or("-".to_owned(), Value::to_string);
            println!("  {}  userId {}", text("event"), text("userId"));
            println!("    properties {}", text("properties"));
            println!("    context    {}", text("context"));
        }
    }
    println!("\nThe user behind each userId is {PERSON}; only this installation could tell.\n");
    Ok(())
}

/// The line in docker.env, and what a restart makes of it.
fn restart_switched_off(
    server: Server,
    deployment: &Path,
    receiver: &RecordingReceiver,
    start_server: impl Fn() -> Result<Server, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    // What was agreed to for the play is taken back.
    server.telemetry().choice()?.refuse_purpose(CLIENT_USAGE.name())?;
    Server::forget_pings(server.telemetry().folder())?;
    drop(server);
    let before = receiver.requests().len();
    println!("APPSMITH_DISABLE_TELEMETRY=true in docker.env, and a restart:");
    let file = deployment.join("docker.env");
    let kept = fs::read(&file)?;
    fs::write(&file, docker_env(true))?;
    let server = start_server()?;
    let ping = server.tick(SystemTime::now() + 4 * PERIOD);
    let action = server.action_ran(&Action::of_the_document(&[]), PERSON);
    println!("  keep-alive: {}, action: {action:?}", ping.map_or("none", |_| "recorded"));
    deliver_now(server.telemetry())?;
    println!("  calls of the receiver: {}", receiver.requests().len() - before);
    println!("  {}\n", server.telemetry().why());
    fs::write(&file, kept)?;
    Ok(())
}

fn epilogue(server: &Server, deployment: &Path) -> Result<(), Box<dyn Error>> {
    println!(
        "Where this is stricter than the documented server:\n\
         - no IP address: not as a user id, not in the context; the event of the document does\n\
         \x20 not compile (tests/ui/fail/appsmith_documented_event.rs)\n\
         - user names under a key of this installation, not as a hash that anyone can try names on\n\
         - names that users gave to applications, pages, actions and sources: dropped or hashed\n\
         - an e-mail address is in no event but the one of a request for support\n\
         - the notice comes first, and the run that shows it sends nothing\n"
    );
    println!("What was sent     {COMMAND} show --sent");
    println!("What is stored    {}", server.telemetry().folder().display());
    println!("Why on or off     {COMMAND} why");
    println!("Switch it off     {COMMAND} off");
    println!("                  {}", deployment.join("docker.env").display());
    Ok(())
}
