//! Pseudonyms.
//!
//! It owns secrets, keys and what is made with them. It must never know which
//! event a value is in beyond the scope that separates keys.
//!
//! `secret` keeps secrets, `scope` says what a key is for, `keys` derives
//! keys, `format` holds the text form, and `primitives` calls the
//! cryptography.

mod cache;
pub(crate) mod format;
mod keys;
#[doc(hidden)]
pub mod primitives;
mod scope;
mod secret;

pub use self::format::Pseudonym;
pub(crate) use self::keys::{Begun, Waiting};
pub use self::keys::{KeySlot, Keys};
#[doc(hidden)]
pub use self::scope::Place;
pub use self::scope::{KeyScope, Step};
pub use self::secret::Secret;
