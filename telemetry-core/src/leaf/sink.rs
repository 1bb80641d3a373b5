//! What takes a sanitised value.
//!
//! It owns [`Sink`] and the places of a sequence and a map that take one. It must
//! never know a policy.

use serde::ser::{Serialize, SerializeMap, SerializeSeq};

use super::{Context, Num, Sanitize, Sequence};
use crate::pseudonym::{KeySlot, Keys};

/// Takes what a policy lets through: one value, or nothing.
#[doc(hidden)]
pub trait Sink: Sized {
    type Ok;
    type Error;

    /// Any value, by way of serde.
    fn value<T: Serialize + ?Sized>(self, value: &T) -> Result<Self::Ok, Self::Error>;

    /// Nothing is left of the value.
    fn absent(self) -> Result<Self::Ok, Self::Error>;

    // What follows says the same in fewer instructions, for a sink that writes
    // one format itself.

    /// A text.
    fn text(self, text: &str) -> Result<Self::Ok, Self::Error> {
        self.value(text)
    }

    /// A text of the program in which nothing stands that JSON escapes.
    fn plain_text(self, text: &'static str) -> Result<Self::Ok, Self::Error> {
        self.text(text)
    }

    /// An integer.
    fn signed(self, integer: i64) -> Result<Self::Ok, Self::Error> {
        self.value(&integer)
    }

    /// An integer that is not negative.
    fn unsigned(self, integer: u64) -> Result<Self::Ok, Self::Error> {
        self.value(&integer)
    }

    /// True or false.
    fn boolean(self, value: bool) -> Result<Self::Ok, Self::Error> {
        self.value(&value)
    }

    /// The pseudonym of `value` under the key of `slot`. With `remember`, the
    /// thread may keep it for when the value comes again.
    fn pseudonym(
        self,
        keys: &Keys,
        slot: &'static KeySlot,
        value: &[u8],
        remember: bool,
    ) -> Result<Self::Ok, Self::Error> {
        let _ = remember;
        match keys.pseudonym(slot, value) {
            Some(pseudonym) => self.value(pseudonym.as_str()),
            None => self.absent(),
        }
    }

    /// A value of a closed domain, with its index there when nothing is absent.
    #[inline]
    fn indexed(
        self,
        index: impl FnOnce() -> usize,
        hand_on: impl FnOnce(Self) -> Result<Self::Ok, Self::Error>,
    ) -> Result<Self::Ok, Self::Error> {
        let _ = index;
        hand_on(self)
    }

    /// A number that only a histogram takes, and its range there, counted from
    /// the lowest. Nothing else sees it.
    #[inline]
    fn measured(self, range: usize, number: Num) -> Result<Self::Ok, Self::Error> {
        let _ = (range, number);
        self.absent()
    }

    /// A list of what is left of `elements`.
    fn list<I: Iterator<Item: Sanitize> + Clone>(
        self,
        elements: I,
        context: Context<'_>,
    ) -> Result<Self::Ok, Self::Error> {
        self.value(&Sequence { items: elements, context })
    }
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
pub(crate) struct EntrySink<'s, S, K: ?Sized> {
    pub(crate) map: &'s mut S,
    pub(crate) key: &'s K,
}

impl<S: SerializeMap, K: Serialize + ?Sized> Sink for EntrySink<'_, S, K> {
    type Ok = ();
    type Error = S::Error;

    fn value<T: Serialize + ?Sized>(self, value: &T) -> Result<(), S::Error> {
        self.map.serialize_entry(self.key, value)
    }

    fn absent(self) -> Result<(), S::Error> {
        Ok(())
    }
}
