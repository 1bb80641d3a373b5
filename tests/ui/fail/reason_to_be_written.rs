use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(allow(because = "TODO: say why this is fine"))]
    channel: String,
}

fn main() {}
