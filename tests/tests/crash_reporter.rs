//! Opting out also disables the crash reporter: a real sentry client against a
//! real receiver on this machine.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sentry_core::protocol::{Breadcrumb, Event, Exception, Frame, Stacktrace, User};
use sentry_core::{Client, Hub, Scope};
use serde_json::Value;
use telemetry_core::{Telemetry, sentry};
use telemetry_tests::receiver::{Received, Receiver};

const PATIENCE: Duration = Duration::from_secs(30);

fn telemetry(home: &Path) -> Telemetry {
    Telemetry::builder("studio").home(home).with_env(|_| None).on_by_default().build().unwrap()
}

fn start(home: &Path) -> Receiver {
    Receiver::start(env!("CARGO_BIN_EXE_receiver"), &home.join("received"), "ok")
}

fn client(telemetry: &Telemetry, receiver: &Receiver) -> Arc<Client> {
    let mut options = sentry::ClientOptions::default();
    options.dsn = Some(format!("http://key@{}/1", receiver.address()).parse().unwrap());
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

/// The envelopes that arrived, each as its three lines.
fn envelopes(receiver: &Receiver) -> Vec<Vec<Value>> {
    let lines = |received: &Received| {
        let text = std::str::from_utf8(&received.body).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    receiver.received().iter().map(lines).collect()
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
    let receiver = start(home.path());
    let client = client(&telemetry(home.path()), &receiver);
    capture(&client, full_event());
    assert!(client.close(Some(PATIENCE)));
    let envelopes = envelopes(&receiver);
    let [lines] = envelopes.as_slice() else { panic!("{envelopes:?}") };
    assert_eq!(lines[1]["type"], "event");
    let body = String::from_utf8(receiver.received()[0].body.clone()).unwrap();
    assert_eq!(lines[1]["length"], body.lines().nth(2).unwrap().len());
    assert_eq!(lines[0]["event_id"], lines[2]["event_id"]);
    assert!(!body.contains("canary"), "{body}");
    assert!(!body.contains("10.9.8.7"), "{body}");
    let exception = &lines[2]["exception"]["values"][0];
    assert_eq!(exception["type"], "IoError");
    assert_eq!(exception["value"], "no route to [ip] for [email]");
}

#[test]
fn while_consent_is_denied_nothing_is_sent_and_nothing_is_opened() {
    let home = tempfile::tempdir().unwrap();
    let receiver = start(home.path());
    let telemetry = telemetry(home.path());
    telemetry.off().unwrap();
    let client = client(&telemetry, &receiver);
    assert!(!client.is_enabled(), "without a DSN the client makes no transport");
    capture(&client, crash("one"));
    assert!(client.close(Some(PATIENCE)));
    assert!(envelopes(&receiver).is_empty());
}

#[test]
fn from_the_moment_of_a_withdrawal_elsewhere_nothing_is_sent() {
    let home = tempfile::tempdir().unwrap();
    let receiver = start(home.path());
    let client = client(&telemetry(home.path()), &receiver);
    capture(&client, crash("before"));
    assert!(client.flush(Some(PATIENCE)));
    // Another process of the user's says no.
    telemetry(home.path()).choice().unwrap().refuse().unwrap();
    capture(&client, crash("after"));
    assert!(client.close(Some(PATIENCE)));
    let messages: Vec<Value> =
        envelopes(&receiver).into_iter().map(|lines| lines[2]["message"].clone()).collect();
    assert_eq!(messages, ["before"]);
}
