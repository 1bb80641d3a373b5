use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(name = "run", purpose = "diagnostics")]
enum Run {
    Started,
    #[telemetry(name = "run.started")]
    Resumed,
}

fn main() {}
