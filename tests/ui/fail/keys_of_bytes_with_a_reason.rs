use std::collections::BTreeMap;

use telemetry_core::TelemetryEvent;

/// Bytes are a list to serde, and a list is no name.
#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Read {
    #[telemetry(keys(allow(because = "tags of our own format")), values(allow))]
    tags: BTreeMap<Vec<u8>, u32>,
}

fn main() {}
