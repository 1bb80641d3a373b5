use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics", expires = "2027-02-29", time = "minute", owner = " ")]
struct Connected {
    #[telemetry(allow, since = "")]
    encrypted: bool,
}

fn main() {}
