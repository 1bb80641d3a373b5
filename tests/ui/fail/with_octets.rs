use std::net::Ipv4Addr;

use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(with = Ipv4Addr::octets)]
    from: Ipv4Addr,
}

fn main() {}
