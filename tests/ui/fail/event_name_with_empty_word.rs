use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(name = "run..finished", purpose = "diagnostics")]
struct Event;

fn main() {}
