//! The installation id.
//!
//! It owns a random UUID (version 4, RFC 9562) in the file `installation`. It
//! must never know anything about the machine or the user: the id is random,
//! and says only that two events come from one installation.

use std::path::Path;

use crate::error::{Error, Kind};
use crate::platform;

const FILE: &str = "installation";
/// 36 characters and a line feed.
const LIMIT: u64 = 64;

/// The id, made on first use. Of several processes that start at once, all
/// get the same.
///
/// # Errors
///
/// When the file cannot be read or written, or others can read it. A file that
/// holds no id is replaced: an id that was damaged is worth nothing.
pub(super) fn load_or_create(folder: &Path) -> Result<String, Error> {
    platform::private_dir(folder)?;
    let path = folder.join(FILE);
    // Another process may remove a damaged file between our look and our own
    // attempt, and so may we: the second look finds what one of us made.
    for _ in 0..8 {
        if let Some(bytes) = platform::read_private(&path, LIMIT)? {
            if let Some(id) = parse(&bytes) {
                return Ok(id);
            }
            let _ = std::fs::remove_file(&path);
        }
        platform::create_once(&path, format!("{}\n", random_uuid()?).as_bytes())?;
    }
    Err(Error::new(Kind::Io, format!("{} keeps being damaged: remove it", path.display())))
}

fn parse(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
    let hyphen = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let fits = |(at, c): (usize, char)| {
        if hyphen(at) { c == '-' } else { matches!(c, '0'..='9' | 'a'..='f') }
    };
    (text.len() == 36 && text.chars().enumerate().all(fits)).then(|| text.to_owned())
}

fn random_uuid() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(Kind::Io, "the system's random source failed").because(error.to_string())
    })?;
    // Version 4 in the upper half of byte 6, variant 10 in the top of byte 8.
    let bits = u128::from_be_bytes(bytes);
    let bits = (bits & !(0xf << 76)) | (0x4 << 76);
    let bits = (bits & !(0x3 << 62)) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
    let parts: Vec<&str> = parts.iter().filter_map(|&(from, to)| hex.get(from..to)).collect();
    Ok(parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_random_uuid_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("telemetry");
        let id = load_or_create(&folder).unwrap();
        assert_eq!(&id[14..15], "4", "{id}");
        assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"), "{id}");
        assert_eq!(load_or_create(&folder).unwrap(), id);
        assert_ne!(random_uuid().unwrap(), random_uuid().unwrap());
    }

    #[test]
    fn a_damaged_id_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("telemetry");
        load_or_create(&folder).unwrap();
        platform::replace_durably(&folder.join(FILE), b"0195f3d8-7165").unwrap();
        let id = load_or_create(&folder).unwrap();
        assert_eq!(id.len(), 36);
        assert_eq!(load_or_create(&folder).unwrap(), id);
    }
}
