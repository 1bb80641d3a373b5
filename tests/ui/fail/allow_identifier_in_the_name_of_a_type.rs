use telemetry_core::{TelemetryEvent, TelemetryValue};

#[derive(TelemetryValue)]
struct UserId(u64);

type CustomerId = u64;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Opened {
    #[telemetry(allow)]
    by: UserId,
    #[telemetry(allow)]
    of: Option<CustomerId>,
}

fn main() {}
