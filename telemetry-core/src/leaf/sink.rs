//! What takes a sanitised value.
//!
//! It owns [`Sink`] and the places of a sequence and a map that take one. It must
//! never know a policy.

use serde::ser::{Serialize, SerializeMap, SerializeSeq};

/// Takes what a policy lets through: one value, or nothing.
#[doc(hidden)]
pub trait Sink: Sized {
    type Ok;
    type Error;
    fn value<T: Serialize + ?Sized>(self, value: &T) -> Result<Self::Ok, Self::Error>;
    fn absent(self) -> Result<Self::Ok, Self::Error>;
}

/// Writes the value that is received as the next element of a sequence, if there is one.
pub(crate) struct Element<'s, S>(pub(crate) &'s mut S);

impl<S: SerializeSeq> Sink for Element<'_, S> {
    type Ok = ();
    type Error = S::Error;

    fn value<T: Serialize + ?Sized>(self, value: &T) -> Result<(), S::Error> {
        self.0.serialize_element(value)
    }

    fn absent(self) -> Result<(), S::Error> {
        Ok(())
    }
}

/// Writes `key` together with the value that is received, or neither.
pub(crate) struct Entry<'s, S, K: ?Sized> {
    pub(crate) map: &'s mut S,
    pub(crate) key: &'s K,
}

impl<S: SerializeMap, K: Serialize + ?Sized> Sink for Entry<'_, S, K> {
    type Ok = ();
    type Error = S::Error;

    fn value<T: Serialize + ?Sized>(self, value: &T) -> Result<(), S::Error> {
        self.map.serialize_entry(self.key, value)
    }

    fn absent(self) -> Result<(), S::Error> {
        Ok(())
    }
}
