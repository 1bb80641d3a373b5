//! Short text, moved in whole machine words.
//!
//! It owns how a few bytes are read and copied where a call that copies would
//! cost more than the bytes. It must never know what they say.

/// Copies `from` to the beginning of `to`, if it fits there and has at most 64
/// bytes.
///
/// By its two ends, which overlap: each copy has a length that the compiler
/// knows, and so is an instruction or two.
#[inline]
pub(crate) fn copy(from: &[u8], to: &mut [u8]) -> Option<()> {
    match from.len() {
        0..4 => to.get_mut(..from.len())?.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        4..8 => ends::<4>(from, to)?,
        8..16 => ends::<8>(from, to)?,
        16..32 => ends::<16>(from, to)?,
        32..=64 => ends::<32>(from, to)?,
        _ => return None,
    }
    Some(())
}

#[inline]
fn ends<const N: usize>(from: &[u8], to: &mut [u8]) -> Option<()> {
    let to = to.get_mut(..from.len())?;
    *to.first_chunk_mut::<N>()? = *from.first_chunk()?;
    *to.last_chunk_mut::<N>()? = *from.last_chunk()?;
    Some(())
}

/// Whether `text` begins with `other`, which has at most 64 bytes. By the two
/// ends of `other`, without a call.
#[inline]
pub(crate) fn begins_with(text: &[u8], other: &[u8]) -> bool {
    fn same<const N: usize>(text: &[u8], other: &[u8]) -> bool {
        (text.first_chunk::<N>() == other.first_chunk())
            & (text.last_chunk::<N>() == other.last_chunk())
    }
    let Some(text) = text.get(..other.len()) else { return false };
    match other.len() {
        0..4 => text.iter().zip(other).all(|(text, other)| text == other),
        4..8 => same::<4>(text, other),
        8..16 => same::<8>(text, other),
        16..32 => same::<16>(text, other),
        32..=64 => same::<32>(text, other),
        _ => false,
    }
}

/// Up to 16 bytes as one word, the first of them lowest, and zeros behind them.
#[inline]
pub(crate) fn word(bytes: &[u8]) -> Option<u128> {
    let half = |half: Option<&[u8; 8]>| half.map(|half| u128::from(u64::from_le_bytes(*half)));
    let quarter = |part: Option<&[u8; 4]>| part.map(|part| u128::from(u32::from_le_bytes(*part)));
    // The two ends overlap in bytes that are the same in both.
    Some(match bytes.len() {
        0..4 => bytes.iter().rev().fold(0, |word, byte| word << 8 | u128::from(*byte)),
        length @ 4..8 => {
            quarter(bytes.first_chunk())? | quarter(bytes.last_chunk())? << (8 * (length - 4))
        }
        length @ 8..=16 => {
            half(bytes.first_chunk())? | half(bytes.last_chunk())? << (8 * (length - 8))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_copied_as_it_is() {
        let text: Vec<u8> = (1..=65).collect();
        for length in 0..=64 {
            let (from, mut to) = (&text[..length], [0; 66]);
            copy(from, &mut to).unwrap();
            assert_eq!(&to[..length], from);
            assert!(to[length..].iter().all(|byte| *byte == 0), "{length}");
            assert_eq!(copy(from, &mut to[..length.saturating_sub(1)]).is_some(), length == 0);
        }
        assert_eq!(copy(&text, &mut [0; 66]), None);
    }

    #[test]
    fn every_byte_is_compared() {
        let text: Vec<u8> = (1..=65).collect();
        for length in 0..=64 {
            assert!(begins_with(&text, &text[..length]));
            assert!(length == 0 || !begins_with(&text[..length - 1], &text[..length]));
            for changed in 0..length {
                let mut other = text[..length].to_vec();
                other[changed] ^= 0x80;
                assert!(!begins_with(&text, &other), "{changed} of {length}");
            }
        }
    }

    #[test]
    fn a_word_holds_the_bytes_in_order() {
        let text: Vec<u8> = (1..=17).collect();
        for length in 0..=16 {
            let mut padded = [0; 16];
            padded[..length].copy_from_slice(&text[..length]);
            assert_eq!(word(&text[..length]), Some(u128::from_le_bytes(padded)));
        }
        assert_eq!(word(&text), None);
    }
}
