use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(hash(sha256))]
    from: Option<std::net::IpAddr>,
}

fn main() {}
