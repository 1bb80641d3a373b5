//! What the compiler refuses only when a program is built, and not already
//! when it is checked: a type is known there, and not where it is written.
//!
//! A value that says another domain than that of what it leads to:
//!
//! ```compile_fail
//! use telemetry_core::schema::Domain;
//! use telemetry_core::{Keys, Sanitizer, TelemetryEvent, TelemetryValue};
//!
//! struct Wide(u64);
//!
//! impl TelemetryValue for Wide {
//!     const DOMAIN: Domain = <bool as TelemetryValue>::DOMAIN;
//!     type Inner<'v> = u64;
//!     fn inner(&self) -> u64 {
//!         self.0
//!     }
//! }
//!
//! #[derive(TelemetryEvent)]
//! #[telemetry(purpose = "service", max_bits = 1)]
//! struct Sent {
//!     #[telemetry(allow)]
//!     wide: Wide,
//! }
//!
//! let sanitizer = Sanitizer::new(Keys::session().unwrap());
//! serde_json::to_string(&sanitizer.sanitize(&Sent { wide: Wide(7) })).unwrap();
//! ```
//!
//! The same that says its own:
//!
//! ```
//! use telemetry_core::schema::Domain;
//! use telemetry_core::{Keys, Sanitizer, TelemetryEvent, TelemetryValue};
//!
//! struct Narrow(bool);
//!
//! impl TelemetryValue for Narrow {
//!     const DOMAIN: Domain = <bool as TelemetryValue>::DOMAIN;
//!     type Inner<'v> = bool;
//!     fn inner(&self) -> bool {
//!         self.0
//!     }
//! }
//!
//! #[derive(TelemetryEvent)]
//! #[telemetry(purpose = "service", max_bits = 1)]
//! struct Sent {
//!     #[telemetry(allow)]
//!     narrow: Narrow,
//! }
//!
//! let sanitizer = Sanitizer::new(Keys::session().unwrap());
//! serde_json::to_string(&sanitizer.sanitize(&Sent { narrow: Narrow(true) })).unwrap();
//! ```
//!
//! A generic event that tells more, with a type that somebody uses, than its
//! `max_bits`:
//!
//! ```compile_fail
//! use telemetry_core::{Keys, Sanitizer, TelemetryEvent};
//!
//! #[derive(TelemetryEvent)]
//! #[telemetry(purpose = "service", max_bits = 2)]
//! struct Sent<T> {
//!     #[telemetry(allow)]
//!     value: T,
//! }
//!
//! let sanitizer = Sanitizer::new(Keys::session().unwrap());
//! serde_json::to_string(&sanitizer.sanitize(&Sent { value: 7_u8 })).unwrap();
//! ```
//!
//! With a type that tells less, it is built:
//!
//! ```
//! use telemetry_core::{Keys, Sanitizer, TelemetryEvent};
//!
//! #[derive(TelemetryEvent)]
//! #[telemetry(purpose = "service", max_bits = 2)]
//! struct Sent<T> {
//!     #[telemetry(allow)]
//!     value: T,
//! }
//!
//! let sanitizer = Sanitizer::new(Keys::session().unwrap());
//! serde_json::to_string(&sanitizer.sanitize(&Sent { value: true })).unwrap();
//! ```
