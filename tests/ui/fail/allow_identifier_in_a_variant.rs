use telemetry_core::TelemetryEvent;

/// What has no name of its own has that of what it is in.
#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
enum Changed {
    PhoneNumber(#[telemetry(allow)] u64),
    Login(#[telemetry(scrub)] String),
}

fn main() {}
