//! What `record` has accepted survives SIGKILL at any moment, through the
//! whole client: secret, id, sanitising, spool.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Command, Stdio};

use telemetry_core::spool::{self, Limits, internals};

const PROGRAM: &str = env!("CARGO_BIN_EXE_recording_program");

/// The first kills come before or in the middle of making the secret and the
/// id; later ones find them made.
const KILLS: usize = 60;

#[test]
fn every_event_that_record_accepted_is_in_the_spool_once_after_a_kill() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path().join("home");
    let mut acknowledged = String::new();
    for kill in 0..KILLS {
        let mut child = Command::new(PROGRAM).arg(&home).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        // How much it may say before the kill: nothing, a line, thousands.
        let mut first = vec![0; [0, 1, 700, 9_000][kill % 4]];
        output.read_exact(&mut first).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.push_str(std::str::from_utf8(&first).unwrap());
        output.read_to_string(&mut acknowledged).unwrap();
    }
    assert!(acknowledged.lines().count() > KILLS, "the program recorded");

    let folder = home.join("telemetry");
    let recovered = internals::recover(&folder).unwrap();
    assert!(recovered.errors.is_empty(), "{:?}", recovered.errors);
    let mut stored: BTreeMap<String, u32> = BTreeMap::new();
    for event in spool::read(&folder).unwrap() {
        let event = event.unwrap();
        let number = |name: &str| event.fields[name].to_string();
        let step = format!("{} {} {}", number("run"), number("thread"), number("number"));
        *stored.entry(step).or_default() += 1;
    }
    assert!(stored.len() as u64 <= Limits::default().events, "no cap was reached");
    let lost: Vec<&str> = acknowledged.lines().filter(|step| !stored.contains_key(*step)).collect();
    assert_eq!(lost, Vec::<&str>::new());
    assert!(stored.values().all(|times| *times == 1), "an event is there twice");
}
