use telemetry_core::{TelemetryEvent, TelemetryValue};

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service", count = "day")]
struct Commands<T: TelemetryValue> {
    #[telemetry(allow)]
    command: T,
}

fn main() {}
