//! The sources of consent: their layers, where they are kept, how to change
//! them.
//!
//! It owns the names of sources and what a user is told about one. It must
//! never know how a source is read.

use std::fmt;
use std::path::PathBuf;

use crate::consent::signal::Signal;

/// The layers, from the strongest to the weakest. Any off wins over every on,
/// whatever its layer; the order decides which source is named first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Layer {
    /// How the program was started: with another user's rights, or without a
    /// folder to keep anything in.
    Start,
    /// A policy file of the organisation.
    Organisation,
    /// An environment variable, or a file of them.
    Environment,
    /// The user's config file of the program.
    UserConfig,
    /// What the user chose with `telemetry on` and `telemetry off`.
    UserChoice,
    /// What was chosen when the program was installed.
    Installation,
    /// The program runs on a build machine.
    ContinuousIntegration,
    /// What the program's author says when nobody else does.
    Default,
}

impl Layer {
    /// The name for programs: `user-choice`. It never changes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Organisation => "organisation",
            Self::Environment => "environment",
            Self::UserConfig => "user-config",
            Self::UserChoice => "user-choice",
            Self::Installation => "installation",
            Self::ContinuousIntegration => "build-machine",
            Self::Default => "default",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "the way the program was started",
            Self::Organisation => "the organisation's policy",
            Self::Environment => "the environment",
            Self::UserConfig => "the user's config file",
            Self::UserChoice => "the user's choice",
            Self::Installation => "the installation",
            Self::ContinuousIntegration => "the build machine",
            Self::Default => "the program's default",
        })
    }
}

/// Where a source is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    File(PathBuf),
    Variable(String),
    VariableIn(String, PathBuf),
    Program,
}

impl Location {
    /// The place with its line, if it has one (0 is none).
    pub(crate) fn at(&self, line: usize) -> String {
        let line = if line == 0 { String::new() } else { format!(":{line}") };
        match self {
            Self::File(path) => format!("{}{line}", path.display()),
            Self::Variable(name) => name.clone(),
            Self::VariableIn(name, path) => format!("{name} in {}{line}", path.display()),
            Self::Program => "default".to_owned(),
        }
    }
}

/// What one source says, and how much of it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) layer: Layer,
    pub(crate) location: Location,
    pub(crate) signal: Signal,
    pub(crate) weight: Weight,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// It was said in so many words.
    Said,
    /// It is a refusal because it could not be understood.
    Broken,
    /// The same, and may be gone at the next look.
    Passing,
    /// A copy: it keeps refusals, and agrees to nothing.
    Refusals,
    /// It follows from how the program was started: why, and what helps.
    Circumstance(&'static str, &'static str),
}

impl Statement {
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self.weight, Weight::Broken | Weight::Passing)
    }
}

/// Something in a source that could not be understood, and what to do about
/// it. The source counts as off until it is put right.
///
/// `Display` names the place and the remedy. It may show the name of a key and
/// never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub(crate) layer: Layer,
    pub(crate) place: String,
    pub(crate) what: String,
    pub(crate) remedy: String,
}

impl Diagnostic {
    /// The layer of the source.
    pub fn layer(&self) -> Layer {
        self.layer
    }

    /// Where it stands: a file with a line, or the name of a variable.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is wrong, as the end of a sentence that begins with the place.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What helps, as an instruction without a full stop.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}. Until that is put right, telemetry is off: {}.",
            self.place, self.what, self.remedy
        )
    }
}

/// One source among those that decided or were outweighed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub(crate) layer: Layer,
    pub(crate) location: Location,
    pub(crate) line: usize,
    pub(crate) on: bool,
    pub(crate) weight: Weight,
    pub(crate) change: String,
}

impl Source {
    pub(crate) fn new(
        statement: &Statement,
        on: bool,
        line: usize,
        purpose: Option<&str>,
        command: &str,
    ) -> Self {
        Self {
            layer: statement.layer,
            location: statement.location.clone(),
            line,
            on,
            weight: statement.weight,
            change: how_to_change(statement, on, purpose, command),
        }
    }

    /// The layer it belongs to.
    pub fn layer(&self) -> Layer {
        self.layer
    }

    /// Whether it says on.
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Where it stands: `/home/u/.config/app/telemetry.toml:3`, the name of a
    /// variable, or `default`.
    pub fn place(&self) -> String {
        self.location.at(self.line)
    }

    /// The command or the file that changes it, as an instruction without a
    /// full stop: "unset DO_NOT_TRACK".
    pub fn how_to_change(&self) -> &str {
        &self.change
    }

    /// Why it counts, as a clause: "the environment (DO_NOT_TRACK) says so".
    pub(crate) fn clause(&self) -> String {
        match self.weight {
            Weight::Circumstance(why, _) => why.to_owned(),
            Weight::Broken => format!("{self} cannot be understood"),
            Weight::Passing => format!("{self} cannot be understood at the moment"),
            Weight::Said | Weight::Refusals => format!("{self} says so"),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.location {
            Location::Program => write!(f, "{}", self.layer),
            _ => write!(f, "{} ({})", self.layer, self.place()),
        }
    }
}

fn how_to_change(statement: &Statement, on: bool, purpose: Option<&str>, command: &str) -> String {
    let to = if on { "off" } else { "on" };
    let signal = &statement.signal;
    // What was refused by its name is not agreed to by a yes to everything.
    let refused = |name: &&str| signal.purposes.get(*name).is_some_and(|answer| !answer.on);
    match (&statement.location, statement.layer) {
        _ if matches!(statement.weight, Weight::Circumstance(..)) => match statement.weight {
            Weight::Circumstance(_, remedy) => remedy.to_owned(),
            _ => String::new(),
        },
        (Location::File(_), Layer::UserChoice) if statement.is_broken() => {
            format!("run `{command} off` and then `{command} on`")
        }
        (Location::File(_), Layer::UserChoice) => match purpose.filter(refused) {
            Some(name) => format!("run `{command} on --purpose {name}`"),
            None => format!("run `{command} {to}`"),
        },
        (Location::File(path), Layer::Organisation) => {
            format!("ask who administers {}", path.display())
        }
        (Location::File(path), Layer::Installation) => {
            format!("run the installer again with the other value, or edit {}", path.display())
        }
        (Location::File(path), _) => format!("edit {}", path.display()),
        (Location::Variable(name), _) => format!("unset {name}"),
        (Location::VariableIn(name, path), _) => {
            format!("change {name} in {} and start the program again", path.display())
        }
        (Location::Program, _) => format!("run `{command} {to}`"),
    }
}
