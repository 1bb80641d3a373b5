use telemetry_core::TelemetryError;

#[derive(TelemetryError)]
#[error("could not open {file}", file = .path.display())]
struct Open {
    #[telemetry(drop)]
    path: std::path::PathBuf,
}

fn main() {}
