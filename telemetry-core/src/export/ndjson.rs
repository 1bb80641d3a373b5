//! Stored lines as they are.

use super::{App, Batch, BatchLimits, Exporter, Request};
use crate::error::Error;
use crate::spool::Stored;

/// Newline-delimited JSON: each event is its stored line.
///
/// What the user reads on disk is, byte for byte, what the receiver gets.
///
/// | part | value |
/// |---|---|
/// | `Content-Type` | `application/x-ndjson` |
/// | body | each event's stored line and a line feed, oldest first |
#[derive(Clone, Copy, Debug, Default)]
pub struct Ndjson;

/// Half of the 1 MiB that Mozilla's Glean gives one upload body: with quotes
/// escaped, such a batch still fits whole into the log of what was sent.
const BATCH_BYTES: usize = 512 * 1024;

/// Two events of the largest size fit into a batch.
const EVENT_BYTES: usize = BATCH_BYTES / 2;

/// Segment's limit, so that a receiver that was built for one takes the other;
/// events of usual size reach the limit of bytes first.
const BATCH_EVENTS: usize = 2_500;

impl Exporter for Ndjson {
    fn limits(&self) -> BatchLimits {
        BatchLimits {
            event_bytes: EVENT_BYTES,
            batch_bytes: BATCH_BYTES,
            batch_events: BATCH_EVENTS,
        }
    }

    fn measure(&self, _app: &App, event: &Stored) -> Result<usize, Error> {
        Ok(event.raw.len() + 1)
    }

    fn encode(&self, batch: &Batch<'_>) -> Result<Request, Error> {
        let mut body = Vec::new();
        for event in batch.events() {
            body.extend_from_slice(&event.raw);
            body.push(b'\n');
        }
        Ok(Request::new(batch, "application/x-ndjson", body))
    }
}
