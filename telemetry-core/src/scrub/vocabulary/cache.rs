//! The vocabulary of the running program, kept between runs.
//!
//! It owns the file and its format. It must never know a word: fingerprints
//! are all there is. A file that cannot be read or written costs the time to
//! make the vocabulary anew, and nothing else.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `TLMVOC1\n`; another format gets another number |
//! | 32 | which executable, and when it was last changed: four numbers, as `platform` gives them |
//! | 8 | bytes of the executable |
//! | 4, 4 | places of the table of words and of the table of pairs |
//! | 4 each | the places, first those of words |
//! | 8 | fingerprint of everything before |
//!
//! Numbers are little-endian.

use std::path::Path;

use super::Vocabulary;
use super::table::{FingerprintTable, Print};
use crate::platform;

const NAME: &str = "vocabulary";
const MAGIC: &[u8] = b"TLMVOC1\n";
/// Twice what the largest executable that was measured (99 MB) makes.
const LARGEST: u64 = 8 << 20;

/// The vocabulary below `folder`, if it is that of `executable`; or what `make`
/// makes, which is kept for the next run.
pub(super) fn read_or_make(
    folder: &Path,
    executable: &Path,
    make: impl FnOnce() -> Vocabulary,
) -> Vocabulary {
    let path = folder.join(NAME);
    let Some(head) = head(executable) else { return make() };
    let kept = platform::read_private(&path, LARGEST).ok().flatten();
    if let Some(vocabulary) = kept.and_then(|bytes| decode(&head, &bytes)) {
        return vocabulary;
    }
    let vocabulary = make();
    let bytes = encode(head, &vocabulary);
    // As a whole, so that no process reads a part of it; not synced, for the
    // recording thread waits for no disk. What a power cut leaves half written
    // does not pass its own check.
    let _ = platform::check_room(bytes.len() as u64)
        .map_err(drop)
        .and_then(|()| platform::replace(&path, &bytes).map_err(drop));
    vocabulary
}

/// The first bytes of the file: what differs when the executable does.
fn head(executable: &Path) -> Option<Vec<u8>> {
    let metadata = std::fs::metadata(executable).ok()?;
    let mut head = MAGIC.to_vec();
    for number in platform::identity(&metadata) {
        head.extend(number.to_le_bytes());
    }
    head.extend(metadata.len().to_le_bytes());
    Some(head)
}

fn encode(head: Vec<u8>, vocabulary: &Vocabulary) -> Vec<u8> {
    let tables = [&vocabulary.words, &vocabulary.pairs];
    let mut bytes = head;
    for table in tables {
        bytes.extend(u32::try_from(table.slots().len()).unwrap_or(0).to_le_bytes());
    }
    for slot in tables.iter().flat_map(|table| table.slots()) {
        bytes.extend(slot.to_le_bytes());
    }
    let sum = Print::of(&bytes).number();
    bytes.extend(sum.to_le_bytes());
    bytes
}

fn decode(head: &[u8], bytes: &[u8]) -> Option<Vocabulary> {
    let (all, sum) = bytes.split_last_chunk::<8>()?;
    if u64::from_le_bytes(*sum) != Print::of(all).number() {
        return None;
    }
    let (first, rest) = all.strip_prefix(head)?.split_first_chunk::<4>()?;
    let (second, rest) = rest.split_first_chunk::<4>()?;
    let (slots, odd) = rest.as_chunks::<4>();
    let words = usize::try_from(u32::from_le_bytes(*first)).ok()?;
    let pairs = usize::try_from(u32::from_le_bytes(*second)).ok()?;
    if !odd.is_empty() || words.checked_add(pairs)? != slots.len() {
        return None;
    }
    let table = |slots: &[[u8; 4]]| {
        FingerprintTable::from_slots(slots.iter().map(|slot| u32::from_le_bytes(*slot)).collect())
    };
    let (words, pairs) = slots.split_at_checked(words)?;
    Some(Vocabulary { words: table(words)?, pairs: table(pairs)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_by_the_same_executable_alone() {
        let folder = tempfile::tempdir().unwrap();
        let executable = folder.path().join("program");
        std::fs::write(&executable, "could not open the file").unwrap();
        let made = Vocabulary::of_executable(&executable).unwrap();
        let first = read_or_make(folder.path(), &executable, || made.clone());
        assert_eq!(first, made);
        let again = read_or_make(folder.path(), &executable, || panic!("it was kept"));
        assert_eq!(again, made);
        std::fs::write(&executable, "could not close the door of it").unwrap();
        let other = Vocabulary::of_executable(&executable).unwrap();
        assert_eq!(read_or_make(folder.path(), &executable, || other.clone()), other);
        assert_ne!(other, made);
    }

    #[test]
    fn no_damage_is_read_as_a_vocabulary() {
        let vocabulary = Vocabulary::of_texts(["could not open the file"]);
        let kept = encode(MAGIC.to_vec(), &vocabulary);
        assert_eq!(decode(MAGIC, &kept).as_ref(), Some(&vocabulary));
        for end in 0..kept.len() {
            assert_eq!(decode(MAGIC, &kept[..end]), None, "{end}");
        }
        for at in 0..kept.len() {
            let mut damaged = kept.clone();
            damaged[at] ^= 0x10;
            assert_eq!(decode(MAGIC, &damaged), None, "{at}");
        }
    }
}
