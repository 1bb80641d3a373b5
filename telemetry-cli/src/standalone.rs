//! The `telemetry` binary: looks at the telemetry of any program.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use telemetry_core::Telemetry;

use crate::exit::Stop;
use crate::io::Io;
use crate::{Command, EXIT_CODES, Scrub, View, exit};

/// Shows, stops and erases the telemetry of a program on this machine.
///
/// It opens the program's folders and its user's choice. It cannot know what
/// only the program itself knows: its own variables and config file, its
/// notice, its default, its receiver, the list of its events. A program that
/// has `telemetry` as a subcommand of its own says more there.
#[derive(Debug, Parser)]
#[command(name = "telemetry", version, after_help = EXIT_CODES)]
struct Cli {
    /// The program's name, as its folders have it; not needed for files alone
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// The folder in which the program keeps its telemetry, if not the usual one
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
    #[command(subcommand)]
    command: Standalone,
}

#[derive(Debug, clap::Subcommand)]
enum Standalone {
    #[command(flatten)]
    Program(Command),
    #[command(after_help = EXIT_CODES)]
    Scrub(Scrub),
}

/// Runs the binary.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A reader that went away (`--help | head`) is no error.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut io = Io::of_process();
    let subcommand = match cli.command {
        Standalone::Program(command) => command,
        Standalone::Scrub(scrub) => return exit::finish(scrub.run(&mut io), &mut io),
    };
    if let Some(outcome) = subcommand.run_alone(&mut io) {
        return exit::finish(outcome, &mut io);
    }
    let Some(app) = cli.app else {
        let stop = Stop::usage(
            "it is not known whose telemetry to look at",
            "name the program: `telemetry --app NAME ...`",
        );
        return exit::finish(Err(stop), &mut io);
    };
    let mut command = format!("telemetry --app {app}");
    let mut builder = Telemetry::builder(&app);
    if let Some(home) = &cli.home {
        command.push_str(&format!(" --home {}", home.display()));
        builder = builder.home(home);
    }
    match builder.command(command).build() {
        Ok(telemetry) => subcommand.run_from(&telemetry, View::Outside, &mut io),
        Err(error) => exit::finish(Err(error.into()), &mut io),
    }
}
