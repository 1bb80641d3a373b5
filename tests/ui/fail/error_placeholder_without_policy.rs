use telemetry_core::TelemetryError;

#[derive(TelemetryError)]
#[error("could not open {path}")]
struct Open {
    path: String,
}

fn main() {}
