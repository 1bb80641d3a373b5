//! `status`: what was dropped, why, and what helps.

use serde_json::Value;
use telemetry_core::spool::{Reason, internals};

use crate::program::Program;

#[test]
fn each_drop_is_told_with_its_cause_its_remedy_and_its_place() {
    let program = Program::new();
    program.work();
    for (events, reason) in (1..).zip(Reason::ALL) {
        internals::add_dropped(&program.folder(), *reason, events).unwrap();
    }
    let text = program.telemetry(&["status"]);
    let json: Value = serde_json::from_str(&program.telemetry(&["status", "--json"]).out).unwrap();
    let told = json["dropped"]["reasons"].as_array().unwrap();
    assert_eq!(told.len(), Reason::ALL.len());
    let total: u64 = (1..).zip(Reason::ALL).map(|(events, _)| events).sum();
    assert_eq!(json["dropped"]["events"], total);
    for (events, reason) in (1_u64..).zip(Reason::ALL) {
        let told = told.iter().find(|told| told["reason"] == reason.name()).unwrap();
        assert_eq!(told["events"], events);
        let word = |key: &str| told[key].as_str().unwrap().to_owned();
        let (cause, remedy, place) = (word("cause"), word("remedy"), word("place"));
        assert!(cause.len() > 20 && remedy.len() > 20, "{told}");
        assert!(place.starts_with(&program.folder().display().to_string()), "{told}");
        let line = format!("{reason}: {cause}; {remedy} (see {place})");
        assert!(text.out.lines().any(|shown| shown.trim() == line), "{line} is not in {text:?}");
        assert!(text.line("dropped").contains(&format!("{reason} {events}")), "{text:?}");
    }
}

#[test]
fn the_causes_that_a_user_can_do_something_about_say_what() {
    for (reason, words) in [
        (Reason::DiskFull, &["full", "make room"][..]),
        (Reason::CapEvents, &["oldest", "`send`"]),
        (Reason::CapAge, &["longer", "`send`"]),
        (Reason::NotReady, &["secret", "yours"]),
        (Reason::Rejected, &["receiver", "update the program", "`erase`"]),
        (Reason::Withdrawn, &["did not agree", "not sent"]),
        (Reason::Torn, &["killed", "nothing needs to be done"]),
    ] {
        let said = format!("{} {}", reason.cause(), reason.remedy());
        assert!(words.iter().all(|word| said.contains(word)), "{reason}: {said}");
    }
}
