//! The events of the program that is running.
//!
//! It owns the list that the derive adds every event to. It must never know
//! what an event says.

use super::EventSchema;

pub use inventory;

/// Every event that is linked into the program, by name.
///
/// An event with type or const parameters is not among them: it is many types.
pub fn linked() -> impl Iterator<Item = &'static EventSchema> {
    let mut events: Vec<&'static EventSchema> =
        inventory::iter::<Linked>.into_iter().flat_map(|linked| linked.0).collect();
    events.sort_by_key(|event| event.name);
    events.into_iter()
}

/// The events of one type.
#[doc(hidden)]
#[derive(Debug)]
pub struct Linked(pub &'static [EventSchema]);
inventory::collect!(Linked);
