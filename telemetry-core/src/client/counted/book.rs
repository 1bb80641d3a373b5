//! What was counted in the periods that are not over.
//!
//! It owns the sums, and the lines that say them. It must never know a cell,
//! nor a file.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::period;
use super::sums::Sum;
use crate::envelope::{self, CountsHeader, Origin, Tally};
use crate::schema::{EventSchema, Form, Period};

/// Sums by event and period.
#[derive(Debug, Default)]
pub(super) struct Book {
    pages: Vec<PeriodCounts>,
}

/// The counts of one event in one period.
#[derive(Debug)]
struct PeriodCounts {
    event: &'static EventSchema,
    period: Period,
    start: Timestamp,
    /// The generation of consent under which all of it was counted.
    generation: u64,
    /// Ids of the lines that say it. They stay when the counts grow, so that a
    /// line that arrives twice is recognised.
    ids: Vec<(String, u64)>,
    /// What each cell of a form adds up.
    kinds: Box<[Sum]>,
    /// The cells of each form.
    rows: BTreeMap<Option<usize>, Box<[u64]>>,
}

impl Book {
    pub(super) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// Adds to the page of `event` for the period of `now`. A page of another
    /// generation is from before a refusal, and is thrown away.
    pub(super) fn add(
        &mut self,
        event: &'static EventSchema,
        form: Option<usize>,
        row: &[u64],
        now: Timestamp,
        generation: u64,
    ) {
        let Form::Counted { period, .. } = event.form else { return };
        self.pages.retain(|page| !page.is_of(event) || page.generation == generation);
        let open = self
            .pages
            .iter_mut()
            .find(|page| page.is_of(event) && !period::is_over(period, page.start, now));
        let page = match open {
            Some(page) => page,
            None => {
                self.pages.push(PeriodCounts {
                    event,
                    period,
                    start: period::start(period, now),
                    generation,
                    ids: Vec::new(),
                    kinds: Sum::row(event),
                    rows: BTreeMap::new(),
                });
                let Some(page) = self.pages.last_mut() else { return };
                page
            }
        };
        page.add(form, row);
    }

    /// Takes out the pages of events that may not be counted any more.
    pub(super) fn keep(&mut self, may: impl Fn(&EventSchema) -> bool) {
        self.pages.retain(|page| may(page.event));
    }

    /// Takes out the pages whose period is over.
    pub(super) fn take_over(&mut self, now: Timestamp) -> Self {
        let is_over = |page: &mut PeriodCounts| period::is_over(page.period, page.start, now);
        Self { pages: self.pages.extract_if(.., is_over).collect() }
    }

    /// Every page as stored lines, and how many lines there are.
    pub(super) fn lines(
        &mut self,
        mut next_id: impl FnMut() -> (String, u64),
        origin: impl Fn(&EventSchema, Timestamp) -> Arc<Origin>,
    ) -> (Vec<u8>, u64) {
        let (mut lines, mut events) = (Vec::new(), 0);
        for page in &mut self.pages {
            let PeriodCounts { event, kinds, .. } = page;
            let origin = origin(event, page.start);
            let mut tallies =
                page.rows.iter().map(|(form, row)| tally(event, kinds, *form, row)).peekable();
            let mut number = 0;
            while tallies.peek().is_some() {
                if page.ids.len() <= number {
                    page.ids.push(next_id());
                }
                let Some((run, line)) = page.ids.get(number) else { break };
                let said = CountsHeader {
                    id: (run, *line),
                    start: page.start,
                    period: page.period.name(),
                    generation: page.generation,
                    origin: &origin,
                };
                // Writing names and numbers to memory cannot fail.
                let _ = envelope::write_counts(&mut lines, &said, page.event, &mut tallies);
                number += 1;
                events += 1;
            }
        }
        (lines, events)
    }
}

impl PeriodCounts {
    fn is_of(&self, event: &EventSchema) -> bool {
        (self.event.name, self.event.version) == (event.name, event.version)
    }

    fn add(&mut self, form: Option<usize>, row: &[u64]) {
        let cells = self.kinds.len();
        let sums = self.rows.entry(form).or_insert_with(|| vec![0; cells].into());
        for ((sum, kind), number) in sums.iter_mut().zip(&self.kinds).zip(row) {
            *sum = kind.and(*sum, *number);
        }
    }
}

/// What a line says of a form; of the forms that were counted together, `form`
/// is `None`, and there are no fields.
pub(super) fn tally(event: &EventSchema, kinds: &[Sum], form: Option<usize>, row: &[u64]) -> Tally {
    let mut cells = row.iter().copied();
    let mut sums = kinds.iter().filter(|kind| **kind != Sum::Count);
    let count = cells.next().unwrap_or_default();
    let fields = form.and_then(|form| event.form_at(form as u128));
    let mut histograms = Vec::new();
    for field in event.fields.iter().filter(|_| fields.is_some()) {
        let Some(histogram) = field.policy.histogram else { continue };
        let sum = cells.next().unwrap_or_default();
        histograms.push(envelope::HistogramTally {
            field: field.name,
            bounds: histogram.bounds,
            sum: match sums.next() {
                Some(Sum::Fraction) => envelope::HistogramSum::Fraction(f64::from_bits(sum)),
                _ => envelope::HistogramSum::Whole(sum.cast_signed()),
            },
            ranges: cells.by_ref().take(histogram.ranges()).collect(),
        });
    }
    Tally { fields, count, histograms }
}
