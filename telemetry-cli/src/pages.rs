//! Completions for shells and manual pages, made from the command line itself.
//!
//! It owns how they are printed and which part of a program is ours. It must
//! never know what a command does.

use std::path::{Path, PathBuf};

use clap_complete::Shell;
use clap_mangen::Man as Page;

use crate::exit::{CommandResult, Exit, Stop};
use crate::flag;
use crate::io::Io;
use crate::text::visible;

/// For which shell.
#[derive(Clone, Debug, clap::Args)]
pub struct Completions {
    /// The shell that reads them
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Which pages, and where to.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Man {
    /// The page of this command; without one, that of all of them
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
    /// Write every page into this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    pub to: Option<PathBuf>,
}

impl Completions {
    /// Those of the whole program: a shell has one script for each.
    pub(crate) fn run(&self, program: clap::Command, io: &mut Io<'_>) -> CommandResult {
        let mut program = flag::with_values(program);
        let name = program.get_bin_name().unwrap_or(program.get_name()).to_owned();
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut program, name, &mut script);
        io.out().write_all(&script)?;
        Ok(Exit::Done)
    }
}

impl Man {
    /// Those of the commands of this crate.
    pub(crate) fn run(&self, program: clap::Command, io: &mut Io<'_>) -> CommandResult {
        let mut program = program.disable_help_subcommand(true);
        program.build();
        let mut own = match ours(&program) {
            Some(own) => own.clone(),
            None => {
                let name = program.get_bin_name().unwrap_or(program.get_name());
                let mut own = flag::commands(name).disable_help_subcommand(true);
                own.build();
                own
            }
        };
        if let Some(folder) = &self.to {
            return write_all(&own, folder, io);
        }
        for name in &self.command {
            own = own.find_subcommand(name).cloned().ok_or_else(|| {
                Stop::usage(
                    format!("there is no command `{name}`"),
                    "`man` without a command names all",
                )
            })?;
        }
        let mut page = Vec::new();
        Page::new(own).render(&mut page)?;
        io.out().write_all(&page)?;
        Ok(Exit::Done)
    }
}

/// The part of a program that is [`Command`](crate::Command), wherever its
/// author put it.
fn ours(program: &clap::Command) -> Option<&clap::Command> {
    let has = |name: &&str| program.find_subcommand(name).is_some();
    if ["status", "why", "purposes", "rotate", "man"].iter().all(has) {
        return Some(program);
    }
    program.get_subcommands().find_map(ours)
}

fn write_all(command: &clap::Command, folder: &Path, io: &mut Io<'_>) -> CommandResult {
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        write_all(command, folder, io)?;
    }
    let written = Page::new(command.clone()).generate_to(folder).map_err(|error| {
        Stop::failed(
            format!("no page could be written in {}: {error}", folder.display()),
            "name a folder that is there and yours",
        )
    })?;
    writeln!(io.out(), "{}", visible(&written.display().to_string()))?;
    Ok(Exit::Done)
}

/// What the user of a program is told whose author did not say what else is on
/// its command line.
pub(crate) fn unknown() -> Stop {
    Stop::failed(
        "the rest of this program's command line is not known here",
        "its author runs the command with `telemetry_cli::Command::run_in`",
    )
}
