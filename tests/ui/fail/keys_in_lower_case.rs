use std::collections::HashMap;

use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(keys(hash(lowercase)), values(allow))]
    visits: HashMap<String, u32>,
}

fn main() {}
