use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Called {
    #[telemetry(hash(because = "it is only a pseudonym"))]
    phone: String,
}

fn main() {}
