//! What a receiver sees of a program's runs, over a real socket.

use std::io::{ErrorKind, Read};
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use telemetry_core::export::{HttpTransport, Ndjson, Receiver as To};
use telemetry_core::spool::internals::Spool;
use telemetry_core::spool::{Limits, Reason};
use telemetry_core::{Builder, Recorded, Telemetry, TelemetryEvent};
use telemetry_tests::receiver::{Received, Receiver};

#[derive(TelemetryEvent)]
#[telemetry(name = "run.finished", purpose = "product-improvement")]
struct RunFinished {
    #[telemetry(allow)]
    number: u32,
}

/// With a value that the author vouches for, however deep it is.
#[derive(TelemetryEvent)]
#[telemetry(name = "vouched", purpose = "product-improvement")]
struct Vouched {
    #[telemetry(allow(because = "nothing in a test is anybody's"))]
    value: serde_json::Value,
}

/// Generous: only a receiver that is never called waits this long.
const PATIENCE: Duration = Duration::from_secs(30);

fn builder(home: &Path, receiver: &Receiver) -> Builder {
    let transport = HttpTransport::builder(receiver.url()).without_gzip().build().unwrap();
    Telemetry::builder("app")
        .home(home)
        .with_env(|_| None)
        .on_by_default()
        .receiver(To::new("1.0.0", Ndjson, transport))
}

fn start(home: &Path, modes: &str) -> Receiver {
    Receiver::start(env!("CARGO_BIN_EXE_receiver"), &home.join("received"), modes)
}

/// Everything that arrived, as text.
fn bodies(receiver: &Receiver) -> String {
    let text = |received: Received| String::from_utf8(received.body).unwrap();
    receiver.received().into_iter().map(text).collect()
}

#[test]
fn what_a_run_records_is_collected_by_the_next_run() {
    let home = tempfile::tempdir().unwrap();
    let mut receiver = start(home.path(), "ok");
    let first = builder(home.path(), &receiver).build().unwrap();
    assert_eq!(first.record(&RunFinished { number: 1 }), Recorded::Stored);
    drop(first);
    assert_eq!(bodies(&receiver), "", "the first run has nothing to collect");

    let second = builder(home.path(), &receiver).build().unwrap();
    second.record(&RunFinished { number: 2 });
    receiver.wait_for_request();
    assert!(second.shutdown(PATIENCE));
    let body = bodies(&receiver);
    assert!(body.contains(r#""fields":{"number":1}"#), "{body}");
    assert!(!body.contains(r#""number":2"#), "{body}");
}

#[test]
fn what_earlier_runs_recorded_is_sent_before_what_this_one_did() {
    let home = tempfile::tempdir().unwrap();
    let receiver = start(home.path(), "ok");
    // None of them delivers: what each left lies where it was written.
    let quiet = || builder(home.path(), &receiver).only_on_request().build().unwrap();
    for number in 1..=5 {
        quiet().record(&RunFinished { number });
    }
    let last = quiet();
    last.record(&RunFinished { number: 6 });
    let report = last.send_now(Instant::now() + PATIENCE).unwrap().unwrap();
    assert_eq!(report.sent, 6, "{report:?}");
    let body = bodies(&receiver);
    let place = |number| body.find(&format!(r#""number":{number}"#)).unwrap();
    assert!((1..=5).all(|number| place(number) < place(6)), "{body}");
}

/// Small runs stay in files of their own, and yet a receiver sees few requests.
#[test]
fn two_hundred_short_runs_need_four_requests() {
    let home = tempfile::tempdir().unwrap();
    let receiver = start(home.path(), "ok");
    let quiet = || builder(home.path(), &receiver).only_on_request().build().unwrap();
    for number in 1..=200 {
        quiet().record(&RunFinished { number });
    }
    let report = quiet().send_now(Instant::now() + PATIENCE).unwrap().unwrap();
    // Each takes what 64 files hold.
    assert_eq!((report.sent, report.batches), (200, 4), "{report:?}");
    assert_eq!(bodies(&receiver).lines().count(), 200);
    let left = std::fs::read_dir(home.path().join("telemetry/sealed")).unwrap().count();
    assert_eq!(left, 0);
}

#[test]
fn data_from_before_a_withdrawal_is_never_sent_not_even_after_a_new_yes() {
    let home = tempfile::tempdir().unwrap();
    let receiver = start(home.path(), "ok");
    let quiet = || Telemetry::builder("app").home(home.path()).with_env(|_| None).on_by_default();
    quiet().build().unwrap().record(&RunFinished { number: 1 });
    // Nobody erases here: the choice alone must be enough.
    let choice = quiet().build().unwrap().choice().unwrap();
    choice.refuse().unwrap();
    choice.agree().unwrap();

    let again = builder(home.path(), &receiver).build().unwrap();
    again.record(&RunFinished { number: 2 });
    assert!(again.shutdown(PATIENCE));
    let report = again.send_now(Instant::now() + PATIENCE).unwrap().unwrap();
    assert_eq!(report.sent, 1, "{report:?}");
    let body = bodies(&receiver);
    assert!(body.contains(r#""number":2"#) && !body.contains(r#""number":1"#), "{body}");
}

#[test]
fn while_consent_is_denied_nothing_waits_for_and_nothing_calls_the_receiver() {
    let home = tempfile::tempdir().unwrap();
    let receiver = start(home.path(), "ok");
    builder(home.path(), &receiver).build().unwrap().record(&RunFinished { number: 1 });
    let denied = builder(home.path(), &receiver)
        .with_env(|name| (name == "DO_NOT_TRACK").then(|| "1".into()))
        .build()
        .unwrap();
    let report = denied.send_now(Instant::now() + PATIENCE).unwrap().unwrap();
    assert_eq!(report.sent, 0);
    assert!(denied.shutdown(PATIENCE));
    assert_eq!(bodies(&receiver), "");
}

#[test]
fn the_end_of_a_program_does_not_wait_for_a_receiver_that_never_answers() {
    let home = tempfile::tempdir().unwrap();
    let mut receiver = start(home.path(), "silent");
    builder(home.path(), &receiver).build().unwrap().record(&RunFinished { number: 1 });
    let telemetry = builder(home.path(), &receiver).build().unwrap();
    receiver.wait_for_request();
    let start = Instant::now();
    drop(telemetry);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

/// A line around `fields` as the program writes it, but for `change`.
fn line(spool: &Spool, fields: &str, change: impl FnOnce(String) -> String) -> String {
    let mut id = String::new();
    spool.next_id(&mut id);
    let line = format!(
        "{{\"id\":\"{id}\",\"time\":\"2026-01-01T00:00:00.000Z\",\"event\":\"run.finished\",\
         \"version\":1,\"purpose\":\"product-improvement\",\"generation\":0,\
         \"installation\":\"00000000-0000-4000-8000-000000000000\",\"fields\":{fields}}}"
    );
    change(line) + "\n"
}

/// The spool is a folder of plain files. What the program cannot have written
/// does not leave it, whatever put it there.
#[test]
fn only_what_the_program_can_have_written_is_sent() {
    let home = tempfile::tempdir().unwrap();
    let receiver = start(home.path(), "ok");
    let telemetry = builder(home.path(), &receiver).only_on_request().build().unwrap();
    telemetry.record(&RunFinished { number: 1 });

    let mut limits = Limits::default();
    limits.age = Duration::MAX;
    let spool = Spool::open(home.path().join("telemetry"), limits).unwrap();
    let as_is = |line: String| line;
    let deep = format!(r#"{{"number":{}1{}}}"#, "[".repeat(20), "]".repeat(20));
    let planted = [
        line(&spool, r#"{"number":2}"#, as_is),
        line(&spool, r#"{"password":"hunter2"}"#, as_is),
        line(&spool, r#"{"number":3,"password":"hunter2"}"#, as_is),
        line(&spool, r#"{"number":"hunter2"}"#, as_is),
        line(&spool, r#"{"number":{"a":1}}"#, as_is),
        line(&spool, r#"{"number":true}"#, as_is),
        line(&spool, &deep, as_is),
        line(&spool, r#"{"number":4}"#, |line| line.replace("run.finished", "run.hunter2")),
        line(&spool, r#"{"number":5}"#, |line| line.replace("product-improvement", "service")),
        line(&spool, r#"{"number":6}"#, |line| line.replace("\"version\":1", "\"version\":2")),
        line(&spool, r#"{"number":7}"#, |line| line.replace("00:00:00.000Z", "hunter2")),
    ];
    let unreadable = [
        line(&spool, r#"{"number":8}"#, |line| {
            line.replace("{\"id\"", "{\"pw\":\"hunter2\",\"id\"")
        }),
        line(&spool, r#"{"number":9}"#, |line| line.replace("}}", "},\"pw\":\"hunter2\"}")),
        "{\"password\":\"hunter2\"}\n".to_owned(),
    ];
    for line in planted.iter().chain(&unreadable) {
        spool.append(line.as_bytes()).unwrap();
    }
    drop(spool);

    let report = telemetry.send_now(Instant::now() + PATIENCE).unwrap().unwrap();
    assert_eq!(report.sent, 2, "{report:?}");
    assert_eq!(report.dead_letters.get(Reason::Unexpected), 10, "{report:?}");
    assert_eq!(report.dead_letters.get(Reason::Unreadable), 3, "{report:?}");
    let body = bodies(&receiver);
    assert!(!body.contains("hunter2") && !body.contains("password"), "{body}");
    assert!(body.contains(r#"{"number":1}"#) && body.contains(r#"{"number":2}"#), "{body}");
    let counts = telemetry.counts().unwrap();
    assert_eq!((counts.get(Reason::Unexpected), counts.get(Reason::Unreadable)), (10, 3));
}

#[test]
fn what_is_nested_too_deeply_is_not_recorded_and_costs_no_other_event() {
    let home = tempfile::tempdir().unwrap();
    let receiver = start(home.path(), "ok");
    let telemetry = builder(home.path(), &receiver).only_on_request().build().unwrap();
    // The fields themselves are the first level.
    let nested = |depth: usize| Vouched {
        value: (1..depth).fold(serde_json::Value::from(1), |inner, _| vec![inner].into()),
    };
    assert_eq!(telemetry.record(&nested(16)), Recorded::Stored);
    assert_eq!(telemetry.record(&nested(17)), Recorded::Dropped);
    assert_eq!(telemetry.record(&nested(2_000)), Recorded::Dropped);
    assert_eq!(telemetry.record(&RunFinished { number: 1 }), Recorded::Stored);
    assert_eq!(telemetry.counts().unwrap().get(Reason::NotSerialised), 2);
    let report = telemetry.send_now(Instant::now() + PATIENCE).unwrap().unwrap();
    assert_eq!((report.sent, report.dead_letters.total()), (2, 0), "{report:?}");
}

/// By what an earlier answer took, a run that is over at once would only be cut
/// off: it leaves the request to one that lasts.
#[test]
fn a_thread_starts_no_request_in_a_run_that_is_over_at_once() {
    let home = tempfile::tempdir().unwrap();
    let mut receiver = start(home.path(), "wait=300");
    let asked = builder(home.path(), &receiver).only_on_request().build().unwrap();
    asked.record(&RunFinished { number: 1 });
    assert_eq!(asked.send_now(Instant::now() + PATIENCE).unwrap().unwrap().sent, 1);
    receiver.wait_for_request();
    drop(asked);
    for number in 2..5 {
        builder(home.path(), &receiver).build().unwrap().record(&RunFinished { number });
    }
    assert_eq!(receiver.received().len(), 1, "three runs, and no request");

    let lasting = builder(home.path(), &receiver).build().unwrap();
    receiver.wait_for_request();
    assert!(lasting.shutdown(PATIENCE));
    assert!(bodies(&receiver).contains(r#""number":4"#));
}

/// A receiver that takes the body and never answers: the connection would stay
/// for half a minute.
#[test]
fn off_closes_the_connection_that_is_under_way() {
    let home = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let program = || {
        let http = HttpTransport::builder(&url).without_gzip().build().unwrap();
        let builder = Telemetry::builder("app").home(home.path()).with_env(|_| None);
        builder.on_by_default().receiver(To::new("1.0.0", Ndjson, http))
    };
    program().only_on_request().build().unwrap().record(&RunFinished { number: 1 });
    let telemetry = program().build().unwrap();
    let (mut connection, _) = listener.accept().unwrap();
    let mut seen = Vec::new();
    while !seen.windows(12).any(|bytes| bytes == br#""number":1}}"#) {
        let mut buffer = [0; 4096];
        let read = connection.read(&mut buffer).unwrap();
        assert!(read > 0, "the connection ended by itself");
        seen.extend_from_slice(&buffer[..read]);
    }
    let _ = telemetry.off();
    connection.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    let ended = loop {
        match connection.read(&mut [0; 64]) {
            Ok(0) => break Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    assert!(ended.is_ok(), "{ended:?}");
}
