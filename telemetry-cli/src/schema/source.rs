//! Where a schema comes from: the program itself, or a lock's file.

use std::fs;
use std::path::{Path, PathBuf};

use telemetry_core::lock;
use telemetry_schema::Schema;
use telemetry_schema::dictionary::Facts;
use telemetry_schema::lock::parse;

use crate::CommandContext;
use crate::exit::Stop;

/// Which schema, and what it does not say itself.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct SchemaSource {
    /// Read the schema from this lock's file, not from the program
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// The program's name on the page
    #[arg(long, value_name = "NAME")]
    program: Option<String>,
    /// The command that shows and stops the program's telemetry
    #[arg(long = "telemetry-command", value_name = "COMMAND")]
    command: Option<String>,
    /// A variable of the program's own that switches telemetry off
    #[arg(long, value_name = "NAME")]
    variable: Option<String>,
    /// Who decides why data is collected
    #[arg(long, value_name = "NAME")]
    controller: Option<String>,
    /// Where questions go
    #[arg(long, value_name = "ADDRESS")]
    contact: Option<String>,
}

/// A schema, and what is known beside it.
#[derive(Debug)]
pub(crate) struct LoadedSchema {
    pub(crate) schema: Schema,
    pub(crate) facts: Facts,
    /// The purposes of the program's notice, if there is a program.
    pub(crate) noticed: Option<Vec<String>>,
}

impl SchemaSource {
    /// The schema of the file, if one is named: that needs no program.
    pub(crate) fn alone(&self) -> Option<Result<LoadedSchema, Stop>> {
        let path = self.lock.as_ref()?;
        let found = file(path).map(|schema| LoadedSchema {
            schema,
            facts: self.facts(None),
            noticed: None,
        });
        Some(found)
    }

    /// The schema of the file, or of the program.
    pub(crate) fn read(&self, context: &CommandContext<'_, '_>) -> Result<LoadedSchema, Stop> {
        if let Some(found) = self.alone() {
            return found;
        }
        if context.is_outside() {
            return Err(Stop::failed(
                "only the program itself can list the events that it can collect",
                "use the program's own `telemetry schema`, or name its lock's file with `--lock`; \
                 `show` here lists what is stored",
            ));
        }
        let schema = linked()?;
        let noticed =
            context.telemetry.choice()?.notice().map(|notice| notice.purpose_names().to_vec());
        Ok(LoadedSchema { schema, facts: self.facts(Some(context)), noticed })
    }

    fn facts(&self, context: Option<&CommandContext<'_, '_>>) -> Facts {
        let command = context.map(|context| context.command().to_owned());
        Facts {
            program: self.program.clone(),
            command: self.command.clone().or(command),
            variable: self.variable.clone(),
            controller: self.controller.clone(),
            contact: self.contact.clone(),
        }
    }
}

/// What the program can say.
pub(crate) fn linked() -> Result<Schema, Stop> {
    lock::linked().map_err(|name| {
        Stop::failed(
            format!("two events that differ are called `{name}`"),
            "this is a mistake of the program's author: events need names of their own",
        )
    })
}

/// The schema in a lock's file.
pub(crate) fn file(path: &Path) -> Result<Schema, Stop> {
    let text = fs::read_to_string(path).map_err(|error| {
        Stop::failed(
            format!("{} cannot be read: {error}", path.display()),
            "name the lock's file, which `schema_lock!` writes in the author's tests",
        )
    })?;
    text_of(&path.display().to_string(), &text)
}

/// The schema in a text, called by `name` if it cannot be read.
pub(crate) fn text_of(name: &str, text: &str) -> Result<Schema, Stop> {
    parse(text).map_err(|error| {
        Stop::failed(format!("{name}, line {}: {}", error.line(), error.what()), error.remedy())
    })
}
