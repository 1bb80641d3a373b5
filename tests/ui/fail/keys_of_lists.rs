use std::collections::HashMap;

use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(keys(hash), values(allow))]
    visits: HashMap<Vec<String>, u32>,
}

fn main() {}
