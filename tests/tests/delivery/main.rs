//! Delivery as a user sees it: against a receiver in another process.

mod child;
mod counts;
mod exit;
mod fault;
mod gate;
mod http;
mod log;
mod outcome;
mod robust;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use telemetry_core::export::unstable::{Delivery, DeliveryBuilder, Pace, Permission};
use telemetry_core::export::{App, HttpTransport, Ndjson, Report};
use telemetry_core::spool::internals::Spool;
use telemetry_core::spool::{self, Counts, Limits};
use telemetry_tests::receiver::{Received, Receiver};
use telemetry_tests::spool::stored;
use tempfile::TempDir;

/// A spool, and a folder for what receivers take.
struct Place {
    home: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    /// The home of a program whose spool this is.
    fn home(&self) -> PathBuf {
        self.home.path().to_owned()
    }

    fn spool(&self) -> PathBuf {
        self.home.path().join("telemetry")
    }

    fn taken(&self) -> PathBuf {
        self.home.path().join("taken")
    }

    fn receiver(&self, modes: &str) -> Receiver {
        Receiver::start(env!("CARGO_BIN_EXE_receiver"), &self.taken(), modes)
    }

    /// Records `events` with text of `size` bytes each, in one segment.
    fn record(&self, events: usize, size: usize) -> BTreeSet<String> {
        self.record_as("product-improvement", &time(0), events, size)
    }

    fn record_as(&self, purpose: &str, time: &str, events: usize, size: usize) -> BTreeSet<String> {
        let spool = Spool::open(self.spool(), Limits::default()).unwrap();
        let ids = (0..events).map(|_| {
            let mut id = String::new();
            spool.next_id(&mut id);
            let line = format!(
                "{{\"id\":\"{id}\",\"time\":\"{time}\",\"event\":\"tried\",\"version\":1,\
                 \"purpose\":\"{purpose}\",\"installation\":\"i\",\
                 \"fields\":{{\"pad\":\"{:size$}\"}}}}\n",
                ""
            );
            spool.append(line.as_bytes()).unwrap();
            id
        });
        let ids = ids.collect();
        spool.seal().unwrap();
        ids
    }

    /// Records events named `event`.
    fn record_event(&self, event: &str, events: usize) -> BTreeSet<String> {
        let spool = Spool::open(self.spool(), Limits::default()).unwrap();
        let ids = (0..events).map(|_| {
            let mut id = String::new();
            spool.next_id(&mut id);
            let line = telemetry_tests::spool::event_line(&id, &time(0), event, "");
            spool.append(line.as_bytes()).unwrap();
            id
        });
        let ids = ids.collect();
        spool.seal().unwrap();
        ids
    }

    fn delivery(&self, url: &str) -> DeliveryBuilder {
        self.delivery_with(url, Permission::granted)
    }

    fn delivery_with(
        &self,
        url: &str,
        permission: impl Fn() -> Permission + Send + Sync + 'static,
    ) -> DeliveryBuilder {
        let app = App::new("tests", "1.2.3").unwrap();
        let http = HttpTransport::builder(url).build().unwrap();
        Delivery::builder(self.spool(), app, Ndjson, http, permission)
    }

    /// Delivers once, with as much time as it takes.
    fn deliver(&self, receiver: &Receiver) -> Report {
        run(&self.delivery(&receiver.url()).build())
    }

    fn stored(&self) -> BTreeSet<String> {
        ids_in(&self.spool())
    }

    fn counts(&self) -> Counts {
        spool::counts(&self.spool()).unwrap()
    }

    /// What was set aside: the reason of each event and its id.
    fn aside(&self) -> Vec<(String, String)> {
        aside(&self.spool())
    }
}

/// A time as stored lines have it, so many milliseconds from now.
fn time(milliseconds: i64) -> String {
    let now = jiff::Timestamp::now();
    format!("{:.3}", now + jiff::SignedDuration::from_millis(milliseconds))
}

fn run(delivery: &Delivery) -> Report {
    delivery.run_once(Pace::Background, Instant::now() + Duration::from_secs(60)).unwrap()
}

fn ids_in(spool: &Path) -> BTreeSet<String> {
    stored(spool).into_iter().map(|event| event.id).collect()
}

fn aside(spool: &Path) -> Vec<(String, String)> {
    let Ok(folder) = std::fs::read_dir(spool.join("dead-letters")) else { return Vec::new() };
    let mut found = Vec::new();
    for file in folder {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for line in text.lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            found.push((text(&line["detail"]), text(&line["stored"]["id"])));
        }
    }
    found
}

/// The ids of the events in NDJSON bodies.
fn ids(received: &[Received]) -> Vec<String> {
    let bodies = received.iter().map(|request| std::str::from_utf8(&request.body).unwrap());
    bodies
        .flat_map(str::lines)
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|event| event["id"].as_str().unwrap().to_owned())
        .collect()
}
