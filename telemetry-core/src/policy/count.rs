//! `count`: the number of elements of a collection.
//!
//! It owns which types have elements to count. It must never know an element.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};

use super::clamp::{clamped, of_count};
use super::round::whole;
use crate::leaf::{Context, Private, Sanitize, Sink};
use crate::schema::{Domain, Opening, Policy, Shape};

/// A value whose elements can be counted.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be counted",
    label = "not a collection",
    note = "`count` is for slices, `Vec`, sets and maps, alone or in `Option`; of a text, use `length`"
)]
pub trait Countable {
    /// The number of elements; `None` when there is no collection.
    fn count(&self) -> Option<usize>;

    /// Whether there may be no collection.
    #[doc(hidden)]
    const SHAPE: Shape = Shape::ONE;
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
    [T] BinaryHeap<T>;
    [T] LinkedList<T>;
    [T] BTreeSet<T>;
    [T, S] HashSet<T, S>;
    [K, V] BTreeMap<K, V>;
    [K, V, S] HashMap<K, V, S>;
}

impl<T: Countable> Countable for Option<T> {
    const SHAPE: Shape = T::SHAPE.or_absent();

    fn count(&self) -> Option<usize> {
        self.as_ref().and_then(Countable::count)
    }
}

macro_rules! through {
    ($($Type:ty),*) => {$(
        impl<T: Countable + ?Sized> Countable for $Type {
            const SHAPE: Shape = T::SHAPE;

            fn count(&self) -> Option<usize> {
                T::count(self)
            }
        }
    )*};
}
through!(&T, Box<T>, std::rc::Rc<T>, std::sync::Arc<T>);

impl<T: Countable + ToOwned + ?Sized> Countable for std::borrow::Cow<'_, T> {
    const SHAPE: Shape = T::SHAPE;

    fn count(&self) -> Option<usize> {
        T::count(self)
    }
}

impl<T: Countable> Countable for Private<T> {
    const SHAPE: Shape = T::SHAPE;

    fn count(&self) -> Option<usize> {
        self.open().count()
    }
}

/// The number of elements.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct CountedElements<'v, T: ?Sized> {
    bounds: Option<&'static [i128; 2]>,
    value: &'v T,
}

impl<T: Countable + ?Sized> Sanitize for CountedElements<'_, T> {
    fn sanitize_into<R: Sink>(&self, _context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        match (self.value.count(), self.bounds) {
            (Some(count), Some(bounds)) => {
                let (low, high) = of_count(bounds);
                whole((count as i128).clamp(low, high), low, 1, sink)
            }
            (Some(count), None) => whole(count as i128, 0, 1, sink),
            (None, _) => sink.absent(),
        }
    }
}

/// Puts a value under `count`.
#[doc(hidden)]
pub fn count<T: Countable + ?Sized>(value: &T) -> CountedElements<'_, T> {
    CountedElements { bounds: None, value }
}

/// Puts a value under `count` and `clamp`.
#[doc(hidden)]
pub fn count_clamped<'v, T: Countable + ?Sized>(
    bounds: &'static [i128; 2],
    value: &'v T,
) -> CountedElements<'v, T> {
    CountedElements { bounds: Some(bounds), value }
}

/// What the schema says of `count`.
#[doc(hidden)]
pub const fn count_schema() -> Policy {
    Policy::new("count", Domain::Open(Opening::Number))
}

/// What the schema says of `count` and `clamp`.
#[doc(hidden)]
pub const fn count_clamped_schema(shape: Shape, bounds: &'static [i128; 2]) -> Policy {
    clamped(count_schema(), shape, bounds)
}
