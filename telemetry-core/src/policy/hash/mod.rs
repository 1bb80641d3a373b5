//! Pseudonyms.
//!
//! It owns secrets, keys and what is made with them. It must never know which
//! event a value is in beyond the scope that separates keys.
//!
//! Here are the two policies; [`secret`] keeps secrets, [`keys`] derives keys,
//! [`format`] holds the bytes that must not drift, and [`construction`] calls
//! the cryptography.

pub mod construction;
mod format;
mod keys;
mod secret;

pub use self::format::{KeyScope, Pseudonym};
pub use self::keys::{KeySlot, Keys};
pub use self::secret::Secret;

use crate::event::kind::Identifier;
use crate::event::{Context, LeafPolicy, Receive};

/// `hash`: a value's pseudonym. Nothing is left of an empty value.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Keyed {
    pub(super) slot: &'static KeySlot,
    pub(super) lowercase: bool,
}

impl LeafPolicy for Keyed {
    type Kind = Identifier;

    fn apply<R: Receive>(
        &self,
        value: &[u8],
        context: Context<'_>,
        receive: R,
    ) -> Result<R::Ok, R::Error> {
        let pseudonym = context.keys().and_then(|keys| {
            if self.lowercase {
                format::with_lowercase(value, |folded| keys.pseudonym(self.slot, folded))
            } else {
                keys.pseudonym(self.slot, value)
            }
        });
        match pseudonym {
            Some(pseudonym) => receive.value(pseudonym.as_str()),
            None => receive.absent(),
        }
    }
}

/// `hash(sha256)`: plain SHA-256 of a value, as `printf %s value | sha256sum`
/// prints it. Nothing is left of an empty value.
///
/// Everybody who has a list of likely values reverses it: it is for data that
/// must be joined with hashes which another system makes in this way.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Sha256 {
    pub(super) lowercase: bool,
}

impl LeafPolicy for Sha256 {
    type Kind = Identifier;

    fn apply<R: Receive>(
        &self,
        value: &[u8],
        _context: Context<'_>,
        receive: R,
    ) -> Result<R::Ok, R::Error> {
        if value.is_empty() {
            return receive.absent();
        }
        let digest = if self.lowercase {
            format::with_lowercase(value, construction::sha256)
        } else {
            construction::sha256(value)
        };
        let mut digits = [0; 2 * construction::DIGEST];
        format::encode(&digest, &mut digits);
        match std::str::from_utf8(&digits) {
            Ok(digits) => receive.value(digits),
            // Out of reach: hexadecimal digits are ASCII.
            Err(_) => receive.absent(),
        }
    }
}
