use telemetry_core::TelemetryError;

#[derive(TelemetryError)]
#[error("hello {user}")]
struct Hello {
    #[telemetry(allow)]
    user: String,
}

fn main() {}
