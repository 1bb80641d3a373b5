//! Tuples of values that may be allowed.
//!
//! It owns how many numbers there may be in one. It must never know a policy
//! other than `allow`.

use serde::ser::{Serialize, SerializeSeq, Serializer};

use super::allow::{Allowed, AllowedPart, ClosedValue, TelemetryValue};
use super::one_number::OneNumber;
use crate::leaf::{Context, Element, Sink, index_in};
use crate::schema::Domain;
use crate::schema::tuple::Places;

/// A tuple, written as a sequence.
struct Tuple<'v, T>(&'v T, Context<'v>);

/// The same of closed values.
struct ClosedTuple<'v, T>(&'v T, Context<'v>);

macro_rules! tuple {
    ($Trait:ident $Part:ident $Inner:ident $inner:ident $send:ident $Allowed:ident $Tuple:ident:
        [$($domain:tt)*] $($T:ident $index:tt),+) => {
        impl<$($T: $Part),+> $Trait for ($($T,)+)
        where
            $($T: OneNumber),+
        {
            $($domain)*
            type $Inner<'v> = &'v Self where $($T: 'v),+;

            fn $inner(&self) -> &Self {
                self
            }

            fn $send<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
                let index = || {
                    const { Places::new(&[$($T::DOMAIN),+]) }
                        .index([$(index_in(&$T::DOMAIN, &$Allowed(&self.$index))),+])
                };
                sink.indexed(index, |sink| sink.value(&$Tuple(self, context)))
            }
        }

        impl<$($T: $Part),+> Serialize for $Tuple<'_, ($($T,)+)>
        where
            $($T: OneNumber),+
        {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut sequence = serializer.serialize_seq(None)?;
                $(self.0.$index.$send(self.1, Element(&mut sequence))?;)+
                sequence.end()
            }
        }
    };
}

/// A tuple of closed values, which is one.
macro_rules! closed_tuple {
    ($($T:ident $index:tt),+) => {
        tuple! { ClosedValue ClosedValue Closed closed emit_closed AllowedPart ClosedTuple:
            [] $($T $index),+ }
        #[diagnostic::do_not_recommend]
        impl<$($T: ClosedValue),+> OneNumber for ($($T,)+) {}
    };
}

/// Tuples that may hold numbers.
macro_rules! tuples {
    ($(($($T:ident $index:tt),+))*) => {$(
        tuple! { TelemetryValue TelemetryValue Inner inner send Allowed Tuple:
            [const DOMAIN: Domain = Domain::tuple(&[$($T::DOMAIN),+]);] $($T $index),+ }
        closed_tuple! { $($T $index),+ }
    )*};
}
// Three numbers are a version; four are an address.
tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
}

/// Tuples that may not.
macro_rules! closed_tuples {
    ($(($($T:ident $index:tt),+))*) => {$(
        closed_tuple! { $($T $index),+ }

        impl<$($T: ClosedValue),+> TelemetryValue for ($($T,)+) {
            const DOMAIN: Domain = Domain::tuple(&[$($T::DOMAIN),+]);
            type Inner<'v> = &'v Self where $($T: 'v),+;

            fn inner(&self) -> &Self {
                self
            }

            fn send<R: Sink>(&self, context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
                self.emit_closed(context, sink)
            }
        }
    )*};
}
closed_tuples! {
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
}
