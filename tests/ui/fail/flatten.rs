use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(flatten)]
    system: String,
}

fn main() {}
