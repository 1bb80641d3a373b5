use telemetry_core::TelemetryFields;

#[derive(TelemetryFields)]
struct Process {
    #[telemetry(allow)]
    exit_code: u8,
    #[telemetry(nested)]
    parent: Option<Box<Process>>,
}

fn main() {}
