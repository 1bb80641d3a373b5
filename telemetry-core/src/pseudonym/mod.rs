//! Pseudonyms.
//!
//! It owns secrets, keys and what is made with them. It must never know which
//! event a value is in beyond the scope that separates keys.
//!
//! [`secret`] keeps secrets, [`keys`] derives keys, [`format`] holds the bytes
//! that must not drift, and [`primitives`] calls the cryptography.

pub(crate) mod format;
mod keys;
#[doc(hidden)]
pub mod primitives;
mod secret;

pub use self::format::{KeyScope, Pseudonym};
pub use self::keys::{KeySlot, Keys};
pub use self::secret::Secret;
