use telemetry_core::TelemetryEvent;

/// Four numbers are an address.
#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Connected {
    #[telemetry(clamp(0, 255))]
    from: [u8; 4],
}

fn main() {}
