use telemetry_core::TelemetryEvent;

#[derive(TelemetryEvent)]
#[telemetry(name = "Run", version = 0)]
struct Event<'a> {
    command: &'a str,
    #[telemetry(hash, drop)]
    target: &'a str,
    #[telemetry(allow)]
    user: &'a str,
    #[telemetry(bucket(100, 10))]
    duration: u64,
    #[telemetry(srub)]
    error: String,
    #[telemetry(allow(because = ""))]
    reason: String,
}

fn main() {
    // The derive has written impls all the same: these two are no errors.
    fn record(_: &impl TelemetryEvent) {}
    fn show(event: &Event<'_>) {
        record(event);
        format!("{event:?}");
    }
}
