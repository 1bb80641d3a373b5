use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics", rename_all = "Kebab")]
struct Event;

fn main() {}
