//! What the program can collect, and what is made of it.
//!
//! It owns the command line of `schema` and `verify`. It must never know an
//! event's values, nor decide what a change means: `telemetry-schema` does.

mod dictionary;
mod diff;
mod export;
mod lint;
mod source;
mod text;
mod verify;

use std::collections::BTreeSet;

use telemetry_core::schema::{self, FieldSchema, Parts};
use telemetry_schema::words;

use self::dictionary::{Docs, PageForm};
use self::diff::DiffArguments;
use self::export::Export;
use self::lint::LintArguments;
use self::source::SchemaSource;
pub use self::verify::Verify;
use crate::CommandContext;
use crate::exit::{CommandResult, Exit, Stop};
use crate::io::Io;

/// In which form to print the dictionary; as text without a choice.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Schema {
    /// Print it as JSON
    #[arg(long, group = "form")]
    pub json: bool,
    /// Print it as a Markdown page
    #[arg(long, group = "form")]
    pub markdown: bool,
    /// Only the event of this name
    #[arg(long, value_name = "NAME")]
    pub event: Option<String>,
    #[command(flatten)]
    source: SchemaSource,
    #[command(subcommand)]
    action: Option<Action>,
}

/// What else is made of the schema.
#[derive(Clone, Debug, clap::Subcommand)]
enum Action {
    /// Print the dictionary as a page: PRIVACY.md, HTML or JSON
    #[command(after_help = example!("telemetry schema docs > PRIVACY.md"))]
    Docs(Docs),
    /// Print the lock's file, which a project commits and reviews
    #[command(after_help = example!("telemetry schema lock > telemetry.lock"))]
    Lock,
    /// Say what changed between two locks, and how much it matters
    ///
    /// The exit code says the rank of the change that matters most: 0 nothing,
    /// 10 cosmetic, 11 tightened, 12 widened, 13 loosened.
    #[command(after_help = example!("telemetry schema diff main HEAD --at-least loosened"))]
    Diff(DiffArguments),
    /// Say what looks wrong although it compiles; docs/lints.md explains each
    ///
    /// The exit code is 4 if there is a finding that is not allowed.
    #[command(after_help = example!("telemetry schema lint"))]
    Lint(LintArguments),
    /// Print a draft of a form that others ask for
    #[command(after_help = example!("telemetry schema export json-schema --event run.finished"))]
    Export(Export),
}

impl Schema {
    /// Runs what needs neither the program nor its folders.
    pub(crate) fn run_alone(&self, io: &mut Io<'_>) -> Option<CommandResult> {
        match &self.action {
            Some(Action::Diff(diff)) => Some(diff.run(io)),
            Some(Action::Lint(lint)) => lint.source.alone().map(|from| lint.run(from?, io)),
            Some(Action::Docs(docs)) => docs.source.alone().map(|from| docs.run(from?, io)),
            Some(Action::Export(export)) => export.run_alone(io),
            Some(Action::Lock) => None,
            None => self.source.alone().map(|from| self.print(from?, io)),
        }
    }

    pub(crate) fn run(&self, context: &mut CommandContext<'_, '_>) -> CommandResult {
        match &self.action {
            None => {
                let from = self.source.read(context)?;
                self.print(from, context.io)
            }
            Some(Action::Docs(docs)) => {
                let from = docs.source.read(context)?;
                docs.run(from, context.io)
            }
            Some(Action::Lock) => {
                let from = SchemaSource::default().read(context)?;
                write!(context.io.out(), "{}", telemetry_schema::lock::write(&from.schema))?;
                Ok(Exit::Done)
            }
            Some(Action::Diff(diff)) => diff.run(context.io),
            Some(Action::Lint(lint)) => {
                let from = lint.source.read(context)?;
                lint.run(from, context.io)
            }
            Some(Action::Export(export)) => export.run(context),
        }
    }

    fn print(&self, mut from: source::LoadedSchema, io: &mut Io<'_>) -> CommandResult {
        if let Some(name) = &self.event {
            from.schema.events.retain(|event| event.name == *name);
            if from.schema.events.is_empty() {
                return Err(Stop::failed(
                    "no such event can be collected",
                    "`schema` without `--event` lists all",
                ));
            }
        }
        let form = match (self.json, self.markdown) {
            (true, _) => PageForm::Json,
            (_, true) => PageForm::Markdown,
            _ => {
                let paint = io.paint();
                text::write(io.out(), paint, &from.schema)?;
                return Ok(Exit::Done);
            }
        };
        dictionary::write(io, &from, form)
    }
}

/// The purposes of every linked event and field.
pub(crate) fn linked_purposes() -> BTreeSet<&'static str> {
    fn add(purposes: &mut BTreeSet<&'static str>, fields: &'static [FieldSchema]) {
        for field in fields {
            purposes.extend(field.purpose.map(|purpose| purpose.name()));
            if let Parts::Nested(fields) = field.policy.parts {
                add(purposes, fields);
            }
        }
    }
    let mut purposes = BTreeSet::new();
    for event in schema::linked() {
        purposes.insert(event.purpose.name());
        add(&mut purposes, event.fields);
    }
    purposes
}

/// What each of the program's events can tell, for `show`.
pub(crate) fn linked_sizes() -> Vec<(String, String)> {
    let schema = telemetry_core::lock::linked().unwrap_or_default();
    let size = |event: &telemetry_schema::Event| {
        words::size(event.forms(), event.millibits(), &words::openings(&event.fields))
    };
    schema.events.iter().map(|event| (event.name.clone(), size(event))).collect()
}

/// What the program's events can tell at most, for `status`.
pub(crate) fn linked_size() -> Option<String> {
    let schema = telemetry_core::lock::linked().ok()?;
    text::size(&schema)
}
