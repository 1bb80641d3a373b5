use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(name = "", purpose = "diagnostics")]
struct Event;

fn main() {}
