use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event<'a> {
    #[telemetry(with = str::as_bytes)]
    name: &'a str,
}

fn main() {}
