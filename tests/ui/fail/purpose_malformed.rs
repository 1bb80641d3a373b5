use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "Product Improvement")]
struct Event;

fn main() {}
