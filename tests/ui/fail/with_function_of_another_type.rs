use telemetry_core::TelemetryEvent;

fn shorten(text: &str) -> usize {
    text.len()
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(with = shorten)]
    value: u64,
}

fn main() {}
