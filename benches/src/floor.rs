//! What the sanitised event costs at least.
//!
//! It owns two floors: the hash compressions alone, and the same bytes written
//! by hand for this one event, with the keyed states ready and nothing checked.
//! It must never call the library that is measured.

use std::io::Write;

use sha2::block_api::compress256;

use crate::{Protocol, RunFinished};

/// The state before the first block (FIPS 180-4, section 5.3.3).
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// A key of HMAC-SHA-256, as the two states after its padded block.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl Key {
    /// Takes in a key of 32 bytes (RFC 2104).
    pub fn new(key: [u8; 32]) -> Self {
        let state = |pad: u8| {
            let mut block = [pad; 64];
            block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
            let mut state = INITIAL;
            compress256(&mut state, &[block]);
            state
        };
        Self { inner: state(0x36), outer: state(0x5c) }
    }
}

/// The keys of the two hashed fields.
#[derive(Clone, Debug)]
pub struct Keys {
    target: Key,
    user: Key,
}

impl Default for Keys {
    fn default() -> Self {
        Self { target: Key::new([1; 32]), user: Key::new([2; 32]) }
    }
}

/// The compressions that two keyed hashes of short values need, one after the
/// other as two HMACs would do them, and a copy of the finished line.
pub fn sha(keys: &Keys, blocks: &mut [[u8; 64]; 2], line: &[u8], out: &mut Vec<u8>) {
    for (key, block) in [&keys.target, &keys.user].into_iter().zip(blocks.iter_mut()) {
        let (mut inner, mut outer) = (key.inner, key.outer);
        compress256(&mut inner, &[*block]);
        put(&inner, block);
        compress256(&mut outer, &[*block]);
        put(&outer, block);
    }
    out.clear();
    out.extend_from_slice(line);
}

fn put(state: &[u32; 8], block: &mut [u8; 64]) {
    for (bytes, word) in block.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
}

/// The last block of a short message after a key's block, with SHA-256's padding.
fn padded(message: &[u8]) -> [u8; 64] {
    let mut block = [0; 64];
    if let Some((start, rest)) = block.split_at_mut_checked(message.len().min(55)) {
        start.copy_from_slice(message.get(..start.len()).unwrap_or_default());
        if let Some(first) = rest.first_mut() {
            *first = 0x80;
        }
    }
    let bits = (64 + message.len() as u64) * 8;
    if let Some(end) = block.last_chunk_mut::<8>() {
        *end = bits.to_be_bytes();
    }
    block
}

fn pseudonym(out: &mut Vec<u8>, key: &Key, value: &str) {
    let (mut inner, mut outer) = (key.inner, key.outer);
    compress256(&mut inner, &[padded(value.as_bytes())]);
    let mut digest = [0; 64];
    put(&inner, &mut digest);
    compress256(&mut outer, &[padded(digest.first_chunk::<32>().map_or(&[], |bytes| bytes))]);
    put(&outer, &mut digest);
    out.extend_from_slice(b"h1_");
    let mut digits = [0; 32];
    let half = digest.first_chunk::<16>().copied().unwrap_or_default();
    let _ = hex::encode_to_slice(half, &mut digits);
    out.extend_from_slice(&digits);
}

/// Appends the event to `out`, as JSON.
pub fn write(out: &mut Vec<u8>, keys: &Keys, event: &RunFinished<'_>) {
    out.extend_from_slice(b"{\"target\":\"");
    pseudonym(out, &keys.target, event.target);
    out.extend_from_slice(b"\",\"user\":\"");
    pseudonym(out, &keys.user, event.user);
    out.extend_from_slice(b"\",\"protocol\":\"");
    out.extend_from_slice(match event.protocol {
        Protocol::Ssh => b"ssh",
        Protocol::WinRm => b"win_rm",
    });
    out.extend_from_slice(b"\",\"duration_ms\":\"");
    out.extend_from_slice(match event.duration_ms {
        0..100 => b"<100",
        100..1_000 => b"100..1000",
        1_000..10_000 => b"1000..10000",
        10_000.. => b">=10000",
    });
    let _ = write!(
        out,
        "\",\"exit_code\":{},\"version\":\"{}\",\"attempts\":{},\"interactive\":{}}}",
        event.exit_code, event.version, event.attempts, event.interactive
    );
}
