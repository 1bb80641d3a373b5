use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event<'a> {
    #[telemetry(allow)]
    payload: &'a [u8],
}

fn main() {}
