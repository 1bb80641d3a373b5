use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(email_domain("Example.com", "@corp.example"))]
    value: String,
}

fn main() {}
