//! Stored lines as they are.

use super::{App, BatchLimits, Exporter, Payload, WaitingEvent};
use crate::error::Error;

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

    fn append(
        &self,
        _app: &App,
        _sent_at: &str,
        event: &WaitingEvent<'_>,
        events: &mut Vec<u8>,
    ) -> Result<(), Error> {
        events.extend_from_slice(event.line().as_bytes());
        events.push(b'\n');
        Ok(())
    }

    fn payload(&self, _app: &App, _sent_at: &str, events: &[u8]) -> Result<Payload, Error> {
        Ok(Payload { content_type: "application/x-ndjson", body: events.to_vec() })
    }
}
