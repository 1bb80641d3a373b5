//! The events of the program that is running.
//!
//! It owns the list that the derive adds every event to. It must never know
//! what an event says.

use super::EventSchema;

pub use inventory;

/// Every event that is linked into the program, by name.
///
/// An event with type or const parameters is many types: of those, the
/// instances are among them that [`register_instance!`](crate::register_instance)
/// names.
pub fn linked() -> impl Iterator<Item = &'static EventSchema> {
    let mut events: Vec<&'static EventSchema> =
        inventory::iter::<Linked>.into_iter().flat_map(|linked| linked.0).collect();
    events.extend(instances().map(|(_, event)| event));
    events.sort_by_key(|event| event.name);
    events.into_iter()
}

/// The instances of generic events that the program registered: which instance
/// it is, as the source writes the type, and its event.
pub fn instances() -> impl Iterator<Item = (&'static str, &'static EventSchema)> {
    let each = inventory::iter::<Instance>.into_iter();
    each.flat_map(|instance| instance.1.iter().map(|event| (instance.0, event)))
}

/// The events of one type.
#[doc(hidden)]
#[derive(Debug)]
pub struct Linked(pub &'static [EventSchema]);
inventory::collect!(Linked);

/// The events of one instance of a generic type, and how the source writes it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Instance(pub &'static str, pub &'static [EventSchema]);
inventory::collect!(Instance);
