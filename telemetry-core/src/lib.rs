//! Telemetry whose personal data the compiler checks, field by field, and
//! whose user can read, stop and erase it.
#![forbid(unsafe_code)]

pub mod error;
pub mod event;
pub mod policy;
pub mod schema;
#[cfg(feature = "client")]
pub mod spool;

#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "what the client stands on"))]
mod platform;

pub use telemetry_derive::{TelemetryEvent, TelemetryFields, TelemetryValue};

pub use crate::error::Error;
pub use crate::event::{Sanitized, Sanitizer, TelemetryEvent, TelemetryFields, TelemetryValue};

/// What the derive's output calls. Not for hand-written code: it changes
/// without notice.
#[doc(hidden)]
pub mod __private {
    pub use serde::{Serialize, Serializer};

    pub use crate::event::{NotARawEvent, RawEvent, Receive, Walk, debug_event, debug_fields};
    pub use crate::policy::apply::*;
    pub use crate::policy::{Bounds, KeyScope, KeySlot};
    pub use crate::schema::{EventSchema, FieldSchema, Policy, Purpose};
}
