//! Pseudonyms.
//!
//! It owns secrets, keys and what is made with them. It must never know which
//! event a value is in beyond the scope that separates keys.
//!
//! `secret` keeps secrets, `scope` says what a key is for, `keys` derives
//! keys, `pending` makes several pseudonyms at once, `cache` remembers them,
//! `format` holds the text form, and `primitives` calls the cryptography.

#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "what writing JSON stands on"))]
mod cache;
#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "what writing JSON stands on"))]
pub(crate) mod format;
#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "what writing JSON stands on"))]
mod keys;
#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "what writing JSON stands on"))]
mod pending;
#[doc(hidden)]
#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "what writing JSON stands on"))]
pub mod primitives;
mod scope;
mod secret;

pub use self::format::Pseudonym;
pub use self::keys::{KeySlot, Keys};
#[cfg(feature = "client")]
pub(crate) use self::pending::Pending;
#[doc(hidden)]
pub use self::scope::FieldPlace;
pub use self::scope::{KeyScope, Step};
pub use self::secret::Secret;

#[doc(inline)]
pub use crate::schema::TypePath;
