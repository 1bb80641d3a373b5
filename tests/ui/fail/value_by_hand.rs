use telemetry_core::TelemetryValue;
use telemetry_core::schema::Domain;

struct Name(String);

impl TelemetryValue for Name {
    const DOMAIN: Domain = <bool as TelemetryValue>::DOMAIN;
    type Inner<'v> = &'v str;
    fn inner(&self) -> &str {
        &self.0
    }
}

fn main() {}
