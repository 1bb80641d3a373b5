use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics", count = "month")]
struct Connected {
    #[telemetry(allow)]
    encrypted: bool,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics", count(top = 10))]
struct Disconnected {
    #[telemetry(allow)]
    encrypted: bool,
}

fn main() {}
