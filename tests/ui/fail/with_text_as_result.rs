use telemetry_core::TelemetryEvent;

fn shorten(text: &str) -> String {
    text.chars().take(3).collect()
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(with = shorten)]
    value: String,
}

fn main() {}
