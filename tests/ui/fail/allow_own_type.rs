use telemetry_core::TelemetryEvent;

struct Uuid([u8; 16]);

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(allow)]
    value: Uuid,
}

fn main() {}
