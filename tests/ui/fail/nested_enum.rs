use telemetry_core::TelemetryFields;

#[derive(TelemetryFields)]
enum System {
    Linux,
    Windows,
}

fn main() {}
