use telemetry_core::TelemetryEvent;

fn leaked(name: &String) -> &'static str {
    name.clone().leak()
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(with = leaked)]
    name: String,
}

fn main() {}
