use telemetry_core::{TelemetryEvent, TelemetryValue};

#[derive(TelemetryValue)]
enum Exit {
    Success,
    Failure,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    command: String,
    #[telemetry(allow)]
    arguments: String,
    #[telemetry(hash, drop)]
    target: String,
    #[telemetry(hash)]
    exit: Exit,
    #[telemetry(bucket(100, 10))]
    duration: u64,
    #[telemetry(bucket(10))]
    error: String,
    #[telemetry(truncate_ip)]
    address: String,
}

fn main() {}
