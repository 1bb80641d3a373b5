//! `presence`: whether there is a value.
//!
//! It owns which types may be without one. It must never know the value.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::leaf::{Context, Private, Sanitize, Sink};
use crate::schema::{Domain, Policy, Values};

/// A value that may be there or not.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is always there",
    label = "nothing to ask for",
    note = "`presence` is for `Option`, text, paths and collections: it says whether there is a value, or whether it is not empty"
)]
pub trait Present {
    /// Whether there is a value. An empty text or collection is none.
    fn is_present(&self) -> bool;
}

macro_rules! collections {
    ($([$($generics:tt)*] $Type:ty;)*) => {$(
        impl<$($generics)*> Present for $Type {
            fn is_present(&self) -> bool {
                self.len() != 0
            }
        }
    )*};
}
collections! {
    [] str;
    [] String;
    [T] [T];
    [T, const N: usize] [T; N];
    [T] Vec<T>;
    [T] VecDeque<T>;
    [T] BinaryHeap<T>;
    [T] LinkedList<T>;
    [] OsStr;
    [] OsString;
    [T] BTreeSet<T>;
    [T, S] HashSet<T, S>;
    [K, V] BTreeMap<K, V>;
    [K, V, S] HashMap<K, V, S>;
}

impl Present for Path {
    fn is_present(&self) -> bool {
        self.as_os_str().is_present()
    }
}

impl Present for PathBuf {
    fn is_present(&self) -> bool {
        self.as_os_str().is_present()
    }
}

impl<T: Present> Present for Private<T> {
    fn is_present(&self) -> bool {
        self.open().is_present()
    }
}

impl<T> Present for Option<T> {
    fn is_present(&self) -> bool {
        self.is_some()
    }
}

macro_rules! through {
    ($($Type:ty),*) => {$(
        impl<T: Present + ?Sized> Present for $Type {
            fn is_present(&self) -> bool {
                T::is_present(self)
            }
        }
    )*};
}
through!(&T, Box<T>, std::rc::Rc<T>, std::sync::Arc<T>);

impl<T: Present + ToOwned + ?Sized> Present for std::borrow::Cow<'_, T> {
    fn is_present(&self) -> bool {
        T::is_present(self)
    }
}

/// Whether there is a value.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct PresentOrNot<'v, T: ?Sized>(&'v T);

impl<T: Present + ?Sized> Sanitize for PresentOrNot<'_, T> {
    fn sanitize_into<R: Sink>(&self, _context: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        let present = self.0.is_present();
        sink.indexed(|| usize::from(present), |sink| sink.boolean(present))
    }
}

/// Puts a value under `presence`.
#[doc(hidden)]
pub fn presence<T: Present + ?Sized>(value: &T) -> PresentOrNot<'_, T> {
    PresentOrNot(value)
}

/// What the schema says of `presence`.
#[doc(hidden)]
pub const fn presence_schema() -> Policy {
    Policy::new("presence", Domain::closed(Values::Bool))
}
