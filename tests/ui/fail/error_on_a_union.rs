use telemetry_core::TelemetryError;

#[derive(TelemetryError)]
union Either {
    number: u32,
    float: f32,
}

fn main() {}
