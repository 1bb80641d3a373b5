use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(bucket(1.0, 1e999))]
    load: f64,
}

fn main() {}
