//! The dictionary as a page.

use telemetry_schema::dictionary;

use super::source::{LoadedSchema, SchemaSource};
use crate::exit::{CommandResult, Exit};
use crate::io::Io;

/// Which page.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Docs {
    /// One HTML page that needs nothing else, and can be searched
    #[arg(long, group = "form")]
    html: bool,
    /// JSON
    #[arg(long, group = "form")]
    json: bool,
    /// The page PRIVACY.md; this is what is printed without a choice
    #[arg(long, group = "form")]
    markdown: bool,
    #[command(flatten)]
    pub(super) source: SchemaSource,
}

/// The form of a page.
#[derive(Clone, Copy, Debug)]
pub(super) enum PageForm {
    Html,
    Json,
    Markdown,
}

impl Docs {
    pub(super) fn run(&self, from: LoadedSchema, io: &mut Io<'_>) -> CommandResult {
        let form = match (self.html, self.json) {
            (true, _) => PageForm::Html,
            (_, true) => PageForm::Json,
            _ => PageForm::Markdown,
        };
        write(io, &from, form)
    }
}

pub(super) fn write(io: &mut Io<'_>, from: &LoadedSchema, form: PageForm) -> CommandResult {
    let out = io.out();
    match form {
        PageForm::Html => write!(out, "{}", dictionary::html(&from.schema, &from.facts))?,
        PageForm::Json => writeln!(out, "{:#}", dictionary::json(&from.schema))?,
        PageForm::Markdown => write!(out, "{}", dictionary::markdown(&from.schema, &from.facts))?,
    }
    Ok(Exit::Done)
}
