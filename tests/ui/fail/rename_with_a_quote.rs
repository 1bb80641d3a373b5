use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Opened {
    #[telemetry(allow, rename = "said \"hi\"")]
    ok: bool,
}

fn main() {}
