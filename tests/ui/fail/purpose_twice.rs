use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service", purpose = "diagnostics")]
struct Event;

fn main() {}
