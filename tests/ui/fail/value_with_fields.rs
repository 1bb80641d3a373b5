use telemetry_core::TelemetryValue;

#[derive(TelemetryValue)]
enum Protocol {
    Ssh,
    Other(String),
}

fn main() {}
