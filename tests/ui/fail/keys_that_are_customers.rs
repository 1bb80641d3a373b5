use std::collections::HashMap;

use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(keys(allow), values(count))]
    by_customer: HashMap<u64, Vec<String>>,
}

fn main() {}
