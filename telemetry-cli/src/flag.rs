//! The command behind a flag, for tools whose first argument is a value.
//!
//! `fd PATTERN` searches for whatever comes first: a subcommand `telemetry` would
//! take that word away from its users. Such a tool offers `fd --telemetry status`
//! instead, and `fd telemetry` searches as before.
//!
//! The flag counts only as the *first* argument, so that nothing else on the
//! command line changes its meaning; `fd -- --telemetry` searches for it. Use
//! [`parse`] in a program that has a [`clap::Parser`], [`matches`](fn@matches) in one that
//! builds its [`clap::Command`] by hand, and [`run`] in one without clap.
//!
//! It owns how the flag is recognised. It must never know what a command does.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, FromArgMatches, Subcommand};
use telemetry_core::Builder;

use crate::Command;
use crate::io::Io;

/// The flag, as a user types it.
pub const FLAG: &str = "--telemetry";

/// The name of the argument in the program's own [`clap::Command`]: none that an
/// author gives a field of their own.
const ID: &str = "telemetry-command";

const ABOUT: &str = "What this program collects: see it, stop it, erase it";

/// Parses the program's arguments, unless the first of them is [`FLAG`]: then it
/// runs the command that follows, and gives the code to end with. So it does
/// with a mistake on the command line, after it was printed.
///
/// The program's `--help` lists the flag.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use clap::Parser;
/// use telemetry_core::{Builder, Telemetry};
///
/// /// Finds files.
/// #[derive(Parser)]
/// #[command(name = "fd")]
/// struct Cli {
///     /// What to look for.
///     pattern: String,
/// }
///
/// fn telemetry() -> Builder {
///     Telemetry::builder("fd").command("fd --telemetry")
/// }
///
/// fn main() -> ExitCode {
///     let cli: Cli = match telemetry_cli::flag::parse(telemetry) {
///         Ok(cli) => cli,
///         Err(code) => return code,
///     };
///     println!("searching for {}", cli.pattern);
///     ExitCode::SUCCESS
/// }
/// ```
///
/// A sender started by `Deliver::by_child(["--telemetry", "send"], ...)` ends in
/// here too.
///
/// # Errors
///
/// The code with which the process should end.
pub fn parse<P: clap::CommandFactory + FromArgMatches>(
    builder: impl FnOnce() -> Builder,
) -> Result<P, ExitCode> {
    let mut matches = matches(P::command, builder)?;
    P::from_arg_matches_mut(&mut matches).map_err(|error| mistake(error.format(&mut P::command())))
}

/// The same for a program that builds its [`clap::Command`] by hand.
///
/// # Errors
///
/// The code with which the process should end.
pub fn matches(
    program: impl Fn() -> clap::Command,
    builder: impl FnOnce() -> Builder,
) -> Result<ArgMatches, ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(asked) = asked(&arguments) {
        let name = program_name(&program());
        return Err(execute(&name, asked, |command, typed| {
            let program = || offering(program());
            command.run_in(program, builder().command(typed), &mut Io::of_process())
        }));
    }
    offering(program()).try_get_matches_from(arguments).map_err(mistake)
}

/// Runs the command that follows [`FLAG`], if that is the first argument, and
/// gives the code to end with; `None` if it is not. For a program that reads its
/// arguments without clap: call it first in `main`.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use telemetry_core::Telemetry;
///
/// fn main() -> ExitCode {
///     let telemetry = || Telemetry::builder("fd").command("fd --telemetry");
///     if let Some(code) = telemetry_cli::flag::run(telemetry) {
///         return code;
///     }
///     // ... what the program does
///     ExitCode::SUCCESS
/// }
/// ```
pub fn run(builder: impl FnOnce() -> Builder) -> Option<ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let asked = asked(&arguments)?;
    let name = arguments.first().map(Path::new).and_then(Path::file_stem);
    let name = name.unwrap_or(OsStr::new("program")).to_string_lossy();
    Some(execute(&name, asked, |command, typed| {
        command.run_with(builder().command(typed), &mut Io::of_process())
    }))
}

/// What follows the flag, if it is the first argument: `--telemetry status`, or
/// `--telemetry=status`.
fn asked(arguments: &[OsString]) -> Option<Vec<OsString>> {
    let (first, rest) = arguments.get(1..)?.split_first()?;
    if first == FLAG {
        return Some(rest.to_vec());
    }
    let value = first.to_str()?.strip_prefix(FLAG)?.strip_prefix('=')?;
    Some([OsString::from(value)].into_iter().chain(rest.iter().cloned()).collect())
}

/// Runs what `arguments` say, typed behind the flag of the program `name`.
fn execute(
    name: &str,
    arguments: Vec<OsString>,
    run: impl FnOnce(Command, String) -> ExitCode,
) -> ExitCode {
    let matches = commands(name).try_get_matches_from(arguments);
    match matches.and_then(|matches| Command::from_arg_matches(&matches)) {
        Ok(command) => run(command, format!("{name} {FLAG}")),
        Err(error) => mistake(error),
    }
}

/// The commands behind the flag of the program `name`, with names as they are
/// typed.
pub(crate) fn commands(name: &str) -> clap::Command {
    let own = clap::Command::new("telemetry")
        .about(ABOUT)
        .bin_name(format!("{name} {FLAG}"))
        .display_name(format!("{name}-telemetry"))
        .no_binary_name(true)
        .subcommand_required(true)
        .arg_required_else_help(true);
    Command::augment_subcommands(own)
}

fn program_name(program: &clap::Command) -> String {
    program.get_bin_name().unwrap_or(program.get_name()).to_owned()
}

/// The program's command line with the flag in its help. What is typed behind
/// other arguments is a mistake that says so.
fn offering(program: clap::Command) -> clap::Command {
    let flag = Arg::new(ID)
        .long("telemetry")
        .value_name("COMMAND")
        .num_args(0..)
        .allow_hyphen_values(true)
        .exclusive(true)
        .help(format!("{ABOUT}; must come first"));
    program.arg(flag)
}

/// The same with the commands as values of the flag, for completions: a shell
/// offers them then.
#[cfg(feature = "completions")]
pub(crate) fn with_values(program: clap::Command) -> clap::Command {
    if !program.get_arguments().any(|argument| argument.get_id() == ID) {
        return program;
    }
    let own = commands("");
    let shown = own.get_subcommands().filter(|command| !command.is_hide_set());
    let values: Vec<_> = shown
        .map(|command| {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            clap::builder::PossibleValue::new(command.get_name().to_owned()).help(about)
        })
        .collect();
    program.mut_arg(ID, |flag| flag.value_parser(values))
}

/// Prints a mistake, or the help that was asked for, and gives the code.
fn mistake(error: clap::Error) -> ExitCode {
    // A reader that went away (`--help | head`) is no error.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(2),
    }
}
