//! What `literal!` takes, also without the prelude and under lints that deny.
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(warnings, dead_code, unused_qualifications)]

use ::telemetry_core::{Literal, TelemetryEvent, literal};

const PROTOCOL: &str = "ssh";
static SYSTEM: &str = "linux";
const OF_A_CONSTANT: Literal = literal!(PROTOCOL);
static OF_A_STATIC: Literal = literal!(SYSTEM);

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Event {
    #[telemetry(allow)]
    one: Literal,
    #[telemetry(allow)]
    many: [Literal; 4],
    #[telemetry(allow)]
    none: ::core::option::Option<Literal>,
}

trait Named {
    const NAME: &'static ::core::primitive::str;
}

impl Named for Event {
    const NAME: &'static ::core::primitive::str = "event";
}

mod a_type_of_the_same_name_as_text {
    #[allow(non_camel_case_types)]
    pub(crate) struct str;

    pub(crate) const LITERAL: ::telemetry_core::Literal = ::telemetry_core::literal!("a");
}

fn main() {
    let _ = a_type_of_the_same_name_as_text::str;
    let _ = a_type_of_the_same_name_as_text::LITERAL;
    let event = Event {
        one: literal!("ssh",),
        many: [
            OF_A_CONSTANT,
            OF_A_STATIC,
            literal!(::core::concat!("a", "b")),
            literal!(<Event as Named>::NAME),
        ],
        none: ::core::option::Option::Some(literal!(::core::env!("CARGO_PKG_VERSION"))),
    };
    let _ = (literal!(::std::env::consts::OS), literal!(::core::include_str!("literals.rs")));
    let _ = event;
}
