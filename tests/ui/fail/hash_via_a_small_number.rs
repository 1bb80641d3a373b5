use telemetry_core::TelemetryEvent;

struct Level(u8);

impl Level {
    fn get(&self) -> u8 {
        self.0
    }
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Event {
    #[telemetry(hash(via = Level::get))]
    level: Level,
}

fn main() {}
