//! What a receiver sees of a program's runs, over a real socket.

use std::path::Path;
use std::time::{Duration, Instant};

use telemetry_core::export::{HttpTransport, Ndjson, Receiver as To};
use telemetry_core::{Builder, Recorded, Telemetry, TelemetryEvent};
use telemetry_tests::receiver::{Received, Receiver};

#[derive(TelemetryEvent)]
#[telemetry(name = "run.finished", purpose = "product-improvement")]
struct RunFinished {
    #[telemetry(allow)]
    number: u32,
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
fn data_from_before_a_withdrawal_is_never_sent_not_even_after_a_new_yes() {
    let home = tempfile::tempdir().unwrap();
    let receiver = start(home.path(), "ok");
    let quiet = || Telemetry::builder("app").home(home.path()).with_env(|_| None).on_by_default();
    quiet().build().unwrap().record(&RunFinished { number: 1 });
    // Nobody erases here: the choice alone must be enough.
    let choice = quiet().build().unwrap().choice().unwrap();
    choice.off().unwrap();
    choice.on().unwrap();

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
