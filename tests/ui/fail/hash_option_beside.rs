use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(hash, lowercase)]
    user: String,
}

fn main() {}
