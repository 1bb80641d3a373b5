//! What a raw event has instead of `Debug`, `Serialize` and `Display`.
//!
//! It owns the impls that collide with every other one, and the words of the
//! compiler for them. It must never know an event's fields.
//!
//! The compiler has no words of ours for two impls of one trait, but it names
//! the macro that one of them comes from: the macros here are named for what
//! the reader of that message must know.

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

/// The same for `Display`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a raw telemetry event cannot be displayed",
    label = "this is the raw event: no policy has been applied",
    note = "show its sanitised form, `{{:?}}` of `sanitizer.sanitize(&event)`; `{{:?}}` of the event shows allowed values and the names of the other policies"
)]
pub trait NotShown<'never> {}

/// The type that never implements [`NotARawEvent`] and [`NotShown`].
#[doc(hidden)]
#[derive(Debug)]
pub struct RawEvent(());

/// The body of the `Serialize` that no raw event has. It cannot be reached.
#[doc(hidden)]
pub fn refuse<S: serde::Serializer>(_: S) -> Result<S::Ok, S::Error> {
    Err(serde::ser::Error::custom("a raw telemetry event cannot be serialised"))
}

/// The impls that a raw event has in place of what would show its values.
/// What the derive calls, with what stands before and after the trait.
#[doc(hidden)]
#[macro_export]
macro_rules! __raw {
    ($parameters:tt $for:tt $predicates:tt $debug:tt) => {
        $crate::debug_comes_with_this_derive__take_the_other_one_out! {
            $parameters $for $predicates $debug
        }
        $crate::a_raw_event_is_never_serialised__sanitise_it_first! { $parameters $for $predicates }
        $crate::a_raw_event_is_never_displayed__sanitise_it_first! { $parameters $for $predicates }
    };
}

/// A second `Debug` collides with this one.
#[doc(hidden)]
#[macro_export]
macro_rules! debug_comes_with_this_derive__take_the_other_one_out {
    ([$($parameters:tt)*] [$($for:tt)*] [$($predicates:tt)*] [$debug:ident $($name:literal)?]) => {
        #[automatically_derived]
        impl $($parameters)* $crate::__private::ShowDebug for $($for)* where $($predicates)* {
            fn fmt(
                &self,
                formatter: &mut $crate::__private::Formatter<'_>,
            ) -> $crate::__private::fmt::Result {
                $crate::__private::$debug($($name,)? self, formatter)
            }
        }
    };
}

/// A second `Serialize` collides with this one, which never holds. The
/// lifetime makes the compiler ask only when somebody serialises.
#[doc(hidden)]
#[macro_export]
macro_rules! a_raw_event_is_never_serialised__sanitise_it_first {
    ([$($parameters:tt)*] [$($for:tt)*] [$($predicates:tt)*]) => {
        #[automatically_derived]
        impl $($parameters)* $crate::__private::SerdeSerialize for $($for)*
        where
            $($predicates)*
            for<'__never> $crate::__private::RawEvent: $crate::__private::NotARawEvent<'__never>,
        {
            fn serialize<__S: $crate::__private::Serializer>(
                &self,
                serializer: __S,
            ) -> $crate::__private::Result<__S::Ok, __S::Error> {
                $crate::__private::refuse(serializer)
            }
        }
    };
}

/// A second `Display` collides with this one, which never holds.
#[doc(hidden)]
#[macro_export]
macro_rules! a_raw_event_is_never_displayed__sanitise_it_first {
    ([$($parameters:tt)*] [$($for:tt)*] [$($predicates:tt)*]) => {
        #[automatically_derived]
        impl $($parameters)* $crate::__private::ShowDisplay for $($for)*
        where
            $($predicates)*
            for<'__never> $crate::__private::RawEvent: $crate::__private::NotShown<'__never>,
        {
            fn fmt(
                &self,
                _: &mut $crate::__private::Formatter<'_>,
            ) -> $crate::__private::fmt::Result {
                $crate::__private::Ok(())
            }
        }
    };
}
