use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
enum Run {
    #[telemetry(purpose = "service")]
    Started,
    Finished,
}

fn main() {}
