use telemetry_core::TelemetryValue;

#[derive(TelemetryValue)]
struct Host {
    name: String,
    port: u16,
}

fn main() {}
