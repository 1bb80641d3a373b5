use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
enum Commands {
    #[telemetry(count = "day")]
    Converge {
        #[telemetry(allow)]
        ok: bool,
    },
    Upload {
        #[telemetry(allow)]
        ok: bool,
    },
}

fn main() {}
