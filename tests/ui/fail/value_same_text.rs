use telemetry_core::TelemetryValue;

#[derive(TelemetryValue)]
enum Protocol {
    Ssh,
    #[telemetry(rename = "ssh")]
    OpenSsh,
}

fn main() {}
