use telemetry_core::{TelemetryEvent, TelemetryValue};

#[derive(TelemetryValue)]
struct Title(String);

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(allow)]
    value: Title,
}

fn main() {}
