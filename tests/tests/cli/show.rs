//! `show --last`.

use serde_json::Value;
use telemetry_core::spool::Stored;

use crate::program::Program;

/// Events of six runs, the newest last.
fn six_runs() -> (Program, Vec<Stored>) {
    let program = Program::new();
    for _ in 0..6 {
        program.work();
    }
    let mut events = program.stored();
    events.sort_by_key(|event| event.recorded().unwrap());
    assert_eq!(events.len(), 12);
    (program, events)
}

fn shown(program: &Program, arguments: &[&str]) -> Vec<String> {
    let ran = program.telemetry(&[&["show", "--json"], arguments].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    let id = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["id"].as_str().unwrap().to_owned()
    };
    ran.out.lines().map(id).collect()
}

#[test]
fn last_shows_the_newest_the_oldest_of_them_first() {
    let (program, events) = six_runs();
    let times = |ids: &[String]| -> Vec<_> {
        let time =
            |id: &String| events.iter().find(|event| event.id == *id).unwrap().recorded().unwrap();
        ids.iter().map(time).collect()
    };
    let last = shown(&program, &["--last", "3"]);
    let newest: Vec<_> = events[9..].iter().map(|event| event.recorded().unwrap()).collect();
    assert_eq!(times(&last), newest);
    assert_eq!(shown(&program, &["--last", "1000000000000"]).len(), 12);

    let table = program.telemetry(&["show", "--last", "2"]);
    assert_eq!(table.out.lines().count(), 3, "{table:?}");
}

#[test]
fn last_counts_what_the_filters_leave() {
    let (program, events) = six_runs();
    let last = shown(&program, &["--last", "2", "--event", "file.opened"]);
    let opened: Vec<_> = events.iter().filter(|event| event.event == "file.opened").collect();
    assert_eq!(last.len(), 2);
    assert!(last.iter().all(|id| opened[3..].iter().any(|event| event.id == *id)), "{last:?}");
    assert_eq!(shown(&program, &["--last", "5", "--id", &events[0].id]), [events[0].id.clone()]);
    assert!(shown(&program, &["--last", "5", "--until", "1h"]).is_empty());
}

#[test]
fn last_shows_what_was_sent_last() {
    let program = Program::new();
    program.work();
    let line = |batch: u64| {
        format!(
            "{{\"status\": 202,\"time\":\"2026-01-0{batch}T00:00:00.000Z\",\"to\":\"https://r:1\",\
             \"batch\":\"b{batch}\",\"type\":\"text/plain\",\"body\":\"x\"}}\n"
        )
    };
    let log: String = (1..=6).map(line).collect();
    program.write_private("sent.ndjson", &log);
    let sent = program.telemetry(&["show", "--sent", "--last", "2", "--json"]);
    assert_eq!(sent.out, line(5) + &line(6));
    let until = ["show", "--sent", "--last", "2", "--json", "--until", "2026-01-04"];
    assert_eq!(program.telemetry(&until).out, line(2) + &line(3));
    let table = program.telemetry(&["show", "--sent", "--last", "1"]).out;
    assert!(table.lines().count() == 2 && table.contains("b6"), "{table}");
}

#[test]
fn no_number_is_an_error_that_says_what_to_give() {
    let program = Program::new();
    for number in ["0", "-1", "many", ""] {
        let ran = program.telemetry(&["show", "--last", number]);
        assert_eq!(ran.code, 2, "{number}: {ran:?}");
        assert!(ran.err.contains("--last"), "{ran:?}");
    }
}
