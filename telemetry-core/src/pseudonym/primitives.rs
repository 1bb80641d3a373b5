//! The three primitives, each wrapped once.
//!
//! It owns the calls into the cryptography crates and the wiping of what those
//! calls leave behind. The hash is the crate's, block by block; what is done
//! here is the order of the blocks, which RFC 2104 gives. It must never know what is hashed, nor why. The test
//! vectors run against these functions, so that they hold for the very path
//! that a value takes.

use sha2::Digest;
use sha2::block_api::compress256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::words;

/// Bytes in a SHA-256 digest, and so in a key and in a whole tag.
pub const DIGEST: usize = 32;

/// Bytes in a block of SHA-256, to which HMAC pads its key (RFC 2104).
const BLOCK: usize = 64;

/// Bytes at the end of the last block that hold the message's length in bits
/// (FIPS 180-4, section 5.1.1).
const LENGTH: usize = 8;

/// The state before the first block (FIPS 180-4, section 5.3.3).
const INITIAL: ChainingValue = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// SHA-256 between two blocks.
type ChainingValue = [u32; 8];

/// SHA-256 (RFC 6234).
pub fn sha256(bytes: &[u8]) -> [u8; DIGEST] {
    sha2::Sha256::digest(bytes).into()
}

/// HMAC-SHA-256 (RFC 2104) with its key taken in: what is left for a message
/// are its own blocks and one more. Wiped when dropped.
///
/// It holds the two states after the key's blocks, and nothing else: to hash a
/// message then copies 32 bytes, where a copy of a general hasher with its
/// buffer, and the wiping of it, costs as much as half a compression.
#[derive(Clone)]
pub struct Keyed {
    inner: ChainingValue,
    outer: ChainingValue,
}

impl Drop for Keyed {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

impl ZeroizeOnDrop for Keyed {}

impl Keyed {
    /// Takes the key in. A key may have any length; ours have 32 bytes.
    pub fn new(key: &[u8]) -> Self {
        let mut padded = Zeroizing::new([0; BLOCK]);
        let mut digest = Zeroizing::new([0; DIGEST]);
        // RFC 2104: a key longer than a block is replaced by its digest.
        let key = if key.len() > BLOCK {
            *digest = sha256(key);
            digest.as_slice()
        } else {
            key
        };
        for (place, byte) in padded.iter_mut().zip(key) {
            *place = *byte;
        }
        let state = |pad: u8| {
            let mut block = Zeroizing::new(*padded);
            block.iter_mut().for_each(|byte| *byte ^= pad);
            let mut state = INITIAL;
            compress256(&mut state, std::slice::from_ref(&*block));
            state
        };
        Self { inner: state(0x36), outer: state(0x5c) }
    }

    /// The tag of `message`, all of its 32 bytes.
    pub fn tag(&self, message: &[u8]) -> [u8; DIGEST] {
        digest(self.outer, &digest(self.inner, message))
    }

    /// The first half of the tag of a message that fills one block.
    ///
    /// The halves of several tags may be taken in turns. None waits for another,
    /// so that the processor works at two of them at once.
    #[inline]
    pub(super) fn inner(&self, message: &Block) -> Block {
        let mut state = self.inner;
        compress256(&mut state, std::slice::from_ref(&message.0));
        let mut digest = [0; BLOCK];
        write(&state, &mut digest);
        if let Some(end) = digest.get_mut(DIGEST) {
            *end = 0x80;
        }
        if let Some(end) = digest.last_chunk_mut::<LENGTH>() {
            *end = (((BLOCK + DIGEST) * 8) as u64).to_be_bytes();
        }
        Block(digest)
    }

    /// The second half: the beginning of the tag, from what
    /// [`inner`](Self::inner) gave.
    #[inline]
    pub(super) fn outer(&self, inner: &Block) -> [u8; DIGEST / 2] {
        let mut state = self.outer;
        compress256(&mut state, std::slice::from_ref(&inner.0));
        let [first, second, third, fourth, ..] = state;
        let mut digest = [0; DIGEST / 2];
        write(&[first, second, third, fourth], &mut digest);
        digest
    }
}

impl std::fmt::Debug for Keyed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyed").finish_non_exhaustive()
    }
}

/// A message of at most [`Block::LONGEST`] bytes with its padding: the one block
/// that follows the block of an HMAC key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block([u8; BLOCK]);

impl Block {
    /// A block of no message.
    pub(super) const EMPTY: Self = Self([0; BLOCK]);

    /// The longest message that fits into one block with its padding.
    pub(super) const LONGEST: usize = BLOCK - LENGTH - 1;

    /// `None` for a longer message. A call of its own: inlined, the block would
    /// be taken apart and put together again, while its bytes are still on
    /// their way to the memory.
    #[inline(never)]
    pub(super) fn new(message: &[u8]) -> Option<Self> {
        if message.len() > Self::LONGEST {
            return None;
        }
        // By way of words, and not of a call for every message.
        let mut block = [0; BLOCK];
        words::copy(message, &mut block)?;
        *block.get_mut(message.len())? = 0x80;
        *block.last_chunk_mut::<LENGTH>()? = ((BLOCK + message.len()) as u64 * 8).to_be_bytes();
        Some(Self(block))
    }

    /// Whether it is the same. In one go, and not by a call.
    #[inline]
    pub(super) fn is(&self, other: &Self) -> bool {
        let (these, others) = (self.0.as_chunks::<8>().0, other.0.as_chunks::<8>().0);
        let words = these.iter().zip(others);
        words.fold(0, |found, (this, other)| {
            found | (u64::from_le_bytes(*this) ^ u64::from_le_bytes(*other))
        }) == 0
    }
}

impl Zeroize for Block {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

#[inline]
fn write(state: &[u32], bytes: &mut [u8]) {
    for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
}

/// SHA-256 of a key's block, whose `state` this is, and of `message` after it.
fn digest(mut state: ChainingValue, message: &[u8]) -> [u8; DIGEST] {
    let (blocks, rest) = message.as_chunks::<BLOCK>();
    if !blocks.is_empty() {
        compress256(&mut state, blocks);
    }
    let mut last = [0; 2 * BLOCK];
    if let Some((start, end)) = last.split_at_mut_checked(rest.len()) {
        start.copy_from_slice(rest);
        if let Some(first) = end.first_mut() {
            *first = 0x80;
        }
    }
    let blocks = if rest.len() <= Block::LONGEST { 1 } else { 2 };
    let last = last.get_mut(..blocks * BLOCK).unwrap_or_default();
    if let Some(end) = last.last_chunk_mut::<LENGTH>() {
        *end = ((BLOCK + message.len()) as u64 * 8).to_be_bytes();
    }
    compress256(&mut state, last.as_chunks::<BLOCK>().0);
    let mut digest = [0; DIGEST];
    write(&state, &mut digest);
    digest
}

/// Fills `output` by HKDF-SHA-256 (RFC 5869) from `secret`, for `info`, the
/// concatenation of its parts. `None` for more than 255 digests of output.
pub fn hkdf(salt: &[u8], secret: &[u8], info: &[&[u8]], output: &mut [u8]) -> Option<()> {
    let (mut extracted, hkdf) = hkdf::Hkdf::<sha2::Sha256>::extract(Some(salt), secret);
    extracted.as_mut_slice().zeroize();
    hkdf.expand_multi_info(info, output).ok()
}
