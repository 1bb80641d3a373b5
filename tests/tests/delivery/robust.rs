//! What the author's own code may do, and what lies in the spool: neither ends
//! delivery, nor makes it slow.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use telemetry_core::Error;
use telemetry_core::export::unstable::{Delivery, Pace, Permission, Worker};
use telemetry_core::export::{
    App, Attempt, BatchLimits, End, Exporter, HttpTransport, Ndjson, Payload, Request, Response,
    Transport, TransportError, WaitingEvent, sent,
};
use telemetry_core::spool::Reason;

use crate::{Place, ids, run};

/// NDJSON that cannot bear events named `poison`.
struct Touchy;

impl Exporter for Touchy {
    fn limits(&self) -> BatchLimits {
        Ndjson.limits()
    }

    fn append(
        &self,
        app: &App,
        sent_at: &str,
        event: &WaitingEvent<'_>,
        events: &mut Vec<u8>,
    ) -> Result<(), Error> {
        events.extend_from_slice(b"half of an event");
        assert_ne!(event.name(), "poison");
        events.truncate(events.len() - b"half of an event".len());
        Ndjson.append(app, sent_at, event, events)
    }

    fn payload(&self, app: &App, sent_at: &str, events: &[u8]) -> Result<Payload, Error> {
        Ndjson.payload(app, sent_at, events)
    }
}

/// HTTP that panics as long as it is told to.
struct Panicking(HttpTransport, Arc<AtomicBool>);

impl Transport for Panicking {
    fn receiver(&self) -> &str {
        self.0.receiver()
    }

    fn send(&self, request: &Request, attempt: &Attempt<'_>) -> Result<Response, TransportError> {
        assert!(!self.1.load(Ordering::SeqCst), "CANARY");
        self.0.send(request, attempt)
    }
}

fn app() -> App {
    App::new("tests", "1.2.3").unwrap()
}

#[test]
fn an_event_on_which_the_exporter_panics_goes_to_the_dead_letters_and_the_others_go() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    let mut good = place.record(2, 20);
    place.record_event("poison", 1);
    good.extend(place.record(2, 20));
    let http = HttpTransport::builder(receiver.url()).build().unwrap();
    let delivery = Delivery::builder(place.spool(), app(), Touchy, http, Permission::granted);
    let report = run(&delivery.build());
    assert_eq!((report.sent, report.end), (4, End::Done), "{report:?}");
    assert_eq!(report.dead_letters.get(Reason::NotExported), 1);
    assert_eq!(place.counts().get(Reason::NotExported), 1);
    assert_eq!(ids(&receiver.received()).into_iter().collect::<BTreeSet<_>>(), good);
}

#[test]
fn a_panic_ends_one_delivery_and_no_thread_and_the_hook_is_told() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    let recorded = place.record(3, 20);
    let panics = Arc::new(AtomicBool::new(true));
    let http = HttpTransport::builder(receiver.url()).build().unwrap();
    let transport = Panicking(http, Arc::clone(&panics));
    let (tell, told) = std::sync::mpsc::channel();
    // A clock that jumps over every wait.
    let hours = std::sync::atomic::AtomicU64::new(0);
    let clock = move || {
        let passed = hours.fetch_add(2, Ordering::SeqCst) * 60 * 60;
        std::time::SystemTime::now() + Duration::from_secs(passed)
    };
    let delivery = Delivery::builder(place.spool(), app(), Ndjson, transport, Permission::granted)
        .clock(clock)
        .on_error(move |error: &Error| tell.send(error.to_string()).unwrap())
        .build();
    let (done, seen) = std::sync::mpsc::channel();
    let worker = Worker::start_with(delivery, Duration::from_secs(3600), move || {
        done.send(()).unwrap();
    })
    .unwrap();
    let message = told.recv().unwrap();
    assert!(message.contains("panicked") && !message.contains("CANARY"), "{message}");
    assert_eq!(place.stored(), recorded);
    panics.store(false, Ordering::SeqCst);
    // The start of a third round is the end of the second.
    seen.recv().unwrap();
    worker.wake();
    seen.recv().unwrap();
    worker.wake();
    seen.recv().unwrap();
    assert_eq!(ids(&receiver.received()).into_iter().collect::<BTreeSet<_>>(), recorded);
    assert!(worker.shutdown(Duration::from_secs(60)));
}

#[test]
fn sixteen_thousand_withdrawn_events_hold_up_nobody() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    place.record_as("model-training", &crate::time(0), 16_000, 20);
    let service = place.record_as("service", &crate::time(0), 2, 20);
    let permission = || Permission::granted().without_purpose("model-training");
    let delivery = place.delivery_with(&receiver.url(), permission).build();
    let start = Instant::now();
    let report = delivery.run_once(Pace::Now, start + Duration::from_secs(60)).unwrap();
    // A tenth of it is usual; a sync for each would take many times as long.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!((report.sent, report.dropped.get(Reason::Withdrawn)), (2, 16_000));
    assert_eq!(place.counts().get(Reason::Withdrawn), 16_000);
    assert_eq!(ids(&receiver.received()).into_iter().collect::<BTreeSet<_>>(), service);
}

#[test]
fn a_deadline_holds_while_lines_are_looked_through() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    place.record_as("model-training", &crate::time(0), 4_000, 20);
    let permission = || Permission::granted().without_purpose("model-training");
    let delivery = place.delivery_with(&receiver.url(), permission).build();
    // Over before it begins, and still what was looked at is written down.
    let report = delivery.run_once(Pace::Now, Instant::now()).unwrap();
    assert_eq!(report.end, End::Stopped);
    assert_eq!(report.dropped.get(Reason::Withdrawn), place.counts().get(Reason::Withdrawn));
    assert_eq!(run(&delivery).end, End::Done);
    assert_eq!(place.counts().get(Reason::Withdrawn), 4_000);
}

/// How often a process that delivers once waits for the disk.
fn syncs(place: &Place, url: &str, purpose: &str) -> Option<usize> {
    let log = place.home().join("trace");
    let traced = Command::new("strace")
        .args(["-f", "-q", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o"])
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_sender"))
        .arg("once")
        .arg(place.spool())
        .arg(url)
        .env("SENDER_REFUSED_PURPOSE", purpose)
        .status();
    let Ok(status) = traced else {
        telemetry_tests::spool::skipped("strace");
        return None;
    };
    assert!(status.success());
    let text = std::fs::read_to_string(log).unwrap();
    Some(text.lines().filter(|line| line.contains("sync(")).count())
}

#[test]
#[cfg(target_os = "linux")]
fn a_batch_waits_for_the_disk_once_however_many_events_it_has() {
    let of = |events: usize, mode: &str, purpose: &str| {
        let place = Place::new();
        let receiver = place.receiver(mode);
        place.record_as("service", &crate::time(0), events, 20);
        // What a segment costs that is taken over from a process that ended.
        place.deliver(&place.receiver("503"));
        std::fs::remove_file(place.spool().join("delivery.json")).unwrap();
        syncs(&place, &receiver.url(), purpose)
    };
    let (Some(one), Some(many)) = (of(1, "ok", ""), of(2_000, "ok", "")) else { return };
    assert_eq!((one, many), (1, 1), "the log of what was sent");
    assert_eq!(of(2_000, "ok", "service"), Some(0), "withdrawn events wait for nothing");
    // Batches of half a mebibyte each: the log is full at the third, and is cut.
    let place = Place::new();
    let receiver = place.receiver("ok");
    place.record_as("service", &crate::time(0), 8_000, 20);
    let waits = syncs(&place, &receiver.url(), "");
    let requests = receiver.received().len();
    assert!(requests > 2 && sent::read(&place.spool()).unwrap().len() < requests, "it was cut");
    assert_eq!(waits, Some(requests), "one a batch");
    assert!(of(1, "400", "").is_some_and(|syncs| syncs <= 3), "the log, and the dead letter");
}

#[test]
fn a_proxy_that_cannot_be_understood_ends_no_program() {
    let place = Place::new();
    let program = |what: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_short_program"));
        command.arg(place.home()).args(["https://telemetry.invalid/", what]);
        command.env_remove("DO_NOT_TRACK").env_remove("NO_PROXY").env_remove("no_proxy");
        let output = command.env("HTTPS_PROXY", "::::").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(program("1").trim(), "Stored");
    let said = program("now");
    assert!(said.contains("HTTPS_PROXY") && said.contains("Unable"), "{said}");
    assert!(Path::new(&place.home()).join("telemetry").exists());
}

/// A fork takes no thread along: the child has a delivery of its own, as soon as
/// it records.
#[test]
#[cfg(unix)]
fn a_fork_gets_a_delivery_of_its_own() {
    let place = Place::new();
    let mut receiver = place.receiver("ok");
    let mut program = Command::new(env!("CARGO_BIN_EXE_sender"))
        .arg("fork")
        .arg(place.home())
        .arg(receiver.url())
        .env_remove("DO_NOT_TRACK")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    receiver.wait_for_request();
    drop(program.stdin.take());
    let said = program.wait_with_output().unwrap();
    assert!(said.status.success());
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("forked"), "{said}");
    assert_eq!(ids(&receiver.received()).len(), 1);
}
