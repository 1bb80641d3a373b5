use std::collections::HashMap;

use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(hash)]
    value: HashMap<String, String>,
}

fn main() {}
