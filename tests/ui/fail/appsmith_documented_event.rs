//! Appsmith's document, "Instance Active": the caller's address stands in
//! `"context": { "ip": "203.192.213.46" }` and in `"userId": "203.192.213.46"`.
use std::net::IpAddr;

use telemetry_core::{TelemetryEvent, TelemetryFields};

#[derive(TelemetryFields)]
struct Context {
    #[telemetry(allow)]
    ip: IpAddr,
}

#[derive(TelemetryEvent)]
#[telemetry(name = "instance.active", purpose = "diagnostics", rename_all = "camelCase")]
struct InstanceActive {
    #[telemetry(nested)]
    context: Context,
    #[telemetry(allow)]
    user_id: String,
}

fn main() {}
