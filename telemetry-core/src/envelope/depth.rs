//! How deep the fields of an event may be nested.

/// The deepest that the fields of an event may be nested: sixteen objects or
/// lists inside each other, themselves included. Receivers give up somewhere
/// (protocol buffers at 100 messages, of which one JSON level takes three), and
/// one event that is too deep would make the batch around it unreadable.
pub(crate) const MAX_DEPTH: usize = 16;

/// Whether `json` is nested at most [`MAX_DEPTH`] deep.
pub(crate) fn is_shallow(json: &[u8]) -> bool {
    // An upper bound first, which nearly every event meets: the compiler counts
    // many bytes at once.
    if json.iter().filter(|byte| matches!(byte, b'{' | b'[')).count() <= MAX_DEPTH {
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
}
