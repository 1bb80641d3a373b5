use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
enum Run {
    #[telemetry(drop)]
    Started,
    #[telemetry(crate = "telemetry_core")]
    Finished,
}

fn main() {}
