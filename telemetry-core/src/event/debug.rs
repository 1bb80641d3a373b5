//! `Debug` of events, raw and sanitised.
//!
//! It owns what of an event is shown to a developer. It must never know a key:
//! of a raw event it shows allowed values, and of everything else the policy's
//! name.

use std::fmt::{self, Debug, Formatter};

use serde::Serialize;
use serde_fmt::to_debug;

use super::{FieldVisitor, TelemetryEvent, TelemetryFields};
use crate::leaf::{Context, Sanitize, Sink};
use crate::schema::FieldSchema;

/// Writes `Debug` of a raw event. What the derive calls.
#[doc(hidden)]
pub fn debug_event<E: TelemetryEvent + ?Sized>(event: &E, f: &mut Formatter<'_>) -> fmt::Result {
    let mut shown = f.debug_struct(event.schema().name);
    let _ = event.visit_fields(&mut ShownFields(&mut shown));
    shown.finish()
}

/// Writes `Debug` of a raw nested value. What the derive calls.
#[doc(hidden)]
pub fn debug_fields<T: TelemetryFields + ?Sized>(
    name: &'static str,
    value: &T,
    f: &mut Formatter<'_>,
) -> fmt::Result {
    let mut shown = f.debug_struct(name);
    let _ = value.visit_fields(&mut ShownFields(&mut shown));
    shown.finish()
}

/// Writes nothing, of a type whose mistakes have been reported. What the derive
/// calls.
#[doc(hidden)]
pub fn debug_nothing<T: ?Sized>(_: &T, _: &mut Formatter<'_>) -> fmt::Result {
    Ok(())
}

/// Shows allowed values, and the policies of all others.
struct ShownFields<'s, 'a, 'b>(&'s mut fmt::DebugStruct<'a, 'b>);

impl FieldVisitor for ShownFields<'_, '_, '_> {
    type Error = std::convert::Infallible;

    fn visit_field<L: Sanitize>(
        &mut self,
        field: &'static FieldSchema,
        value: L,
    ) -> Result<(), Self::Error> {
        if L::SHOWN {
            value.sanitize_into(Context::WITHOUT_KEYS, ShownField(self.0, field.name))
        } else {
            self.0.field(field.name, &ShownName(field.policy.name));
            Ok(())
        }
    }

    fn visit_dropped(&mut self, field: &'static FieldSchema) -> Result<(), Self::Error> {
        self.0.field(field.name, &ShownName(field.policy.name));
        Ok(())
    }
}

struct ShownField<'s, 'a, 'b>(&'s mut fmt::DebugStruct<'a, 'b>, &'static str);

impl Sink for ShownField<'_, '_, '_> {
    type Ok = ();
    type Error = std::convert::Infallible;

    fn value<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Self::Error> {
        self.0.field(self.1, &to_debug(value));
        Ok(())
    }

    fn absent(self) -> Result<(), Self::Error> {
        self.0.field(self.1, &ShownName("absent"));
        Ok(())
    }
}

struct ShownName(&'static str);

impl Debug for ShownName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}
