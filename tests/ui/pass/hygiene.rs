//! No name of the user's gets in the way of the derives' output.
#![no_implicit_prelude]
#![deny(warnings)]
#![forbid(unsafe_code)]
#![allow(dead_code, non_camel_case_types)]

// What the derives' output must not mean.
struct Result;
struct Option;
struct String;
struct Vec;
struct Ok;
struct Some;
struct None;
struct Debug;
struct Serialize;
struct Serializer;
struct FieldSchema;
struct Policy;

mod std {}
mod core {}
mod serde {}
trait TelemetryValue {}

#[derive(::telemetry_core::TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Event<W, R, S, f, T> {
    #[telemetry(allow)]
    self_: u32,
    #[telemetry(hash)]
    serializer: u64,
    #[telemetry(allow)]
    walk: W,
    #[telemetry(allow)]
    f: R,
    #[telemetry(hash)]
    r#type: S,
    #[telemetry(drop)]
    value: f,
    #[telemetry(presence)]
    index: T,
    #[telemetry(hash)]
    error: ::std::string::String,
    #[telemetry(scrub)]
    debug: ::core::option::Option<&'static str>,
    #[telemetry(drop)]
    result: Result,
}

#[derive(::telemetry_core::TelemetryEvent)]
#[telemetry(purpose = "service")]
enum Answer {
    Ok(#[telemetry(allow)] bool),
    Err {
        #[telemetry(allow)]
        error: u8,
    },
    None,
}

#[derive(::telemetry_core::TelemetryFields)]
struct Inner {
    #[telemetry(hash, domain = "host")]
    walk: ::std::string::String,
}

#[derive(::telemetry_core::TelemetryValue)]
enum Value {
    Ok,
    None,
}

pub fn main() {}
