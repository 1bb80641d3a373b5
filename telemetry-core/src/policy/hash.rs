//! Pseudonyms.
//!
//! It owns secrets, keys and what is made with them. It must never know which
//! event a value is in beyond the scope that separates keys.

use std::sync::atomic::AtomicU32;

use crate::error::{Error, Kind};
use crate::event::kind::Identifier;
use crate::event::{Context, LeafPolicy, Receive};

/// The 32 bytes from which every key is derived.
pub struct Secret([u8; 32]);

impl Secret {
    /// A new secret from the operating system's random source.
    ///
    /// # Errors
    ///
    /// When the operating system has no random bytes to give.
    pub fn generate() -> Result<Self, Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| {
            Error::new(Kind::Secret, "the system's random source failed").because(error.to_string())
        })?;
        Ok(Self(bytes))
    }

    /// A secret that the author gives, such as the key of a fleet.
    ///
    /// # Errors
    ///
    /// When there are not exactly 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        bytes.try_into().map(Self).map_err(|_| {
            Error::new(
                Kind::Secret,
                format!(
                    "a secret has 32 bytes, not {}: make one with `Secret::generate`",
                    bytes.len()
                ),
            )
        })
    }
}

/// What a key is for: keys of different scopes cannot be joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyScope {
    /// One field of one event.
    Field {
        /// The event's name.
        event: &'static str,
        /// The field's name.
        field: &'static str,
    },
    /// Every field that names this domain.
    Domain(&'static str),
}

/// Where the key of one field is cached. The derive puts a `static` of it
/// beside each hashed field.
#[derive(Debug)]
pub struct KeySlot {
    scope: KeyScope,
    /// The place in every [`Keys`], given out at first use; 0 is none yet.
    index: AtomicU32,
}

impl KeySlot {
    /// A slot for `scope`.
    pub const fn new(scope: KeyScope) -> Self {
        Self { scope, index: AtomicU32::new(0) }
    }
}

/// The keys that one secret gives.
pub struct Keys {}

impl Keys {
    /// Keys of a secret that lives only in memory: pseudonyms of this process
    /// alone.
    ///
    /// # Errors
    ///
    /// When the operating system has no random bytes to give.
    pub fn session() -> Result<Self, Error> {
        todo!()
    }

    /// The pseudonym of `value` under the key of `slot`.
    pub fn pseudonym(&self, slot: &'static KeySlot, value: &[u8]) -> Pseudonym {
        let _ = (slot, value);
        todo!()
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// A pseudonym in its text form.
#[derive(Debug)]
pub struct Pseudonym {}

impl Pseudonym {
    /// The text form.
    pub fn as_str(&self) -> &str {
        todo!()
    }
}

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
        let (Some(keys), false) = (context.keys(), value.is_empty()) else {
            return receive.absent();
        };
        receive.value(keys.pseudonym(self.slot, value).as_str())
    }
}

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
        let _ = value;
        receive.absent()
    }
}
