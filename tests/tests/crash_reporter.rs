//! Opting out also disables the crash reporter: a real sentry client against a
//! real receiver on this machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flate2::read::GzDecoder;
use sentry_core::protocol::{Breadcrumb, Event, Exception, Frame, Stacktrace, User};
use sentry_core::{Client, Hub, Scope};
use serde_json::Value;
use telemetry_core::{Telemetry, sentry};

const PATIENCE: Duration = Duration::from_secs(30);

fn telemetry(home: &Path) -> Telemetry {
    Telemetry::builder("studio").home(home).with_env(|_| None).on_by_default().build().unwrap()
}

fn client(telemetry: &Telemetry, receiver: &TcpListener) -> Arc<Client> {
    let mut options = sentry::ClientOptions::default();
    let address = receiver.local_addr().unwrap();
    options.dsn = Some(format!("http://key@{address}/1").parse().unwrap());
    options.server_name = Some("canary-host".into());
    Arc::new(Client::from(sentry::follow_consent(options, telemetry).unwrap()))
}

fn capture(client: &Arc<Client>, event: Event<'static>) {
    let hub = Hub::new(Some(Arc::clone(client)), Arc::new(Scope::default()));
    hub.capture_event(event);
}

fn crash(message: &str) -> Event<'static> {
    Event { message: Some(message.to_owned()), ..Event::default() }
}

/// Takes one envelope and returns its three lines.
fn take(receiver: &TcpListener) -> Vec<Value> {
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
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    reader.into_inner().write_all(answer).unwrap();
    let mut text = String::new();
    GzDecoder::new(body.as_slice()).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn is_called(receiver: &TcpListener) -> bool {
    receiver.set_nonblocking(true).unwrap();
    let called = receiver.accept().is_ok();
    receiver.set_nonblocking(false).unwrap();
    called
}

fn full_event() -> Event<'static> {
    let frame = Frame {
        abs_path: Some("/home/canary-user/app/src/main.rs".to_owned()),
        vars: [("password".to_owned(), "canary-variable".into())].into(),
        ..Frame::default()
    };
    let exception = Exception {
        ty: "IoError".to_owned(),
        value: Some("no route to 10.9.8.7 for canary@corp.example".to_owned()),
        stacktrace: Some(Stacktrace { frames: vec![frame], ..Stacktrace::default() }),
        ..Exception::default()
    };
    let crumb = Breadcrumb {
        message: Some("connect --password canary-secret".to_owned()),
        ..Breadcrumb::default()
    };
    Event {
        exception: vec![exception].into(),
        breadcrumbs: vec![crumb].into(),
        user: Some(User { username: Some("canary-name".to_owned()), ..User::default() }),
        server_name: Some("canary-host".into()),
        extra: [("token".to_owned(), "canary-token".into())].into(),
        tags: [("mailto:canary@corp.example".to_owned(), "yes".to_owned())].into(),
        ..Event::default()
    }
}

#[test]
fn while_consent_is_given_a_report_arrives_scrubbed() {
    let home = tempfile::tempdir().unwrap();
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client(&telemetry(home.path()), &receiver);
    capture(&client, full_event());
    let lines = take(&receiver);
    assert_eq!(lines[1]["type"], "event");
    assert_eq!(lines[1]["length"], lines[2].to_string().len());
    assert_eq!(lines[0]["event_id"], lines[2]["event_id"]);
    let text = lines[2].to_string();
    assert!(!text.contains("canary"), "{text}");
    assert!(!text.contains("10.9.8.7"), "{text}");
    let exception = &lines[2]["exception"]["values"][0];
    assert_eq!(exception["type"], "IoError");
    assert_eq!(exception["value"], "no route to [ip] for [email]");
    assert!(client.close(Some(PATIENCE)));
}

#[test]
fn while_consent_is_denied_nothing_is_sent_and_nothing_is_opened() {
    let home = tempfile::tempdir().unwrap();
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let telemetry = telemetry(home.path());
    telemetry.off().unwrap();
    let client = client(&telemetry, &receiver);
    assert!(!client.is_enabled(), "without a DSN the client makes no transport");
    capture(&client, crash("one"));
    assert!(client.close(Some(PATIENCE)));
    assert!(!is_called(&receiver));
}

#[test]
fn from_the_moment_of_a_withdrawal_elsewhere_nothing_is_sent() {
    let home = tempfile::tempdir().unwrap();
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client(&telemetry(home.path()), &receiver);
    capture(&client, crash("before"));
    assert_eq!(take(&receiver)[2]["message"], "before");
    client.flush(Some(PATIENCE));
    // Another process of the user's says no.
    telemetry(home.path()).choice().unwrap().off().unwrap();
    capture(&client, crash("after"));
    assert!(client.close(Some(PATIENCE)));
    assert!(!is_called(&receiver));
}
