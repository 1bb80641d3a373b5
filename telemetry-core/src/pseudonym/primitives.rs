//! The three primitives, each wrapped once.
//!
//! It owns the calls into the cryptography crates and the wiping of what those
//! calls leave behind. It must never know what is hashed, nor why. The test
//! vectors run against these functions, so that they hold for the very path
//! that a value takes.

use hmac::{KeyInit, Mac};
use sha2::Digest;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Bytes in a SHA-256 digest, and so in a key and in a whole tag.
pub const DIGEST: usize = 32;

/// Bytes in a block of SHA-256, to which HMAC pads its key (RFC 2104).
const BLOCK: usize = 64;

/// SHA-256 (RFC 6234).
pub fn sha256(bytes: &[u8]) -> [u8; DIGEST] {
    sha2::Sha256::digest(bytes).into()
}

/// HMAC-SHA-256 (RFC 2104) with its key taken in: what is left for a message
/// are its own blocks and two more. Wiped when dropped.
#[derive(Clone)]
pub struct Keyed(hmac::Hmac<sha2::Sha256>);

impl ZeroizeOnDrop for Keyed {}

/// Does not compile when a version or a feature of the crates no longer wipes
/// the state, which is as good as the key. `Hmac` consists of SHA-256's two
/// parts, a core and a buffer, and has no mark of its own; `Sha256` has the
/// mark for exactly these parts.
const _: () = {
    const fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<sha2::Sha256>();
    assert!(std::mem::needs_drop::<hmac::Hmac<sha2::Sha256>>());
};

impl Keyed {
    /// Takes the key in. A key may have any length; ours have 32 bytes.
    pub fn new(key: &[u8]) -> Self {
        let mut block = Zeroizing::new([0; BLOCK]);
        let mut digest = Zeroizing::new([0; DIGEST]);
        // RFC 2104: a key longer than a block is replaced by its digest.
        let key = if key.len() > BLOCK {
            *digest = sha256(key);
            digest.as_slice()
        } else {
            key
        };
        for (place, byte) in block.iter_mut().zip(key) {
            *place = *byte;
        }
        Self(hmac::Hmac::new((&*block).into()))
    }

    /// The tag of `message`, all of its 32 bytes.
    pub fn tag(&self, message: &[u8]) -> [u8; DIGEST] {
        let mut mac = self.0.clone();
        mac.update(message);
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for Keyed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyed").finish_non_exhaustive()
    }
}

/// Fills `output` by HKDF-SHA-256 (RFC 5869) from `secret`, for `info`, the
/// concatenation of its parts. `None` for more than 255 digests of output.
pub fn hkdf(salt: &[u8], secret: &[u8], info: &[&[u8]], output: &mut [u8]) -> Option<()> {
    let (mut extracted, hkdf) = hkdf::Hkdf::<sha2::Sha256>::extract(Some(salt), secret);
    extracted.as_mut_slice().zeroize();
    hkdf.expand_multi_info(info, output).ok()
}
