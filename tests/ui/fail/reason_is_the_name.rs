use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(allow(because = "the target host name"))]
    target_host_name: String,
}

fn main() {}
