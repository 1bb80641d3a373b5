use telemetry_core::TelemetryEvent;

type Name<'a> = &'a str;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event<'a> {
    #[telemetry(allow)]
    value: Name<'a>,
}

fn main() {}
