use telemetry_core::TelemetryEvent;

struct System {
    cores: u32,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(nested)]
    value: System,
}

fn main() {}
