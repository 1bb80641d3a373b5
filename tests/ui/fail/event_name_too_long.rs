use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(name = "run.run.run.run.run.run.run.run.run.run.run.run.run.run.run.run.run.finished", purpose = "diagnostics")]
struct Event;

fn main() {}
