//! The boundary: what a raw event is, and the one form in which it leaves.
//!
//! It owns the traits that the derive implements and [`Sanitized`], the only
//! serialisable form. It must never know where a sanitised event goes.

mod debug;
mod sanitized;
pub(crate) mod shape;
mod value;

pub(crate) use self::debug::ShownAsDebug;
pub use self::debug::{debug_event, debug_fields};
pub use self::sanitized::{Context, Grants, Nested, Sanitized, Sanitizer};
pub use self::shape::{EntriesOf, LeafPolicy, Map, Num, Receive, Shape, Under, kind};
pub use self::value::{Allowed, TelemetryValue};

use crate::schema::{EventSchema, FieldSchema};

/// An event whose every field has a policy. Implemented by
/// `#[derive(TelemetryEvent)]` alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a telemetry event",
    label = "not a telemetry event",
    note = "derive it: `#[derive(TelemetryEvent)]` on the struct or enum, with a policy on each field"
)]
pub trait TelemetryEvent {
    /// What the event collects: one entry for a struct, one for each variant
    /// of an enum, in the order of declaration.
    const SCHEMA: &'static [EventSchema];

    #[doc(hidden)]
    fn only_the_derive_may_implement_this_trait();

    /// The place of this value's event in [`SCHEMA`](Self::SCHEMA).
    #[doc(hidden)]
    fn variant(&self) -> usize;

    /// Shows every field that is not dropped to `walk`, in the order of declaration.
    #[doc(hidden)]
    fn walk<W: Walk>(&self, walk: &mut W) -> Result<(), W::Error>;

    /// The schema of this value's event.
    fn schema(&self) -> &'static EventSchema {
        #[expect(
            clippy::indexing_slicing,
            reason = "the derive writes both the index and the slice"
        )]
        &Self::SCHEMA[self.variant()]
    }
}

/// A part of an event, whose every field has a policy of its own: what the
/// policy `nested` asks for. Implemented by `#[derive(TelemetryFields)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be `nested`: its fields have no policies",
    label = "fields without policies",
    note = "derive `TelemetryFields` on the type and give each of its fields a policy, or choose another policy for this field"
)]
pub trait TelemetryFields {
    /// Every field, the dropped ones too, in the order of declaration.
    const FIELDS: &'static [FieldSchema];

    #[doc(hidden)]
    fn only_the_derive_may_implement_this_trait();

    /// Shows every field that is not dropped to `walk`, in the order of declaration.
    #[doc(hidden)]
    fn walk<W: Walk>(&self, walk: &mut W) -> Result<(), W::Error>;

    /// Hands the sanitised fields to `receive`, or says that there are none.
    #[doc(hidden)]
    fn emit<R: Receive>(&self, context: Context<'_>, receive: R) -> Result<R::Ok, R::Error> {
        receive.value(&sanitized::NestedFields { value: self, context })
    }
}

/// Sees each field of an event together with what its policy makes of it.
#[doc(hidden)]
pub trait Walk {
    type Error;

    /// A field with a policy.
    fn field<L: Leaves>(
        &mut self,
        field: &'static FieldSchema,
        value: L,
    ) -> Result<(), Self::Error>;

    /// A dropped field: there is no value to see.
    fn dropped(&mut self, field: &'static FieldSchema) -> Result<(), Self::Error>;
}

/// A value under its policy: what [`Walk::field`] is given.
#[doc(hidden)]
pub trait Leaves {
    /// Whether `Debug` of the raw event may show what this emits. Such an
    /// `emit` may not use keys: `Debug` has none.
    const SHOWN: bool = false;

    /// Hands what may leave to `receive`, or says that nothing does.
    fn emit<R: Receive>(&self, context: Context<'_>, receive: R) -> Result<R::Ok, R::Error>;

    /// Shows itself to `walk`.
    fn show<W: Walk>(self, field: &'static FieldSchema, walk: &mut W) -> Result<(), W::Error>
    where
        Self: Sized,
    {
        walk.field(field, self)
    }
}

/// What stands for a dropped field: there is no value.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Dropped;

impl Leaves for Dropped {
    fn emit<R: Receive>(&self, _context: Context<'_>, receive: R) -> Result<R::Ok, R::Error> {
        receive.absent()
    }

    fn show<W: Walk>(self, field: &'static FieldSchema, walk: &mut W) -> Result<(), W::Error> {
        walk.dropped(field)
    }
}

/// Several fields under their policies, as a tuple: one call for all of them
/// is what the compiler is done with soonest.
#[doc(hidden)]
pub trait Row {
    fn show<W: Walk>(self, fields: &'static [FieldSchema], walk: &mut W) -> Result<(), W::Error>;
}

/// Shows `row`, whose fields are those from `first` on. What the derive calls.
#[doc(hidden)]
pub fn row<W: Walk>(
    walk: &mut W,
    fields: &'static [FieldSchema],
    first: usize,
    row: impl Row,
) -> Result<(), W::Error> {
    row.show(fields.get(first..).unwrap_or_default(), walk)
}

macro_rules! rows {
    ($($Leaf:ident)*) => {
        rows!(@ [] $($Leaf)*);
    };
    (@ [$($Before:ident)*]) => {
        rows!(! $($Before)*);
    };
    (@ [$($Before:ident)*] $Leaf:ident $($After:ident)*) => {
        rows!(! $($Before)*);
        rows!(@ [$($Before)* $Leaf] $($After)*);
    };
    (! $($Leaf:ident)*) => {
        #[allow(non_snake_case, reason = "a leaf has its type's name")]
        impl<$($Leaf: Leaves),*> Row for ($($Leaf,)*) {
            fn show<W: Walk>(
                self,
                fields: &'static [FieldSchema],
                walk: &mut W,
            ) -> Result<(), W::Error> {
                let ($($Leaf,)*) = self;
                let mut fields = fields.iter();
                $(if let Some(field) = fields.next() {
                    $Leaf.show(field, walk)?;
                })*
                let _ = (&mut fields, walk);
                Ok(())
            }
        }
    };
}
// As many fields as the derive puts into one row.
rows!(A B C D E F G H I J K L M N O P);

/// Makes `Serialize` of a raw event impossible: the derive writes an impl that
/// asks for this trait, which nothing implements. A second, derived impl
/// collides with it, and a serialiser that is given the raw event is refused.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a raw telemetry event cannot be serialised",
    label = "this is the raw event: no policy has been applied",
    note = "serialise its sanitised form: `sanitizer.sanitize(&event)`, or give it to `Telemetry::record`"
)]
pub trait NotARawEvent<'never> {}

/// The type that never implements [`NotARawEvent`].
#[doc(hidden)]
#[derive(Debug)]
pub struct RawEvent(());

/// The body of the `Serialize` that no raw event has. It cannot be reached.
#[doc(hidden)]
pub fn refuse<S: serde::Serializer>(_: S) -> Result<S::Ok, S::Error> {
    Err(serde::ser::Error::custom("a raw telemetry event cannot be serialised"))
}
