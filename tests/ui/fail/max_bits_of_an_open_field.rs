use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics", max_bits = 24)]
struct Connected {
    #[telemetry(hash)]
    host: String,
    #[telemetry(allow)]
    encrypted: bool,
    #[telemetry(scrub)]
    error: Option<String>,
}

fn main() {}
