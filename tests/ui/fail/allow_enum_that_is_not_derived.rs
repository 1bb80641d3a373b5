use telemetry_core::TelemetryEvent;

enum Protocol {
    Ssh,
    WinRm,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(allow)]
    value: Protocol,
}

fn main() {}
