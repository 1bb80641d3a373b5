//! What a receiver sees of a program's runs, over a real socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use telemetry_core::export::{App, HttpTransport, Ndjson};
use telemetry_core::{Builder, Recorded, Telemetry, TelemetryEvent};

#[derive(TelemetryEvent)]
#[telemetry(name = "run.finished", purpose = "product-improvement")]
struct RunFinished {
    #[telemetry(allow)]
    number: u32,
}

/// Generous: only a receiver that is never called waits this long.
const PATIENCE: Duration = Duration::from_secs(30);

fn builder(home: &Path, receiver: &TcpListener) -> Builder {
    let app = App::new("app", "1.0.0").unwrap();
    let url = format!("http://{}/v1/batch", receiver.local_addr().unwrap());
    let transport = HttpTransport::builder(url, &app).without_gzip().build().unwrap();
    Telemetry::builder("app")
        .home(home)
        .with_env(|_| None)
        .on_by_default()
        .deliver(app, Ndjson, transport)
}

/// Takes one request, answers 200, and returns the body.
fn take(receiver: &TcpListener) -> String {
    let (stream, _) = receiver.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut stream: TcpStream = reader.into_inner();
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    String::from_utf8(body).unwrap()
}

fn is_called(receiver: &TcpListener) -> bool {
    receiver.set_nonblocking(true).unwrap();
    let called = receiver.accept().is_ok();
    receiver.set_nonblocking(false).unwrap();
    called
}

#[test]
fn what_a_run_records_is_collected_by_the_next_run() {
    let home = tempfile::tempdir().unwrap();
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let first = builder(home.path(), &receiver).build().unwrap();
    assert_eq!(first.record(&RunFinished { number: 1 }), Recorded::Stored);
    drop(first);
    assert!(!is_called(&receiver), "the first run has nothing to collect");

    let second = builder(home.path(), &receiver).build().unwrap();
    second.record(&RunFinished { number: 2 });
    let body = take(&receiver);
    assert!(body.contains(r#""fields":{"number":1}"#), "{body}");
    assert!(!body.contains(r#""number":2"#), "{body}");
    assert!(second.shutdown(PATIENCE));
}

#[test]
fn data_from_before_a_withdrawal_is_never_sent_not_even_after_a_new_yes() {
    let home = tempfile::tempdir().unwrap();
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let quiet = || Telemetry::builder("app").home(home.path()).with_env(|_| None).on_by_default();
    quiet().build().unwrap().record(&RunFinished { number: 1 });
    // Nobody erases here: the choice alone must be enough.
    let choice = quiet().build().unwrap().choice().unwrap();
    choice.off().unwrap();
    choice.on().unwrap();

    let again = builder(home.path(), &receiver).build().unwrap();
    again.record(&RunFinished { number: 2 });
    assert!(again.shutdown(PATIENCE));
    let server = std::thread::spawn(move || take(&receiver));
    let report = again.send_now(Instant::now() + PATIENCE).unwrap().unwrap();
    assert_eq!(report.sent, 1, "{report:?}");
    let body = server.join().unwrap();
    assert!(body.contains(r#""number":2"#) && !body.contains(r#""number":1"#), "{body}");
}

#[test]
fn while_consent_is_denied_nothing_waits_for_and_nothing_calls_the_receiver() {
    let home = tempfile::tempdir().unwrap();
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    builder(home.path(), &receiver).build().unwrap().record(&RunFinished { number: 1 });
    let denied = builder(home.path(), &receiver)
        .with_env(|name| (name == "DO_NOT_TRACK").then(|| "1".into()))
        .build()
        .unwrap();
    let report = denied.send_now(Instant::now() + PATIENCE).unwrap().unwrap();
    assert_eq!(report.sent, 0);
    assert!(denied.shutdown(PATIENCE));
    assert!(!is_called(&receiver));
}

#[test]
fn the_end_of_a_program_does_not_wait_for_a_receiver_that_never_answers() {
    let home = tempfile::tempdir().unwrap();
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    builder(home.path(), &receiver).build().unwrap().record(&RunFinished { number: 1 });
    let telemetry = builder(home.path(), &receiver).build().unwrap();
    // The request is under way once somebody has connected.
    let (_held, _) = receiver.accept().unwrap();
    let start = Instant::now();
    drop(telemetry);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}
