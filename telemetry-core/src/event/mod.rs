//! The boundary: what a raw event is, and the one form in which it leaves.
//!
//! It owns the traits that the derive implements and [`Sanitized`], the only
//! serialisable form. It must never know where a sanitised event goes.

mod debug;
mod declared;
mod index;
#[cfg(feature = "client")]
mod json;
mod nested;
mod raw;
mod sanitized;

pub use self::debug::{debug_event, debug_fields, debug_nothing};
pub use self::declared::{DeclaresEvents, DeclaresFields};
pub use self::nested::{Nested, also_an_event, entries, nested};
pub use self::raw::{NotARawEvent, NotShown, RawEvent, refuse};
pub use self::sanitized::{Sanitized, Sanitizer};

use crate::leaf::{Context, Num, Sanitize, Sink};
use crate::pseudonym::TypePath;
use crate::schema::{EventSchema, FieldSchema, Shape};
use crate::slot::Slot;

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
    const SCHEMA: &'static [EventSchema] = <Self::Declared as DeclaresEvents<Self>>::EVENTS;

    /// What the derive says of the event, by value. The compiler makes the
    /// schema of it when somebody asks: not in every check of the program.
    #[doc(hidden)]
    type Declared: DeclaresEvents<Self>;

    #[doc(hidden)]
    const DECLARED: Self::Declared;

    /// Where the type is declared, which keeps the keys of two events apart that
    /// have one name by mistake.
    #[doc(hidden)]
    const TYPE_PATH: TypePath;

    #[doc(hidden)]
    fn only_the_derive_may_implement_this_trait();

    /// The place of this value's event in [`SCHEMA`](Self::SCHEMA).
    #[doc(hidden)]
    fn variant(&self) -> usize {
        0
    }

    /// Shows every field that is not dropped to `walk`, in the order of declaration.
    #[doc(hidden)]
    fn visit_fields<W: FieldVisitor>(&self, walk: &mut W) -> Result<(), W::Error>;

    /// In how many forms the events of this type can leave, when all fields of
    /// all its variants are closed; else, and when `usize` is too small, 0.
    const DOMAIN: usize = index::forms(Self::SCHEMA);

    /// The index of this value's form, below [`DOMAIN`](Self::DOMAIN).
    #[doc(hidden)]
    #[inline]
    fn index(&self) -> usize {
        let mut index = index::Index::default();
        let Ok(()) = self.visit_fields(&mut index);
        index.0.wrapping_add(index::before(Self::SCHEMA, self.variant()))
    }

    /// Shows each number of a histogram: the cell of its sum among those of the
    /// combination (the cells of its ranges follow), its range, and the number.
    #[doc(hidden)]
    #[inline]
    fn measure(&self, see: impl FnMut(usize, usize, Num)) {
        let Ok(()) = self.visit_fields(&mut index::Measures { see, cell: 1 });
    }

    /// The most cells that one combination takes: see [`EventSchema::cells`].
    #[doc(hidden)]
    const CELLS: usize = index::cells(Self::SCHEMA);

    /// The place of the counts of this type, when they are all that leaves.
    #[doc(hidden)]
    #[inline]
    fn counter() -> Option<&'static Slot> {
        None
    }

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
    const FIELDS: &'static [FieldSchema] = <Self::Declared as DeclaresFields<Self>>::FIELDS;

    /// What the derive says of the fields: see [`TelemetryEvent::Declared`].
    #[doc(hidden)]
    type Declared: DeclaresFields<Self>;

    #[doc(hidden)]
    const DECLARED: Self::Declared;

    /// Whether there may be no such value, or many.
    #[doc(hidden)]
    const SHAPE: Shape = Shape::ONE;

    #[doc(hidden)]
    fn only_the_derive_may_implement_this_trait();

    /// Shows every field that is not dropped to `walk`, in the order of declaration.
    #[doc(hidden)]
    fn visit_fields<W: FieldVisitor>(&self, walk: &mut W) -> Result<(), W::Error>;

    /// Hands the sanitised fields to `sink`, or says that there are none.
    #[doc(hidden)]
    fn sanitize_fields<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        let index = || {
            let mut index = index::Index::default();
            let Ok(()) = self.visit_fields(&mut index);
            index.0
        };
        sink.indexed(index, |sink| sink.value(&nested::NestedFields { value: self, context }))
    }
}

/// Sees each field of an event together with what its policy makes of it.
#[doc(hidden)]
pub trait FieldVisitor {
    type Error;

    /// A field with a policy.
    fn visit_field<L: Sanitize>(
        &mut self,
        field: &'static FieldSchema,
        value: L,
    ) -> Result<(), Self::Error>;

    /// A dropped field: there is no value to see.
    fn visit_dropped(&mut self, field: &'static FieldSchema) -> Result<(), Self::Error>;
}

/// What stands for a dropped field: there is no value.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Dropped;

impl Sanitize for Dropped {
    const DROPPED: bool = true;

    fn sanitize_into<R: Sink>(&self, _context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        sink.absent()
    }
}

/// Several fields under their policies, as a tuple: one call for all of them
/// is what the compiler is done with soonest.
#[doc(hidden)]
pub trait FieldTuple {
    fn visit_each<W: FieldVisitor>(
        self,
        fields: &'static [FieldSchema],
        walk: &mut W,
    ) -> Result<(), W::Error>;
}

/// Shows the fields from `first` on of the event at `variant`. What the derive calls.
#[doc(hidden)]
#[inline(always)]
pub fn row<E: TelemetryEvent + ?Sized, W: FieldVisitor>(
    _: &E,
    walk: &mut W,
    variant: usize,
    first: usize,
    row: impl FieldTuple,
) -> Result<(), W::Error> {
    let fields = E::SCHEMA.get(variant).map_or(&[][..], |event| event.fields);
    row.visit_each(fields.get(first..).unwrap_or_default(), walk)
}

/// The same of a nested type.
#[doc(hidden)]
#[inline(always)]
pub fn nested_row<T: TelemetryFields + ?Sized, W: FieldVisitor>(
    _: &T,
    walk: &mut W,
    first: usize,
    row: impl FieldTuple,
) -> Result<(), W::Error> {
    row.visit_each(T::FIELDS.get(first..).unwrap_or_default(), walk)
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
        impl<$($Leaf: Sanitize),*> FieldTuple for ($($Leaf,)*) {
            #[inline(always)]
            fn visit_each<W: FieldVisitor>(
                self,
                fields: &'static [FieldSchema],
                walk: &mut W,
            ) -> Result<(), W::Error> {
                let ($($Leaf,)*) = self;
                let mut fields = fields.iter();
                $(if let Some(field) = fields.next() {
                    if $Leaf::DROPPED { walk.visit_dropped(field)? } else { walk.visit_field(field, $Leaf)? }
                })*
                let _ = (&mut fields, walk);
                Ok(())
            }
        }
    };
}
// As many fields as the derive puts into one row.
rows!(A B C D E F G H I J K L M N O P);
