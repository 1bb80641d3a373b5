//! What an author's tests are given: telemetry to look at, assertions that
//! nothing leaks, and a variable that has events printed.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, Output};
use std::{fs, thread};

use flate2::Compression;
use flate2::write::GzEncoder;
use telemetry_core::testing::{
    Evidence, TestTelemetry, assert_no_leak, assert_no_leak_with, assert_nothing_leaks,
};
use telemetry_core::{Keys, Recorded, Sanitizer, Scrubber, TelemetryEvent, TelemetryFields, spool};

/// A place that leaks, if it is told to.
#[derive(TelemetryFields)]
struct Place {
    #[telemetry(allow(because = "a test of what is found"))]
    room: String,
}

#[derive(TelemetryEvent)]
#[telemetry(name = "visited", purpose = "service")]
struct Visited<'a> {
    #[telemetry(hash)]
    name: &'a str,
    #[telemetry(drop)]
    _secret: &'a str,
    #[telemetry(scrub)]
    text: &'a str,
    #[telemetry(allow(because = "a test of what is found"), purpose = "product-improvement")]
    note: String,
    #[telemetry(nested)]
    place: Place,
    #[telemetry(keys(allow(because = "a test of what is found")), values(allow))]
    keyed: BTreeMap<String, u32>,
    #[telemetry(allow(because = "a test of what is found"))]
    bytes: Vec<u8>,
}

fn clean() -> Visited<'static> {
    Visited {
        name: "alice",
        _secret: "alice",
        text: "mail alice@corp.example",
        note: String::new(),
        place: Place { room: "lobby".to_owned() },
        keyed: BTreeMap::new(),
        bytes: Vec::new(),
    }
}

/// What the assertion says when it fails.
fn finding(assertion: impl FnOnce()) -> String {
    let failed = catch_unwind(AssertUnwindSafe(assertion)).expect_err("nothing was found");
    let text = failed.downcast_ref::<String>().expect("a text").clone();
    assert!(!text.to_lowercase().contains("alice"), "it shows the value: {text}");
    text
}

#[test]
fn an_event_without_a_leak_passes() {
    assert_no_leak(&clean(), &["alice"]);
    assert_no_leak(&clean(), &["Alice", "corp.example"]);
}

#[test]
fn a_leak_is_told_by_form_and_field_without_the_value() {
    // Its purpose has to be agreed to: what can leave at most is looked at.
    let event = Visited { note: "by Alice".to_owned(), ..clean() };
    let said = finding(|| assert_no_leak(&event, &["nobody", "alice"]));
    for form in [
        "serde",
        "NDJSON",
        "Segment",
        "OTLP in protobuf",
        "OTLP in JSON",
        "Debug of the sanitised event",
    ] {
        assert!(said.contains(&format!("{form}: field `note` holds canary 2")), "{form}: {said}");
    }

    let event = Visited { place: Place { room: "alice's".to_owned() }, ..clean() };
    let said = finding(|| assert_no_leak(&event, &["alice"]));
    assert!(said.contains("NDJSON: field `place.room` holds canary 1"), "{said}");

    let event = Visited { keyed: BTreeMap::from([("alice".to_owned(), 1)]), ..clean() };
    let said = finding(|| assert_no_leak(&event, &["alice"]));
    assert!(said.contains("NDJSON: field `keyed` holds canary 1"), "{said}");

    let event = Visited { bytes: b"alice".to_vec(), ..clean() };
    let said = finding(|| assert_no_leak(&event, &["alice"]));
    assert!(said.contains("NDJSON: field `bytes` holds canary 1 as a list of bytes"), "{said}");

    // Quotes and letters beyond ASCII are escaped in one form or another.
    for canary in ["al\"ice", "alicé\u{1}"] {
        let event = Visited { note: format!("<{canary}>"), ..clean() };
        let said = finding(|| assert_no_leak(&event, &[canary]));
        assert!(said.contains("NDJSON: field `note`"), "{said}");
        assert!(said.contains("Debug of the sanitised event: field `note`"), "{said}");
    }
    for encoded in ["616c696365", "YWxpY2U", "xhbGljZQ", "hhbGljZSE", "b64:fmFsaWNlLg"] {
        let event = Visited { note: encoded.to_owned(), ..clean() };
        let said = finding(|| assert_no_leak(&event, &["alice"]));
        assert!(said.contains("NDJSON: field `note` holds canary 1 in "), "{encoded}: {said}");
    }
}

#[test]
fn the_authors_own_rules_are_looked_at_too() {
    let event = Visited { text: "the project zanzibar", ..clean() };
    let said = finding(|| assert_no_leak(&event, &["zanzibar"]));
    assert!(said.contains("NDJSON: field `text`"), "{said}");
    let scrubber = Scrubber::default().with_literal("zanzibar").unwrap();
    let sanitizer = Sanitizer::new(Keys::session().unwrap()).with_scrubber(scrubber);
    assert_no_leak_with(&sanitizer, &event, &["zanzibar"]);
}

#[test]
fn an_assertion_that_could_not_fail_fails() {
    assert!(finding(|| assert_no_leak(&clean(), &[])).contains("no canary"));
    assert!(finding(|| assert_no_leak(&clean(), &["alice", "al"])).contains("canary 2 has fewer"));
    let nothing = finding(|| assert_nothing_leaks([], &["alice"]));
    assert!(nothing.contains("no evidence"), "{nothing}");
    let folder = tempfile::tempdir().unwrap();
    let empty = finding(|| assert_nothing_leaks([Evidence::Folder(folder.path())], &["alice"]));
    assert!(empty.contains("no file"), "{empty}");
    let gone = folder.path().join("gone");
    let gone = finding(|| assert_nothing_leaks([Evidence::Folder(&gone)], &["alice"]));
    assert!(gone.contains("cannot be searched"), "{gone}");
    // Nothing was recorded.
    let test = TestTelemetry::new("app").unwrap();
    assert!(finding(|| test.assert_nothing_leaks(&["alice"])).contains("no file"));
}

#[test]
fn two_runs_of_a_test_see_the_same_sanitised_events() {
    let run = || {
        let test = TestTelemetry::new("app").unwrap();
        let home = test.home().to_owned();
        assert!(test.telemetry().record(&clean()).is_stored());
        test.assert_nothing_leaks(&["alice"]);
        let events = test.finish().unwrap();
        assert!(!home.exists(), "the folder is left");
        let [event] = events.try_into().unwrap();
        let spool::Stored { time, fields, installation, .. } = event;
        (time, fields, installation)
    };
    let (first, second) = (run(), run());
    assert_eq!(first, second);
    assert_eq!(first.0, "2026-01-01T00:00:00.000Z");
    assert!(first.2.is_some());
    assert!(first.1["name"].as_str().unwrap().starts_with("h1_"), "{:?}", first.1);
    assert!(!first.1.contains_key("_secret"));
}

#[test]
fn counts_are_seen_at_the_end() {
    #[derive(TelemetryEvent)]
    #[telemetry(name = "ticked", purpose = "service", count = "run")]
    struct Ticked {
        #[telemetry(allow)]
        loud: bool,
    }
    let test = TestTelemetry::new("app").unwrap();
    for loud in [true, false, true] {
        assert_eq!(test.telemetry().record(&Ticked { loud }), Recorded::Counted);
    }
    let events = test.finish().unwrap();
    assert_eq!(events.len(), 1);
    let counts = serde_json::to_string(&events[0].counts).unwrap();
    assert!(
        counts.contains(r#"{"fields":{"loud":true},"count":2}"#)
            || counts.contains(r#"{"count":2,"fields":{"loud":true}}"#),
        "{counts}"
    );
}

#[test]
fn of_a_counted_event_the_counted_form_is_searched() {
    #[derive(TelemetryEvent)]
    #[telemetry(name = "measured", purpose = "service", count = "day")]
    struct Measured {
        #[telemetry(one_of("alice", "bob"))]
        who: &'static str,
        #[telemetry(histogram(10, 100))]
        age: u32,
        #[telemetry(histogram(10, 100), clamp(0, 100))]
        height: u32,
    }
    let event = Measured { who: "jane@corp.example", age: 4711, height: 8815 };
    assert_no_leak(&event, &["jane", "corp", "8815"]);
    // Of one event, the sum is its number.
    let found = finding(|| assert_no_leak(&event, &["4711"]));
    assert!(found.contains("NDJSON: field `age` holds"), "{found}");
    let event = Measured { who: "alice", age: 0, height: 0 };
    let found = finding(|| assert_no_leak(&event, &["alice"]));
    assert!(found.contains("OTLP in protobuf: field `who` holds"), "{found}");
}

#[test]
fn every_byte_that_a_program_left_is_searched() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    };
    let search = || assert_nothing_leaks([Evidence::Folder(folder.path())], &["alice"]);
    write("deep/er/clean", b"\0\xff nothing");
    search();

    let path = write("deep/er/dirty", b"\0\xff by ALICE");
    assert!(finding(search).contains(&format!("{} holds", Path::new("dirty").display())));
    fs::remove_file(path).unwrap();

    let path = write("alice.log", b"nothing");
    assert!(finding(search).contains("the name of a file or folder holds canary 1"));
    fs::remove_file(path).unwrap();

    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&b"no, no, ".repeat(100)).unwrap();
    encoder.write_all(b"it was alice").unwrap();
    let packed = encoder.finish().unwrap();
    assert!(!String::from_utf8_lossy(&packed).contains("alice"), "it is not compressed");
    // Alone, and behind the head of a request.
    for head in ["", "POST / HTTP/1.1\r\ncontent-encoding: gzip\r\n\r\n"] {
        let body = [head.as_bytes(), &packed].concat();
        let path = write("packed", &body);
        assert!(finding(search).contains("compressed"));
        fs::remove_file(path).unwrap();
        let request = Evidence::Bytes("the request", &body);
        let said = finding(|| assert_nothing_leaks([request], &["alice"]));
        assert!(said.contains("the request holds canary 1, compressed"), "{said}");
    }
    search();
}

fn short_program(home: &Path, variables: &[(&str, &str)]) -> Output {
    // Nobody listens there.
    short_program_to("http://127.0.0.1:9/", home, "41", variables)
}

fn short_program_to(url: &str, home: &Path, what: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_short_program"));
    command.arg(home).args([url, what]);
    command.env_remove("DO_NOT_TRACK").envs(variables.iter().copied());
    command.output().unwrap()
}

fn left(home: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(home) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

const PRINT: (&str, &str) = ("SHORT_PROGRAM_TELEMETRY_DEBUG", "print");

#[test]
fn a_variable_has_events_printed_and_nothing_stored() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let output = short_program(&home, &[PRINT]);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    let line = said.trim_end().strip_prefix("telemetry would send: ").expect(&said);
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["event"], "ran");
    assert_eq!(line["fields"]["number"], 41);
    assert!(line["installation"].is_string(), "{line}");
    assert_eq!(left(&home), [""; 0], "something was stored");

    // Another word, another program's variable: it stores as ever, and is silent.
    for variable in [("SHORT_PROGRAM_TELEMETRY_DEBUG", "1"), ("OTHER_TELEMETRY_DEBUG", "print")] {
        let home = folder.path().join(variable.0);
        let output = short_program(&home, &[variable]);
        assert!(output.stderr.is_empty(), "{output:?}");
        assert_eq!(spool::read(&home.join("telemetry")).unwrap().count(), 1);
    }
}

#[test]
fn without_consent_nothing_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let output = short_program(&home, &[PRINT, ("DO_NOT_TRACK", "1")]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(left(&home), [""; 0]);
}

#[test]
fn what_waits_is_not_sent_while_events_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    // Something waits; its run had nothing to deliver yet, and so started no child.
    assert!(short_program_to(&url, &home, "1", &[]).status.success());
    let output = short_program_to(&url, &home, "2", &[PRINT]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("Printed"), "{output:?}");
    let output = short_program_to(&url, &home, "now", &[PRINT]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "None\n", "{output:?}");
    listener.set_nonblocking(true).unwrap();
    let called = listener.accept().map(drop).map_err(|error| error.kind());
    assert_eq!(called, Err(ErrorKind::WouldBlock), "somebody called the receiver");
    assert_eq!(spool::read(&home.join("telemetry")).unwrap().count(), 1);

    // The same without the variable calls it, and so the listener would have seen it.
    listener.set_nonblocking(false).unwrap();
    let caller = thread::spawn(move || short_program_to(&url, &home, "now", &[]));
    drop(listener.accept().unwrap());
    drop(listener);
    assert!(caller.join().unwrap().status.success());
}

#[test]
fn what_waits_stays_as_it_is_while_events_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let test = |home: &Path, print: bool| {
        telemetry_core::Telemetry::builder("app")
            .home(home)
            .with_env(move |name| (print && name == "APP_TELEMETRY_DEBUG").then(|| "print".into()))
            .on_by_default()
            .build()
            .unwrap()
    };
    let before = test(folder.path(), false);
    assert!(before.record(&clean()).is_stored());
    let data = before.folder().to_owned();
    drop(before);
    let stored = || spool::read(&data).unwrap().map(|event| event.unwrap().raw).collect::<Vec<_>>();
    let (lines, files) = (stored(), left(&data));

    #[derive(TelemetryEvent)]
    #[telemetry(name = "ticked.printed", purpose = "service", count = "day")]
    struct Ticked {
        #[telemetry(allow)]
        loud: bool,
    }
    let telemetry = test(folder.path(), true);
    assert_eq!(telemetry.record(&clean()), Recorded::Printed);
    assert_eq!(telemetry.record(&Ticked { loud: true }), Recorded::Printed);
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(telemetry.record(&Ticked { loud: false }), Recorded::Printed));
    });
    assert!(!telemetry.may_send());
    assert_eq!(telemetry.counts().unwrap().total(), 0);
    telemetry.flush().unwrap();
    drop(telemetry);
    assert_eq!((stored(), left(&data)), (lines, files));

    // A withdrawal works as ever, and ends the printing.
    let telemetry = test(folder.path(), true);
    telemetry.off().unwrap();
    assert_eq!(telemetry.record(&clean()), Recorded::Denied);
    assert_eq!(telemetry.record(&Ticked { loud: true }), Recorded::Denied);
    assert!(stored().is_empty());
}
