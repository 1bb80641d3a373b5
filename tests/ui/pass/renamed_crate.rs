//! The crate under another name.
#![deny(warnings)]

mod inner {
    pub mod telemetry {
        pub use telemetry_core::{
            __private, TelemetryEvent, TelemetryFields, TelemetryValue,
        };
    }
}

// The crate's own name leads nowhere.
use std as telemetry_core;

#[derive(inner::telemetry::TelemetryEvent)]
#[telemetry(purpose = "service", crate = "crate::inner::telemetry")]
pub struct Event {
    #[telemetry(allow)]
    pub value: Value,
    #[telemetry(nested)]
    pub nested: Nested,
}

#[derive(inner::telemetry::TelemetryFields)]
#[telemetry(crate = "crate::inner::telemetry")]
pub struct Nested(#[telemetry(allow)] pub u32);

#[derive(inner::telemetry::TelemetryValue)]
#[telemetry(crate = "crate::inner::telemetry")]
pub enum Value {
    One,
}

fn main() {
    let _ = telemetry_core::mem::size_of::<Event>();
}
