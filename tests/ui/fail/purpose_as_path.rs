use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = Diagnostics)]
struct Event {
    #[telemetry(drop)]
    user: String,
}

fn main() {}
