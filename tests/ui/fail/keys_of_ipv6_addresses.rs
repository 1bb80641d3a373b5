use std::collections::BTreeMap;
use std::net::IpAddr;

use telemetry_core::TelemetryEvent;

/// `1.2.3.4` and `::ffff:1.2.3.4` have one pseudonym.
#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Served {
    #[telemetry(keys(hash), values(allow))]
    requests: BTreeMap<IpAddr, u32>,
}

fn main() {}
