use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event<'a> {
    #[telemetry(allow)]
    value: Option<Vec<&'a str>>,
}

fn main() {}
