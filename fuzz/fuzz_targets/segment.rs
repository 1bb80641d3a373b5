//! Any bytes as a segment file: each event that is read is a whole line of the
//! file, at the place that it names, and no two lie in one line.
#![no_main]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use telemetry_core::export::WaitingEvent;
use telemetry_core::spool;

/// The folder, and the file in it that is read.
static FILE: LazyLock<(tempfile::TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let sealed = folder.path().join("sealed");
    fs::create_dir_all(&sealed).expect("a folder");
    let file = sealed.join("1-0123456789abcdef01234567-1-2.ndjson");
    (folder, file)
});

fuzz_target!(|bytes: &[u8]| {
    let (folder, file) = &*FILE;
    fs::write(file, bytes).expect("a file");
    // What lies before a line feed; the rest is torn.
    let whole: Vec<&[u8]> = match bytes.iter().rposition(|byte| *byte == b'\n') {
        Some(end) => bytes[..end].split(|byte| *byte == b'\n').collect(),
        None => Vec::new(),
    };
    let mut seen = BTreeSet::new();
    for stored in spool::read(folder.path()).expect("a folder that is there").flatten() {
        let index = usize::try_from(stored.place.line).expect("a small file") - 1;
        assert_eq!(whole.get(index), Some(&stored.raw.as_slice()), "not a whole line");
        assert!(seen.insert(index), "two events in one line");
        assert!(!stored.raw.starts_with(b" "), "a line that was taken out");
        // What is sent says the same as what is shown.
        if let Some(waiting) = WaitingEvent::of(&stored) {
            assert_eq!((waiting.id(), waiting.name()), (&*stored.id, &*stored.event));
            assert_eq!((waiting.time(), waiting.purpose()), (&*stored.time, &*stored.purpose));
            if let Ok(fields) = waiting.fields() {
                assert_eq!(fields, stored.fields);
            }
        }
    }
});
