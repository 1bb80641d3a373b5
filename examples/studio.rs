//! Studio with the three ways of opting out that UiPath documents.
//!
//!     cargo run --release --example studio
//!     cargo run --release --example studio -- install ADDLOCAL=DesktopFeature,Studio,Robot TELEMETRY_ENABLED=0
//!     cargo run --release --example studio -- update
//!     cargo run --release --example studio -- run
//!     cargo run --release --example studio -- toggle off
//!     cargo run --release --example studio -- telemetry why
//!
//! Without a subcommand it goes through all of them, against a receiver on this
//! machine that it starts itself, and ends. It keeps its files below `--home`,
//! or else in `.studio-example` in the user's home folder.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use serde_json::{Map, Value};
use telemetry_cli::Io;
use telemetry_core::testing::RecordingReceiver;
use telemetry_core::{Recorded, Telemetry, spool};
use telemetry_examples::deliver_now;
use telemetry_examples::studio::{CRASH, Running, Studio, WORKFLOW};

type Done = Result<(), Box<dyn Error>>;

/// How to call this program, for the sentences that say what to type.
const SELF: &str = "cargo run --release --example studio --";

#[derive(Parser)]
#[command(name = "studio", about = "Studio, with the ways of opting out that UiPath documents")]
struct Cli {
    /// Keeps everything below this folder
    #[arg(long, global = true)]
    home: Option<PathBuf>,
    /// Host and port of a receiver on this machine; without it nothing is sent
    #[arg(long, global = true, value_name = "HOST:PORT")]
    receiver: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one, made once")]
enum Command {
    /// Installs Studio, with properties such as TELEMETRY_ENABLED=0
    Install { properties: Vec<String> },
    /// Updates Studio, with the same properties
    Update { properties: Vec<String> },
    /// Runs a workflow
    Run {
        /// Crashes afterwards
        #[arg(long)]
        crash: bool,
    },
    /// The Telemetry toggle under Settings > General
    Toggle { to: Toggle },
    /// What Studio collects: see it, stop it, erase it
    #[command(subcommand)]
    Telemetry(telemetry_cli::Command),
}

#[derive(Clone, Copy, ValueEnum)]
enum Toggle {
    On,
    Off,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match start(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("studio: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> Result<ExitCode, Box<dyn Error>> {
    let home = match cli.home {
        Some(home) => home,
        None => std::env::home_dir()
            .filter(|home| !home.as_os_str().is_empty())
            .ok_or("there is no home folder: set HOME, or name a folder with --home")?
            .join(".studio-example"),
    };
    let mut studio =
        Studio::in_folder(&home).command(format!("{SELF} --home {} telemetry", home.display()));
    if let Some(address) = cli.receiver {
        studio = studio.with_receiver(address);
    }
    let telemetry = |command: telemetry_cli::Command| {
        Ok(command.run_in(Cli::command, studio.settings()?, &mut Io::of_process()))
    };
    match cli.command {
        None => tour(&home.join("tour"))?,
        Some(Command::Install { properties }) => set_up(&studio, "Installed", &properties)?,
        Some(Command::Update { properties }) => set_up(&studio, "Updated", &properties)?,
        Some(Command::Run { crash }) => run(&studio, crash)?,
        Some(Command::Toggle { to: Toggle::On }) => {
            return telemetry(telemetry_cli::Command::On { purpose: None });
        }
        Some(Command::Toggle { to: Toggle::Off }) => {
            return telemetry(telemetry_cli::Command::Off { purpose: None });
        }
        Some(Command::Telemetry(command)) => return telemetry(command),
    }
    Ok(ExitCode::SUCCESS)
}

fn set_up(studio: &Studio, done: &str, properties: &[String]) -> Done {
    let on = studio.set_up(properties)?;
    println!("{done}. TELEMETRY_ENABLED is {}.", u8::from(on));
    let telemetry = studio.settings()?.only_on_request().build()?;
    println!("{}", telemetry.why());
    Ok(())
}

fn run(studio: &Studio, crash: bool) -> Done {
    let settings = studio.settings()?.on_error(|error| eprintln!("telemetry: {error}"));
    let running = studio.start(settings)?;
    let recorded = running.run(&WORKFLOW);
    println!("The workflow ended. {}\n", running.telemetry().why());
    if recorded == Recorded::Stored {
        show(running.telemetry())?;
    }
    if crash {
        let said = if running.crash(CRASH) { "reports it" } else { "has no crash reporter" };
        println!("Studio crashes, and {said}.");
    }
    Ok(())
}

/// What Studio knew beside what reached the disk, read back from the disk.
fn show(telemetry: &Telemetry) -> Done {
    let stored = spool::read(telemetry.folder())?.filter_map(Result::ok).last();
    let stored = stored.ok_or("the event is not in the spool")?;
    let absent = Map::new();
    let line: Value = serde_json::from_slice(&stored.raw)?;
    let fields = line.get("fields").and_then(Value::as_object).unwrap_or(&absent);
    let known = [
        ("component", format!("{:?}", WORKFLOW.component)),
        ("project", WORKFLOW.project.to_owned()),
        ("machine", WORKFLOW.machine.to_owned()),
        ("activities", WORKFLOW.activities.to_string()),
        ("duration_ms", WORKFLOW.duration_ms.to_string()),
        ("error", WORKFLOW.error.unwrap_or_default().to_owned()),
    ];
    println!("{:<12} {:<50} what reached the disk", "field", "what Studio knew");
    for (name, knew) in known {
        let reached = fields.get(name).map_or("(absent)".to_owned(), Value::to_string);
        println!("{name:<12} {knew:<50} {reached}");
    }
    println!();
    Ok(())
}

/// Everything that the document describes, in its order.
fn tour(home: &Path) -> Done {
    if home.exists() {
        fs::remove_dir_all(home)?;
    }
    let receiver = RecordingReceiver::answering([])?;
    let address = receiver.url("").replace("http://", "");
    let studio = Studio::in_folder(home)
        .with_receiver(address)
        .command(format!("{SELF} --home {} telemetry", home.display()));
    at_installation(&studio, &receiver)?;
    by_toggle(&studio, &receiver)?;
    by_organisation(&studio, &receiver)?;
    epilogue(&studio, home)
}

fn at_installation(studio: &Studio, receiver: &RecordingReceiver) -> Done {
    println!("== At install time\n");
    step(
        studio,
        "UiPathStudio.msi",
        &["ADDLOCAL=DesktopFeature,Studio,Robot", "TELEMETRY_ENABLED=0"],
    )?;
    work(&restart(studio)?, receiver)?;
    step(studio, "UiPathStudio.msi (an update, the parameter omitted)", &[])?;
    fs::remove_file(studio.installation())?;
    step(studio, "UiPathStudio.msi (an update of a version that had no such key)", &[])?;
    step(studio, "UiPathStudio.msi (an update)", &["TELEMETRY_ENABLED=1"])?;
    let running = restart(studio)?;
    work(&running, receiver)?;
    println!("What arrived, as it arrived. Studio knew the machine {},", WORKFLOW.machine);
    println!("the project {:?}, and both errors in full:", WORKFLOW.project);
    println!("  {}\n  {CRASH}\n", WORKFLOW.error.unwrap_or_default());
    for received in receiver.requests() {
        for line in String::from_utf8_lossy(&received.body).lines() {
            println!("  {line}");
        }
    }
    println!();
    Ok(())
}

fn by_toggle(studio: &Studio, receiver: &RecordingReceiver) -> Done {
    println!("== At user level: the toggle under Settings > General\n");
    let running = restart(studio)?;
    println!("Studio runs, and so does its crash reporter. The user switches the toggle off.");
    running.toggle(false)?;
    work(&running, receiver)?;
    println!("No restart was needed. The user switches it on again, and starts Studio anew.");
    running.toggle(true)?;
    work(&restart(studio)?, receiver)
}

fn by_organisation(studio: &Studio, receiver: &RecordingReceiver) -> Done {
    println!("== At organisation level: uipath.config\n");
    let running = restart(studio)?;
    studio.write_uipath_config(Some(false))?;
    println!("An administrator writes {}:", studio.uipath_config().display());
    println!("{}", fs::read_to_string(studio.uipath_config())?);
    println!("Studio, which is running, goes on:");
    work(&running, receiver)?;
    let on = running.toggle(true)?;
    println!(
        "The user switches the toggle on, and telemetry is {}. `telemetry why` says:",
        word(on)
    );
    println!("  {}\n", running.telemetry().why());
    step(studio, "UiPathStudio.msi (an update)", &["TELEMETRY_ENABLED=1"])?;
    println!(
        "The same in TOML, for who would rather not write XML ({}):",
        studio.organisation_policy().display()
    );
    studio.write_uipath_config(None)?;
    fs::write(studio.organisation_policy(), "[telemetry]\nenabled = false\n")?;
    println!("  {}\n", restart(studio)?.telemetry().why());
    Ok(())
}

fn step(studio: &Studio, installer: &str, properties: &[&str]) -> Done {
    println!("> {installer} {}", properties.join(" "));
    let properties: Vec<String> = properties.iter().map(|&property| property.to_owned()).collect();
    studio.set_up(&properties)?;
    println!("  {}\n", restart(studio)?.telemetry().why());
    Ok(())
}

fn restart(studio: &Studio) -> Result<Running, Box<dyn Error>> {
    let settings = studio.settings()?.on_error(|error| eprintln!("telemetry: {error}"));
    studio.start(settings)
}

/// A workflow and a crash, and what became of them.
fn work(running: &Running, receiver: &RecordingReceiver) -> Done {
    let before = receiver.requests().len();
    // A running program looks at its files once a second; the tour does not wait.
    running.telemetry().refresh();
    let recorded = running.run(&WORKFLOW);
    running.crash(CRASH);
    deliver_now(running.telemetry())?;
    let new = receiver.requests().split_off(before);
    let crashes = new.iter().filter(|received| received.path.contains("/envelope/")).count();
    println!("  workflow.finished   {recorded:?}");
    println!("  crash report        {}", if crashes > 0 { "arrived" } else { "none" });
    println!("  the receiver        was called {} times\n", new.len());
    Ok(())
}

fn word(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn epilogue(studio: &Studio, home: &Path) -> Done {
    println!(
        "Where this is stricter than the documented Studio:\n\
         - everybody can opt out, without an Enterprise licence\n\
         - no update, not even with TELEMETRY_ENABLED=1, undoes what the organisation's file\n\
         \x20 or the user's toggle says: any off wins\n\
         - the toggle works at once, also on the crash reporter, and erases what waits\n\
         - a file that cannot be understood, and a misspelt key in it, is off\n\
         - what is sent is pseudonymous, and is not called anonymous\n"
    );
    println!("See for yourself  {SELF} --home {} telemetry why", home.display());
    println!("                  {SELF} --home {} telemetry show --sent", home.display());
    println!(
        "Its files         {}",
        studio.settings()?.only_on_request().build()?.folder().display()
    );
    Ok(())
}
