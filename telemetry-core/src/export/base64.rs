//! Base64 by RFC 4648, section 4, with padding: for bodies that are not text,
//! and for HTTP's basic authentication.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0, |group, byte| group << 8 | usize::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = ALPHABET.get(group >> (18 - 6 * place) & 63);
            let digit = if place <= chunk.len() { digit } else { Some(&b'=') };
            text.push(char::from(*digit.unwrap_or(&b'=')));
        }
    }
    text
}

/// `None` when `text` is not what [`encode`] writes.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for chunk in text.as_bytes().chunks(4) {
        let digits = chunk.iter().take_while(|byte| **byte != b'=').count();
        if chunk.len() != 4 || digits < 2 {
            return None;
        }
        let mut group = 0_u32;
        for byte in chunk.iter().take(digits) {
            let value = ALPHABET.iter().position(|digit| digit == byte)?;
            group = group << 6 | u32::try_from(value).ok()?;
        }
        group <<= 6 * (4 - digits);
        bytes.extend(group.to_be_bytes().iter().skip(1).take(digits - 1));
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn the_vectors_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).unwrap(), bytes.as_bytes());
        }
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)).unwrap(), all);
    }
}
