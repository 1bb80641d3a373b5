use telemetry_core::TelemetryEvent;

fn shorten(_: &str) -> usize {
    3
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(with = "shorten")]
    value: String,
}

fn main() {}
