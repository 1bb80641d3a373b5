//! Events of which only the counts leave.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use telemetry_core::client::Recorded;
use telemetry_core::spool::{self, Filter};
use telemetry_core::{Telemetry, TelemetryEvent, TelemetryValue};
use telemetry_tests::spool::stored;

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

/// The sum of all counts, by the fields of the form as JSON.
fn sums(home: &Path) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for line in stored(&home.join("telemetry")) {
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
    let lines = stored(&home.path().join("telemetry"));
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

#[derive(TelemetryEvent)]
#[telemetry(name = "identified", purpose = "service", count(period = "hour", identified))]
struct Identified {
    #[telemetry(allow)]
    ok: bool,
}

#[test]
fn a_line_names_the_installation_where_the_author_asks_for_it_and_no_other_does() {
    use telemetry_core::client::Identity;
    for (identity, is_there) in [(Identity::Month, true), (Identity::None, false)] {
        let home = tempfile::tempdir().unwrap();
        let telemetry = builder(home.path()).identity(identity).build().unwrap();
        telemetry.record(&Identified { ok: true });
        telemetry.record(&Commands {
            command: "upload",
            exit: Exit::Success,
            milliseconds: None,
            _arguments: &[],
        });
        let id = telemetry.installation_id(telemetry_core::schema::Purpose::SERVICE);
        drop(telemetry);
        let lines = stored(&home.path().join("telemetry"));
        let of = |name: &str| lines.iter().find(|line| line.event == name).unwrap();
        assert_eq!(of("commands").installation, None);
        assert_eq!(of("identified").installation, id.map(|id| id.to_string()));
        assert_eq!(of("identified").installation.is_some(), is_there, "{identity:?}");
    }
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
        stored(&home.path().join("telemetry")).into_iter().map(|line| line.id).collect();
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

/// How long requests took, and how large their answers were.
#[derive(TelemetryEvent)]
#[telemetry(name = "requests", purpose = "service", count = "hour")]
struct Requests {
    #[telemetry(allow)]
    exit: Exit,
    #[telemetry(histogram(10, 100, 1_000))]
    took_ms: u64,
    #[telemetry(histogram = "0.5, 1.5")]
    load: Option<f64>,
    #[telemetry(histogram(-5, 5), clamp(-10, 10))]
    drift: i8,
}

/// The one line's counts, by the exit.
fn histograms(home: &Path) -> BTreeMap<String, serde_json::Value> {
    let lines = stored(&home.join("telemetry"));
    assert_eq!(lines.len(), 1);
    let form = |form: &serde_json::Value| {
        (form["fields"]["exit"].as_str().unwrap().to_owned(), form.clone())
    };
    lines[0].counts.iter().map(form).collect()
}

#[test]
fn a_histogram_keeps_how_many_were_in_each_range_and_the_sum_and_no_number() {
    let home = tempfile::tempdir().unwrap();
    let telemetry = builder(home.path()).build().unwrap();
    let record = |exit, took_ms, load, drift| {
        assert_eq!(telemetry.record(&Requests { exit, took_ms, load, drift }), Recorded::Counted);
    };
    // A bound belongs to the range that ends with it.
    record(Exit::Success, 10, Some(0.5), -128);
    record(Exit::Success, 11, Some(0.25), -5);
    record(Exit::Success, 0, None, -4);
    record(Exit::Success, 1_001, Some(f64::NAN), 5);
    record(Exit::Failure, u64::MAX, Some(f64::INFINITY), 6);
    record(Exit::Failure, u64::MAX, Some(f64::MAX), 127);
    record(Exit::Failure, 1_000, Some(f64::MAX), 0);
    drop(telemetry);
    let forms = histograms(home.path());
    let expected = serde_json::json!({
        "fields": { "exit": "success" },
        "count": 4,
        "histograms": {
            "took_ms": { "bounds": [10, 100, 1_000], "ranges": [2, 1, 0, 1], "sum": 1_022 },
            "load": { "bounds": [0.5, 1.5], "ranges": [2, 0, 0], "sum": 0.75 },
            "drift": { "bounds": [-5, 5], "ranges": [2, 2, 0], "sum": -14 },
        },
    });
    assert_eq!(forms["success"], expected);
    // Sums stop at the end of what 64 bits hold, and never turn over.
    let failure = &forms["failure"]["histograms"];
    assert_eq!(failure["took_ms"]["sum"], i64::MAX);
    assert_eq!(failure["took_ms"]["ranges"], serde_json::json!([0, 0, 1, 2]));
    assert_eq!(failure["load"]["sum"], f64::MAX);
    assert_eq!(failure["load"]["ranges"], serde_json::json!([0, 0, 2]));
    assert_eq!(failure["drift"]["sum"], 16);
    assert!(!forms.contains_key("signal"));
}

#[test]
fn the_numbers_of_a_histogram_are_no_part_of_a_combination() {
    let [event] = Requests::SCHEMA else { panic!() };
    assert_eq!(event.combinations(), Some(3));
    // Of one event in a period, the sum is its number.
    assert_eq!(event.forms(), None);
    let domain = event.fields[3].domain();
    assert_eq!(domain.forms(), Some(21));
    let combination = serde_json::to_value(event.form_at(2).unwrap()).unwrap();
    assert_eq!(combination, serde_json::json!({ "exit": "signal" }));
}

#[test]
fn histograms_of_threads_add_up() {
    let home = tempfile::tempdir().unwrap();
    let telemetry = builder(home.path()).build().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for took_ms in 1..=1000 {
                    let exit = Exit::Success;
                    telemetry.record(&Requests { exit, took_ms, load: Some(1.0), drift: 1 });
                }
            });
        }
    });
    drop(telemetry);
    let form = &histograms(home.path())["success"];
    assert_eq!(form["count"], 4000);
    let expected = serde_json::json!({
        "took_ms": { "bounds": [10, 100, 1_000], "ranges": [40, 360, 3600, 0], "sum": 2_002_000 },
        "load": { "bounds": [0.5, 1.5], "ranges": [0, 4000, 0], "sum": 4000.0 },
        "drift": { "bounds": [-5, 5], "ranges": [0, 4000, 0], "sum": 4000 },
    });
    assert_eq!(form["histograms"], expected);
}

/// An event with a field of another purpose.
#[derive(TelemetryEvent)]
#[telemetry(name = "trained", purpose = "service", count = "day")]
struct Trained {
    #[telemetry(allow)]
    ok: bool,
    #[telemetry(allow, purpose = "model-training")]
    liked: bool,
}

#[test]
fn a_counted_event_leaves_as_a_whole_so_that_the_purposes_of_its_fields_count() {
    let home = tempfile::tempdir().unwrap();
    let telemetry = builder(home.path()).build().unwrap();
    assert_eq!(telemetry.record(&Trained { ok: true, liked: true }), Recorded::Counted);
    telemetry.choice().unwrap().refuse_purpose("model-training").unwrap();
    telemetry.refresh();
    assert_eq!(telemetry.record(&Trained { ok: true, liked: true }), Recorded::Denied);
    drop(telemetry);
    assert_eq!(sums(home.path()).len(), 0, "what was counted before is dropped");
}

#[derive(TelemetryEvent)]
#[telemetry(name = "wide", purpose = "service", count = "day")]
struct Wide {
    #[telemetry(clamp(0, 499))]
    place: u32,
    #[telemetry(histogram(10, 20, 30, 40, 50, 60, 70, 80, 90, 100))]
    took_ms: u32,
}

#[test]
fn counts_with_histograms_that_are_too_long_for_one_line_are_cut_between_two_forms() {
    const FORMS: u32 = 500;
    let home = tempfile::tempdir().unwrap();
    let telemetry = builder(home.path()).build().unwrap();
    for place in 0..FORMS {
        for took_ms in [5, 95, place] {
            assert_eq!(telemetry.record(&Wide { place, took_ms }), Recorded::Counted);
        }
    }
    drop(telemetry);
    let lines = stored(&home.path().join("telemetry"));
    assert!(lines.len() > 1, "one line would be longer than any that is stored");
    let ids: std::collections::BTreeSet<_> = lines.iter().map(|line| &line.id).collect();
    assert_eq!(ids.len(), lines.len());
    let mut seen = BTreeMap::new();
    for line in &lines {
        assert!(line.raw.len() <= 64 * 1024, "{}", line.raw.len());
        for form in &line.counts {
            let place = form["fields"]["place"].as_u64().unwrap();
            assert_eq!(seen.insert(place, ()), None, "{place} is in two lines");
            assert_eq!(form["count"], 3);
            let numbers = &form["histograms"]["took_ms"];
            let ranges: Vec<u64> =
                numbers["ranges"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
            assert_eq!((ranges.len(), ranges.iter().sum::<u64>()), (11, 3));
            assert_eq!(numbers["sum"], 100 + place);
        }
    }
    assert_eq!(seen.len(), FORMS as usize);
}

/// Prints how much of what was counted a kill costs, in seconds of counting.
#[cfg(unix)]
#[test]
#[ignore = "measures time: cargo test -p telemetry-tests --test counted what_a_kill -- --ignored --nocapture"]
fn what_a_kill_costs() {
    let mut lost = Vec::new();
    for turn in 0..12_u64 {
        let home = tempfile::tempdir().unwrap();
        let start = std::time::Instant::now();
        let mut child = Command::new(PROGRAM)
            .arg(home.path())
            .arg("on")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        // At moments that are spread over the interval in which counts are written.
        std::thread::sleep(std::time::Duration::from_millis(1_500 + turn * 70));
        child.kill().unwrap();
        child.wait().unwrap();
        let took = start.elapsed().as_secs_f64();
        let counted: u64 = output.lines().map_while(Result::ok).last().unwrap().parse().unwrap();
        spool::internals::recover(&home.path().join("telemetry")).unwrap();
        let kept: u64 = sums(home.path()).values().sum();
        lost.push(counted.saturating_sub(kept) as f64 / counted as f64 * took);
    }
    lost.sort_by(f64::total_cmp);
    println!("seconds of counting that a kill cost: {lost:.2?}");
}
