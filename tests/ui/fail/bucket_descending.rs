use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(bucket(10, 100, 100, 50))]
    value: u64,
}

fn main() {}
