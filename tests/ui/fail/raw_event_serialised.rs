use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(drop)]
    password: String,
}

fn main() {
    let event = Event { password: String::from("hunter2") };
    let _ = serde_json::to_string(&event);
}
