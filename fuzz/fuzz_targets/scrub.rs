//! Any text, through the scrubber: text stays text, a second time changes
//! nothing, and what is found lies within the text.
#![no_main]

use std::borrow::Cow;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use telemetry_core::Scrubber;

static SCRUBBERS: LazyLock<[Scrubber; 2]> =
    LazyLock::new(|| [Scrubber::default(), Scrubber::default().hiding_arguments()]);

fuzz_target!(|bytes: &[u8]| {
    for scrubber in &*SCRUBBERS {
        let once = scrubber.scrub_bytes(bytes);
        for find in scrubber.finds(bytes) {
            assert!(bytes.get(find.range()).is_some(), "a find outside of the text");
        }
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
        // A `str` in its type: that it is one was not assumed anywhere.
        let scrubbed: Cow<'_, str> = scrubber.scrub(text);
        assert_eq!(scrubbed.as_bytes(), &*once, "text and its bytes are scrubbed apart");
        let twice = scrubber.scrub(&scrubbed);
        assert_eq!(twice, scrubbed, "scrubbing twice is not scrubbing once");
    }
});
