use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
union Event {
    #[telemetry(allow)]
    int: u32,
    #[telemetry(allow)]
    float: f32,
}

fn main() {}
