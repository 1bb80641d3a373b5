//! The log of what was sent.

use std::fs;
use std::path::PathBuf;

use telemetry_core::export::unstable::{Delivery, Permission};
use telemetry_core::export::{App, HttpTransport, Otlp, sent};

use crate::{Place, run};

fn file(place: &Place) -> PathBuf {
    place.spool().join("sent.ndjson")
}

#[test]
fn it_has_every_byte_that_left() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    place.record(3, 20);
    place.deliver(&receiver);
    let log = sent::read(&place.spool()).unwrap();
    let received = receiver.received();
    assert_eq!(log.len(), 1);
    assert_eq!(log[0].body, received[0].body);
    assert_eq!(log[0].batch, received[0].headers["idempotency-key"]);
    assert_eq!(log[0].content_type, "application/x-ndjson");
    assert_eq!(log[0].to, format!("http://{}", receiver.address()));
    assert_eq!(log[0].status, Some(200));
}

#[test]
fn a_line_has_the_documented_form() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    place.record(1, 1);
    place.deliver(&receiver);
    let text = fs::read_to_string(file(&place)).unwrap();
    assert!(text.starts_with(r#"{"status": 200,"time":""#) && text.ends_with("}\n"), "{text}");
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["batch", "body", "status", "time", "to", "type"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(file(&place).metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_is_not_text_is_there_too() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    place.record(3, 20);
    let app = App::new("tests", "1.2.3").unwrap();
    let http = HttpTransport::builder(receiver.url()).build().unwrap();
    let delivery =
        Delivery::builder(place.spool(), app, Otlp::protobuf(), http, Permission::granted);
    run(&delivery.build());
    assert!(fs::read_to_string(file(&place)).unwrap().contains("\"base64\":"));
    assert_eq!(sent::read(&place.spool()).unwrap()[0].body, receiver.received()[0].body);
}

#[test]
fn a_request_without_an_answer_is_there_and_one_that_never_left_is_not() {
    let place = Place::new();
    let receiver = place.receiver("reset-after");
    place.record(3, 20);
    place.deliver(&receiver);
    let log = sent::read(&place.spool()).unwrap();
    assert_eq!((log.len(), log[0].status), (1, None));
    assert_eq!(log[0].body, receiver.received()[0].body);

    let place = Place::new();
    place.record(3, 20);
    // Nobody listens on a port that was just given back.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let report = run(&place.delivery(&format!("http://{free}/")).build());
    let failure = report.failure.unwrap();
    assert!(failure.contains("refused"), "{failure}");
    assert_eq!(sent::read(&place.spool()).unwrap(), []);
}

#[test]
fn it_keeps_to_its_cap_and_loses_the_oldest() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    let cap = 20_000;
    let mut batches = Vec::new();
    for _ in 0..12 {
        place.record(1, 5_000);
        run(&place.delivery(&receiver.url()).sent_cap(cap).build());
        let log = sent::read(&place.spool()).unwrap();
        batches.push(log.last().unwrap().batch.clone());
        assert!(file(&place).metadata().unwrap().len() <= cap);
        let kept: Vec<String> = log.into_iter().map(|sent| sent.batch).collect();
        assert_eq!(kept, batches[batches.len() - kept.len()..], "the newest, in order");
        assert!(kept.len() >= 2 || batches.len() < 2);
    }
    assert_eq!(receiver.received().len(), 12);

    place.record(1, 30_000);
    run(&place.delivery(&receiver.url()).sent_cap(cap).build());
    let log = sent::read(&place.spool()).unwrap();
    assert_eq!(log.len(), 1, "one over the cap stands alone");
    assert_eq!(log[0].body, receiver.received()[12].body);
}

#[test]
fn half_a_line_of_a_killed_process_is_cut() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    place.record(1, 20);
    place.deliver(&receiver);
    let whole = fs::read(file(&place)).unwrap();
    fs::write(file(&place), [whole.as_slice(), b"{\"status\":null,\"time\":\"2026"].concat())
        .unwrap();
    assert_eq!(sent::read(&place.spool()).unwrap().len(), 1);
    place.record(1, 20);
    place.deliver(&receiver);
    let log = sent::read(&place.spool()).unwrap();
    assert_eq!(log.len(), 2);
    assert!(fs::read(file(&place)).unwrap().starts_with(&whole));
}

#[test]
fn it_can_be_erased() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    assert_eq!(sent::read(&place.spool()).unwrap(), []);
    sent::erase(&place.spool()).unwrap();
    place.record(1, 20);
    place.deliver(&receiver);
    sent::erase(&place.spool()).unwrap();
    assert!(!file(&place).exists());
}

#[test]
#[cfg(unix)]
fn a_link_in_its_place_is_refused() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    let recorded = place.record(1, 20);
    let victim = place.taken().join("victim");
    fs::write(&victim, "untouched").unwrap();
    std::os::unix::fs::symlink(&victim, file(&place)).unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let error = place
        .delivery(&receiver.url())
        .build()
        .run_once(telemetry_core::export::unstable::Pace::Background, deadline)
        .unwrap_err();
    assert!(error.is_io(), "{error}");
    assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched");
    assert_eq!(place.stored(), recorded);
    assert_eq!(receiver.received(), []);
}
