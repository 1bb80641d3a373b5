use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Moved {
    #[telemetry(allow)]
    position: (f64, f64),
}

fn main() {}
