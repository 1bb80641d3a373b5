use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
#[telemetry()]
struct Event {
    #[telemetry]
    host: String,
    #[telemetry = "drop"]
    user: String,
}

fn main() {}
