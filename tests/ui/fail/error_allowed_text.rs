use telemetry_core::TelemetryError;

#[derive(TelemetryError)]
#[error("hello {title}")]
struct Hello {
    #[telemetry(allow)]
    title: String,
}

fn main() {}
