use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(truncate_ip(v4 = 31))]
    from: std::net::IpAddr,
}

fn main() {}
