//! What an author allows an event to tell, held by the compiler.
//!
//! It owns `max_bits` and what can be counted, and the message when an event
//! breaks either. It must never run in a program: it is called by constants.

use super::domain::{Domain, Opening};
use super::forms::{combinations_of, forms_of};
use super::information::millibits_of;
use super::{EventSchema, FieldSchema, Form};

/// The most combinations that are counted each by itself: a counter of eight
/// bytes for each is half a megabyte of memory, which is what a program can be
/// asked for without asking its author.
pub const MOST_COUNTED: u32 = 65_536;

/// The most numbers that stand for one combination, so that a line of counts
/// with all of them stays below the longest that is stored.
const MOST_CELLS: u128 = 512;

/// Stops the compiler when an event may tell more than its author allows, or
/// cannot be counted as its author asks.
#[doc(hidden)]
#[track_caller]
pub const fn hold(events: &[EventSchema]) {
    let mut index = 0;
    while index < events.len() {
        #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
        let event = &events[index];
        if let Some(bits) = event.max_bits {
            hold_bits(event, bits);
        }
        if let Form::Counted { top, .. } = event.form {
            hold_counted(event, top);
        }
        index += 1;
    }
}

#[track_caller]
const fn hold_bits(event: &EventSchema, most: u32) {
    let mut text = ConstMessage::new();
    text.push("event `").push(event.name);
    match millibits_of(event.fields) {
        Some(bits) if bits <= most as u64 * 1000 => return,
        Some(bits) => {
            text.push("` can tell ").bits(bits).push(" (").forms(forms_of(event.fields));
            text.push("), and `max_bits = ").number(most as u128).push("`");
        }
        None => {
            text.push(
                "` has an open field, so that nobody can say how much it tells, and `max_bits = ",
            );
            text.number(most as u128).push("`");
        }
    }
    text.push(":\n").fields(event.fields);
    text.push("let fewer values leave: `bucket`, `one_of`, `clamp`, `presence`, `drop`; or raise `max_bits`");
    text.stop();
}

#[track_caller]
const fn hold_counted(event: &EventSchema, top: Option<u32>) {
    let mut text = ConstMessage::new();
    text.push("event `").push(event.name);
    let largest = match top {
        // Any that a machine of 32 bits has an index for.
        Some(_) => u32::MAX as u128,
        None => MOST_COUNTED as u128,
    };
    hold_histograms(event);
    let cells = event.cells() as u128;
    match combinations_of(event.fields) {
        Some(forms) if forms.saturating_mul(cells) <= largest => return,
        Some(forms) => {
            text.push("` has ").forms(Some(forms));
            if cells > 1 {
                text.push(" of ").number(cells).push(" counters each");
            }
            text.push(", and at most ").number(largest);
            text.push(if cells > 1 { " counters" } else { "" }).push(" can be counted");
            text.push(if top.is_some() { "" } else { " each by itself" }).push(":\n");
            text.fields(event.fields);
            text.push("let fewer values leave: `bucket`, `one_of`, `clamp`, `presence`, `drop`");
            if top.is_none() {
                text.push(
                    "; or count the most frequent alone: `count(period = \"day\", top = 1_000)`",
                );
            }
        }
        None => {
            text.push("` cannot be counted, because a field is open:\n").fields(event.fields);
            text.push("only values that can be listed are counted: `allow` on `bool` and enums, `one_of`, `bucket`, `round` with `clamp`, `presence`; or `drop` the field");
        }
    }
    text.stop();
}

/// A histogram is of one number an event, and of few enough ranges.
#[track_caller]
const fn hold_histograms(event: &EventSchema) {
    let mut text = ConstMessage::new();
    text.push("event `").push(event.name);
    let mut index = 0;
    while index < event.fields.len() {
        #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
        let field = &event.fields[index];
        let is_one = !matches!(field.domain().open(), Some(Opening::Collection));
        if field.policy.histogram.is_some() && !is_one {
            text.push("` cannot be counted: `").push(field.name);
            text.push("` is a collection, and `histogram` takes one number an event");
            text.stop();
        }
        index += 1;
    }
    if event.cells() as u128 > MOST_CELLS {
        text.push("` keeps ").number(event.cells() as u128);
        text.push(" numbers for each combination, and at most ").number(MOST_CELLS);
        text.push(" can be: give its histograms fewer bounds");
        text.stop();
    }
}

/// A message that a constant puts together.
struct ConstMessage {
    bytes: [u8; Self::MOST],
    length: usize,
}

impl ConstMessage {
    /// Enough for an event of sixty fields; what is beyond is cut off.
    const MOST: usize = 4096;
    /// The column in which what a field tells stands.
    const COLUMN: usize = 26;

    const fn new() -> Self {
        Self { bytes: [0; Self::MOST], length: 0 }
    }

    const fn push(&mut self, text: &str) -> &mut Self {
        let bytes = text.as_bytes();
        // All or nothing, so that no letter is cut in two.
        if self.length + bytes.len() <= Self::MOST {
            let mut index = 0;
            while index < bytes.len() {
                #[expect(clippy::indexing_slicing, reason = "within both, as checked")]
                {
                    self.bytes[self.length + index] = bytes[index];
                }
                index += 1;
            }
            self.length += bytes.len();
        }
        self
    }

    /// A number with its digits in threes: `5,832`.
    const fn number(&mut self, number: u128) -> &mut Self {
        if number >= 1000 {
            self.number(number / 1000).push(",");
            self.digit(number / 100 % 10).digit(number / 10 % 10).digit(number % 10)
        } else if number >= 10 {
            self.number(number / 10).digit(number % 10)
        } else {
            self.digit(number)
        }
    }

    const fn digit(&mut self, digit: u128) -> &mut Self {
        const DIGITS: &str = "0123456789";
        let (_, from) = DIGITS.split_at(digit as usize);
        let (digit, _) = from.split_at(1);
        self.push(digit)
    }

    /// `12.51 bits`: the thousandths, without zeros at the end.
    const fn bits(&mut self, millibits: u64) -> &mut Self {
        self.number(millibits as u128 / 1000);
        let mut rest = millibits as u128 % 1000;
        if rest != 0 {
            self.push(".");
        }
        while rest != 0 {
            self.digit(rest / 100);
            rest = rest % 100 * 10;
        }
        self.push(if millibits == 1000 { " bit" } else { " bits" })
    }

    const fn forms(&mut self, forms: Option<u128>) -> &mut Self {
        match forms {
            Some(u128::MAX) => self.push("more than 2^127 forms"),
            Some(1) => self.push("1 form"),
            Some(forms) => self.number(forms).push(" forms"),
            None => self.push("any number of forms"),
        }
    }

    /// A line for each field, those that tell most first, and open ones before them.
    #[expect(clippy::indexing_slicing, reason = "iterators are not const")]
    const fn fields(&mut self, fields: &[FieldSchema]) -> &mut Self {
        let mut above = None;
        loop {
            // The largest below what was written last.
            let (mut next, mut index) = (None, 0);
            while index < fields.len() {
                let told = told(&fields[index]);
                let is_below = match above {
                    None => true,
                    Some(above) => told < above,
                };
                let is_next = match next {
                    None => true,
                    Some(next) => told > next,
                };
                if is_below && is_next {
                    next = Some(told);
                }
                index += 1;
            }
            let Some(next) = next else { return self };
            index = 0;
            while index < fields.len() {
                // What can only be absent tells nothing.
                if told(&fields[index]) == next && next > 1 {
                    self.field(&fields[index]);
                }
                index += 1;
            }
            above = Some(next);
        }
    }

    const fn field(&mut self, field: &FieldSchema) -> &mut Self {
        let start = self.length;
        self.push("  ").push(field.name).push(" ");
        while self.length < start + Self::COLUMN && self.length < Self::MOST {
            self.push(" ");
        }
        match field.domain() {
            Domain::Closed(closed) => {
                self.bits(closed.millibits()).push("  ");
                self.forms(Some(closed.forms()))
            }
            open => match open.open() {
                Some(open) => self.push("open: ").push(open.describe()),
                None => self,
            },
        };
        self.push(" (`").push(field.policy.name).push("`)\n")
    }

    /// Stops the compiler with the message.
    #[track_caller]
    #[expect(clippy::panic, reason = "in a constant, this is how an error is reported")]
    const fn stop(&self) {
        let (message, _) = self.bytes.split_at(self.length);
        match std::str::from_utf8(message) {
            Ok(message) => panic!("{}", message),
            Err(_) => panic!("the event may tell more than it says"),
        }
    }
}

/// What a field tells, for ordering: an open one the most.
const fn told(field: &FieldSchema) -> u128 {
    match field.domain() {
        Domain::Closed(closed) => closed.forms(),
        _ => u128::MAX,
    }
}
