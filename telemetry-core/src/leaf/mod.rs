//! What a policy is applied to, and what it hands on.
//!
//! It owns leaves (the parts of a value that a policy sees), the walk from a
//! value to its leaves, and the sink that takes what is left. It must never
//! know which policies there are, nor an event.

mod collection;
mod context;
mod describe;
mod embedded;
mod errors;
mod failures;
mod index;
mod kinds;
mod literal;
mod message;
mod private;
mod sink;

pub use self::collection::EntriesOf;
use self::collection::Sequence;
pub(crate) use self::collection::structure;
pub use self::collection::{Map, MapKey, WrittenKey};
// Not public: whoever cannot name it can neither apply a policy nor write one.
pub(crate) use self::context::Context;
pub use self::context::Grants;
pub use self::describe::{Describe, Description, Wording};
pub(crate) use self::embedded::carried;
pub(crate) use self::index::{index_in, measure};
pub use self::kinds::{Applied, HasLeaves, LeafPolicy, Num, kind};
pub use self::literal::{Evaluated, Literal, evaluated};
pub use self::message::{Described, Message, Part, message};
pub use self::private::Private;
pub use self::sink::Sink;
pub(crate) use self::sink::{Element, EntrySink};

/// A value under its policy.
#[doc(hidden)]
pub trait Sanitize {
    /// Whether `Debug` of the raw event may show what this emits. Such an
    /// `sanitize_into` may not use keys: `Debug` has none.
    const SHOWN: bool = false;

    /// Whether this stands for a dropped field, of which there is no value.
    const DROPPED: bool = false;

    /// Whether there are nested values in it, whose fields have keys by the
    /// place that they are at.
    const NESTED: bool = false;

    /// Hands what may leave to `sink`, or says that nothing does.
    fn sanitize_into<S: Sink>(&self, context: Context<'_>, sink: S) -> Result<S::Ok, S::Error>;
}
