use telemetry_core::TelemetryFields;

#[derive(TelemetryFields)]
#[telemetry(name = "system", purpose = "diagnostics")]
struct System {
    #[telemetry(allow)]
    cores: u32,
}

fn main() {}
