//! `count`: the number of elements of a collection.
//!
//! It owns which types have elements to count. It must never know an element.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use crate::leaf::{Context, Sanitize, Sink};
use crate::schema::{Domain, Open, Policy};

/// A value whose elements can be counted.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be counted",
    label = "not a collection",
    note = "`count` is for slices, `Vec`, sets and maps, alone or in `Option`; of a text, use `length`"
)]
pub trait Countable {
    /// The number of elements; `None` when there is no collection.
    fn count(&self) -> Option<usize>;
}

macro_rules! collections {
    ($([$($generics:tt)*] $Type:ty;)*) => {$(
        impl<$($generics)*> Countable for $Type {
            fn count(&self) -> Option<usize> {
                Some(self.len())
            }
        }
    )*};
}
collections! {
    [T] [T];
    [T, const N: usize] [T; N];
    [T] Vec<T>;
    [T] VecDeque<T>;
    [T] BTreeSet<T>;
    [T, S] HashSet<T, S>;
    [K, V] BTreeMap<K, V>;
    [K, V, S] HashMap<K, V, S>;
}

impl<T: Countable> Countable for Option<T> {
    fn count(&self) -> Option<usize> {
        self.as_ref().and_then(Countable::count)
    }
}

macro_rules! through {
    ($($Type:ty),*) => {$(
        impl<T: Countable + ?Sized> Countable for $Type {
            fn count(&self) -> Option<usize> {
                T::count(self)
            }
        }
    )*};
}
through!(&T, Box<T>, std::rc::Rc<T>, std::sync::Arc<T>);

impl<T: Countable + ToOwned + ?Sized> Countable for std::borrow::Cow<'_, T> {
    fn count(&self) -> Option<usize> {
        T::count(self)
    }
}

/// The number of elements.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Counted<'v, T: ?Sized>(&'v T);

impl<T: Countable + ?Sized> Sanitize for Counted<'_, T> {
    fn emit<R: Sink>(&self, _context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        match self.0.count() {
            Some(count) => sink.value(&count),
            None => sink.absent(),
        }
    }
}

/// Puts a value under `count`.
#[doc(hidden)]
pub fn count<T: Countable + ?Sized>(value: &T) -> Counted<'_, T> {
    Counted(value)
}

/// What the schema says of `count`.
#[doc(hidden)]
pub const fn count_schema() -> Policy {
    Policy::new("count", Domain::Open(Open::Number))
}
