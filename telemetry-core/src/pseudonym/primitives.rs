//! The three primitives, each wrapped once.
//!
//! It owns the calls into the cryptography crates and the wiping of what those
//! calls leave behind. The hash is the crate's, block by block; what is done
//! here is the order of the blocks, which RFC 2104 gives. It must never know what is hashed, nor why. The test
//! vectors run against these functions, so that they hold for the very path
//! that a value takes.

use sha2::Digest;
use sha2::block_api::compress256;
use wide::bytemuck::{cast, cast_ref};
use wide::{u8x16, u32x4, u64x2};
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

    /// The beginning of the tag of a message that fills one block.
    #[inline]
    pub(super) fn short_tag(&self, message: &Block) -> ShortTag {
        self.outer(&self.inner(message))
    }

    /// The same of two messages, each under its own key.
    ///
    /// A tag is two hashes in a row. The first ones of both come first: none
    /// waits for the one before it, and so little stands between them that the
    /// processor works at two at once.
    #[inline]
    pub(super) fn short_tags(
        (key, message): (&Self, &Block),
        (other_key, other): (&Self, &Block),
    ) -> (ShortTag, ShortTag) {
        let inner = (key.inner(message), other_key.inner(other));
        (key.outer(&inner.0), other_key.outer(&inner.1))
    }

    #[inline(always)]
    fn inner(&self, message: &Block) -> ChainingValue {
        let mut state = self.inner;
        compress256(&mut state, message.blocks());
        state
    }

    #[inline(always)]
    fn outer(&self, inner: &ChainingValue) -> ShortTag {
        let [first, second] = big_endian(inner);
        let mut state = self.outer;
        compress256(&mut state, Block([first, second, END_OF_DIGEST.0, END_OF_DIGEST.1]).blocks());
        let [tag, _] = big_endian(&state);
        tag
    }
}

/// The first half of a tag, which is what a pseudonym keeps.
pub(super) type ShortTag = u8x16;

impl std::fmt::Debug for Keyed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyed").finish_non_exhaustive()
    }
}

/// A message of at most [`Block::LONGEST`] bytes with its padding: the one block
/// that follows the block of an HMAC key.
///
/// In four parts, each of which is written by one instruction, as the hash reads
/// them. A part that is put together from smaller writes can be read only once
/// all of them have left the processor for its cache, and with them everything
/// that came before: no two hashes would overlap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block([u8x16; 4]);

impl Block {
    /// The longest message that fits into one block with its padding.
    pub(super) const LONGEST: usize = BLOCK - LENGTH - 1;

    /// `None` for a longer message.
    #[inline]
    pub(super) fn new(message: &[u8]) -> Option<Self> {
        if message.len() > Self::LONGEST {
            return None;
        }
        let (parts, rest) = message.as_chunks::<16>();
        let end = u8x16::from(words::word(rest)?.to_le_bytes())
            | u8x16::from(*ENDS.get(message.len() % 16)?);
        let (part, none) = (|part: &[u8; 16]| u8x16::from(*part), u8x16::ZERO);
        let [a, b, c, d] = match parts {
            [] => [end, none, none, none],
            [a] => [part(a), end, none, none],
            [a, b] => [part(a), part(b), end, none],
            [a, b, c, ..] => [part(a), part(b), part(c), end],
        };
        Some(Self([a, b, c, d | length(message.len())]))
    }

    #[inline(always)]
    fn blocks(&self) -> &[[u8; BLOCK]] {
        std::slice::from_ref(cast_ref(&self.0))
    }
}

/// The byte that ends a message, behind so many bytes of its last part.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
static ENDS: [[u8; 16]; 16] = {
    let (mut ends, mut at) = ([[0; 16]; 16], 0);
    while at < ends.len() {
        ends[at][at] = 0x80;
        at += 1;
    }
    ends
};

/// What stands behind a digest in the block of HMAC's outer hash.
const END_OF_DIGEST: (u8x16, u8x16) = {
    let [mut end, mut last] = [[0; 16]; 2];
    end[0] = 0x80;
    let [.., high, low] = &mut last;
    [*high, *low] = (((BLOCK + DIGEST) * 8) as u16).to_be_bytes();
    (u8x16::new(end), u8x16::new(last))
};

/// The end of the last part: how many bits there are with those of the key's
/// block.
#[inline(always)]
fn length(message: usize) -> u8x16 {
    let bits = ((BLOCK + message) as u64 * 8).to_be();
    cast(u64x2::new([0, bits]))
}

/// A state as the bytes of its digest. By shifts of four words at once, whose
/// results are written in one piece: see [`Block`].
#[inline(always)]
fn big_endian(state: &ChainingValue) -> [u8x16; 2] {
    let swap = |words: [u32; 4]| {
        let words = u32x4::new(words);
        let bytes = u32x4::splat(0xff00);
        let swapped =
            (words << 24) | ((words & bytes) << 8) | ((words >> 8) & bytes) | (words >> 24);
        cast(if cfg!(target_endian = "little") { swapped } else { words })
    };
    let [a, b, c, d, e, f, g, h] = *state;
    [swap([a, b, c, d]), swap([e, f, g, h])]
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
