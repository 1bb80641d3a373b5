use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(truncate_ip(v6 = 64))]
    from: std::net::IpAddr,
}

fn main() {}
