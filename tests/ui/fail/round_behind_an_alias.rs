use telemetry_core::TelemetryEvent;

type Number = u64;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Called {
    #[telemetry(round(1))]
    phone: Number,
}

fn main() {}
