use serde::Serialize;
use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent, Serialize)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(drop)]
    password: String,
}

fn main() {}
