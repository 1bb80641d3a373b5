use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
struct Event;

fn main() {}
