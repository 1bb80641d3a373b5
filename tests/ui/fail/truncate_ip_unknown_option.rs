use std::net::IpAddr;

use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(truncate_ip(24))]
    value: IpAddr,
}

fn main() {}
