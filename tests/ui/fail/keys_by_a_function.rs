use std::collections::BTreeMap;

use telemetry_core::TelemetryEvent;

fn first(name: &String) -> &str {
    name.get(..1).unwrap_or_default()
}

/// Two keys may become one.
#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Played {
    #[telemetry(keys(hash(via = first)), values(allow))]
    points: BTreeMap<String, u32>,
}

fn main() {}
