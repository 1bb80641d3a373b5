//! The `telemetry` command: what a program collects, why it may, what it sent,
//! and how to stop and erase it.
//!
//! It owns the command line. It must never know the format of a file, nor
//! decide anything itself: it asks [`Telemetry`].
//!
//! # In a program's own command line
//!
//! [`Command`] is a [`clap::Subcommand`]. A program that has it as a subcommand
//! of its own shows its user more than the `telemetry` binary can: it knows the
//! program's own variables, config file, default, notice, receiver and events.
//!
//! ```
//! use std::process::ExitCode;
//!
//! use clap::{CommandFactory, Parser};
//! use telemetry_cli::Io;
//! use telemetry_core::{Builder, Telemetry, client};
//!
//! #[derive(Parser)]
//! enum Cli {
//!     /// Does the work.
//!     Work,
//!     /// What this program collects: see it, stop it, erase it.
//!     #[command(subcommand)]
//!     Telemetry(telemetry_cli::Command),
//! }
//!
//! fn telemetry() -> Builder {
//!     Telemetry::builder("chef-workstation")
//!         .opt_out_env("CHEF_TELEMETRY_OPT_OUT")
//!         .command("chef telemetry")
//! }
//!
//! fn run(cli: Cli, io: &mut Io<'_>) -> ExitCode {
//!     match cli {
//!         Cli::Work => ExitCode::SUCCESS,
//!         Cli::Telemetry(command) => command.run_in(Cli::command, telemetry(), io),
//!     }
//! }
//!
//! let cli = Cli::parse_from(["chef", "telemetry", "path"]);
//! let mut out = Vec::new();
//! run(cli, &mut Io::new(&mut out, std::io::sink()));
//! assert!(String::from_utf8_lossy(&out).contains("chef-workstation"));
//! # run(Cli::Work, &mut Io::new(std::io::sink(), std::io::sink()));
//! ```
//!
//! # Exit codes
//!
//! | code | means |
//! |---|---|
//! | 0 | done |
//! | 1 | failed: the error stream says what happened, and then what to do next |
//! | 2 | the command line cannot be used, or `erase` needs `--yes` because nobody can be asked |
//! | 3 | not done, or not in effect: telemetry is off (`status`, `on`, `send`), or the answer was no (`erase`) |
//! | 4 | something was found (`schema lint`, `verify`, `scrub --check`) |
//! | 10 to 13 | what telemetry can say has changed (`schema diff`): cosmetic, tightened, widened, loosened |
//!
//! # In a tool whose first argument is a value
//!
//! `fd PATTERN` has no room for a subcommand: see [`flag`].
//!
//! # Features
//!
//! `completions`, on by default: the hidden commands `completions` and `man`.
//!
//! # Output
//!
//! Results go to the standard output, everything else to the standard error.
//! Colours and cut values are for terminals alone; `NO_COLOR` is honoured. What
//! comes from stored data is escaped, so that it cannot command the terminal.
//! A pipe that the reader closes (`| head`) is no error.
#![forbid(unsafe_code)]

#[macro_use]
mod help;

mod apps;
mod ask;
mod choice;
mod consent;
mod document;
mod drops;
mod erase;
mod exit;
pub mod flag;
mod io;
#[cfg(feature = "completions")]
mod pages;
mod schema;
mod scrub;
mod secret;
mod send;
mod show;
mod standalone;
mod status;
mod text;
mod time;

use std::process::ExitCode;

use telemetry_core::{Builder, Telemetry};

pub use self::ask::{ask, ask_with};
pub use self::document::Output;
pub use self::erase::Erase;
use self::exit::CommandResult;
pub use self::io::Io;
#[cfg(feature = "completions")]
pub use self::pages::{Completions, Man};
pub use self::schema::{Schema, Verify};
pub use self::scrub::Scrub;
pub use self::send::SendNow;
pub use self::show::Show;
#[doc(hidden)]
pub use self::standalone::main;

/// What a user can do about the telemetry of a program.
#[derive(Clone, Debug, clap::Subcommand)]
#[command(after_help = exit_codes!())]
#[expect(clippy::large_enum_variant, reason = "there is one, made once")]
pub enum Command {
    /// Whether telemetry is on, who decided, and what is stored
    #[command(after_help = example!("telemetry status --json | jq -r .state"))]
    Status(Output),
    /// Why it is on or off: which source decided, what it outweighs, how to change it
    #[command(after_help = example!("telemetry why"))]
    Why(Output),
    /// Agree to telemetry
    #[command(after_help = example!("telemetry on --purpose diagnostics"))]
    On {
        /// Agree to this purpose alone; `purposes` lists them
        #[arg(long, value_name = "PURPOSE")]
        purpose: Option<String>,
    },
    /// Refuse telemetry, and erase what is stored
    ///
    /// The refusal is on the disk, safe from a power cut, before the first
    /// event is erased. A running program notices it with the first event that
    /// comes a second or more later.
    #[command(after_help = example!("telemetry off --purpose model-training"))]
    Off {
        /// Refuse this purpose alone; `purposes` lists them
        #[arg(long, value_name = "PURPOSE")]
        purpose: Option<String>,
    },
    /// For which purposes data is collected, and why each is on or off
    #[command(after_help = example!("telemetry purposes"))]
    Purposes(Output),
    /// What the program tells its users, and what you agreed to and when
    #[command(after_help = example!("telemetry notice"))]
    Notice(Output),
    /// The stored events, as they are waiting to be sent, or what was sent
    #[command(after_help = example!("telemetry show --last 10"))]
    Show(Show),
    /// Print the folder with everything that was collected
    #[command(after_help = example!("ls $(telemetry path)"))]
    Path,
    /// Erase stored events, and the log of what was sent
    #[command(after_help = example!("telemetry erase --before 7d"))]
    Erase(Erase),
    /// Every event that the program can collect, field by field
    #[command(after_help = example!("telemetry schema --event run.finished"))]
    Schema(Schema),
    /// Check stored lines against the schema: `verify --schema telemetry.lock events.ndjson`
    ///
    /// It names the line and the field, and never a value.
    #[command(after_help = example!("telemetry verify --schema telemetry.lock events.ndjson"))]
    Verify(Verify),
    /// Send what waits, now, and say what happened
    #[command(after_help = example!("telemetry send --timeout 5"))]
    Send(SendNow),
    /// Start new pseudonyms that cannot be linked to the old ones
    ///
    /// A pseudonym stands for a name (a host, a user) and is the same each
    /// time, so that events about one host can be counted together. This
    /// replaces the secret behind them: the same host gets another pseudonym
    /// from now on, nobody can join the two, and the old secret is erased.
    /// The id of the installation is made from the secret too, and changes
    /// with it. Stored and sent events keep what they have.
    #[command(after_help = example!("telemetry rotate"))]
    Rotate,
    /// Print completions for a shell
    ///
    /// They are those of the whole program, as its author's command line says.
    #[cfg(feature = "completions")]
    #[command(hide = true, after_help = example!("telemetry completions bash > completions.bash"))]
    Completions(Completions),
    /// Print the manual page of these commands, or write one for each
    #[cfg(feature = "completions")]
    #[command(hide = true, after_help = example!("telemetry man | man -l -"))]
    Man(Man),
}

impl Command {
    /// Runs the command on the telemetry that `builder` sets up, and says with
    /// which code the process should end.
    ///
    /// Nothing is delivered in the background meanwhile: who opts out must not
    /// thereby send what is waiting. `send` alone sends. The notice is not shown
    /// by this run either; `notice` prints it.
    pub fn run_with(&self, builder: Builder, io: &mut Io<'_>) -> ExitCode {
        if let Some(outcome) = self.run_alone(io) {
            return exit::finish(outcome, io);
        }
        if matches!(self, Self::Send(_)) && telemetry_core::client::is_sender() {
            // The child of a program that ended long ago: nobody reads its output.
            return match telemetry_core::client::send_detached(builder) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => exit::finish(Err(error.into()), io),
            };
        }
        match builder.only_on_request().build() {
            Ok(telemetry) => self.run(&telemetry, io),
            Err(error) => exit::finish(Err(error.into()), io),
        }
    }

    /// The same in a program whose whole command line is `program`, which
    /// completions and manual pages are made of: `Cli::command` of a
    /// [`clap::CommandFactory`]. It is called for these alone.
    ///
    /// ```no_run
    /// use clap::{CommandFactory, Parser};
    /// # use telemetry_core::Telemetry;
    ///
    /// #[derive(Parser)]
    /// #[command(name = "chef")]
    /// enum Cli {
    ///     /// What this program collects: see it, stop it, erase it.
    ///     #[command(subcommand)]
    ///     Telemetry(telemetry_cli::Command),
    /// }
    ///
    /// fn main() -> std::process::ExitCode {
    ///     let Cli::Telemetry(command) = Cli::parse();
    ///     let builder = Telemetry::builder("chef").command("chef telemetry");
    ///     // `chef telemetry completions bash`, `chef telemetry man`
    ///     command.run_in(Cli::command, builder, &mut telemetry_cli::Io::of_process())
    /// }
    /// ```
    pub fn run_in(
        &self,
        program: impl FnOnce() -> clap::Command,
        builder: Builder,
        io: &mut Io<'_>,
    ) -> ExitCode {
        match self.print_page(program, io) {
            Some(outcome) => exit::finish(outcome, io),
            None => self.run_with(builder, io),
        }
    }

    #[cfg(feature = "completions")]
    fn print_page(
        &self,
        program: impl FnOnce() -> clap::Command,
        io: &mut Io<'_>,
    ) -> Option<CommandResult> {
        match self {
            Self::Completions(completions) => Some(completions.run(program(), io)),
            Self::Man(man) => Some(man.run(program(), io)),
            _ => None,
        }
    }

    #[cfg(not(feature = "completions"))]
    fn print_page(
        &self,
        _program: impl FnOnce() -> clap::Command,
        _io: &mut Io<'_>,
    ) -> Option<CommandResult> {
        None
    }

    /// Runs the command on telemetry that was built already. Prefer
    /// [`run_with`](Self::run_with): a [`Telemetry`] with a receiver starts to
    /// deliver as soon as it is built, unless it was built with
    /// [`Builder::only_on_request`].
    pub fn run(&self, telemetry: &Telemetry, io: &mut Io<'_>) -> ExitCode {
        self.run_from(telemetry, View::Inside, io)
    }

    fn run_from(&self, telemetry: &Telemetry, view: View, io: &mut Io<'_>) -> ExitCode {
        let outcome = self.execute(&mut CommandContext { telemetry, view, io });
        exit::finish(outcome, io)
    }

    /// Runs what is about files that were named, for which no telemetry is
    /// looked at.
    fn run_alone(&self, io: &mut Io<'_>) -> Option<CommandResult> {
        match self {
            Self::Schema(schema) => schema.run_alone(io),
            Self::Verify(verify) => verify.run_alone(io),
            #[cfg(feature = "completions")]
            Self::Completions(_) | Self::Man(_) => Some(Err(pages::unknown())),
            _ => None,
        }
    }

    fn execute(&self, context: &mut CommandContext<'_, '_>) -> CommandResult {
        match self {
            Self::Status(output) => status::status(context, *output),
            Self::Why(output) => consent::why(context, *output),
            Self::On { purpose } => choice::on(context, purpose.as_deref()),
            Self::Off { purpose } => choice::off(context, purpose.as_deref()),
            Self::Purposes(output) => consent::purposes(context, *output),
            Self::Notice(output) => consent::notice(context, *output),
            Self::Show(show) => show.run(context),
            Self::Path => status::path(context),
            Self::Erase(erase) => erase.run(context),
            Self::Schema(schema) => schema.run(context),
            Self::Verify(verify) => verify.run(context),
            Self::Send(send) => send.run(context),
            Self::Rotate => secret::rotate(context),
            #[cfg(feature = "completions")]
            Self::Completions(_) | Self::Man(_) => Err(pages::unknown()),
        }
    }
}

/// From where the telemetry of a program is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    /// By the program itself, which knows all its sources and events.
    Inside,
    /// By the `telemetry` binary, which knows the program's folders alone.
    Outside,
}

/// What every command is given.
struct CommandContext<'c, 'i> {
    telemetry: &'c Telemetry,
    view: View,
    io: &'c mut Io<'i>,
}

impl CommandContext<'_, '_> {
    /// The command, as the user types it: `telemetry` or `chef telemetry`.
    fn command(&self) -> &str {
        self.telemetry.command()
    }

    fn is_outside(&self) -> bool {
        self.view == View::Outside
    }
}

/// The example of the page is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
