use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(allow)]
    readings: Option<Vec<u64>>,
}

fn main() {}
