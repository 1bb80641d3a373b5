//! Drafts of what others ask for.

use jiff::Timestamp;
use telemetry_schema::{export, json_schema};

use super::source::{LoadedSchema, SchemaSource};
use crate::CommandContext;
use crate::exit::{CommandResult, Exit, Stop};
use crate::io::Io;

/// Which draft.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Export {
    #[arg(value_name = "FORM", value_enum)]
    form: ExportForm,
    /// Only the event of this name, for `json-schema`
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    #[command(flatten)]
    source: SchemaSource,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ExportForm {
    /// Apple's privacy manifest, PrivacyInfo.xcprivacy
    Apple,
    /// Google Play's data safety form, CSV
    Play,
    /// W3C's Data Privacy Vocabulary 2, JSON-LD: what is processed
    Dpv,
    /// What this user agreed to, as consent receipts of ISO/IEC TS 27560, JSON-LD
    Receipts,
    /// The record of processing activities by Article 30 of the GDPR, Markdown
    Article30,
    /// A registry for OpenTelemetry Weaver, YAML
    Weaver,
    /// The manifest of that registry, YAML
    WeaverManifest,
    /// TypeScript types of stored lines
    Typescript,
    /// JSON Schema of stored lines, or of one event's fields
    JsonSchema,
}

impl Export {
    pub(super) fn run_alone(&self, io: &mut Io<'_>) -> Option<CommandResult> {
        // Whose receipts they are, only the program's folders say.
        if self.form == ExportForm::Receipts {
            return None;
        }
        self.source.alone().map(|from| self.write(from?, io))
    }

    pub(super) fn run(&self, context: &mut CommandContext<'_, '_>) -> CommandResult {
        let from = self.source.read(context)?;
        if self.form != ExportForm::Receipts {
            return self.write(from, context.io);
        }
        let decision = context.telemetry.decision();
        let receipts: Vec<export::Receipt> = decision
            .receipts()
            .iter()
            .map(|receipt| export::Receipt {
                time: receipt.time(),
                notice: receipt.notice().to_owned(),
                purposes: receipt.purposes().to_vec(),
            })
            .collect();
        let now = Timestamp::now().to_string();
        let document = export::receipts(&from.schema, &from.facts, &receipts, &now);
        writeln!(context.io.out(), "{document:#}")?;
        Ok(Exit::Done)
    }

    fn write(&self, from: LoadedSchema, io: &mut Io<'_>) -> CommandResult {
        let LoadedSchema { schema, facts, .. } = &from;
        let out = io.out();
        match self.form {
            ExportForm::Apple => write!(out, "{}", export::apple(schema))?,
            ExportForm::Play => write!(out, "{}", export::play(schema))?,
            ExportForm::Dpv => writeln!(out, "{:#}", export::dpv(schema, facts))?,
            ExportForm::Receipts => {}
            ExportForm::Article30 => write!(out, "{}", export::article30(schema, facts))?,
            ExportForm::Weaver => write!(out, "{}", export::weaver(schema))?,
            ExportForm::WeaverManifest => write!(out, "{}", export::weaver_manifest(facts))?,
            ExportForm::Typescript => write!(out, "{}", export::typescript(schema))?,
            ExportForm::JsonSchema => writeln!(out, "{:#}", self.json_schema(&from)?)?,
        }
        Ok(Exit::Done)
    }

    fn json_schema(&self, from: &LoadedSchema) -> Result<serde_json::Value, Stop> {
        let Some(name) = &self.event else { return Ok(json_schema::all(&from.schema)) };
        let event = from.schema.events.iter().find(|event| event.title() == *name);
        event.map(json_schema::event).ok_or_else(|| {
            Stop::failed("no such event can be collected", "`schema` lists all of them")
        })
    }
}
