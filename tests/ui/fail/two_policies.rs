use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(hash, drop)]
    host: String,
    #[telemetry(scrub)]
    #[telemetry(length)]
    message: String,
    #[telemetry(allow, allow)]
    attempts: u32,
}

fn main() {}
