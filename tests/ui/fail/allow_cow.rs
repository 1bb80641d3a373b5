use std::borrow::Cow;

use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event<'a> {
    #[telemetry(allow)]
    value: Cow<'a, str>,
}

fn main() {}
