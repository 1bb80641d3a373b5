//! `cfg` on fields and variants, and types that come out of macros.
#![deny(warnings)]

use telemetry_core::{TelemetryEvent, TelemetryValue};

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
pub struct Event {
    #[cfg(not(target_os = "none"))]
    #[telemetry(allow)]
    pub here: u32,
    // Neither a policy nor a type that exists: the field does not.
    #[cfg(target_os = "none")]
    pub gone: Gone,
    #[cfg_attr(not(target_os = "none"), telemetry(drop))]
    pub host: String,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
pub enum Run {
    #[cfg(not(target_os = "none"))]
    Started,
    #[cfg(target_os = "none")]
    Gone(Gone),
}

#[derive(TelemetryValue)]
pub enum Value {
    #[cfg(not(target_os = "none"))]
    One,
    #[cfg(target_os = "none")]
    Gone(Gone),
}

macro_rules! event {
    ($Name:ident, $field:ident: $Type:ty, $policy:ident, $lifetime:lifetime) => {
        #[derive(TelemetryEvent)]
        #[telemetry(purpose = "service")]
        pub struct $Name<$lifetime> {
            #[telemetry($policy)]
            pub $field: $Type,
            #[telemetry(drop)]
            pub rest: &$lifetime [u8],
        }
    };
}
event!(FromMacro, value: Option<u32>, allow, 'a);
event!(FromMacroToo, walk: Vec<String>, hash, 'walk);

fn local() -> usize {
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "service")]
    struct Local {
        #[telemetry(allow)]
        _value: u32,
    }
    Local::SCHEMA.len()
}

pub fn main() {
    assert_eq!(Event::SCHEMA[0].fields.len(), 2);
    assert_eq!(Run::SCHEMA.len(), 1);
    assert_eq!(local(), 1);
}
