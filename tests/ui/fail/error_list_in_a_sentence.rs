use telemetry_core::TelemetryError;

#[derive(TelemetryError)]
#[error("could not reach {hosts}")]
struct Reach {
    #[telemetry(each(drop))]
    hosts: Vec<String>,
}

fn main() {}
