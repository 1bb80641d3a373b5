//! A program with telemetry that keeps a diary, for a test that kills it
//! anywhere.
//!
//! `killed_program <home> <url> <diaries> <plan> <role>`. `<plan>` is words with
//! commas between: `opt-in`, `small` (limits that events do not fit into), and who
//! delivers: `child`, `every`, `start` or `request`.
//!
//! | role | what it does |
//! |---|---|
//! | `write <threads> <events> <off>` | records; after `<off>` events of its first thread it withdraws consent, while the others go on; 0 is never |
//! | `send` | sends what waits, a few times |
//! | `off`, `on` | what the user says |
//! | `child` | what a child that delivers is started with |
//!
//! The diary is a file of its own for each process, named by the process's id and
//! the time. Each line is one write, so that a kill tears none; times are in
//! nanoseconds from 1970.
//!
//! | line | when |
//! |---|---|
//! | `try <thread> <number> <time>` | before an event is recorded |
//! | `stored`, `dropped` or `denied`, and the same three | after it |
//! | `asked <attempt> <time>` | before the body of a request leaves; the time is that before consent was asked for and given |
//! | `answered <attempt>`, `unanswered <attempt>` | after it |
//! | `off <time>`, `on <time>` | before the user's word |
//! | `was-off <time>`, `was-on <time>` | after it |
//! | `left` | its end did not wait for a request under way |
//! | `told <message>` | the hook was told |
#![forbid(unsafe_code)]

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use telemetry_core::export::{
    Attempt, Deliver, HttpTransport, Ndjson, Receiver, Request, Response, Transport, TransportError,
};
use telemetry_core::spool::Limits;
use telemetry_core::{Builder, Recorded, Telemetry, TelemetryEvent};

/// A step was done.
#[derive(TelemetryEvent)]
#[telemetry(name = "step", purpose = "product-improvement")]
struct Step<'a> {
    #[telemetry(allow(because = "a number that the test made up"))]
    diary: u64,
    #[telemetry(allow)]
    thread: u64,
    #[telemetry(allow)]
    number: u64,
    #[telemetry(hash)]
    target: &'a str,
}

fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}

/// A file for what this process does.
struct Diary {
    folder: PathBuf,
    name: u64,
    file: OnceLock<Option<File>>,
}

impl Diary {
    fn new(folder: &str) -> Self {
        // Nanoseconds of 64 bits last until the year 2554.
        let time = u64::try_from(now()).unwrap_or(u64::MAX);
        Self { folder: folder.into(), name: time, file: OnceLock::new() }
    }

    fn write(&self, line: &str) {
        let file = self.file.get_or_init(|| {
            let path = self.folder.join(format!("{}.{}", self.name, std::process::id()));
            File::options().append(true).create(true).open(path).ok()
        });
        if let Some(mut file) = file.as_ref() {
            file.write_all(format!("{line}\n").as_bytes()).expect("a diary can be written");
        }
    }
}

/// Writes down when consent was asked for before a body left, and gives each
/// request a name of its own.
struct Noting {
    inner: HttpTransport,
    diary: Arc<Diary>,
    attempts: AtomicU64,
}

impl Transport for Noting {
    fn receiver(&self) -> &str {
        self.inner.receiver()
    }

    fn send(&self, request: &Request, attempt: &Attempt<'_>) -> Result<Response, TransportError> {
        let number = self.attempts.fetch_add(1, Ordering::Relaxed);
        let mut request = request.clone();
        request.batch = format!("{}.{number}", self.diary.name);
        let noted = std::cell::Cell::new(false);
        let allowed = || {
            let time = now();
            let allowed = attempt.is_allowed();
            if allowed && !noted.replace(true) {
                self.diary.write(&format!("asked {number} {time}"));
            }
            allowed
        };
        let answer = self.inner.send(&request, &Attempt::new(attempt.deadline(), &allowed));
        let word = if answer.is_ok() { "answered" } else { "unanswered" };
        self.diary.write(&format!("{word} {number}"));
        answer
    }

    fn cancel(&self) {
        self.inner.cancel();
    }
}

fn builder(arguments: &[String], diary: &Arc<Diary>) -> Result<Builder, Box<dyn Error>> {
    let [home, url, diaries, plan, ..] = arguments else {
        return Err("usage: killed_program HOME URL DIARIES PLAN ROLE".into());
    };
    let has = |word: &str| plan.split(',').any(|of| of == word);
    let inner = HttpTransport::builder(url).build()?;
    let transport = Noting { inner, diary: Arc::clone(diary), attempts: AtomicU64::new(0) };
    let deliver = match () {
        () if has("child") => {
            Deliver::by_child([home, url, diaries, plan, "child"], Duration::ZERO)
        }
        () if has("every") => Deliver::every(Duration::from_millis(5)),
        () if has("start") => Deliver::at_start(),
        () => Deliver::on_request(),
    };
    let receiver = Receiver::new("1.0.0", Ndjson, transport)
        .deliver(deliver)
        .uploads_per_minute(NonZeroU32::MAX);
    let mut limits = Limits::default();
    limits.segment = 2048;
    if has("small") {
        (limits.events, limits.segments) = (150, 20);
    }
    let told = Arc::clone(diary);
    let builder = Telemetry::builder("killed-program")
        .home(home)
        .with_env(|_| None)
        .limits(limits)
        .on_error(move |error| told.write(&format!("told {error}")))
        .receiver(receiver);
    Ok(if has("opt-in") { builder } else { builder.on_by_default() })
}

fn record(telemetry: &Telemetry, diary: &Diary, thread: u64, number: u64) {
    diary.write(&format!("try {thread} {number} {}", now()));
    let target = format!("web-{number}");
    let step = Step { diary: diary.name, thread, number, target: &target };
    let word = match telemetry.record(&step) {
        Recorded::Stored => "stored",
        Recorded::Dropped => "dropped",
        _ => "denied",
    };
    diary.write(&format!("{word} {thread} {number} {}", now()));
}

fn off(telemetry: &Telemetry, diary: &Diary) {
    diary.write(&format!("off {}", now()));
    match telemetry.off() {
        Ok(_) => diary.write(&format!("was-off {}", now())),
        Err(error) => diary.write(&format!("told off: {error}")),
    }
}

fn write(
    builder: Builder,
    diary: &Diary,
    [threads, events, off_after]: [u64; 3],
) -> Result<(), Box<dyn Error>> {
    let telemetry = builder.build()?;
    thread::scope(|scope| {
        for thread in 0..threads {
            let telemetry = &telemetry;
            scope.spawn(move || {
                for number in 1..=events {
                    record(telemetry, diary, thread, number);
                    if thread == 0 && number == off_after {
                        off(telemetry, diary);
                    }
                }
            });
        }
    });
    if !telemetry.shutdown(Duration::from_millis(20)) {
        diary.write("left");
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let diary = Arc::new(Diary::new(arguments.get(2).map_or("", String::as_str)));
    let builder = builder(&arguments, &diary)?;
    if telemetry_core::client::is_sender() {
        if let Err(error) = telemetry_core::client::send_detached(builder) {
            diary.write(&format!("told {error}"));
        }
        return Ok(());
    }
    let role: Vec<&str> = arguments.iter().skip(4).map(String::as_str).collect();
    match role.as_slice() {
        ["write", threads, events, off] => {
            write(builder, &diary, [threads.parse()?, events.parse()?, off.parse()?])?;
        }
        ["send"] => {
            let telemetry = builder.only_on_request().build()?;
            for _ in 0..4 {
                if let Err(error) = telemetry.send_now(Instant::now() + Duration::from_secs(2)) {
                    diary.write(&format!("told {error}"));
                }
            }
        }
        ["off"] => off(&builder.only_on_request().build()?, &diary),
        ["on"] => {
            let telemetry = builder.only_on_request().build()?;
            diary.write(&format!("on {}", now()));
            match telemetry.on() {
                Ok(_) => diary.write(&format!("was-on {}", now())),
                Err(error) => diary.write(&format!("told {error}")),
            }
        }
        role => return Err(format!("what is {role:?}?").into()),
    }
    Ok(())
}
