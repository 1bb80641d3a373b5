use telemetry_core::TelemetryValue;

#[derive(TelemetryValue)]
#[telemetry(allow)]
enum Protocol {
    #[telemetry(hash)]
    Ssh,
    #[telemetry(name = "winrm")]
    WinRm,
}

fn main() {}
