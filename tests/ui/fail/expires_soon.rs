//! The compiler warns when the last day of an event is near or over.
#![deny(deprecated)]
#![allow(dead_code)]
use telemetry_core::TelemetryEvent;

/// The new menu was opened.
#[derive(TelemetryEvent)]
#[telemetry(name = "menu.opened", purpose = "product-improvement", expires = "2020-02-29")]
struct MenuOpened {}

fn main() {}
