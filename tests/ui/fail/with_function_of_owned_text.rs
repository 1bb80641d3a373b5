use telemetry_core::TelemetryEvent;

fn words(text: String) -> usize {
    text.split(' ').count()
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(with = words)]
    message: String,
}

fn main() {}
