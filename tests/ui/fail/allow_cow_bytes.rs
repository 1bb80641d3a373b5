use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event<'a> {
    #[telemetry(allow)]
    payload: std::borrow::Cow<'a, [u8]>,
}

fn main() {}
