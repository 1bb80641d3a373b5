use telemetry_core::{TelemetryEvent, TelemetryValue};

#[derive(Clone, Copy, TelemetryValue)]
enum Protocol {
    Ssh,
    WinRm,
    Https,
}

#[derive(TelemetryEvent)]
#[telemetry(name = "run.finished", purpose = "diagnostics", max_bits = 8)]
struct RunFinished {
    #[telemetry(allow)]
    protocol: Protocol,
    #[telemetry(bucket(10, 100, 1_000))]
    duration_ms: u64,
    #[telemetry(presence)]
    error: Option<String>,
    #[telemetry(allow)]
    attempts: u8,
    #[telemetry(drop)]
    arguments: Vec<String>,
}

fn main() {}
