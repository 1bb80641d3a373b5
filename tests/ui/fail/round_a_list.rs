use telemetry_core::TelemetryEvent;

/// Enough numbers in a row are a text.
#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Typed {
    #[telemetry(round(1))]
    letters: Vec<u8>,
}

fn main() {}
