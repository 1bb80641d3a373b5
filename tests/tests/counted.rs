//! Events of which only the counts leave.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use telemetry_core::client::Recorded;
use telemetry_core::spool::{self, Filter, Stored};
use telemetry_core::{Telemetry, TelemetryEvent, TelemetryValue};

const PROGRAM: &str = env!("CARGO_BIN_EXE_counting_program");

#[derive(Clone, Copy, Debug, TelemetryValue)]
enum Exit {
    Success,
    Failure,
    Signal,
}
const EXITS: [Exit; 3] = [Exit::Success, Exit::Failure, Exit::Signal];

/// Which command ran and how it ended.
#[derive(TelemetryEvent)]
#[telemetry(name = "commands", purpose = "service", count = "day", max_bits = 6)]
struct Commands<'a> {
    #[telemetry(one_of("converge", "upload"))]
    command: &'a str,
    #[telemetry(allow)]
    exit: Exit,
    #[telemetry(bucket(10, 100))]
    milliseconds: Option<u64>,
    #[telemetry(drop)]
    _arguments: &'a [String],
}

/// A word was seen, of very many.
#[derive(TelemetryEvent)]
#[telemetry(name = "words", purpose = "service", count(period = "week", top = 3))]
struct Words {
    #[telemetry(allow)]
    first: u16,
    #[telemetry(allow)]
    second: u8,
}

fn builder(home: &Path) -> telemetry_core::Builder {
    Telemetry::builder("app").home(home).with_env(|_| None).on_by_default()
}

fn stored(home: &Path) -> Vec<Stored> {
    spool::read(&home.join("telemetry")).unwrap().map(Result::unwrap).collect()
}

/// The sum of all counts, by the fields of the form as JSON.
fn sums(home: &Path) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for line in stored(home) {
        for form in &line.counts {
            let fields = form.get("fields").map_or("other".to_owned(), ToString::to_string);
            *sums.entry(fields).or_default() += form["count"].as_u64().unwrap();
        }
    }
    sums
}

#[test]
fn every_combination_is_counted_by_itself_and_zero_is_left_out() {
    let home = tempfile::tempdir().unwrap();
    let telemetry = builder(home.path()).build().unwrap();
    let mut expected = BTreeMap::new();
    let mut times = 0;
    for command in ["converge", "upload", "jane@corp.example"] {
        for exit in EXITS {
            for milliseconds in [None, Some(9), Some(10), Some(100)] {
                times += 1;
                if times % 5 == 0 {
                    continue;
                }
                for _ in 0..times {
                    let event = Commands { command, exit, milliseconds, _arguments: &[] };
                    assert_eq!(telemetry.record(&event), Recorded::Counted);
                }
                let command = if command.contains('@') { "other" } else { command };
                let exit = format!("{exit:?}").to_lowercase();
                let range = match milliseconds {
                    None => String::new(),
                    Some(9) => r#","milliseconds":"<10""#.to_owned(),
                    Some(10) => r#","milliseconds":"10..100""#.to_owned(),
                    Some(_) => r#","milliseconds":">=100""#.to_owned(),
                };
                let fields = format!(r#"{{"command":"{command}","exit":"{exit}"{range}}}"#);
                expected.insert(fields, times);
            }
        }
    }
    drop(telemetry);
    assert_eq!(sums(home.path()), expected);
}

#[test]
fn a_line_says_the_day_and_neither_an_hour_nor_an_id_of_the_installation() {
    let home = tempfile::tempdir().unwrap();
    let telemetry = builder(home.path()).build().unwrap();
    let event =
        Commands { command: "upload", exit: Exit::Success, milliseconds: None, _arguments: &[] };
    telemetry.record(&event);
    drop(telemetry);
    let lines = stored(home.path());
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert!(line.time.ends_with("T00:00:00.000Z"), "{}", line.time);
    assert_eq!(line.period.as_deref(), Some("day"));
    assert_eq!(line.installation, None);
    let text = String::from_utf8(line.raw.clone()).unwrap();
    assert!(!text.contains("installation"), "{text}");
    let keys: Vec<_> = serde_json::from_str::<BTreeMap<String, serde_json::Value>>(&text)
        .unwrap()
        .into_keys()
        .collect();
    let known = ["counts", "event", "generation", "id", "period", "purpose", "time", "version"];
    let known: Vec<_> = known.into_iter().collect();
    let keys: Vec<&str> =
        keys.iter().map(String::as_str).filter(|key| *key != "container").collect();
    assert_eq!(keys, known);
}

#[test]
fn what_two_processes_and_a_restart_count_adds_up() {
    let home = tempfile::tempdir().unwrap();
    let start = || Command::new(PROGRAM).arg(home.path()).arg("finish").spawn().unwrap();
    let mut both = [start(), start()];
    both.iter_mut().for_each(|child| assert!(child.wait().unwrap().success()));
    assert!(start().wait().unwrap().success());
    let expected = [
        (r#"{"command":"converge","ok":false}"#.to_owned(), 300),
        (r#"{"command":"converge","ok":true}"#.to_owned(), 2700),
        (r#"{"command":"upload","ok":true}"#.to_owned(), 3),
    ];
    assert_eq!(sums(home.path()), expected.into());
    let ids: std::collections::BTreeSet<_> =
        stored(home.path()).into_iter().map(|line| line.id).collect();
    assert_eq!(ids.len(), 3);
}

#[cfg(unix)]
#[test]
fn what_was_written_survives_a_kill() {
    let home = tempfile::tempdir().unwrap();
    let mut child =
        Command::new(PROGRAM).arg(home.path()).arg("wait").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "written\n");
    child.kill().unwrap();
    child.wait().unwrap();
    // The next run takes over what the killed one left.
    let recovered = spool::internals::recover(&home.path().join("telemetry")).unwrap();
    assert_eq!((recovered.segments, recovered.torn), (1, 0));
    assert_eq!(sums(home.path()).values().sum::<u64>(), 1001);
}

#[test]
fn too_many_forms_are_counted_together() {
    let home = tempfile::tempdir().unwrap();
    let telemetry = builder(home.path()).build().unwrap();
    for (first, times) in [(5, 3), (6, 1), (7, 2), (8, 4), (9, 5), (5, 1)] {
        for _ in 0..times {
            telemetry.record(&Words { first, second: 0 });
        }
    }
    drop(telemetry);
    let expected = [
        (r#"{"first":5,"second":0}"#.to_owned(), 4),
        (r#"{"first":6,"second":0}"#.to_owned(), 1),
        (r#"{"first":7,"second":0}"#.to_owned(), 2),
        ("other".to_owned(), 9),
    ];
    assert_eq!(sums(home.path()), expected.into());
}

#[test]
fn denied_events_are_not_counted_and_leave_no_file() {
    let home = tempfile::tempdir().unwrap();
    let telemetry = Telemetry::builder("app").home(home.path()).with_env(|_| None).build().unwrap();
    let event =
        Commands { command: "upload", exit: Exit::Success, milliseconds: None, _arguments: &[] };
    assert_eq!(telemetry.record(&event), Recorded::Denied);
    drop(telemetry);
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn off_drops_what_was_counted() {
    let home = tempfile::tempdir().unwrap();
    let telemetry = builder(home.path()).build().unwrap();
    let event =
        Commands { command: "upload", exit: Exit::Success, milliseconds: None, _arguments: &[] };
    assert_eq!(telemetry.record(&event), Recorded::Counted);
    telemetry.off().unwrap();
    assert_eq!(telemetry.record(&event), Recorded::Denied);
    assert!(telemetry.on().unwrap());
    assert_eq!(telemetry.record(&event), Recorded::Counted);
    drop(telemetry);
    assert_eq!(sums(home.path()).into_values().collect::<Vec<_>>(), [1]);
}

#[test]
fn a_withdrawal_in_another_process_drops_what_was_counted_before_it_was_noticed() {
    let home = tempfile::tempdir().unwrap();
    let telemetry = builder(home.path()).build().unwrap();
    let event =
        Commands { command: "upload", exit: Exit::Success, milliseconds: None, _arguments: &[] };
    assert_eq!(telemetry.record(&event), Recorded::Counted);
    // Another process says no; this one has not looked yet when it ends.
    builder(home.path()).build().unwrap().choice().unwrap().refuse().unwrap();
    drop(telemetry);
    assert_eq!(sums(home.path()).len(), 0);
}

#[test]
fn counts_are_shown_and_erased_like_events() {
    let home = tempfile::tempdir().unwrap();
    let telemetry = builder(home.path()).build().unwrap();
    let event =
        Commands { command: "upload", exit: Exit::Success, milliseconds: None, _arguments: &[] };
    telemetry.record(&event);
    drop(telemetry);
    let telemetry = builder(home.path()).build().unwrap();
    assert_eq!(telemetry.erase(Filter::Event("commands")).unwrap(), 1);
    assert_eq!(sums(home.path()).len(), 0);
}
