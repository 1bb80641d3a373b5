use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(name = "run.Finished", purpose = "diagnostics")]
struct Event;

fn main() {}
