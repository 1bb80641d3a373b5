//! Keys of fields and domains, derived once and kept ready.
//!
//! It owns the derivation and the cache. It must never know a value, nor where
//! a secret is stored.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use zeroize::Zeroizing;

use super::cache;
use super::format::{Pseudonym, TagLength};
use super::primitives::{self, DIGEST};
use super::scope::{FieldPath, FieldPlace, KeyScope, Step, with_field_info};
use super::secret::Secret;
use crate::error::{Error, Kind};
use crate::slot::{Slot, SlotTable};

/// Where the key of one field is cached. The derive puts a `static` of it
/// beside each hashed field.
///
/// ```
/// use telemetry_core::pseudonym::{KeyScope, KeySlot};
///
/// static TARGET: KeySlot = KeySlot::new(KeyScope::field("run.finished", "target"));
/// ```
#[derive(Debug)]
pub struct KeySlot {
    scope: KeyScope,
    /// Its place in every [`Keys`]. A key without one is derived each time.
    slot: Slot,
}

impl KeySlot {
    /// A slot for the key of `scope`.
    ///
    /// ```
    /// use telemetry_core::pseudonym::{KeyScope, KeySlot};
    ///
    /// static HOST: KeySlot = KeySlot::new(KeyScope::Domain("host"));
    /// ```
    pub const fn new(scope: KeyScope) -> Self {
        Self { scope, slot: Slot::new() }
    }
}

/// The keys that one secret gives: one for each field of each event, and one
/// for each domain.
///
/// A field of an event is a place: the path of fields from the event to the
/// value. A type that is nested in two fields, or in two events, has keys of
/// its own in each, so that nobody can join what is in them.
///
/// A key is derived when its field is first hashed, and kept ready from then
/// on; no lock is taken after that, except for fields of nested values, whose
/// place is known only while the event is walked. All keys are wiped when this
/// is dropped.
///
/// Which pseudonyms can be joined is decided by where the secret comes from:
///
/// | scope | secret | pseudonyms can be joined |
/// |---|---|---|
/// | installation | [`Secret::load_or_create`] | on one machine, for one user, within an epoch |
/// | session | [`Keys::session`] | in one process |
/// | fleet | [`Secret::from_bytes`] | wherever the author puts the same 32 bytes |
///
/// ```
/// use telemetry_core::pseudonym::{KeyScope, KeySlot, Keys, Secret};
///
/// # fn main() -> Result<(), telemetry_core::Error> {
/// static TARGET: KeySlot = KeySlot::new(KeyScope::field("run.finished", "target"));
/// static USER: KeySlot = KeySlot::new(KeyScope::field("run.finished", "user"));
///
/// let keys = Keys::new(Secret::generate()?);
/// assert_eq!(keys.pseudonym(&TARGET, b"anna"), keys.pseudonym(&TARGET, b"anna"));
/// // The same value in another field cannot be recognised.
/// assert_ne!(keys.pseudonym(&TARGET, b"anna"), keys.pseudonym(&USER, b"anna"));
/// # Ok(())
/// # }
/// ```
pub struct Keys {
    secret: Secret,
    length: TagLength,
    /// Tells these keys from all others in the process. 0 when the numbers have
    /// run out: then no thread remembers what these keys made.
    number: u32,
    /// The keys of slots; `None` is one that could not be derived.
    keys: SlotTable<Option<primitives::Keyed>>,
    /// The keys of fields inside nested values: as many as a program has
    /// places, since no type can nest itself. Made with the first: the table asks
    /// the system for random numbers of its own.
    nested: LazyLock<RwLock<HashMap<FieldPath, Arc<primitives::Keyed>>>>,
}

impl Keys {
    /// The keys of `secret`: of an installation, or of a fleet.
    ///
    /// ```
    /// use telemetry_core::pseudonym::{Keys, Secret};
    ///
    /// # fn main() -> Result<(), telemetry_core::Error> {
    /// // In a program these 32 bytes come from the organisation's key store.
    /// let fleet = Keys::new(Secret::from_bytes(b"thirty-two bytes, for an example")?);
    /// # let _ = fleet;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(secret: Secret) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let relaxed = Ordering::Relaxed;
        let number = NEXT.fetch_update(relaxed, relaxed, |next| next.checked_add(1)).unwrap_or(0);
        Self {
            secret,
            length: TagLength::DEFAULT,
            number,
            keys: SlotTable::new(),
            nested: LazyLock::new(RwLock::default),
        }
    }

    /// Keys of a secret that lives only in memory: pseudonyms of this process
    /// alone, which nothing can join with those of its next run.
    ///
    /// ```
    /// use telemetry_core::pseudonym::Keys;
    ///
    /// # fn main() -> Result<(), telemetry_core::Error> {
    /// let keys = Keys::session()?;
    /// # let _ = keys;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the operating system has no random bytes to give
    /// ([`Error::is_secret`]).
    pub fn session() -> Result<Self, Error> {
        Secret::generate().map(Self::new)
    }

    /// The same keys with pseudonyms of `bits` bits instead of 128.
    ///
    /// A shorter pseudonym is the beginning of the longer one, so that data
    /// from before and after a change can still be joined.
    ///
    /// ```
    /// use telemetry_core::pseudonym::{KeyScope, KeySlot, Keys};
    ///
    /// # fn main() -> Result<(), telemetry_core::Error> {
    /// static HOST: KeySlot = KeySlot::new(KeyScope::Domain("host"));
    ///
    /// let keys = Keys::session()?.with_length(256)?;
    /// let pseudonym = keys.pseudonym(&HOST, b"web-1").unwrap();
    /// assert_eq!(pseudonym.as_str().len(), 3 + 64);
    /// assert!(keys.with_length(32).unwrap_err().is_argument());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When `bits` is not a multiple of 8 from 64 to 256
    /// ([`Error::is_argument`]).
    pub fn with_length(mut self, bits: usize) -> Result<Self, Error> {
        self.length = TagLength::from_bits(bits).ok_or_else(|| {
            Error::new(
                Kind::Argument,
                format!(
                    "a pseudonym cannot have {bits} bits: choose a multiple of 8 from 64 to 256"
                ),
            )
        })?;
        Ok(self)
    }

    /// The pseudonym of `value` under the key of `slot`.
    ///
    /// Without the secret nobody can find `value` by trying: neither a
    /// receiver, nor who knows other values together with their pseudonyms.
    /// There is none of the empty value: it would be the same for everybody
    /// in a data set, and say "empty".
    ///
    /// ```
    /// use telemetry_core::pseudonym::{KeyScope, KeySlot, Keys};
    ///
    /// # fn main() -> Result<(), telemetry_core::Error> {
    /// static HOST: KeySlot = KeySlot::new(KeyScope::Domain("host"));
    ///
    /// let (monday, tuesday) = (Keys::session()?, Keys::session()?);
    /// assert_ne!(monday.pseudonym(&HOST, b"web-1"), tuesday.pseudonym(&HOST, b"web-1"));
    /// assert_eq!(monday.pseudonym(&HOST, b""), None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn pseudonym(&self, slot: &'static KeySlot, value: &[u8]) -> Option<Pseudonym> {
        if value.is_empty() {
            return None;
        }
        let tag = match slot.slot.number().and_then(|number| self.keys.at(number)) {
            Some(cell) => cell.get_or_init(|| self.derive(slot.scope)).as_ref()?.tag(value),
            None => self.derive(slot.scope)?.tag(value),
        };
        Some(Pseudonym::new(&tag, self.length))
    }

    /// The pseudonym of `value` in a nested value at `place`, under the key of
    /// the field to which `steps` lead from there.
    ///
    /// The key belongs to the event and the path of fields, and not to the
    /// nested type: nothing can be joined between two fields or two events
    /// that nest the same type.
    pub(crate) fn pseudonym_inside(
        &self,
        place: &FieldPlace<'_>,
        steps: &[Step],
        value: &[u8],
    ) -> Option<Pseudonym> {
        if value.is_empty() {
            return None;
        }
        let path = FieldPath::new(place, steps);
        let kept = self.nested.read().unwrap_or_else(PoisonError::into_inner).get(&path).cloned();
        let key = match kept {
            Some(key) => key,
            None => self.derive_nested(path)?,
        };
        Some(Pseudonym::new(&key.tag(value), self.length))
    }

    #[cold]
    fn derive_nested(&self, path: FieldPath) -> Option<Arc<primitives::Keyed>> {
        let key = Arc::new(with_field_info(&path, self.secret.epoch(), |info| self.key(info))?);
        let mut kept = self.nested.write().unwrap_or_else(PoisonError::into_inner);
        kept.insert(path, Arc::clone(&key));
        Some(key)
    }

    /// What names the key of `slot` in this process, if pseudonyms have the usual
    /// length.
    #[inline]
    pub(super) fn name(&self, slot: &'static KeySlot) -> Option<cache::KeyNumber> {
        if self.length != TagLength::DEFAULT {
            return None;
        }
        Some((self.number, slot.slot.number()?))
    }

    /// The key of `slot`, which has this name.
    #[inline]
    pub(super) fn key_of(
        &self,
        slot: &'static KeySlot,
        (_, number): cache::KeyNumber,
    ) -> Option<&primitives::Keyed> {
        self.keys.at(number)?.get_or_init(|| self.derive(slot.scope)).as_ref()
    }

    #[cold]
    fn derive(&self, scope: KeyScope) -> Option<primitives::Keyed> {
        scope.with_info(self.secret.epoch(), |info| self.key(info))
    }

    /// Derives the key for `info` and takes it into HMAC. Without a key there
    /// is no pseudonym: nothing is ever hashed under a constant.
    fn key(&self, info: &[&[u8]]) -> Option<primitives::Keyed> {
        let mut key = Zeroizing::new([0; DIGEST]);
        primitives::hkdf(b"", self.secret.as_bytes(), info, key.as_mut_slice())?;
        Some(primitives::Keyed::new(key.as_slice()))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}
