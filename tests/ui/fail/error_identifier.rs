use telemetry_core::TelemetryError;

#[derive(TelemetryError)]
#[error("{login} may not see {customer_id}: {why}")]
struct Forbidden {
    #[telemetry(scrub)]
    login: String,
    #[telemetry(allow)]
    customer_id: u64,
    #[telemetry(allow(because = "to be done"))]
    why: String,
}

fn main() {}
