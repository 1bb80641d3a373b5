use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(policy = "hash")]
    user: String,
}

fn main() {}
