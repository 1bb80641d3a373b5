//! How deep the fields of an event may be nested.

/// The deepest that the fields of an event may be nested: sixteen objects or
/// lists inside each other, themselves included. Receivers give up somewhere
/// (protocol buffers at 100 messages, of which one JSON level takes three), and
/// one event that is too deep would make the batch around it unreadable.
pub(crate) const MAX_DEPTH: usize = 16;

/// Whether `json` is nested at most [`MAX_DEPTH`] deep.
pub(crate) fn is_shallow(json: &[u8]) -> bool {
    // An upper bound first, which nearly every event meets.
    if opening(json) <= MAX_DEPTH {
        return true;
    }
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in json {
        match (quoted, *byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => quoted = !quoted,
            (false, b'{' | b'[') if depth == MAX_DEPTH => return false,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

/// How many braces and brackets open in `json`, those in text included.
fn opening(json: &[u8]) -> usize {
    // So few bytes at a time that a sum fits into a byte, which lets the compiler
    // count sixteen and more of them at once. The two differ in one bit.
    let count = |bytes: &[u8]| bytes.iter().map(|byte| u8::from(byte | 0x20 == b'{')).sum::<u8>();
    json.chunks(128).map(|bytes| usize::from(count(bytes))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_text() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(is_shallow(nested(MAX_DEPTH).as_bytes()));
        assert!(!is_shallow(nested(MAX_DEPTH + 1).as_bytes()));
        assert!(is_shallow(format!("[{}]", vec!["[]"; 100].join(",")).as_bytes()));
        assert!(is_shallow(
            format!(r#"["{}","\\\"{}"]"#, "[".repeat(99), "{".repeat(99)).as_bytes()
        ));
        assert!(!is_shallow(format!(r#"["\\",{}]"#, nested(MAX_DEPTH)).as_bytes()));
    }

    #[test]
    fn what_opens_is_counted_in_lines_of_any_length() {
        let every: Vec<u8> = (0..=255).collect();
        assert_eq!(opening(&every), 2);
        for length in [0, 1, 127, 128, 129, 1000] {
            assert_eq!(opening(&vec![b'['; length]), length);
            assert_eq!(opening(&vec![b'{'; length]), length);
        }
    }
}
