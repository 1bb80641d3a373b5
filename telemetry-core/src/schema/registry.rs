//! The events of the program that is running.
//!
//! It owns the list that the derive adds every event to. It must never know
//! what an event says.

use super::{EventSchema, TypePath};

pub use inventory;

/// Every event that is linked into the program, by name.
///
/// An event with type or const parameters is many types: of those, the
/// instances are among them that [`register_instance!`](crate::register_instance)
/// names.
pub fn linked() -> impl Iterator<Item = &'static EventSchema> {
    let mut events: Vec<&'static EventSchema> =
        inventory::iter::<Linked>.into_iter().flat_map(|linked| linked.events).collect();
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

/// Two types whose fields share keys: the name of their event, and where in the
/// source they are.
///
/// The compiler tells two types apart that two blocks of one function declare,
/// but nothing that stays the same from one build to the next does.
#[cfg(feature = "lock")]
pub(crate) fn twins() -> Option<(&'static str, [&'static str; 2])> {
    let all: Vec<&Linked> = inventory::iter::<Linked>.into_iter().collect();
    let pairs = all
        .iter()
        .enumerate()
        .flat_map(|(at, one)| all.iter().skip(at + 1).map(move |other| (one, other)));
    // One place is one type, also when it is linked twice: into the tests of a
    // library, and into what the tests use.
    let mut apart =
        pairs.filter(|(one, other)| one.type_path == other.type_path && one.place != other.place);
    apart.find_map(|(one, other)| {
        let named = |event: &EventSchema| other.events.iter().any(|also| also.name == event.name);
        let event = one.events.iter().find(|event| named(event))?;
        Some((event.name, [one.place, other.place]))
    })
}

/// The events of one type.
#[doc(hidden)]
#[derive(Debug)]
pub struct Linked {
    pub events: &'static [EventSchema],
    pub type_path: TypePath,
    /// Where its derive is: file, line and column.
    pub place: &'static str,
}
inventory::collect!(Linked);

/// The events of one instance of a generic type, and how the source writes it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Instance(pub &'static str, pub &'static [EventSchema]);
inventory::collect!(Instance);
