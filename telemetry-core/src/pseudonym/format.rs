//! The text form of a pseudonym.
//!
//! It owns the bytes that must never drift: see the tables of [`Pseudonym`].
//! It must never know a secret.

use std::fmt;

use wide::bytemuck::cast;
use wide::{u8x16, u16x8};

use super::primitives::{DIGEST, ShortTag};

/// In front of each pseudonym: `h` for a keyed hash, `1` for the algorithm
/// and the formats below. Another primitives takes another number, so that
/// a receiver never joins what cannot be joined. It says nothing of the key: a
/// key's name would itself be an identifier.
pub(crate) const PREFIX: &str = "h1_";

/// How many bytes of a tag are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TagLength(usize);

impl TagLength {
    /// 128 bits: among 2^40 different values of one field two share a
    /// pseudonym with a chance of 2^-49.
    pub(super) const DEFAULT: Self = Self(16);

    /// Whole bytes of 64 to 256 bits. At 64 bits, two of 2^32 values share a
    /// pseudonym with a chance of 39 %, and less would make that usual; above
    /// 256 there is nothing more.
    pub(super) fn from_bits(bits: usize) -> Option<Self> {
        (bits.is_multiple_of(8) && (64..=256).contains(&bits)).then_some(Self(bits / 8))
    }
}

/// A pseudonym in its text form, on the stack.
///
/// It is still personal data under the law: it stands for one person or
/// machine, only it can no longer be reversed without the secret.
///
/// # Format
///
/// The text form, which has no character that JSON or a URL must escape:
///
/// | offset | length | content |
/// |---|---|---|
/// | 0 | 3 | `h1_`: a keyed hash by version 1 of what follows |
/// | 3 | 32 (16 to 64) | the first 128 bits (64 to 256) of the tag, in lower-case hexadecimal digits |
///
/// It begins with a letter, so that no spreadsheet takes `12e4…` for a
/// number, and cannot be mistaken for a plain SHA-256. In it is nothing of the
/// key but the tag: a key's name or epoch would itself be an identifier.
///
/// How the tag is made:
///
/// | step | function | key or salt | input |
/// |---|---|---|---|
/// | key of a field or domain | HKDF-SHA-256 (RFC 5869), 32 bytes | no salt; the secret's 32 bytes as key material | the info below |
/// | tag | HMAC-SHA-256 (RFC 2104) | that key | the value's canonical bytes |
/// | next epoch's secret | HMAC-SHA-256 | the secret | `next` |
///
/// The info is these parts, each behind its length in bytes as 8 bytes, big
/// endian; so that no two scopes share an info:
///
/// | part | for a field | for a domain |
/// |---|---|---|
/// | label | `telemetry pseudonym v1` | the same |
/// | kind | `field` | `domain` |
/// | names | the path of the type that the event is (`program::events::Run`), then the event's name | the domain's name |
/// | path | from the event to the value, each step in turn: into a field, `name` and then, as a part of its own, the field's name; into the keys of a map, `keys`; into its values, `values` | nothing |
/// | epoch | 8 bytes, big endian | the same |
///
/// The canonical bytes: of text its UTF-8 as it is, of bytes themselves, of a
/// path the bytes that the operating system has, of an integer its decimal
/// digits behind `-` if it is negative, of an IP address its usual text (RFC
/// 5952; an IPv4 address mapped to IPv6 is IPv4). With `lowercase`, text is
/// first folded by Unicode's rules, and bytes that are not UTF-8 by ASCII's.
///
/// ```
/// use telemetry_core::pseudonym::{KeyScope, KeySlot, Keys};
///
/// # fn main() -> Result<(), telemetry_core::Error> {
/// static TARGET: KeySlot = KeySlot::new(KeyScope::field("run.finished", "target"));
///
/// let keys = Keys::session()?;
/// let pseudonym = keys.pseudonym(&TARGET, b"web-1.corp.example").unwrap();
/// assert!(pseudonym.as_str().starts_with("h1_"));
/// assert_eq!(pseudonym.as_str().len(), 3 + 32);
/// assert_eq!(pseudonym.to_string(), pseudonym.as_str());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pseudonym {
    bytes: [u8; PREFIX.len() + 2 * DIGEST],
    length: usize,
}

impl Pseudonym {
    /// The first `length` bytes of `tag` as text.
    pub(super) fn new(tag: &[u8; DIGEST], length: TagLength) -> Self {
        let mut pseudonym = Self { bytes: [0; _], length: PREFIX.len() + 2 * length.0 };
        let (prefix, digits) = pseudonym.bytes.split_at_mut(PREFIX.len());
        prefix.copy_from_slice(PREFIX.as_bytes());
        encode(tag, digits);
        // What is cut off is not kept: it would be in copies and comparisons.
        if let Some(rest) = pseudonym.bytes.get_mut(pseudonym.length..) {
            rest.fill(0);
        }
        pseudonym
    }

    /// The text form: the prefix and lower-case hexadecimal digits.
    ///
    /// ```
    /// use telemetry_core::pseudonym::{KeyScope, KeySlot, Keys, Secret};
    ///
    /// # fn main() -> Result<(), telemetry_core::Error> {
    /// static HOST: KeySlot = KeySlot::new(KeyScope::Domain("host"));
    ///
    /// let keys = Keys::new(Secret::from_bytes(b"thirty-two bytes, for an example")?);
    /// let pseudonym = keys.pseudonym(&HOST, b"web-1.corp.example").unwrap();
    /// assert_eq!(pseudonym.as_str(), "h1_27c4e73204e460a0c4948c11738638c8");
    /// # Ok(())
    /// # }
    /// ```
    pub fn as_str(&self) -> &str {
        // Both fallbacks are out of reach: the bytes are ASCII up to `length`.
        self.bytes
            .get(..self.length)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

impl AsRef<str> for Pseudonym {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pseudonym").field(&self.as_str()).finish()
    }
}

/// Hexadecimal digits of a pseudonym of the usual length.
pub(crate) const DIGITS: usize = 2 * TagLength::DEFAULT.0;

/// The digits of the first bytes of a tag, without the prefix: all at once.
#[inline]
pub(super) fn digits(tag: ShortTag) -> [u8; DIGITS] {
    let nibbles = u8x16::splat(15);
    // There is no shift of bytes: what comes in from the byte beside is cut off.
    let high: u8x16 = cast(cast::<_, u16x8>(tag) >> 4);
    let (high, low) = (high & nibbles, tag & nibbles);
    let digit = |nibble: u8x16| {
        let letter = nibble.simd_gt(u8x16::splat(9));
        nibble + u8x16::splat(b'0') + (letter & u8x16::splat(b'a' - b'9' - 1))
    };
    cast([digit(u8x16::unpack_low(high, low)), digit(u8x16::unpack_high(high, low))])
}

/// Writes lower-case hexadecimal digits. The buffer is twice as long as the
/// digest, so that this cannot fail.
pub(crate) fn encode(digest: &[u8; DIGEST], digits: &mut [u8]) {
    let _ = hex::encode_to_slice(digest, digits);
}

/// Hands `value` in lower case to `with`: by Unicode's rules when it is UTF-8,
/// and by ASCII's otherwise, so that the bytes of a name in another encoding
/// stay what they are.
pub(crate) fn with_lowercase<T>(value: &[u8], with: impl FnOnce(&[u8]) -> T) -> T {
    // A host name has at most 253 bytes, an e-mail address 254: they are
    // folded on the stack.
    let mut buffer = [0; 256];
    if !value.is_ascii() {
        return match std::str::from_utf8(value) {
            Ok(text) => with(text.to_lowercase().as_bytes()),
            Err(_) => with(&value.to_ascii_lowercase()),
        };
    }
    if !value.iter().any(u8::is_ascii_uppercase) {
        return with(value);
    }
    match buffer.get_mut(..value.len()) {
        Some(folded) => {
            folded.copy_from_slice(value);
            folded.make_ascii_lowercase();
            with(folded)
        }
        None => with(&value.to_ascii_lowercase()),
    }
}
