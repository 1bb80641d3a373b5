use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(one_of("ssh", "other", ""))]
    value: String,
}

fn main() {}
