//! Nested values: fields with policies of their own, inside a field.
//!
//! It owns the walk from a field to the fields of its value. It must never know
//! which fields those are.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::sanitized::FieldEntries;
use super::{FieldVisitor, TelemetryEvent, TelemetryFields};
use crate::leaf::{Context, EntriesOf, Map, MapKey, Private, Sanitize, Sink, structure};
use crate::policy::Of;
use crate::schema::{FieldDescription, FieldSchema, Policy, Shape};

/// The sanitised fields of a nested value.
pub(super) struct NestedFields<'a, T: ?Sized> {
    pub(super) value: &'a T,
    pub(super) context: Context<'a>,
}

impl<T: TelemetryFields + ?Sized> Serialize for NestedFields<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        // Whatever is nested was given its place by the field that it is in.
        let Some(place) = self.context.place() else { return map.end() };
        self.value.visit_fields(&mut FieldEntries {
            map: &mut map,
            context: self.context,
            place,
        })?;
        map.end()
    }
}

/// A nested value under its own policies.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Nested<'v, T: ?Sized>(pub(crate) &'v T);

impl<T: TelemetryFields + ?Sized> Sanitize for Nested<'_, T> {
    const NESTED: bool = true;

    fn sanitize_into<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        self.0.sanitize_fields(context, sink)
    }
}

structure! {
    impl[] TelemetryFields, of TelemetryFields {
        const SHAPE: Shape;
        fn sanitize_fields[](context: Context<'_>), element => Nested(element), context
    } {
        const FIELDS: &'static [FieldSchema] = T::FIELDS;
        type Declared = [FieldDescription; 0];
        const DECLARED: Self::Declared = [];

        fn only_the_derive_may_implement_this_trait() {}

        /// What only holds others has no fields of its own: `sanitize_fields` passes it by.
        fn visit_fields<W: FieldVisitor>(&self, _walk: &mut W) -> Result<(), W::Error> {
            Ok(())
        }
    }
}

/// A nested type that is an event too.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no event, and only an event has a purpose",
    label = "a purpose of what is no event",
    note = "take `purpose` and the other keys of events out: a nested type has those of the event that holds it",
    note = "if the type is an event of its own as well, derive `TelemetryEvent` beside `TelemetryFields`"
)]
pub trait AlsoAnEvent: TelemetryEvent {}
#[diagnostic::do_not_recommend]
impl<T: TelemetryEvent + ?Sized> AlsoAnEvent for T {}

/// Holds a nested type with a purpose to being an event. What the derive calls.
#[doc(hidden)]
pub fn also_an_event<T: AlsoAnEvent + ?Sized>() {}

impl<T: TelemetryFields> TelemetryFields for Private<T> {
    const FIELDS: &'static [FieldSchema] = T::FIELDS;
    type Declared = [FieldDescription; 0];
    const DECLARED: Self::Declared = [];
    const SHAPE: Shape = T::SHAPE;

    fn only_the_derive_may_implement_this_trait() {}

    fn visit_fields<W: FieldVisitor>(&self, walk: &mut W) -> Result<(), W::Error> {
        self.open().visit_fields(walk)
    }

    fn sanitize_fields<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        self.open().sanitize_fields(context, sink)
    }
}

/// Puts a value under `nested`.
#[doc(hidden)]
pub fn nested<T: TelemetryFields + ?Sized>(value: &T) -> Nested<'_, T> {
    Nested(value)
}

impl<T: TelemetryFields + ?Sized> Of<T> {
    /// What the schema says of `nested`.
    pub const NESTED: Policy = Policy::nested(T::SHAPE, T::FIELDS);
}

impl<T: Map<Value: TelemetryFields> + ?Sized> Of<T> {
    /// The same of the values of a map.
    pub const MAPPED_NESTED: Policy =
        Policy::nested(<T::Value as TelemetryFields>::SHAPE, <T::Value as TelemetryFields>::FIELDS);
}

/// Puts a map under a policy for its keys and one for its values.
#[doc(hidden)]
pub fn entries<'v, M, K, V, KF, VF>(map: &'v M, keys: KF, values: VF) -> EntriesOf<'v, M, KF, VF>
where
    M: Map<Key: MapKey> + ?Sized,
    K: Sanitize,
    V: Sanitize,
    KF: Fn(&'v M::Key) -> K + Copy,
    VF: Fn(&'v M::Value) -> V + Copy,
{
    EntriesOf { map, keys, values }
}
