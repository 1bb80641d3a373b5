use telemetry_core::TelemetryEvent;

struct Opaque;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(allow(because = "a constant of the program"))]
    value: Opaque,
}

fn main() {}
