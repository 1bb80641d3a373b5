use telemetry_core::TelemetryEvent;

struct Event {
    password: String,
}

fn main() {
    fn record(_: &impl TelemetryEvent) {}
    record(&Event { password: String::from("hunter2") });
}
