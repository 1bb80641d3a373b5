//! A field that only a derive sees is not unused, and a dropped field needs
//! neither bounds nor a value that can be copied.
#![deny(warnings)]

use std::cell::Cell;
use std::marker::PhantomData;

use telemetry_core::{TelemetryEvent, TelemetryFields};

struct NoTraits;

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Event<'a, T> {
    #[telemetry(drop)]
    password: &'a str,
    #[telemetry(drop)]
    anything: T,
    #[telemetry(drop)]
    cell: Cell<NoTraits>,
    #[telemetry(drop)]
    function: fn(&T) -> NoTraits,
    #[telemetry(hash)]
    host: &'a str,
    #[telemetry(nested)]
    nested: Nested<T>,
}

#[derive(TelemetryFields)]
struct Nested<T>(#[telemetry(drop)] PhantomData<T>, #[telemetry(allow)] u8);

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
enum Run {
    Started {
        #[telemetry(drop)]
        password: NoTraits,
    },
    Finished(#[telemetry(drop)] NoTraits, #[telemetry(allow)] i32),
}

fn main() {
    let _ = Event {
        password: "hunter2",
        anything: NoTraits,
        cell: Cell::new(NoTraits),
        function: |_| NoTraits,
        host: "web-1",
        nested: Nested(PhantomData, 1),
    };
    let _ = [Run::Started { password: NoTraits }, Run::Finished(NoTraits, 1)];
}
