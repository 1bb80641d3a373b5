//! A line of counts.
//!
//! It owns how what was counted in a period is written. It must never know how
//! it was counted.

use std::iter::Peekable;

use jiff::Timestamp;

use super::{COUNTS, Origin, PERIOD, header, joined, number};
use crate::schema::{EventSchema, Item, Numbers};

/// From this length on a line takes no further form: half of the longest line
/// that is stored, because one form more may be long itself.
const LONG: usize = 32 * 1024;

/// What a line of counts says beside them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountsHeader<'h> {
    /// The two parts of the line's id.
    pub(crate) id: (&'h str, u64),
    /// When the period began.
    pub(crate) start: Timestamp,
    /// The period's name.
    pub(crate) period: &'static str,
    /// The generation of the purpose.
    pub(crate) generation: u64,
    /// Where the counts come from.
    pub(crate) origin: &'h Origin,
}

/// How often one form of an event occurred.
#[derive(Debug)]
pub(crate) struct Tally {
    /// The fields of the form; `None` for the forms that were counted together.
    pub(crate) fields: Option<Item>,
    pub(crate) count: u64,
    pub(crate) histograms: Vec<HistogramTally>,
}

/// The numbers of a field, by ranges.
#[derive(Debug)]
pub(crate) struct HistogramTally {
    pub(crate) field: &'static str,
    pub(crate) bounds: Numbers,
    pub(crate) sum: HistogramSum,
    pub(crate) ranges: Box<[u64]>,
}

/// A sum of whole numbers, or of others.
#[derive(Clone, Copy, Debug)]
pub(crate) enum HistogramSum {
    Whole(i64),
    Fraction(f64),
}

/// Appends a line that says how often each form of an event occurred. It takes
/// as many of `tallies` as a line holds; there is at least one.
pub(crate) fn write_counts(
    buffer: &mut Vec<u8>,
    said: &CountsHeader<'_>,
    schema: &EventSchema,
    tallies: &mut Peekable<impl Iterator<Item = Tally>>,
) -> Result<(), serde_json::Error> {
    let start = buffer.len();
    header(buffer, said.id, said.start.into(), said.generation, schema, said.origin);
    buffer.extend_from_slice(joined!(",\"", PERIOD, "\":\""));
    buffer.extend_from_slice(said.period.as_bytes());
    buffer.extend_from_slice(joined!("\",\"", COUNTS, "\":["));
    let mut comma: &[u8] = b"";
    while let Some(tally) = tallies.next_if(|_| comma.is_empty() || buffer.len() - start < LONG) {
        buffer.extend_from_slice(comma);
        comma = b",";
        tally.write(buffer)?;
    }
    buffer.extend_from_slice(b"]}\n");
    Ok(())
}

impl Tally {
    fn write(&self, buffer: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        match &self.fields {
            Some(fields) => {
                buffer.extend_from_slice(b"{\"fields\":");
                serde_json::to_writer(&mut *buffer, fields)?;
            }
            None => buffer.extend_from_slice(b"{\"other\":true"),
        }
        buffer.extend_from_slice(b",\"count\":");
        number(buffer, self.count);
        for (index, histogram) in self.histograms.iter().enumerate() {
            let before: &[u8] = if index == 0 { b",\"histograms\":{" } else { b"," };
            buffer.extend_from_slice(before);
            histogram.write(buffer)?;
        }
        buffer.extend_from_slice(if self.histograms.is_empty() { b"}" } else { b"}}" });
        Ok(())
    }
}

impl HistogramTally {
    fn write(&self, buffer: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        serde_json::to_writer(&mut *buffer, self.field)?;
        buffer.extend_from_slice(b":{\"bounds\":");
        match self.bounds {
            Numbers::Int(bounds) => serde_json::to_writer(&mut *buffer, bounds)?,
            Numbers::Float(bounds) => serde_json::to_writer(&mut *buffer, bounds)?,
        }
        buffer.extend_from_slice(b",\"ranges\":");
        serde_json::to_writer(&mut *buffer, &self.ranges)?;
        buffer.extend_from_slice(b",\"sum\":");
        match self.sum {
            HistogramSum::Whole(sum) => serde_json::to_writer(&mut *buffer, &sum)?,
            HistogramSum::Fraction(sum) => serde_json::to_writer(&mut *buffer, &sum)?,
        }
        buffer.push(b'}');
        Ok(())
    }
}
