use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(keys(hash), values(allow))]
    value: Vec<(String, u32)>,
}

fn main() {}
