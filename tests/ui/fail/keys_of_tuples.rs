use std::collections::HashMap;

use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(keys(allow), values(allow))]
    visits: HashMap<(u8, u8), u32>,
}

fn main() {}
