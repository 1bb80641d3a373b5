use telemetry_core::TelemetryValue;
use telemetry_core::leaf::{Context, Sink};
use telemetry_core::schema::Domain;

struct Name(String);

impl TelemetryValue for Name {
    const DOMAIN: Domain = <bool as TelemetryValue>::DOMAIN;
    type Inner<'v> = bool;
    fn inner(&self) -> bool {
        true
    }
    fn send<R: Sink>(&self, _: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        sink.value(&self.0)
    }
}

fn main() {}
