use telemetry_core::{TelemetryEvent, TelemetryValue};

#[derive(TelemetryValue)]
struct UserName(String);

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(allow)]
    value: UserName,
}

fn main() {}
