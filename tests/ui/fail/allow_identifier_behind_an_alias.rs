use telemetry_core::TelemetryEvent;

type Number = u64;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(allow)]
    customer_id: Number,
}

fn main() {}
