use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics", count = "day")]
struct Connected {
    #[telemetry(allow)]
    port: u16,
    #[telemetry(allow)]
    encrypted: bool,
}

fn main() {}
