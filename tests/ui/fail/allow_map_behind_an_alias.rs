use std::collections::BTreeMap;

use telemetry_core::TelemetryEvent;

type ByUser = BTreeMap<u64, u32>;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Played {
    #[telemetry(keys(allow), values(allow))]
    users: ByUser,
}

fn main() {}
