//! What an event says about itself, as constant data.
//!
//! It owns the description of events, fields and policies that the derive
//! writes, and what can be computed from it: which values can leave, and how
//! many. It must never know a value, a key or how a policy is carried out.

mod bits;
mod declared;
mod description;
mod domain;
mod expiry;
mod forms;
mod information;
mod limit;
mod parameter;
#[cfg(feature = "registry")]
pub(crate) mod registry;
mod same;
mod shape;
pub(crate) mod tuple;
mod type_path;
mod value;

#[doc(hidden)]
pub use self::declared::{BARE, DROP, Declared, FieldDescription, FieldNotes, event};
pub(crate) use self::declared::{events, fields};
#[doc(hidden)]
pub use self::description::JsonKey;
pub use self::description::{
    EventSchema, FieldSchema, Form, Histogram, Parts, Period, Policy, Purpose, TimePrecision,
};
pub use self::domain::{Closed, Domain, Each, List, Lists, Many, Numbers, Opening, Values};
pub use self::limit::MOST_COUNTED;
#[doc(hidden)]
pub use self::limit::hold;
pub use self::parameter::{Parameter, ParameterValue, Parameters, Written};
#[cfg(feature = "registry")]
pub use self::registry::{instances, linked};
#[doc(hidden)]
pub use self::shape::Shape;
#[doc(hidden)]
pub use self::type_path::TypePath;
pub use self::value::Item;
