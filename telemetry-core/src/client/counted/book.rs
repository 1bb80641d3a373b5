//! What was counted in the periods that are not over.
//!
//! It owns the sums, and the lines that say them. It must never know a cell,
//! nor a file.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::period;
use crate::envelope::{self, Counted, Origin};
use crate::schema::{EventSchema, Form, Item, Period};

/// The most forms in a line: a line of them stays far below the longest that
/// is stored, whatever their names.
const FORMS_IN_A_LINE: usize = 512;

/// Sums by event and period.
#[derive(Debug, Default)]
pub(super) struct Book {
    pages: Vec<Page>,
}

/// The counts of one event in one period.
#[derive(Debug)]
struct Page {
    event: &'static EventSchema,
    period: Period,
    start: Timestamp,
    /// The generation of consent under which all of it was counted.
    generation: u64,
    /// Ids of the lines that say it. They stay when the counts grow, so that a
    /// line that arrives twice is recognised.
    ids: Vec<(String, u64)>,
    counts: BTreeMap<Option<usize>, u64>,
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
        count: u64,
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
                let (ids, counts) = (Vec::new(), BTreeMap::new());
                let start = period::start(period, now);
                self.pages.push(Page { event, period, start, generation, ids, counts });
                let Some(page) = self.pages.last_mut() else { return };
                page
            }
        };
        *page.counts.entry(form).or_default() += count;
    }

    /// Takes out the pages of events that may not be counted any more.
    pub(super) fn keep(&mut self, may: impl Fn(&EventSchema) -> bool) {
        self.pages.retain(|page| may(page.event));
    }

    /// Takes out the pages whose period is over.
    pub(super) fn take_over(&mut self, now: Timestamp) -> Self {
        let is_over = |page: &mut Page| period::is_over(page.period, page.start, now);
        Self { pages: self.pages.extract_if(.., is_over).collect() }
    }

    /// Every page as stored lines, and how many lines there are.
    pub(super) fn lines(
        &mut self,
        mut next_id: impl FnMut() -> (String, u64),
        origin: &Origin,
    ) -> (Vec<u8>, u64) {
        let (mut lines, mut events) = (Vec::new(), 0);
        for page in &mut self.pages {
            let counts: Vec<_> = page.counts.iter().collect();
            for (number, counts) in counts.chunks(FORMS_IN_A_LINE).enumerate() {
                if page.ids.len() <= number {
                    page.ids.push(next_id());
                }
                let Some((run, line)) = page.ids.get(number) else { continue };
                let counts =
                    counts.iter().map(|(form, count)| (fields(page.event, **form), **count));
                let period = page.period.name();
                let said = Counted {
                    id: (run, *line),
                    start: page.start,
                    period,
                    generation: page.generation,
                    origin,
                };
                // Writing names and numbers to memory cannot fail.
                let _ = envelope::write_counts(&mut lines, &said, page.event, counts);
                events += 1;
            }
        }
        (lines, events)
    }
}

impl Page {
    fn is_of(&self, event: &EventSchema) -> bool {
        (self.event.name, self.event.version) == (event.name, event.version)
    }
}

/// The fields of a form; `None` for the forms that were counted together.
fn fields(event: &EventSchema, form: Option<usize>) -> Option<Item> {
    form.and_then(|form| event.form_at(form as u128))
}
