//! The question whether telemetry may be collected.
#![allow(clippy::unwrap_used, reason = "a test stops at the first wrong value")]

use std::io::{Cursor, sink};
use std::path::Path;

use telemetry_cli::{Io, ask_with};
use telemetry_core::Telemetry;

fn telemetry(home: &Path) -> Telemetry {
    Telemetry::builder("tool").home(home).with_env(|_| None).build().unwrap()
}

/// What is asked, and whether telemetry is on then.
fn asked(home: &Path, answer: Option<&str>) -> (String, bool) {
    let mut err = Vec::new();
    let mut io = Io::new(sink(), &mut err);
    if let Some(answer) = answer {
        io = io.with_answers(Cursor::new(answer.to_owned()));
    }
    let on = ask_with(&telemetry(home), &mut io).unwrap();
    drop(io);
    (String::from_utf8(err).unwrap(), on)
}

#[test]
fn a_yes_is_remembered_and_not_asked_again() {
    let home = tempfile::tempdir().unwrap();
    let (question, on) = asked(home.path(), Some("y\n"));
    assert!(question.contains("May this program collect telemetry? [y/N]"), "{question}");
    assert!(question.contains("telemetry off"), "{question}");
    assert!(on);
    assert_eq!(asked(home.path(), Some("n\n")), (String::new(), true));
}

#[test]
fn a_no_is_remembered_too() {
    for no in ["n\n", "\n", "whatever\n"] {
        let home = tempfile::tempdir().unwrap();
        assert!(!asked(home.path(), Some(no)).1);
        assert_eq!(asked(home.path(), Some("y\n")), (String::new(), false));
    }
}

#[test]
fn an_end_of_the_input_is_no_answer() {
    let home = tempfile::tempdir().unwrap();
    assert!(!asked(home.path(), Some("")).1);
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    assert!(asked(home.path(), Some("yes\n")).1);
}

#[test]
fn where_nobody_can_answer_nothing_is_written() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(asked(home.path(), None), (String::new(), false));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}
