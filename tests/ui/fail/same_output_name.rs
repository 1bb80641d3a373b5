use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(allow)]
    attempts: u32,
    #[telemetry(allow, rename = "attempts")]
    tries: u32,
}

fn main() {}
