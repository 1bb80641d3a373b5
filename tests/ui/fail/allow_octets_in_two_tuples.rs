use telemetry_core::{TelemetryEvent, TelemetryValue};

#[derive(TelemetryValue)]
struct Half((u8, u8));

/// Two halves of an address are an address.
#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Connected {
    #[telemetry(allow)]
    from: ((u8, u8), (u8, u8)),
    #[telemetry(allow)]
    by: (Half, Half),
}

fn main() {}
