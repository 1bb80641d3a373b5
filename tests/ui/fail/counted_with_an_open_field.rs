use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics", count = "day")]
struct Connected {
    #[telemetry(hash)]
    host: String,
    #[telemetry(allow)]
    encrypted: bool,
}

fn main() {}
