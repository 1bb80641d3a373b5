//! Any answer of a receiver: whatever it says, events leave the spool as
//! taken by a status of success alone, and each is accounted for.
#![no_main]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use libfuzzer_sys::fuzz_target;
use telemetry_core::export::unstable::{Delivery, Pace, Permission, retry_after};
use telemetry_core::export::{
    App, Attempt, Exporter, Ndjson, Otlp, Outcome, Request, Response, Segment, Transport,
    TransportError,
};
use telemetry_core::spool::internals::Spool;
use telemetry_core::spool::{self, Limits};

const EVENTS: u64 = 3;

/// Answers all requests with the same.
struct Answers(Response);

impl Transport for Answers {
    fn receiver(&self) -> &str {
        "https://receiver.example"
    }

    fn send(&self, _: &Request, _: &Attempt<'_>) -> Result<Response, TransportError> {
        Ok(self.0.clone())
    }
}

fuzz_target!(|bytes: &[u8]| {
    let &[format, high, low, length, ref rest @ ..] = bytes else { return };
    // Half of them real statuses.
    let number = u16::from_be_bytes([high, low]);
    let status = if high % 2 == 0 { 100 + number % 500 } else { number };
    let (header, body) = rest.split_at(usize::from(length).min(rest.len()));
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let wait = std::str::from_utf8(header).ok().and_then(|header| retry_after(header, now));
    let response = Response::new(status).with_retry_after(wait).with_body(body.to_vec());
    let exporter: Arc<dyn Exporter> = match format % 4 {
        0 => Arc::new(Ndjson),
        1 => Arc::new(Segment::new()),
        2 => Arc::new(Otlp::json()),
        _ => Arc::new(Otlp::protobuf()),
    };
    let success = (200..300).contains(&status);
    let taken = matches!(exporter.outcome(&response), Outcome::Taken { .. });
    assert_eq!(taken, success, "taken by {status}");
    // A delivery works with files, which takes a hundred times as long.
    if format >= 64 {
        return;
    }
    deliver(exporter, response, success);
});

fn deliver(exporter: Arc<dyn Exporter>, response: Response, success: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    store(folder.path());
    let app = App::new("app", "1.0.0").expect("a name");
    let delivery = Delivery::builder(
        folder.path(),
        app,
        exporter,
        Answers(response),
        Permission::granted,
    )
    .limits(limits())
    .build();
    let deadline = Instant::now() + Duration::from_secs(30);
    let report = delivery.run_once(Pace::Now, deadline).expect("a folder that is there");
    let left = spool::read(folder.path()).expect("a folder that is there").flatten().count();
    let left = u64::try_from(left).expect("three at most");
    let dead_letters = report.dead_letters.total();
    let dropped = report.dropped.total();
    if !success {
        assert_eq!((report.sent, dropped), (0, 0), "{report:?}");
    }
    assert_eq!(report.sent + dropped + dead_letters + left, EVENTS, "{report:?}, {left} left");
}

/// No age: the times of the events are fixed, the clock is not.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.age = Duration::MAX;
    limits
}

fn store(folder: &Path) {
    let spool = Spool::open(folder, limits()).expect("a spool");
    for number in 1..=EVENTS {
        let line = format!(
            "{{\"id\":\"00112233445566778899aabb-{number}\",\"time\":\"2026-01-01T00:00:00.000Z\",\
             \"event\":\"run.finished\",\"version\":1,\"purpose\":\"service\",\"generation\":0,\
             \"fields\":{{\"attempts\":{number}}}}}\n"
        );
        spool.append(line.as_bytes()).expect("an event");
    }
    spool.seal().expect("a segment");
}
