use telemetry_core::{TelemetryEvent, TelemetryValue};

#[derive(Clone, Copy, TelemetryValue)]
enum Protocol {
    Ssh,
    WinRm,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(hash)]
    value: Protocol,
}

fn main() {}
