//! Showing what is stored, and what was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::num::NonZeroUsize;
use std::time::SystemTime;

use telemetry_core::export::sent::{self, Sent};
use telemetry_core::spool::{self, Stored};

use crate::CommandContext;
use crate::exit::{CommandResult, Exit, Stop};
use crate::text::{count, shorten, table, value, visible, visible_json};
use crate::time::moment;

/// Which events to show, and how.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Show {
    /// Print the lines exactly as they are stored, one JSON object each
    #[arg(long)]
    pub json: bool,
    /// Show what was sent: when, to whom, the status of the answer, the body
    #[arg(long, conflicts_with_all = ["event", "id"])]
    pub sent: bool,
    /// Only events of this name
    #[arg(long, value_name = "NAME")]
    pub event: Option<String>,
    /// Only the event with this id
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// Only from this time on: 2026-01-31T12:00:00Z, 2026-01-31 (UTC), or 24h or 7d ago
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub since: Option<SystemTime>,
    /// Only before this time, given in the same forms
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub until: Option<SystemTime>,
    /// Only the newest so many, the oldest of them first
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub last: Option<NonZeroUsize>,
}

/// The newest of what is read, no more than asked for in memory at once.
struct Newest<T> {
    most: usize,
    seen: u64,
    // What was recorded at the same time stays in the order of reading.
    kept: BTreeMap<(Option<SystemTime>, u64), T>,
}

impl<T> Newest<T> {
    fn new(most: NonZeroUsize) -> Self {
        Self { most: most.get(), seen: 0, kept: BTreeMap::new() }
    }

    fn push(&mut self, time: Option<SystemTime>, item: T) {
        self.seen += 1;
        self.kept.insert((time, self.seen), item);
        if self.kept.len() > self.most {
            self.kept.pop_first();
        }
    }

    fn into_items(self) -> impl Iterator<Item = T> {
        self.kept.into_values()
    }
}

/// What is printed when all was read: lines of JSON are printed at once.
#[derive(Default)]
struct EventTable {
    rows: Vec<Vec<String>>,
    about: About,
    shown: u64,
}

/// What the lines say beside the fields, and how much their events can tell.
#[derive(Debug, Default)]
struct About {
    origins: BTreeSet<String>,
    events: BTreeSet<String>,
}

impl About {
    fn see(&mut self, event: &Stored) {
        let id = event.installation.as_deref();
        let id = id.map_or("no installation id".to_owned(), |id| format!("installation {id}"));
        let container = if event.container { ", in a container" } else { "" };
        self.origins.insert(format!("{id}, generation {}{container}", event.generation));
        self.events.insert(event.event.clone());
    }

    /// Behind the table, for people.
    fn write(&self, context: &mut CommandContext<'_, '_>) -> io::Result<()> {
        let outside = context.is_outside();
        let out = context.io.out();
        writeln!(out)?;
        for origin in &self.origins {
            writeln!(out, "with each: {}", visible(origin))?;
        }
        let sizes = if outside { Vec::new() } else { crate::schema::linked_sizes() };
        for (name, size) in sizes.iter().filter(|(name, _)| self.events.contains(name)) {
            writeln!(out, "{} {size}", visible(name))?;
        }
        Ok(())
    }
}

impl Show {
    pub(crate) fn run(&self, context: &mut CommandContext<'_, '_>) -> CommandResult {
        if self.sent { self.sent(context) } else { self.stored(context) }
    }

    fn stored(&self, context: &mut CommandContext<'_, '_>) -> CommandResult {
        let mut newest = self.last.map(Newest::new);
        let (mut page, mut unreadable) = (EventTable::default(), 0_u64);
        for item in spool::read(context.telemetry.folder())? {
            match (item, &mut newest) {
                (Ok(event), _) if !self.wants(&event) => {}
                (Ok(event), Some(newest)) => newest.push(event.recorded(), event),
                (Ok(event), None) => self.emit(&event, &mut page, context)?,
                (Err(wrong), _) => {
                    unreadable += 1;
                    writeln!(context.io.err(), "cannot be read: {}", visible(&wrong.to_string()))?;
                }
            }
        }
        for event in newest.into_iter().flat_map(Newest::into_items) {
            self.emit(&event, &mut page, context)?;
        }
        self.finish(&page, unreadable, context)
    }

    fn emit(
        &self,
        event: &Stored,
        page: &mut EventTable,
        context: &mut CommandContext<'_, '_>,
    ) -> Result<(), Stop> {
        page.shown += 1;
        if self.json {
            return stored_line(context, &event.raw);
        }
        page.rows.push(row(event, context.io.is_terminal()));
        page.about.see(event);
        Ok(())
    }

    fn finish(
        &self,
        page: &EventTable,
        unreadable: u64,
        context: &mut CommandContext<'_, '_>,
    ) -> CommandResult {
        if !page.rows.is_empty() {
            let paint = context.io.paint();
            table(context.io.out(), paint, &["TIME", "ID", "EVENT", "FIELDS"], &page.rows)?;
            // A program reads one line for each event.
            if context.io.is_terminal() {
                page.about.write(context)?;
            }
        }
        if page.shown == 0 {
            let filtered = self.event.is_some() || self.id.is_some() || self.by_time();
            let text = if filtered { "No stored event matches." } else { "No event is stored." };
            writeln!(context.io.err(), "{text}")?;
        }
        if unreadable > 0 {
            let command = context.command().to_owned();
            let lines = count(unreadable, "line");
            writeln!(
                context.io.err(),
                "{lines} could not be read and will not be sent; `{command} erase` removes what is unreadable too."
            )?;
        }
        Ok(Exit::Done)
    }

    fn wants(&self, event: &Stored) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|w| w == is);
        same(&self.event, &event.event)
            && same(&self.id, &event.id)
            && (!self.by_time() || event.recorded().is_some_and(|time| self.covers(time)))
    }

    fn by_time(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    fn covers(&self, time: SystemTime) -> bool {
        self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time < until)
    }

    fn sent(&self, context: &mut CommandContext<'_, '_>) -> CommandResult {
        let mut newest = self.last.map(Newest::new);
        let (mut rows, mut shown) = (Vec::new(), 0_u64);
        let mut emit = |sent: &Sent, context: &mut CommandContext<'_, '_>| {
            shown += 1;
            if self.json {
                return stored_line(context, &sent.raw);
            }
            rows.push(sent_row(sent, context.io.is_terminal()));
            Ok(())
        };
        for sent in sent::each(context.telemetry.folder())? {
            let sent = sent?;
            // Written by this library alone; a time that cannot be read is shown.
            if !moment(&sent.time).map_or(true, |time| self.covers(time)) {
                continue;
            }
            match &mut newest {
                // The log is in the order of sending.
                Some(newest) => newest.push(None, sent),
                None => emit(&sent, context)?,
            }
        }
        for sent in newest.into_iter().flat_map(Newest::into_items) {
            emit(&sent, context)?;
        }
        if shown == 0 {
            let text = if self.by_time() { "Nothing was sent then." } else { "Nothing was sent." };
            writeln!(context.io.err(), "{text}")?;
        } else if !self.json {
            let paint = context.io.paint();
            let header = ["TIME", "TO", "STATUS", "BATCH", "TYPE", "BODY"];
            table(context.io.out(), paint, &header, &rows)?;
        }
        Ok(Exit::Done)
    }
}

/// The line byte for byte; on a terminal the same JSON without a character
/// that the terminal could act on.
fn stored_line(context: &mut CommandContext<'_, '_>, raw: &[u8]) -> Result<(), Stop> {
    let terminal = context.io.is_terminal();
    let out = context.io.out();
    match std::str::from_utf8(raw) {
        Ok(text) if terminal => writeln!(out, "{}", visible_json(text))?,
        _ => {
            out.write_all(raw)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}

fn row(event: &Stored, cut: bool) -> Vec<String> {
    let fields: Vec<String> = event
        .fields
        .iter()
        .map(|(name, field)| format!("{}={}", visible(name), value(field, cut)))
        .collect();
    vec![visible(&event.time), visible(&event.id), visible(&event.event), fields.join(" ")]
}

fn sent_row(sent: &Sent, cut: bool) -> Vec<String> {
    let body = match std::str::from_utf8(&sent.body) {
        Ok(text) => shorten(&visible(text.trim_end()), cut),
        Err(_) => format!(
            "{} that are no text; --json has them in base64",
            count(sent.body.len() as u64, "byte")
        ),
    };
    vec![
        visible(&sent.time),
        visible(&sent.to),
        sent.status.map_or("none".to_owned(), |status| status.to_string()),
        visible(&sent.batch),
        visible(&sent.content_type),
        body,
    ]
}
