//! The `telemetry` binary: looks at the telemetry of any program.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};
use telemetry_core::Telemetry;

use crate::exit::Stop;
use crate::io::Io;
use crate::{Command, Output, Scrub, View, apps, exit};

/// Shows, stops and erases the telemetry of a program on this machine.
///
/// It opens the program's folders and its user's choice. It cannot know what
/// only the program itself knows: its own variables and config file, its
/// notice, its default, its receiver, the list of its events. A program that
/// has `telemetry` as a subcommand of its own says more there.
#[derive(Debug, Parser)]
#[command(name = "telemetry", version, after_help = example!("telemetry --app chef-workstation status"))]
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
    /// The programs of yours that keep telemetry by this library
    ///
    /// It looks where programs have their data and their config, and knows a
    /// folder by what is in it. A program with a folder elsewhere is not listed.
    #[command(after_help = example!("telemetry apps"))]
    Apps(Output),
    #[command(after_help = example!("telemetry scrub build.log --output clean.log"))]
    Scrub(Scrub),
}

/// The whole command line. What an author's program hides, because a program's
/// author packages it, is for everybody here.
fn command_line() -> clap::Command {
    let shown = ["completions", "man"];
    let command = Cli::command();
    shown.into_iter().fold(command, |command, name| match command.find_subcommand(name) {
        Some(_) => command.mut_subcommand(name, |subcommand| subcommand.hide(false)),
        None => command,
    })
}

fn parse() -> Result<Cli, clap::Error> {
    let mut command = command_line();
    let mut matches = command.try_get_matches_from_mut(std::env::args_os())?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

/// Runs the binary.
pub fn main() -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A reader that went away (`--help | head`) is no error.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut io = Io::of_process();
    let outcome = match cli.command {
        Standalone::Apps(output) => apps::apps(output, &mut io),
        Standalone::Scrub(scrub) => scrub.run(&mut io),
        Standalone::Program(command) => {
            return look(&command, cli.app.as_deref(), cli.home.as_deref(), &mut io);
        }
    };
    exit::finish(outcome, &mut io)
}

/// Runs a command on the folders of the program `app`.
fn look(subcommand: &Command, app: Option<&str>, home: Option<&Path>, io: &mut Io<'_>) -> ExitCode {
    let alone = subcommand.print_page(command_line, io).or_else(|| subcommand.run_alone(io));
    if let Some(outcome) = alone {
        return exit::finish(outcome, io);
    }
    let Some(app) = app else {
        let stop = Stop::usage(
            "it is not known whose telemetry to look at",
            "name the program: `telemetry --app NAME ...`; `telemetry apps` lists yours",
        );
        return exit::finish(Err(stop), io);
    };
    let mut command = apps::command(app);
    let mut builder = Telemetry::builder(app);
    if let Some(home) = home {
        command.push_str(&format!(" --home {}", home.display()));
        builder = builder.home(home);
    }
    match builder.command(command).build() {
        Ok(telemetry) => subcommand.run_from(&telemetry, View::Outside, io),
        Err(error) => exit::finish(Err(error.into()), io),
    }
}
