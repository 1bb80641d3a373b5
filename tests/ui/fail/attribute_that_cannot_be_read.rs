use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry("drop")]
    host: String,
    #[telemetry(hash domain = "user")]
    user: String,
    #[telemetry(allow = [1, 2])]
    attempts: u32,
}

fn main() {}
