use std::net::IpAddr;

use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(truncate_ip(v4 = 32, v6 = 0))]
    value: IpAddr,
}

fn main() {}
