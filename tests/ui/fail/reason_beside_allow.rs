use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(allow, because = "a name from the program's own list")]
    channel: String,
}

fn main() {}
