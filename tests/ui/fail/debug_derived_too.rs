use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent, Debug)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(drop)]
    password: String,
}

fn main() {}
