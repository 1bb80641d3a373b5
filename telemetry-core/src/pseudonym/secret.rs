//! Secrets: making, keeping, and replacing them.
//!
//! It owns the file of the installation secret. It must never know what the
//! keys are for.

use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::primitives::{self, DIGEST};
use crate::error::{Error, Kind};
use crate::platform::{self, Lock};

/// The first line of a secret's file. Another layout takes another number.
const MAGIC: &str = "telemetry-secret 1";

/// More bytes than a secret's file can have: one of an epoch with 20 digits
/// has 116.
const LIMIT: u64 = 256;

/// What one step of the ratchet hashes under the secret.
const NEXT: &[u8] = b"next";

/// The 32 bytes from which every key is derived, with the number of their
/// epoch.
///
/// They are wiped from memory when dropped, and are neither printed nor part
/// of an error. (The cryptography crates wipe their states too; what a
/// compression function leaves in registers and on the stack, nobody does.)
///
/// # File
///
/// Three lines, each ended by a line feed:
///
/// | line | content |
/// |---|---|
/// | 1 | `telemetry-secret 1`: what it is, and the version of this layout |
/// | 2 | `epoch `, then the epoch in decimal digits, from 0 |
/// | 3 | `secret `, then 64 lower-case hexadecimal digits |
///
/// Anything else is refused, a missing last line feed too: it tells a whole
/// file from one that was cut. Beside it stands an empty file with the same
/// name and `.lock` once an epoch has been started: rotations take turns by it.
///
/// On Unix the file must be 0600 and belong to the user. On Windows there is
/// no such mode: a file below the user's profile inherits an access list that
/// gives other users nothing, and a folder elsewhere is for the author to
/// protect. All else is the same there, since the file is put in place by a
/// hard link, replaced by a rename, and locked through the standard library.
///
/// ```
/// use telemetry_core::pseudonym::Secret;
///
/// # fn main() -> Result<(), telemetry_core::Error> {
/// let secret = Secret::from_bytes(b"thirty-two bytes, for an example")?;
/// assert_eq!(format!("{secret:?}"), "Secret { .. }");
/// # Ok(())
/// # }
/// ```
pub struct Secret {
    // In a box, so that a move leaves no copy behind on the stack.
    bytes: Box<Zeroizing<[u8; DIGEST]>>,
    epoch: u64,
}

impl ZeroizeOnDrop for Secret {}

impl Secret {
    /// A new secret from the operating system's random source, of epoch 0.
    ///
    /// ```
    /// use telemetry_core::pseudonym::Secret;
    ///
    /// # fn main() -> Result<(), telemetry_core::Error> {
    /// let secret = Secret::generate()?;
    /// assert_eq!(secret.epoch(), 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the operating system has no random bytes to give
    /// ([`Error::is_secret`]).
    pub fn generate() -> Result<Self, Error> {
        let mut bytes = Box::new(Zeroizing::new([0; DIGEST]));
        getrandom::fill(bytes.as_mut_slice()).map_err(|error| {
            Error::new(Kind::Secret, "the system's random source failed").because(error.to_string())
        })?;
        Ok(Self { bytes, epoch: 0 })
    }

    /// The same secret once more, wiped like the first, for who makes ids of the
    /// installation beside its pseudonyms: the file is read once.
    #[cfg(feature = "client")]
    pub(crate) fn again(&self) -> Self {
        let mut bytes = Box::new(Zeroizing::new([0; DIGEST]));
        bytes.copy_from_slice(self.bytes.as_slice());
        Self { bytes, epoch: self.epoch }
    }

    /// A secret that the author gives, such as the key of a fleet, of epoch 0.
    ///
    /// Who has these bytes can reverse every pseudonym made with them: they
    /// belong into a key store, not into the program's source.
    ///
    /// ```
    /// use telemetry_core::pseudonym::Secret;
    ///
    /// assert!(Secret::from_bytes(b"thirty-two bytes, for an example").is_ok());
    /// assert!(Secret::from_bytes(b"a pass phrase").unwrap_err().is_secret());
    /// ```
    ///
    /// # Errors
    ///
    /// When there are not exactly 32 bytes, or when all of them are zero: then
    /// somebody forgot to fill them, and everybody knows the secret
    /// ([`Error::is_secret`]).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut secret = Self { bytes: Box::new(Zeroizing::new([0; DIGEST])), epoch: 0 };
        if bytes.len() != DIGEST {
            return Err(Error::new(
                Kind::Secret,
                format!(
                    "a secret has 32 bytes, not {}: make one with `Secret::generate`",
                    bytes.len()
                ),
            ));
        }
        if bytes.iter().all(|byte| *byte == 0) {
            return Err(Error::new(
                Kind::Secret,
                "a secret of 32 zero bytes is none: make one with `Secret::generate`",
            ));
        }
        secret.bytes.copy_from_slice(bytes);
        Ok(secret)
    }

    /// The number of this secret's epoch: 0 for the first, and one more after
    /// each [`next_epoch`](Self::next_epoch). It is part of every key, and of
    /// no pseudonym.
    ///
    /// ```
    /// use telemetry_core::pseudonym::Secret;
    ///
    /// # fn main() -> Result<(), telemetry_core::Error> {
    /// assert_eq!(Secret::generate()?.next_epoch().epoch(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The secret of the next epoch, `HMAC(secret, "next")`; this one is
    /// wiped.
    ///
    /// Nobody can link a value's pseudonyms of two epochs, and who finds the
    /// new secret can neither compute the old one nor test a guess about a
    /// pseudonym of an earlier epoch. Whoever *kept* the old secret computes
    /// the new one, as all holders of a fleet's secret must be able to; after
    /// a leak make a new secret instead.
    ///
    /// ```
    /// use telemetry_core::pseudonym::{KeyScope, KeySlot, Keys, Secret};
    ///
    /// # fn main() -> Result<(), telemetry_core::Error> {
    /// static HOST: KeySlot = KeySlot::new(KeyScope::Domain("host"));
    /// let secret = || Secret::from_bytes(b"thirty-two bytes, for an example");
    ///
    /// let before = Keys::new(secret()?);
    /// let after = Keys::new(secret()?.next_epoch());
    /// assert_ne!(before.pseudonym(&HOST, b"web-1"), after.pseudonym(&HOST, b"web-1"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn next_epoch(self) -> Self {
        let mut bytes = Box::new(Zeroizing::new([0; DIGEST]));
        bytes.copy_from_slice(
            Zeroizing::new(primitives::Keyed::new(self.as_bytes()).tag(NEXT)).as_slice(),
        );
        // Out of reach for a counter that a person advances.
        Self { bytes, epoch: self.epoch.saturating_add(1) }
    }

    /// The secret in the file at `path`; when there is none, a new one is made
    /// and stored there.
    ///
    /// The file is 0600 in a folder that is made 0700. Of several processes
    /// that start at once, one stores its secret and all of them return that
    /// one; a process that is killed leaves either no file or a whole one.
    ///
    /// ```
    /// use telemetry_core::pseudonym::{Keys, Secret};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let home = std::env::temp_dir().join(format!("telemetry-doc-{}", std::process::id()));
    /// let path = home.join("telemetry").join("secret");
    /// let keys = Keys::new(Secret::load_or_create(&path)?);
    /// # let _ = keys;
    /// # std::fs::remove_dir_all(home)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// All are [`Error::is_secret`] and name the path and what to do. The file
    /// is refused when it is not a regular file, such as a symbolic link; when
    /// it belongs to somebody else or others can read it; when the folder can
    /// be written by others; and when its content is not a whole secret. It is
    /// never repaired or replaced: that would make new pseudonyms of everything
    /// without anybody noticing.
    pub fn load_or_create(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = prepare(path.as_ref())?;
        file::load_or_create(&path).map_err(|error| error.of_kind(Kind::Secret))
    }

    /// The same for an event that must not wait for the disk. The folder is
    /// there, and has been checked.
    ///
    /// After a power cut the new secret may be gone, and another one is made.
    /// Nothing that was sent then has pseudonyms of the lost one: whoever sends
    /// syncs the file first ([`make_durable`](Self::make_durable)).
    #[cfg(feature = "client")]
    pub(crate) fn load_or_create_quickly(path: &Path) -> Result<Self, Error> {
        file::load_or_create_quickly(path).map_err(|error| error.of_kind(Kind::Secret))
    }

    /// Makes the file at `path` survive a power cut. That there is none is no
    /// error: then nothing was made with it.
    #[cfg(feature = "client")]
    pub(crate) fn make_durable(path: &Path) -> Result<(), Error> {
        match std::fs::symlink_metadata(path) {
            Ok(_) => platform::sync(path).map_err(|error| error.of_kind(Kind::Secret)),
            Err(_) => Ok(()),
        }
    }

    /// Starts a new epoch in the file at `path`, and returns its secret.
    ///
    /// The file holds the new secret when this returns, also after a power
    /// cut; the old one is no longer stored. (What a disk keeps of overwritten
    /// blocks is beyond a program's reach.) When two processes do this at
    /// once, they take turns, and the epoch advances by two. A file that is
    /// missing is made first.
    ///
    /// A process that already holds the old secret goes on with it until it
    /// ends: its pseudonyms belong to the old epoch.
    ///
    /// ```
    /// use telemetry_core::pseudonym::Secret;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let home = std::env::temp_dir().join(format!("telemetry-doc-{}-r", std::process::id()));
    /// let path = home.join("telemetry").join("secret");
    /// let first = Secret::load_or_create(&path)?;
    /// let second = Secret::rotate(&path)?;
    /// assert_eq!(second.epoch(), first.epoch() + 1);
    /// # std::fs::remove_dir_all(home)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`load_or_create`](Self::load_or_create), and when the file
    /// cannot be replaced: then the old epoch goes on.
    pub fn rotate(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = prepare(path.as_ref())?;
        file::rotate(&path).map_err(|error| error.of_kind(Kind::Secret))
    }

    /// 128 bits of this secret for an id of an installation, which `parts` tell
    /// from its other ids: HKDF-SHA-256 over the label, the parts and the epoch,
    /// each behind its length. Nobody without the secret can link two of them.
    #[cfg(feature = "client")]
    pub(crate) fn identity(&self, parts: &[&[u8]]) -> Option<[u8; 16]> {
        const LABEL: &[u8] = b"telemetry identity v1";
        let epoch = self.epoch.to_be_bytes();
        let parts: Vec<&[u8]> =
            [LABEL].into_iter().chain(parts.iter().copied()).chain([epoch.as_slice()]).collect();
        let lengths: Vec<[u8; 8]> =
            parts.iter().map(|part| (part.len() as u64).to_be_bytes()).collect();
        let info: Vec<&[u8]> = lengths
            .iter()
            .zip(&parts)
            .flat_map(|(length, part)| [length.as_slice(), part])
            .collect();
        let mut id = [0; 16];
        primitives::hkdf(b"", self.as_bytes(), &info, &mut id)?;
        Some(id)
    }

    pub(super) fn as_bytes(&self) -> &[u8; DIGEST] {
        &self.bytes
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").finish_non_exhaustive()
    }
}

/// The absolute path, its folder made and checked. A relative path would name
/// another file once the program changes its working folder between two calls.
fn prepare(path: &Path) -> Result<PathBuf, Error> {
    let path = std::path::absolute(path)
        .map_err(|error| Error::io("find", path, error).of_kind(Kind::Secret))?;
    if let Some(folder) = path.parent() {
        platform::private_dir(folder).map_err(|error| error.of_kind(Kind::Secret))?;
    }
    Ok(path)
}

/// The file, whose layout is written down at [`Secret`].
mod file {
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use zeroize::Zeroizing;

    use super::{DIGEST, Error, Kind, LIMIT, Lock, MAGIC, Secret, platform};

    /// How long a rotation waits for its turn. The holder writes one small
    /// file; only a stopped process, or a disk that does not answer, takes longer.
    const PATIENCE: Duration = Duration::from_secs(60);

    pub(super) fn load_or_create(path: &Path) -> Result<Secret, Error> {
        make(path, platform::create_once)
    }

    /// Without waiting for the disk. What a power cut left of such a file, an
    /// empty one or zeros, is replaced.
    #[cfg(feature = "client")]
    pub(super) fn load_or_create_quickly(path: &Path) -> Result<Secret, Error> {
        let lost = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
        let is_lost =
            || Ok::<_, Error>(platform::read_private(path, LIMIT)?.is_some_and(|b| lost(&b)));
        if let Some(secret) =
            load(path).or_else(|error| if is_lost()? { Ok(None) } else { Err(error) })?
        {
            return Ok(secret);
        }
        {
            // In turns, so that nobody removes what somebody else has just made.
            let _turn = turn(path)?;
            if is_lost()? {
                platform::remove_if_there(path)?;
            }
        }
        make(path, platform::create_once_quickly)
    }

    fn make(
        path: &Path,
        create: impl Fn(&Path, &[u8]) -> Result<bool, Error>,
    ) -> Result<Secret, Error> {
        if let Some(secret) = load(path)? {
            return Ok(secret);
        }
        let made = create(path, write(&Secret::generate()?).as_bytes());
        // Whoever won, what counts is what the file holds now.
        match (load(path)?, made) {
            (Some(secret), _) => Ok(secret),
            (None, Err(error)) => Err(error),
            (None, Ok(_)) => Err(refused(path, "was removed as soon as it was made", "try again")),
        }
    }

    fn turn(path: &Path) -> Result<Lock, Error> {
        let lock_path = lock_path(path);
        Lock::wait_at(&lock_path, PATIENCE)?.ok_or_else(|| {
            refused(path, "is being replaced by a process that does not end", "end that one")
        })
    }

    /// Not the file itself: that is replaced, and a lock on the old one would
    /// keep nobody out of the new one.
    fn lock_path(path: &Path) -> PathBuf {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(".lock");
        path.with_file_name(name)
    }

    pub(super) fn rotate(path: &Path) -> Result<Secret, Error> {
        let _turn = turn(path)?;
        let next = load_or_create(path)?.next_epoch();
        // A process that was killed while it made the file can have left the
        // old secret under a second name.
        platform::remove_temporaries(path)?;
        platform::replace_durably(path, write(&next).as_bytes())?;
        Ok(next)
    }

    fn load(path: &Path) -> Result<Option<Secret>, Error> {
        let bytes = platform::read_private(path, LIMIT)?;
        let Some(bytes) = bytes.map(Zeroizing::new) else {
            return Ok(None);
        };
        match read(&bytes) {
            Some(secret) => Ok(Some(secret)),
            None => Err(refused(
                path,
                "does not hold a whole secret",
                "restore it from a backup, or remove it to start with a new secret \
                 (new pseudonyms cannot be joined with old ones)",
            )),
        }
    }

    fn write(secret: &Secret) -> Zeroizing<String> {
        let mut digits = Zeroizing::new([0; 2 * DIGEST]);
        super::super::format::encode(secret.as_bytes(), digits.as_mut_slice());
        let digits = std::str::from_utf8(digits.as_slice()).unwrap_or_default();
        Zeroizing::new(format!("{MAGIC}\nepoch {}\nsecret {digits}\n", secret.epoch))
    }

    fn read(bytes: &[u8]) -> Option<Secret> {
        let text = std::str::from_utf8(bytes).ok()?;
        let rest = text.strip_prefix(MAGIC)?.strip_prefix("\nepoch ")?;
        let (epoch, rest) = rest.split_once("\nsecret ")?;
        let digits = rest.strip_suffix('\n')?;
        let mut bytes = Zeroizing::new([0; DIGEST]);
        hex::decode_to_slice(digits, bytes.as_mut_slice()).ok()?;
        let mut secret = Secret::from_bytes(bytes.as_slice()).ok()?;
        secret.epoch = epoch.parse().ok()?;
        // One secret has one text: upper-case digits, a sign or leading zeros
        // are nothing that this module has written.
        (write(&secret).as_bytes() == text.as_bytes()).then_some(secret)
    }

    fn refused(path: &Path, why: &str, remedy: &str) -> Error {
        let path = path.display();
        Error::new(Kind::Secret, format!("the secret's file {path} {why}: {remedy}"))
    }
}
