//! A program that records and delivers, for tests that kill it.
//!
//! `sender fault <spool> <url> <events> <threads>` records from several threads
//! and delivers at the same time. It prints `try <id>` before an event is
//! recorded, `ack <id>` once it is, `round` before the segment is sealed and
//! `send` before each delivery. It ends
//! when all is recorded and a delivery leaves nothing, or after the last round.
//!
//! `sender exit <spool> <url> <milliseconds>` starts a worker with one event
//! to deliver, prints `gate` whenever consent is asked for, and shuts down with
//! that budget when its standard input ends.
//!
//! `sender once <spool> <url>` delivers once and prints the report. With
//! `SENDER_PLAIN_HTTP` in the environment plain HTTP may go anywhere, with
//! `SENDER_REFUSED_PURPOSE` events of that purpose may not be sent, and
//! `SENDER_UPLOADS` is how many requests may go in a minute.
//!
//! `sender fork <home> <url>` starts a program with a delivery thread, forks, and
//! records in the child alone, which prints what the hook is told.
//!
//! `sender otlp json|protobuf <spool> <url>` records an event and delivers it in
//! OpenTelemetry's format.

use std::io::{self, Read, Write};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use telemetry_core::export::unstable::{Delivery, DeliveryBuilder, Pace, Permission, Worker};
use telemetry_core::export::{App, Deliver, End, HttpTransport, Ndjson, Otlp, Receiver as To};
use telemetry_core::spool::Limits;
use telemetry_core::spool::internals::Spool;
use telemetry_core::{Telemetry, TelemetryEvent};

/// Deliveries after which the sender gives up: a receiver that is gone stays so.
const ROUNDS: u32 = 40;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["fault", spool, url, events, threads] => {
            fault(Path::new(spool), url, events.parse().unwrap(), threads.parse().unwrap());
        }
        ["exit", spool, url, budget] => exit(Path::new(spool), url, budget.parse().unwrap()),
        ["once", spool, url] => once(Path::new(spool), url),
        ["fork", home, url] => fork(home, url),
        ["otlp", encoding, spool, url] => otlp(encoding, Path::new(spool), url),
        _ => panic!("fault, exit, once, fork or otlp"),
    }
}

fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

fn builder(spool: &Path, url: &str, gate: impl Fn() + Send + Sync + 'static) -> DeliveryBuilder {
    let app = App::new("sender", "1.0.0").unwrap();
    let mut http = HttpTransport::builder(url);
    if std::env::var_os("SENDER_PLAIN_HTTP").is_some() {
        http = http.allow_plain_http();
    }
    let permission = move || {
        gate();
        match std::env::var("SENDER_REFUSED_PURPOSE") {
            Ok(purpose) => Permission::granted().without_purpose(purpose),
            Err(_) => Permission::granted(),
        }
    };
    Delivery::builder(spool, app, Ndjson, http.build().unwrap(), permission)
}

fn record(spool: &Spool) -> String {
    let mut id = String::new();
    spool.next_id(&mut id);
    say(&format!("try {id}"));
    let time = jiff::Timestamp::now();
    let line = format!(
        "{{\"id\":\"{id}\",\"time\":\"{time}\",\"event\":\"tried\",\"version\":1,\
         \"purpose\":\"service\",\"installation\":\"i\",\"fields\":{{\"pad\":\"{:200}\"}}}}\n",
        ""
    );
    spool.append(line.as_bytes()).unwrap();
    id
}

fn fault(dir: &Path, url: &str, events: u64, threads: u64) {
    let spool = Arc::new(Spool::open(dir, Limits::default()).unwrap());
    let left = Arc::new(AtomicU64::new(threads));
    for _ in 0..threads {
        let (spool, left) = (Arc::clone(&spool), Arc::clone(&left));
        thread::spawn(move || {
            for _ in 0..events {
                let id = record(&spool);
                say(&format!("ack {id}"));
                // So that recording and delivering go on side by side.
                thread::sleep(Duration::from_millis(1));
            }
            left.fetch_sub(1, Ordering::SeqCst);
        });
    }
    // A clock that jumps over every wait.
    let ahead = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&ahead);
    let now = move || SystemTime::now() + Duration::from_secs(clock.load(Ordering::SeqCst));
    let delivery = builder(dir, url, || {})
        .clock(now.clone())
        .request_timeout(Duration::from_millis(150))
        .build();
    for _ in 0..ROUNDS {
        say("round");
        let recorded = left.load(Ordering::SeqCst) == 0;
        spool.seal().unwrap();
        say("send");
        let report =
            delivery.run_once(Pace::Background, Instant::now() + Duration::from_secs(20)).unwrap();
        if let Some(next) = report.next_attempt {
            let wait = next.duration_since(now()).unwrap_or_default();
            ahead.fetch_add(wait.as_secs() + 1, Ordering::SeqCst);
        }
        if recorded && report.end == End::Done {
            break;
        }
    }
}

fn exit(dir: &Path, url: &str, budget: u64) {
    let spool = Spool::open(dir, Limits::default()).unwrap();
    record(&spool);
    spool.seal().unwrap();
    let delivery =
        builder(dir, url, || say("gate")).request_timeout(Duration::from_secs(600)).build();
    let worker = Worker::start(delivery, Duration::from_secs(600)).unwrap();
    let _ = io::stdin().read_to_end(&mut Vec::new());
    let ended = worker.shutdown(Duration::from_millis(budget));
    say(if ended { "ended" } else { "left behind" });
}

fn once(dir: &Path, url: &str) {
    let uploads = std::env::var("SENDER_UPLOADS").ok().and_then(|text| text.parse().ok());
    let delivery = builder(dir, url, || {})
        .request_timeout(Duration::from_secs(5))
        .uploads_per_minute(uploads.unwrap_or(NonZeroU32::new(15).unwrap()))
        .build();
    let report =
        delivery.run_once(Pace::Background, Instant::now() + Duration::from_secs(60)).unwrap();
    say(&format!("{report:?}"));
}

fn otlp(encoding: &str, dir: &Path, url: &str) {
    let spool = Spool::open(dir, Limits::default()).unwrap();
    record(&spool);
    spool.seal().unwrap();
    let app = App::new("sender", "1.0.0").unwrap();
    let http = HttpTransport::builder(url).build().unwrap();
    let exporter = if encoding == "json" { Otlp::json() } else { Otlp::protobuf() };
    let delivery = Delivery::builder(dir, app, exporter, http, Permission::granted).build();
    let report =
        delivery.run_once(Pace::Background, Instant::now() + Duration::from_secs(60)).unwrap();
    assert_eq!(report.sent, 1);
}

/// The program runs on.
#[derive(TelemetryEvent)]
#[telemetry(name = "went.on", purpose = "service")]
struct WentOn {}

#[cfg(unix)]
fn fork(home: &str, url: &str) {
    let every = Deliver::every(Duration::from_secs(600));
    let http = HttpTransport::builder(url).build().unwrap();
    let telemetry = Telemetry::builder("sender")
        .home(home)
        .collect_in_ci(true)
        .on_by_default()
        .on_error(|error| say(&error.to_string()))
        .receiver(To::new("1.0.0", Ndjson, http).deliver(every))
        .build()
        .unwrap();
    // SAFETY: the child calls nothing but this program's own code, of which the
    // parent's other thread holds no lock but perhaps that of its own state.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child > 0 {
        let mut status = 0;
        // SAFETY: `status` is there for the length of the call.
        unsafe { libc::waitpid(child, &mut status, 0) };
        std::process::exit(i32::from(status != 0));
    }
    telemetry.record(&WentOn {});
    let _ = io::stdin().read_to_end(&mut Vec::new());
    telemetry.shutdown(Duration::from_secs(60));
}

#[cfg(not(unix))]
fn fork(_home: &str, _url: &str) {}
