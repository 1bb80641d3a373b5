//! From what the derive says of an event to its schema.
//!
//! It owns the step from descriptions by value to the slices of a schema. It
//! must never know what a field's policy is.
//!
//! The derive could write the slices itself; the compiler would then evaluate
//! them in every `cargo check`, which took it as long as all the rest of an
//! event. Here they hang on a type parameter, and so wait until they are used.

use super::{TelemetryEvent, TelemetryFields};
use crate::schema::{Declared, EventSchema, FieldDescription, FieldSchema, events, fields};

/// Descriptions that the schema of `E` can be made of.
#[doc(hidden)]
pub trait DeclaresEvents<E: ?Sized> {
    const EVENTS: &'static [EventSchema];
}

impl<E, const EVENTS: usize, const FIELDS: usize> DeclaresEvents<E> for Declared<EVENTS, FIELDS>
where
    E: TelemetryEvent<Declared = Self> + ?Sized,
{
    const EVENTS: &'static [EventSchema] = &events(E::DECLARED.0, &fields(E::DECLARED.1));
}

/// Descriptions that the fields of `T` can be made of.
#[doc(hidden)]
pub trait DeclaresFields<T: ?Sized> {
    const FIELDS: &'static [FieldSchema];
}

impl<T, const FIELDS: usize> DeclaresFields<T> for [FieldDescription; FIELDS]
where
    T: TelemetryFields<Declared = Self> + ?Sized,
{
    const FIELDS: &'static [FieldSchema] = &fields(T::DECLARED);
}
