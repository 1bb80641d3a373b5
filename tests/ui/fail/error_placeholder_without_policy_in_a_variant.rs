use telemetry_core::TelemetryError;

#[derive(TelemetryError)]
enum Failure {
    #[error("no host {host}")]
    Host {
        #[telemetry(drop)]
        host: String,
    },
    #[error("user {0} may not")]
    User(String),
}

fn main() {}
