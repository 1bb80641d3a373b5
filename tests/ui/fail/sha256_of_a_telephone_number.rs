use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Called {
    #[telemetry(hash(sha256))]
    phone: String,
    #[telemetry(hash(sha256))]
    client_ip: String,
}

fn main() {}
