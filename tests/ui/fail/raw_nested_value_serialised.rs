use telemetry_core::TelemetryFields;

#[derive(TelemetryFields)]
struct System {
    #[telemetry(hash)]
    host: String,
}

fn main() {
    let system = System { host: String::from("web-1") };
    let _ = serde_json::to_string(&vec![system]);
}
