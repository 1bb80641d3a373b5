use telemetry_core::TelemetryValue;

#[derive(TelemetryValue)]
struct Host {
    name: String,
}

fn main() {}
