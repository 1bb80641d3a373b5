use telemetry_core::TelemetryEvent;

type Name = String;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(allow)]
    value: Name,
}

fn main() {}
