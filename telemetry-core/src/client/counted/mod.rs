//! Events of which only the counts leave.
//!
//! It owns the way from `record` to a cell, and whether an event may be counted
//! now. It must never know what a stored line looks like.

mod book;
mod cells;
mod period;
mod sums;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use self::cells::Cells;
use self::sums::Sum;
pub(super) use self::writer::CountWriter;
use super::gate::{self, Gate};
use super::record::Recorded;
use crate::consent::Decision;
use crate::envelope::Tally;
use crate::event::TelemetryEvent;
use crate::schema::{EventSchema, Form};
use crate::slot::{Slot, SlotTable};

/// The counts of all counted events of one program.
#[derive(Debug)]
pub(super) struct Counters {
    gate: Arc<Gate>,
    counters: SlotTable<Counter>,
    /// Events are printed, and so none is counted.
    prints: bool,
}

/// The counts of one type of event.
#[derive(Debug)]
struct Counter {
    events: &'static [EventSchema],
    cells: Cells,
    /// For each variant, what the cells of a form add up.
    kinds: Box<[Box<[Sum]>]>,
    /// For each variant, whether it may be counted: see [`Counters::may_count`].
    permissions: Box<[AtomicU64]>,
}

impl Counters {
    pub(super) fn new(gate: Arc<Gate>, prints: bool) -> Self {
        Self { gate, counters: SlotTable::new(), prints }
    }

    /// Counts an event, if consent allows it. It allocates nothing, takes no lock
    /// and makes no system call: it is one atomic addition, and two for each
    /// histogram. The first event of a type makes its cells.
    ///
    /// Consent is what the last look at its sources found: the writer, which
    /// looks once a second, drops what was counted after a withdrawal.
    #[inline]
    pub(super) fn count<E: TelemetryEvent + ?Sized>(&self, slot: &Slot, event: &E) -> Recorded {
        let counter = slot.number().and_then(|number| self.counters.at(number));
        let Some(counter) = counter else { return Recorded::Dropped };
        let counter = match counter.get() {
            Some(counter) => counter,
            None => counter.get_or_init(|| Counter::new(E::SCHEMA, E::DOMAIN, E::CELLS)),
        };
        if !self.may_count(counter, event.variant()) {
            return Recorded::Denied;
        }
        let row = counter.cells.row(event.index());
        if let Some(count) = row.first() {
            sums::count(count);
        }
        if E::CELLS > 1 {
            measure(event, row);
        }
        Recorded::Counted
    }

    /// Whether events of this variant may be counted by the decision that holds.
    ///
    /// A decision has a number. The answer is kept with the number of the
    /// decision that gave it, so that it is worked out once for each.
    #[inline]
    fn may_count(&self, counter: &Counter, variant: usize) -> bool {
        let Some(permission) = counter.permissions.get(variant) else { return false };
        let number = self.gate.number();
        let known = permission.load(Ordering::Relaxed);
        if known >> 1 == number { known & 1 == 1 } else { self.ask(counter, variant, permission) }
    }

    #[cold]
    fn ask(&self, counter: &Counter, variant: usize, permission: &AtomicU64) -> bool {
        // In this order, an answer of an older decision is kept under its older
        // number, and asked for again.
        let number = self.gate.number();
        let event = counter.events.get(variant);
        let may = event.is_some_and(|event| is_counted(&self.gate.decision(), event))
            && self.gate.is_on()
            && !self.prints;
        permission.store(number << 1 | u64::from(may), Ordering::Relaxed);
        may
    }

    /// Takes all counts since the last call: the event, the index of its form
    /// (or `None` for the forms that have no cell of their own), and its row.
    fn take(&self, mut each: impl FnMut(&'static EventSchema, Option<usize>, &[u64])) {
        for counter in self.counters.iter() {
            counter.cells.take(
                |index| counter.kinds(index),
                |index, row| match index {
                    Some(index) => {
                        if let Some((event, index)) = counter.form(index) {
                            each(event, Some(index), row);
                        }
                    }
                    None => counter.events.iter().take(1).for_each(|event| each(event, None, row)),
                },
            );
        }
    }
}

/// Adds the numbers of the event's histograms to the cells of its form.
#[inline]
fn measure<E: TelemetryEvent + ?Sized>(event: &E, row: &[AtomicU64]) {
    event.measure(|sum, range, number| {
        if let (Some(cell), Some(sum)) = (row.get(sum + 1 + range), row.get(sum)) {
            sums::count(cell);
            sums::add(sum, number);
        }
    });
}

/// What a line of counts would say of this one event.
pub(crate) fn once<E: TelemetryEvent + ?Sized>(event: &E) -> Tally {
    let schema = event.schema();
    let kinds = Sum::row(schema);
    let row: Vec<AtomicU64> = kinds.iter().map(|_| AtomicU64::new(0)).collect();
    row.first().into_iter().for_each(sums::count);
    measure(event, &row);
    // A type's forms are numbered through all its variants.
    let before = E::SCHEMA.iter().take(event.variant()).filter_map(EventSchema::combinations);
    let before = usize::try_from(before.sum::<u128>()).unwrap_or(usize::MAX);
    let row: Vec<u64> = row.into_iter().map(AtomicU64::into_inner).collect();
    book::tally(schema, &kinds, event.index().checked_sub(before), &row)
}

/// Whether the event may be counted now: consent covers it, and its last day is
/// not over.
fn is_counted(decision: &Decision, event: &EventSchema) -> bool {
    gate::covers(decision, event)
        && (event.expires.is_none() || !event.is_expired(SystemTime::now()))
}

impl Counter {
    fn new(events: &'static [EventSchema], forms: usize, width: usize) -> Self {
        let top = events.iter().find_map(|event| match event.form {
            Form::Counted { top, .. } => top,
            Form::Each => None,
        });
        Self {
            events,
            cells: Cells::new(forms, width, top),
            kinds: events.iter().map(Sum::row).collect(),
            // Decisions are numbered from 1 on.
            permissions: events.iter().map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// The event of an index among all of the type, and the index of its form.
    fn form(&self, index: usize) -> Option<(&'static EventSchema, usize)> {
        let (variant, index) = self.variant(index)?;
        self.events.get(variant).map(|event| (event, index))
    }

    /// The place of the event, and the index of its form.
    fn variant(&self, mut index: usize) -> Option<(usize, usize)> {
        for (variant, event) in self.events.iter().enumerate() {
            let forms = usize::try_from(event.combinations()?).ok()?;
            match index.checked_sub(forms) {
                Some(rest) => index = rest,
                None => return Some((variant, index)),
            }
        }
        None
    }

    /// What the cells of a form add up.
    fn kinds(&self, index: usize) -> &[Sum] {
        let kinds = self.variant(index).and_then(|(variant, _)| self.kinds.get(variant));
        kinds.map(AsRef::as_ref).unwrap_or_default()
    }
}
