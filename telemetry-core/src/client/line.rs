//! One stored line: the envelope around a sanitised event.
//!
//! It owns the order and the form of the envelope's keys, which stand in the
//! table of `DESIGN.md`. It must never know a raw event.

use std::io::Write;

use jiff::Timestamp;
use serde::Serialize;

use crate::event::{Sanitized, TelemetryEvent};

/// Where events come from: the same for all of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'o> {
    /// The installation id.
    pub(super) installation: &'o str,
    /// Whether the program runs in a container.
    pub(super) container: bool,
}

/// Appends the line to `buffer`, line feed included.
///
/// Names, purposes and ids are checked where they are made (by the derive, and
/// by the client), and hold nothing that JSON would escape.
pub(super) fn write<E: TelemetryEvent + ?Sized>(
    buffer: &mut Vec<u8>,
    id: &str,
    time: Timestamp,
    origin: &Origin<'_>,
    event: &Sanitized<'_, E>,
) -> Result<(), serde_json::Error> {
    let schema = event.schema();
    let installation = origin.installation;
    let container = if origin.container { r#""container":true,"# } else { "" };
    write!(
        buffer,
        r#"{{"id":"{id}","time":"{time:.3}","event":"{}","version":{},"purpose":"{}","installation":"{installation}",{container}"fields":"#,
        schema.name, schema.version, schema.purpose,
    )
    .map_err(serde_json::Error::io)?;
    event.serialize(&mut serde_json::Serializer::new(&mut *buffer))?;
    buffer.extend_from_slice(b"}\n");
    Ok(())
}
