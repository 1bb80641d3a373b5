//! What was typed, told in the words of the program: which subcommand, which
//! flags, and how much else.
//!
//! It owns the way from clap's matches to names that stand in the author's
//! [`clap::Command`]. It must never hold a text out of [`ArgMatches`]: what a
//! user typed is looked up, and never copied.
//!
//! ```
//! use clap::{Arg, ArgAction, Command};
//! use telemetry_core::command_line::CommandLine;
//! use telemetry_core::{Keys, Sanitizer, TelemetryEvent};
//!
//! /// The program ran.
//! #[derive(TelemetryEvent)]
//! #[telemetry(purpose = "product-improvement")]
//! struct Ran<'a> {
//!     #[telemetry(nested)]
//!     typed: &'a CommandLine,
//! }
//!
//! let force = Arg::new("force").long("force").action(ArgAction::SetTrue);
//! let add = Command::new("add").arg(Arg::new("name")).arg(Arg::new("url")).arg(force);
//! let tool = Command::new("tool").subcommand(Command::new("remote").subcommand(add));
//!
//! let arguments = ["tool", "remote", "add", "--force", "jane", "ssh://git@corp.example"];
//! let matches = tool.clone().try_get_matches_from(arguments)?;
//! let typed = CommandLine::new(&tool, &matches);
//! let sanitizer = Sanitizer::new(Keys::session()?);
//! assert_eq!(
//!     serde_json::to_string(&sanitizer.sanitize(&Ran { typed: &typed }))?,
//!     r#"{"typed":{"command":"remote add","flags":["force"],"positionals":2}}"#
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With clap's derive, [`parse`] is what `Parser::parse` is, and says what was
//! typed too:
//!
//! ```no_run
//! # use clap::{ArgMatches, Command, CommandFactory, Error, FromArgMatches};
//! # struct Opts;
//! # impl CommandFactory for Opts {
//! #     fn command() -> Command { Command::new("tool") }
//! #     fn command_for_update() -> Command { Command::new("tool") }
//! # }
//! # impl FromArgMatches for Opts {
//! #     fn from_arg_matches(_: &ArgMatches) -> Result<Self, Error> { Ok(Opts) }
//! #     fn update_from_arg_matches(&mut self, _: &ArgMatches) -> Result<(), Error> { Ok(()) }
//! # }
//! # impl clap::Parser for Opts {}
//! let (opts, typed) = telemetry_core::command_line::parse::<Opts>();
//! # let _: (Opts, _) = (opts, typed);
//! ```

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, Parser};

use crate::leaf::{Context, Sink};
use crate::policy::closed;
use crate::schema::{Domain, Opening};
use crate::{TelemetryFields, TelemetryValue};

/// Stands for a subcommand that the program does not know itself, as
/// `allow_external_subcommands` lets through: its name is the user's.
const EXTERNAL: &str = "[external]";

/// What clap calls the arguments of such a subcommand.
const EXTERNAL_ID: &str = "";

/// What was typed, in the words of the author's [`Command`]: for a field under
/// the policy `nested`.
///
/// Nothing that a user types can be in it. The names of subcommands and flags
/// are copied from the command, where they have to be; an alias, a shortened or
/// a short form leads to the name itself. A subcommand that the program does not
/// know (`allow_external_subcommands`) is `[external]`. A value never leaves, and
/// a flag that has its value from a default or from the environment was not typed.
///
/// A [`Command`] that a program *builds* out of what a user wrote, such as one
/// with a subcommand for each of the user's plugins or aliases, holds words of
/// the user's, and so does this then.
#[derive(Clone, PartialEq, Eq, TelemetryFields)]
#[telemetry(crate = "crate")]
pub struct CommandLine {
    /// The subcommands that were typed, by the names that the program gives
    /// them, such as `remote add`; `[external]` stands for one that it does not
    /// know. Left out when there was none.
    #[telemetry(allow)]
    command: CommandPath,
    /// The names of the flags that were typed, without their values, in the
    /// order in which the program declares them.
    #[telemetry(allow)]
    flags: Flags,
    /// How many values without a flag were typed. A longer list than 100 files
    /// or so is as good as a name.
    #[telemetry(clamp(0, 100))]
    positionals: usize,
}

impl CommandLine {
    /// What `matches` says was typed, by the names that stand in `command`: the
    /// one that was asked for these matches, or a clone of it. What is in the
    /// matches and not in the command is not told.
    pub fn new(command: &Command, matches: &ArgMatches) -> Self {
        let mut typed =
            Self { command: CommandPath(String::new()), flags: Flags(Vec::new()), positionals: 0 };
        let (mut command, mut matches) = (command, matches);
        let mut known: Vec<&Arg> = Vec::new();
        loop {
            known.retain(|argument| argument.is_global_set());
            known.extend(command.get_arguments());
            typed.take(&known, matches);
            let Some((name, below)) = matches.subcommand() else { return typed };
            let mut subcommands = command.get_subcommands();
            match subcommands.find(|known| known.get_name() == name && !is_external(below)) {
                Some(subcommand) => {
                    typed.command.push(subcommand.get_name());
                    (command, matches) = (subcommand, below);
                }
                None => {
                    typed.command.push(EXTERNAL);
                    typed.positionals += values(below, EXTERNAL_ID);
                    return typed;
                }
            }
        }
    }

    /// The same by the command of a type that derives clap's `Parser`. It takes
    /// no word of this run, and so cannot hold one.
    pub fn of<C: CommandFactory>(matches: &ArgMatches) -> Self {
        Self::new(&C::command(), matches)
    }

    /// The subcommands that were typed.
    pub fn command(&self) -> &CommandPath {
        &self.command
    }

    /// The names of the flags that were typed.
    pub fn flags(&self) -> &Flags {
        &self.flags
    }

    /// How many values without a flag were typed.
    pub fn positionals(&self) -> usize {
        self.positionals
    }

    /// Takes what was typed of the `known` arguments of one command.
    fn take(&mut self, known: &[&Arg], matches: &ArgMatches) {
        // Only of ids that are there: clap panics at others in a debug build.
        let typed: Vec<&str> = matches
            .ids()
            .map(clap::Id::as_str)
            .filter(|id| matches.value_source(id) == Some(ValueSource::CommandLine))
            .collect();
        for argument in known.iter().filter(|known| typed.contains(&known.get_id().as_str())) {
            if argument.is_positional() {
                self.positionals += values(matches, argument.get_id().as_str());
            } else {
                self.flags.push(argument);
            }
        }
    }
}

/// Whether these are the matches of a subcommand that the program does not know.
fn is_external(matches: &ArgMatches) -> bool {
    matches.ids().any(|id| id.as_str() == EXTERNAL_ID)
}

/// How many values this argument was given.
fn values(matches: &ArgMatches, id: &str) -> usize {
    matches.try_get_raw(id).ok().flatten().map_or(0, |values| values.len())
}

/// The names of subcommands out of the author's [`Command`], outermost first,
/// such as `remote add`. It may be `allow`ed; a run without a subcommand has none.
///
/// [`CommandLine::new`] alone makes one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommandPath(String);

impl CommandPath {
    /// The names, with a space between two; empty when there was no subcommand.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn push(&mut self, name: &str) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        self.0.push_str(name);
    }
}

/// The names of flags out of the author's [`Command`], each once, in the order in
/// which it declares them: the long one, or the short one where there is no long
/// one, without dashes. They may be `allow`ed.
///
/// [`CommandLine::new`] alone makes them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Flags(Vec<String>);

impl Flags {
    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    fn push(&mut self, flag: &Arg) {
        let short = || flag.get_short().map(String::from);
        let name = flag.get_long().map(str::to_owned).or_else(short);
        let name = name.unwrap_or_else(|| flag.get_id().to_string());
        // A global flag is there again in the matches of a subcommand.
        if !self.0.contains(&name) {
            self.0.push(name);
        }
    }
}

/// Text that stands in the program, as a `Literal` is: nobody but
/// [`CommandLine::new`] makes one, and it copies from the author's command.
macro_rules! words_of_the_program {
    ($($Type:ty: $DOMAIN:expr, |$this:ident, $sink:ident| $send:expr;)*) => {$(
        impl TelemetryValue for $Type {
            const DOMAIN: Domain = $DOMAIN;
            type Inner<'v> = &'v Self;

            fn inner(&self) -> &Self {
                self
            }

            fn send<R: Sink>(&self, _: Context<'_>, $sink: R) -> Result<R::Ok, R::Error> {
                let $this = self;
                $send
            }
        }

        closed! { [] $Type; }
    )*};
}
words_of_the_program! {
    CommandPath: Domain::Open(Opening::Program),
        |this, sink| if this.0.is_empty() { sink.absent() } else { sink.text(&this.0) };
    Flags: Domain::Open(Opening::Collection), |this, sink| sink.value(&this.0);
}

/// What `C::parse()` gives, and what was typed. A command line that cannot be
/// used ends the program, as there.
///
/// ```no_run
/// # use telemetry_core::command_line;
/// # fn of<Opts: clap::Parser>() {
/// let (opts, typed) = command_line::parse::<Opts>();
/// # let _ = (opts, typed);
/// # }
/// ```
pub fn parse<C: Parser>() -> (C, CommandLine) {
    try_parse_from(std::env::args_os()).unwrap_or_else(|error| error.exit())
}

/// What `C::try_parse_from(arguments)` gives, and what was typed.
///
/// # Errors
///
/// The command line cannot be used, or asked for help. [`ParseError`] is what an
/// event may say of that.
pub fn try_parse_from<C: Parser>(
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<(C, CommandLine), clap::Error> {
    let mut command = C::command();
    let mut matches = command.try_get_matches_from_mut(arguments)?;
    let typed = CommandLine::new(&command, &matches);
    match C::from_arg_matches_mut(&mut matches) {
        Ok(opts) => Ok((opts, typed)),
        Err(error) => Err(error.format(&mut command)),
    }
}

/// Why a command line could not be used: the kind of a [`clap::Error`], without
/// what was typed. It may be `allow`ed, and is one of a known set, so that it may
/// be counted too.
///
/// ```
/// use clap::{Arg, Command};
/// use telemetry_core::command_line::ParseError;
///
/// let tool = Command::new("tool").arg(Arg::new("level").long("level"));
/// let error = tool.try_get_matches_from(["tool", "--lvl=secret"]).map(drop);
/// assert_eq!(error.map_err(|error| ParseError::from(&error)), Err(ParseError::UnknownArgument));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, TelemetryValue)]
#[telemetry(crate = "crate")]
#[non_exhaustive]
pub enum ParseError {
    /// A value is none of those that are possible.
    InvalidValue,
    /// There is no such flag, or there is a value too many.
    UnknownArgument,
    /// There is no such subcommand.
    InvalidSubcommand,
    /// A flag wants `=` before its value.
    NoEquals,
    /// The program's own check refused a value.
    ValueValidation,
    /// Too many values.
    TooManyValues,
    /// Too few values.
    TooFewValues,
    /// Another number of values than the one that is wanted.
    WrongNumberOfValues,
    /// Two arguments exclude each other, or one came twice.
    ArgumentConflict,
    /// An argument is missing.
    MissingRequiredArgument,
    /// A subcommand is missing.
    MissingSubcommand,
    /// An argument is no Unicode.
    InvalidUtf8,
    /// Help was asked for: no mistake.
    DisplayHelp,
    /// Help was shown because an argument or a subcommand is missing.
    DisplayHelpOnMissingArgumentOrSubcommand,
    /// The version was asked for: no mistake.
    DisplayVersion,
    /// Input or output failed.
    Io,
    /// Something else.
    Other,
}

impl From<&clap::Error> for ParseError {
    fn from(error: &clap::Error) -> Self {
        macro_rules! same {
            ($($Kind:ident)*) => {
                match error.kind() {
                    $(ErrorKind::$Kind => Self::$Kind,)*
                    _ => Self::Other,
                }
            };
        }
        same! {
            InvalidValue UnknownArgument InvalidSubcommand NoEquals ValueValidation
            TooManyValues TooFewValues WrongNumberOfValues ArgumentConflict
            MissingRequiredArgument MissingSubcommand InvalidUtf8 DisplayHelp
            DisplayHelpOnMissingArgumentOrSubcommand DisplayVersion Io
        }
    }
}
