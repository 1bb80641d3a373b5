//! The numbers behind counted events.
//!
//! It owns a row of cells for each form of an event, and which of them a thread
//! takes. It must never know what a form means, nor when the numbers are taken.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::sums::Sum;

/// Copies of all cells, so that threads that count the same form at the same
/// time do not wait for each other's cache line. Four keep the few threads of
/// most programs apart; more would be memory for nothing.
const STRIPES: usize = 4;

/// Cells in a cache line of 64 bytes: stripes begin on lines of their own.
const LINE: usize = 8;

thread_local! {
    /// The stripe of this thread, plus one; 0 is none yet.
    static STRIPE: Cell<usize> = const { Cell::new(0) };
}

#[inline]
fn stripe() -> usize {
    match STRIPE.try_with(Cell::get) {
        Ok(stripe @ 1..) => stripe - 1,
        // A thread that is ending shares the first stripe.
        Err(_) => 0,
        Ok(0) => take_stripe(),
    }
}

#[cold]
fn take_stripe() -> usize {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let stripe = NEXT.fetch_add(1, Ordering::Relaxed) as usize % STRIPES;
    let _ = STRIPE.try_with(|own| own.set(stripe + 1));
    stripe
}

/// How often each form of an event occurred since the numbers were last taken,
/// and what its histograms hold.
#[derive(Debug)]
pub(super) enum Cells {
    /// A row of cells for each form.
    Dense(Dense),
    /// A cell for each of the first forms, and one for all others.
    First(First),
}

impl Cells {
    /// For `forms` forms of `width` cells each; with `top`, for at most so many
    /// forms, which have one cell.
    pub(super) fn new(forms: usize, width: usize, top: Option<u32>) -> Self {
        match top {
            Some(top) if (top as usize) < forms => Self::First(First::new(top as usize)),
            _ => Self::Dense(Dense::new(forms, width)),
        }
    }

    /// The cells of a form, for this thread to add to.
    #[inline]
    pub(super) fn row(&self, index: usize) -> &[AtomicU64] {
        match self {
            Self::Dense(dense) => dense.row(index),
            Self::First(first) => first.row(index),
        }
    }

    /// Takes every row that is not zero: the index of its form, or `None` for
    /// the others together. `kinds` says what the cells of a form add up.
    pub(super) fn take<'k>(
        &self,
        kinds: impl Fn(usize) -> &'k [Sum],
        mut each: impl FnMut(Option<usize>, &[u64]),
    ) {
        match self {
            Self::Dense(dense) => dense.take(kinds, |index, row| each(Some(index), row)),
            Self::First(first) => first.take(|index, count| each(index, &[count])),
        }
    }
}

#[derive(Debug)]
pub(super) struct Dense {
    cells: Box<[AtomicU64]>,
    forms: usize,
    /// Cells of a form.
    width: usize,
    /// Cells from the beginning of one stripe to that of the next.
    stride: usize,
}

impl Dense {
    fn new(forms: usize, width: usize) -> Self {
        let cells = forms.saturating_mul(width);
        let stride = cells.next_multiple_of(LINE).saturating_add(LINE);
        let cells = std::iter::repeat_with(AtomicU64::default);
        let cells = cells.take(stride.saturating_mul(STRIPES)).collect();
        Self { cells, forms, width, stride }
    }

    #[inline]
    fn row(&self, index: usize) -> &[AtomicU64] {
        self.row_of(stripe(), index)
    }

    #[inline]
    fn row_of(&self, stripe: usize, index: usize) -> &[AtomicU64] {
        let first = stripe * self.stride + index * self.width;
        self.cells.get(first..first + self.width).unwrap_or_default()
    }

    fn take<'k>(&self, kinds: impl Fn(usize) -> &'k [Sum], mut each: impl FnMut(usize, &[u64])) {
        let mut row = vec![0; self.width];
        for index in 0..self.forms {
            let mut is_there = false;
            for stripe in 0..STRIPES {
                for (place, cell) in self.row_of(stripe, index).iter().enumerate() {
                    let number = taken(cell);
                    if number == 0 {
                        continue;
                    }
                    is_there = true;
                    let kind = kinds(index).get(place).copied().unwrap_or(Sum::Count);
                    if let Some(sum) = row.get_mut(place) {
                        *sum = kind.and(*sum, number);
                    }
                }
            }
            if is_there {
                each(index, &row);
                row.fill(0);
            }
        }
    }
}

/// Looks before it writes: most cells are zero most of the time.
fn taken(cell: &AtomicU64) -> u64 {
    if cell.load(Ordering::Relaxed) == 0 { 0 } else { cell.swap(0, Ordering::Relaxed) }
}

/// The forms that come first in a run get a cell; there are too many for all.
#[derive(Debug)]
pub(super) struct First {
    /// Twice as many as forms, so that a free or the right place is near.
    places: Box<[FormCounter]>,
    free: AtomicU32,
    other: AtomicU64,
}

#[derive(Debug, Default)]
struct FormCounter {
    /// The form's index plus one; 0 is nobody's.
    form: AtomicU64,
    count: AtomicU64,
}

impl First {
    fn new(top: usize) -> Self {
        let places = top.saturating_mul(2).next_power_of_two();
        Self {
            places: std::iter::repeat_with(FormCounter::default).take(places).collect(),
            free: AtomicU32::new(u32::try_from(top).unwrap_or(u32::MAX)),
            other: AtomicU64::new(0),
        }
    }

    fn row(&self, index: usize) -> &[AtomicU64] {
        let cell = self.place(index).map_or(&self.other, |place| &place.count);
        std::slice::from_ref(cell)
    }

    /// The place of a form: from where it is due on, the first that is its own
    /// or that it can take.
    fn place(&self, index: usize) -> Option<&FormCounter> {
        let form = index as u64 + 1;
        let due = (form.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize;
        let mask = self.places.len() - 1;
        for step in 0..self.places.len() {
            let place = self.places.get((due + step) & mask)?;
            match place.form.load(Ordering::Relaxed) {
                0 => match self.take_place(place, form) {
                    Taken::ByThisForm => return Some(place),
                    Taken::ByAnother => {}
                    Taken::NoneIsLeft => return None,
                },
                there if there == form => return Some(place),
                _ => {}
            }
        }
        None
    }

    #[cold]
    fn take_place(&self, place: &FormCounter, form: u64) -> Taken {
        let relaxed = Ordering::Relaxed;
        if self.free.fetch_update(relaxed, relaxed, |free| free.checked_sub(1)).is_err() {
            return Taken::NoneIsLeft;
        }
        let Err(there) = place.form.compare_exchange(0, form, relaxed, relaxed) else {
            return Taken::ByThisForm;
        };
        // Another thread was quicker.
        self.free.fetch_add(1, relaxed);
        if there == form { Taken::ByThisForm } else { Taken::ByAnother }
    }

    fn take(&self, mut each: impl FnMut(Option<usize>, u64)) {
        for place in &self.places {
            let count = taken(&place.count);
            if count > 0 {
                each(usize::try_from(place.form.load(Ordering::Relaxed) - 1).ok(), count);
            }
        }
        let count = taken(&self.other);
        if count > 0 {
            each(None, count);
        }
    }
}

enum Taken {
    ByThisForm,
    ByAnother,
    NoneIsLeft,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn taken(cells: &Cells) -> BTreeMap<Option<usize>, u64> {
        let mut all = BTreeMap::new();
        cells.take(|_| &[Sum::Count], |form, row| assert!(all.insert(form, row[0]).is_none()));
        all
    }

    fn add(cells: &Cells, form: usize) {
        cells.row(form)[0].fetch_add(1, Ordering::Relaxed);
    }

    #[test]
    fn threads_lose_no_count() {
        for cells in
            [Cells::new(10, 1, None), Cells::new(10, 1, Some(3)), Cells::new(10, 1, Some(30))]
        {
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| (0..1000).for_each(|n| add(&cells, n % 10)));
                }
            });
            let all = taken(&cells);
            assert_eq!(all.values().sum::<u64>(), 8000);
            assert!(taken(&cells).is_empty());
        }
    }

    #[test]
    fn the_first_forms_are_told_apart_and_all_others_counted_together() {
        let cells = Cells::new(1_000_000, 1, Some(2));
        for form in [5, 999_999, 5, 7, 8, 5] {
            add(&cells, form);
        }
        let expected = [(None, 2), (Some(5), 3), (Some(999_999), 1)];
        assert_eq!(taken(&cells), expected.into());
    }
}
