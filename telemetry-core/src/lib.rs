#![cfg_attr(
    feature = "client",
    doc = include_str!("front.md")
)]
#![cfg_attr(
    not(feature = "client"),
    doc = "Telemetry whose personal data the compiler checks, field by field. This is the boundary alone: event, schema and policies; the feature `client` has the rest."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

// The derive's output names the crate from outside.
#[cfg(test)]
extern crate self as telemetry_core;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "clap")]
pub mod command_line;
#[cfg(feature = "client")]
pub mod consent;
#[cfg(feature = "client")]
mod envelope;
pub mod error;
pub mod event;
#[cfg(feature = "client")]
pub mod export;
pub mod leaf;
#[cfg(feature = "lock")]
pub mod lock;
pub mod policy;
pub mod pseudonym;
pub mod schema;
pub mod scrub;
#[cfg(feature = "sentry")]
pub mod sentry;
#[cfg(feature = "client")]
pub mod spool;

#[cfg(feature = "testing")]
pub mod testing;

#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "what the client stands on"))]
mod platform;
mod slot;
#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "what writing JSON stands on"))]
mod words;

pub use telemetry_derive::{TelemetryError, TelemetryEvent, TelemetryFields, TelemetryValue};

#[cfg(feature = "client")]
pub use crate::client::{Builder, Recorded, Telemetry};
pub use crate::error::Error;
pub use crate::event::{Sanitized, Sanitizer, TelemetryEvent, TelemetryFields};
pub use crate::leaf::{Literal, Message, Private};
pub use crate::policy::TelemetryValue;
pub use crate::pseudonym::Keys;
pub use crate::scrub::Scrubber;

/// What the derive's output calls. Not for hand-written code: it changes
/// without notice.
#[doc(hidden)]
pub mod __private {
    pub use core::any::type_name;
    pub use core::fmt::{self, Debug as ShowDebug, Display as ShowDisplay, Formatter};
    pub use core::option::Option::{self, None, Some};
    pub use core::primitive::str as Text;
    pub use core::result::Result::{self, Ok};
    pub use core::{column, concat, file, line, module_path};
    pub use std::vec;

    pub use telemetry_derive::__message as message;

    pub use serde::{Serialize, Serialize as SerdeSerialize, Serializer};

    // The second names are for impls: see `expand` in the derive.
    pub use crate::event::{
        Dropped, FieldVisitor, NotARawEvent, NotShown, RawEvent, TelemetryEvent as Event,
        TelemetryFields, TelemetryFields as Fields, also_an_event, debug_event, debug_fields,
        debug_nothing, entries, nested, nested_row, refuse, row,
    };
    pub use crate::leaf::{
        Describe, Described, Description, Evaluated, HasLeaves, HasLeaves as Leaves, Map, MapKey,
        MapKey as Key, Part, Wording, WrittenKey, WrittenKey as KeyAsItIs, evaluated, kind,
        message as made_message,
    };
    pub use crate::policy::derive::*;
    pub use crate::policy::{
        Addressable, ChosenName, ClosedValue, ClosedValue as Closed, Countable,
        Countable as CanBeCounted, Describable, Digestible, FileNamed, Hashable, IfUnknown, Names,
        Names as Named, Numeric, Of, OneNumber, OneNumber as NumberAtMost, Present,
        Present as CanBePresent, TelemetryValue, TelemetryValue as Value, Textual, Whole,
    };
    pub use crate::pseudonym::{KeySlot, Step, TypePath};
    pub use crate::schema::Numbers::{Float, Int};
    pub use crate::schema::{
        BARE, DROP, Declared, Domain, EventSchema, FieldDescription, Period, Policy, Shape,
        TimePrecision, Values, event, hold,
    };
    pub use crate::slot::Slot;

    #[cfg(feature = "registry")]
    pub use crate::schema::registry::{Instance, Linked, inventory};
    pub use crate::{__raw as raw, __register as register, __type_path as type_path};
}

/// The path of the type of this name that stands beside the caller.
#[doc(hidden)]
#[macro_export]
macro_rules! __type_path {
    ($Event:literal, $Type:ty) => {
        $crate::__private::TypePath::named(
            $crate::__private::concat!($crate::__private::module_path!(), "::", $Event),
            $crate::__private::type_name::<$Type>,
        )
    };
    // A type with parameters has no one name.
    ($Event:literal) => {{
        #[allow(dead_code)]
        struct __Beside;
        $crate::__type_path!($Event, __Beside)
    }};
}

/// Lists an event among those that are linked into the program.
#[cfg(feature = "registry")]
#[doc(hidden)]
#[macro_export]
macro_rules! __register {
    ($Event:ty) => {
        $crate::__private::inventory::submit! {
            $crate::__private::Linked {
                events: <$Event as $crate::TelemetryEvent>::SCHEMA,
                type_path: <$Event as $crate::TelemetryEvent>::TYPE_PATH,
                place: $crate::__private::concat!(
                    $crate::__private::file!(), ":",
                    $crate::__private::line!(), ":",
                    $crate::__private::column!(),
                ),
            }
        }
    };
}

/// Does nothing: the events of a program are listed with the feature `registry` only.
#[cfg(not(feature = "registry"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __register {
    ($Event:ty) => {};
}

/// Makes a [`Message`] of a text and a policy for each of its values.
///
/// The literal pieces leave as they are: the compiler saw them. A value is
/// named in the text, `{path}`, and has a policy behind it, `path = drop`, as a
/// field of an event has; one without a policy does not compile. It is the
/// variable of that name, or what an expression says: `path(&self.path) = drop`.
/// In the place of a value that does not leave stands its name, `[path]`.
///
/// A keyed hash needs a domain, for a message is in no event of its own:
/// `user = (hash, domain = "user")`.
///
/// ```
/// use telemetry_core::message;
///
/// let (name, attempts) = ("jane", 3);
/// let message = message!(
///     "{name} failed {attempts} times in {module}",
///     name = (hash, domain = "user"),
///     attempts = bucket(1, 5),
///     module(module_path!()) = scrub(known),
/// );
/// assert_eq!(format!("{message:?}"), r#""{name} failed {attempts} times in {module}""#);
/// ```
///
/// ```compile_fail
/// let user = "jane";
/// telemetry_core::message!("failed for {user}");
/// ```
#[macro_export]
macro_rules! message {
    ($($said:tt)*) => {
        $crate::__private::message! { [$crate] $($said)* }
    };
}

/// Lists instances of a generic event among the events that are linked into
/// the program, in its schema and its lock. Without the feature `registry` it
/// does nothing.
///
/// ```
/// use telemetry_core::{TelemetryEvent, TelemetryValue};
///
/// /// A cache answered.
/// #[derive(TelemetryEvent)]
/// #[telemetry(name = "cache.answered", purpose = "diagnostics")]
/// struct Answered<K: TelemetryValue> {
///     /// What was asked for.
///     #[telemetry(allow)]
///     kind: K,
/// }
///
/// telemetry_core::register_instance!(Answered<bool>);
/// ```
#[cfg(feature = "registry")]
#[macro_export]
macro_rules! register_instance {
    ($($Event:ty),+ $(,)?) => {$(
        $crate::__private::inventory::submit! {
            $crate::__private::Instance(
                stringify!($Event),
                <$Event as $crate::TelemetryEvent>::SCHEMA,
            )
        }
    )+};
}

/// Does nothing: the events of a program are listed with the feature `registry`
/// only.
#[cfg(not(feature = "registry"))]
#[macro_export]
macro_rules! register_instance {
    ($($Event:ty),+ $(,)?) => {};
}
