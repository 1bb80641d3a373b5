//! Panics of a program as events, with real processes.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use telemetry_core::spool::{self, internals};

fn run(home: &Path, on: &str) -> Output {
    // What is hidden is not compiled in.
    Command::new(env!("CARGO_BIN_EXE_panicking_program"))
        .arg(home)
        .args([on, "kowalczyk"])
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap()
}

#[test]
fn a_panic_is_recorded_with_its_place_and_its_own_words() {
    let home = tempfile::tempdir().unwrap();
    // The first run reads the words of the program, which are many in a build
    // for tests; a panic does not wait for that for ever.
    run(home.path(), "on");
    let folder = home.path().join("telemetry");
    assert!(folder.join("vocabulary").exists(), "kept for the next run");
    internals::recover(&folder).unwrap();
    let before = spool::read(&folder).unwrap().count();

    let output = run(home.path(), "on");
    let shown = String::from_utf8(output.stderr).unwrap();
    assert!(shown.contains("could not charge for kowalczyk"), "{shown}");
    assert_eq!(shown.matches("panicked at").count(), 3, "{shown}");
    assert_eq!(output.status.code(), Some(101));
    // Each was stored before the program's own hook said anything.
    let stored = |at| format!("events stored so far: {at}\n");
    for at in 1..=3 {
        assert!(shown.contains(&stored(before + at)), "{at}: {shown}");
    }

    internals::recover(&folder).unwrap();
    let events = spool::read(&folder).unwrap().map(Result::unwrap).skip(before);
    let events: Vec<_> = events.collect();
    let field = |event: &spool::Stored, name: &str| match event.fields.get(name) {
        Some(Value::String(text)) => text.clone(),
        other => panic!("{name}: {other:?}"),
    };
    let mut told: Vec<_> = events.iter().map(|event| field(event, "message")).collect();
    // Each thread may have written a segment of its own, in any order.
    told.sort();
    assert_eq!(
        told,
        [
            "called `Result::unwrap()` on an `Err` value: ParseIntError { kind: InvalidDigit }",
            "could not charge for [word]",
            "the flux capacitor is empty",
        ]
    );
    for event in &events {
        assert_eq!(event.event, "panic");
        let place = field(event, "place");
        assert!(place.starts_with("tests/src/bin/panicking_program.rs:"), "{place}");
    }
    let stored = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    for path in stored.filter(|path| path.is_file()) {
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(9).any(|bytes| bytes == b"kowalczyk"), "{}", path.display());
    }
}

#[test]
fn nothing_is_made_while_telemetry_is_off() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path().join("home");
    let output = run(&home, "off");
    assert_eq!(output.status.code(), Some(101));
    assert!(!home.exists());
}
