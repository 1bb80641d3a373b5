use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(round(0))]
    none: u64,
    #[telemetry(round(1.5))]
    part: f64,
    #[telemetry(clamp(100, 0))]
    descending: u64,
    #[telemetry(round(10), clamp(0, 95))]
    not_a_multiple: u64,
    #[telemetry(clamp(0, 10), bucket(10))]
    two: u64,
    #[telemetry(round(10))]
    text: String,
}

fn main() {}
