use telemetry_core::{Private, TelemetryEvent};

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(allow(because = "the name of our own channel"))]
    channel: Private<String>,
}

fn main() {}
