use std::collections::BTreeMap;

use telemetry_core::{TelemetryEvent, TelemetryValue};

#[derive(PartialEq, Eq, PartialOrd, Ord, TelemetryValue)]
enum Role {
    Owner,
    Guest,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Shared {
    #[telemetry(keys(allow), values(scrub))]
    login: BTreeMap<Role, String>,
}

fn main() {}
