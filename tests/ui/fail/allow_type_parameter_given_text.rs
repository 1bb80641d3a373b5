use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event<T> {
    #[telemetry(allow)]
    value: T,
}

fn main() {
    fn record(_: &impl TelemetryEvent) {}
    record(&Event { value: 1 });
    record(&Event { value: String::from("jane") });
}
