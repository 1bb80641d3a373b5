use telemetry_core::{Message, TelemetryEvent};

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Failed<'a> {
    #[telemetry(allow)]
    error: Message<'a>,
}

fn main() {}
