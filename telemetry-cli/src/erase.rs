//! Erasing what is stored.

use std::time::SystemTime;

use telemetry_core::export::sent;
use telemetry_core::spool::{self, Filter};

use crate::CommandContext;
use crate::exit::{CommandResult, Exit, Stop};
use crate::text::{count, visible};
use crate::time::moment;

/// What to erase; everything without a filter.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Erase {
    /// Erase the events of this name
    #[arg(long, value_name = "NAME", group = "which")]
    pub event: Option<String>,
    /// Erase the event with this id; `show` lists the ids
    #[arg(long, value_name = "ID", group = "which")]
    pub id: Option<String>,
    /// Erase the events recorded before this time: 2026-01-31T12:00:00Z, 2026-01-31, 24h, 7d
    #[arg(long, value_name = "TIME", group = "which", value_parser = moment)]
    pub before: Option<SystemTime>,
    /// Erase the log of what was sent, and no stored event
    #[arg(long, group = "which")]
    pub sent: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

impl Erase {
    pub(crate) fn run(&self, context: &mut CommandContext<'_, '_>) -> CommandResult {
        let events = if self.sent { 0 } else { self.matching(context)? };
        let log = self.erases_log() && sent::each(context.telemetry.folder())?.next().is_some();
        if !self.yes && (events > 0 || log) && !self.confirmed(context, events, log)? {
            writeln!(context.io.err(), "Nothing was erased.")?;
            return Ok(Exit::Not);
        }
        // Also when nothing was found to ask about: what cannot be read goes
        // too, and a running program may have stored something since.
        let erased = if self.sent { 0 } else { context.telemetry.erase(self.filter())? };
        if self.erases_log() {
            sent::erase(context.telemetry.folder())?;
        }
        let out = context.io.out();
        if !self.sent {
            writeln!(out, "{} erased.", count(erased, "stored event"))?;
        }
        if self.erases_log() {
            let text = if log {
                "The log of what was sent is erased."
            } else {
                "There was no log of what was sent."
            };
            writeln!(out, "{text}")?;
        }
        if self.is_all() && context.telemetry.is_on() {
            let command = context.command().to_owned();
            writeln!(context.io.err(), "Telemetry is still on; `{command} off` stops it.")?;
        }
        Ok(Exit::Done)
    }

    fn filter(&self) -> Filter<'_> {
        match (&self.event, &self.id, self.before) {
            (Some(name), _, _) => Filter::Event(name),
            (_, Some(id), _) => Filter::Id(id),
            (_, _, Some(time)) => Filter::Before(time),
            _ => Filter::All,
        }
    }

    fn is_all(&self) -> bool {
        !self.sent && self.filter() == Filter::All
    }

    fn erases_log(&self) -> bool {
        self.sent || self.is_all()
    }

    fn matching(&self, context: &CommandContext<'_, '_>) -> Result<u64, Stop> {
        // In the places and in the way in which erasing counts.
        Ok(spool::count_matching(context.telemetry.folder(), self.filter())?)
    }

    fn confirmed(
        &self,
        context: &mut CommandContext<'_, '_>,
        events: u64,
        log: bool,
    ) -> Result<bool, Stop> {
        let mut what = Vec::new();
        if events > 0 {
            what.push(count(events, "stored event"));
        }
        if log {
            what.push("the log of what was sent".to_owned());
        }
        let what = what.join(" and ");
        if !context.io.can_ask() {
            return Err(Stop::usage(
                format!("this would erase {what}, and there is nobody to ask"),
                "add --yes to erase without a question",
            ));
        }
        let folder = visible(&context.telemetry.folder().display().to_string());
        Ok(context.io.confirm(&format!("Erase {what} in {folder}? It cannot be undone."))?)
    }
}
