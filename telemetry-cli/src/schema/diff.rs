//! Two locks, compared.

use std::fs;
use std::path::Path;
use std::process::Command;

use telemetry_schema::diff::{self, Rank};

use super::source::text_of;
use crate::exit::{CommandResult, Exit, Stop};
use crate::io::Io;
use crate::text::visible_lines;

/// Which locks, and how to say what changed.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DiffArguments {
    /// The lock before: a file, or a git revision such as `main` or `HEAD~1:dir/telemetry.lock`
    #[arg(value_name = "OLD")]
    old: String,
    /// The lock now, in the same ways; the file of `--path` without it
    #[arg(value_name = "NEW")]
    new: Option<String>,
    /// Where the lock stands in a revision that names no path, from this folder
    #[arg(long, value_name = "FILE", default_value = "telemetry.lock")]
    path: String,
    /// Print it as JSON
    #[arg(long, group = "form")]
    json: bool,
    /// Print it as Markdown, for a pull request
    #[arg(long, group = "form")]
    markdown: bool,
    /// Exit with 0 unless a change has this rank or a higher one
    #[arg(long, value_name = "RANK", value_parser = rank)]
    at_least: Option<Rank>,
}

/// The rank of this name.
fn rank(name: &str) -> Result<Rank, String> {
    let known = Rank::ALL.map(Rank::name).join(", ");
    Rank::ALL.into_iter().find(|rank| rank.name() == name).ok_or(format!("one of {known}"))
}

impl DiffArguments {
    pub(super) fn run(&self, io: &mut Io<'_>) -> CommandResult {
        let old = self.lock(&self.old)?;
        let new = self.lock(self.new.as_deref().unwrap_or(&self.path))?;
        let diff = diff::compare(&old, &new);
        if self.json {
            writeln!(io.out(), "{:#}", diff.to_json())?;
        } else if self.markdown {
            write!(io.out(), "{}", visible_lines(&diff.to_markdown()))?;
        } else {
            write!(io.out(), "{}", visible_lines(&diff.to_string()))?;
        }
        let rank = diff.rank().filter(|rank| self.at_least.is_none_or(|least| *rank >= least));
        Ok(rank.map_or(Exit::Done, Exit::Changed))
    }

    fn lock(&self, name: &str) -> Result<telemetry_schema::Schema, Stop> {
        if Path::new(name).is_file() {
            let text = fs::read_to_string(name).map_err(|error| {
                Stop::failed(format!("{name} cannot be read: {error}"), "check the file's rights")
            })?;
            return text_of(name, &text);
        }
        let object = match name.contains(':') {
            true => name.to_owned(),
            // `./` makes git look from this folder and not from the top.
            false => format!("{name}:./{}", self.path),
        };
        text_of(&object, &show(name, &object)?)
    }
}

/// A file as it was at a revision, by the git command.
fn show(name: &str, object: &str) -> Result<String, Stop> {
    let remedy = "name a lock's file, or a revision in which it is; `--path` says where it stands";
    let failed = |what: String| Stop::failed(what, remedy);
    // What begins with a hyphen would be an option of git's.
    let ran = Command::new("git")
        .args(["show", "--end-of-options", object])
        .output()
        .map_err(|error| failed(format!("{name} is no file, and git cannot be run: {error}")))?;
    if !ran.status.success() {
        let said = String::from_utf8_lossy(&ran.stderr);
        let said = said.lines().next().unwrap_or("no reason given").to_owned();
        return Err(failed(format!("{name} is no file, and no revision with a lock: {said}")));
    }
    String::from_utf8(ran.stdout).map_err(|_| failed(format!("{object} is no text")))
}
