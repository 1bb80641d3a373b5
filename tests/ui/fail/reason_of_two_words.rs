use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(allow(because = "plugin names"))]
    channel: String,
}

fn main() {}
