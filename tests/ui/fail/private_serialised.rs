use serde::Serialize;
use telemetry_core::Private;

#[derive(Serialize)]
struct Copied {
    name: Private<String>,
}

fn main() {}
