//! Who agreed to an older notice sends only what that notice told of; and an
//! event whose last day is over is neither recorded nor sent.

#![allow(deprecated, reason = "the compiler warns of the events whose last day is over")]

use std::path::Path;
use std::time::{Duration, Instant};

use telemetry_core::consent::Notice;
use telemetry_core::export::{Deliver, HttpTransport, Ndjson, Receiver as To};
use telemetry_core::schema::Purpose;
use telemetry_core::spool::internals::Spool;
use telemetry_core::spool::{Limits, Reason};
use telemetry_core::{Recorded, Telemetry, TelemetryEvent};
use telemetry_tests::receiver::Receiver;
use telemetry_tests::spool::stored;

/// A run ended.
#[derive(TelemetryEvent)]
#[telemetry(name = "notices.run", purpose = "product-improvement", since = "9")]
struct Run {
    /// Whether it worked.
    #[telemetry(allow)]
    worked: bool,
    /// How many tries it took.
    #[telemetry(allow, since = "10")]
    tries: u8,
}

/// Something that notice 10 tells of.
#[derive(TelemetryEvent)]
#[telemetry(name = "notices.later", purpose = "product-improvement", since = "10")]
struct Later {
    /// Whether it worked.
    #[telemetry(allow)]
    worked: bool,
}

/// An event whose last day is over.
#[derive(TelemetryEvent)]
#[telemetry(name = "notices.over", purpose = "product-improvement", expires = "2020-02-29")]
struct Over {
    /// Whether it worked.
    #[telemetry(allow)]
    worked: bool,
}

/// A counted event with a field of notice 10.
#[derive(TelemetryEvent)]
#[telemetry(name = "notices.counted", purpose = "product-improvement", count = "run")]
struct Counted {
    /// Whether it worked.
    #[telemetry(allow)]
    worked: bool,
    /// Whether it was tried again.
    #[telemetry(allow, since = "10")]
    again: bool,
}

/// A counted event whose last day is over.
#[derive(TelemetryEvent)]
#[telemetry(
    name = "notices.past",
    purpose = "product-improvement",
    count = "run",
    expires = "2020-02-29"
)]
struct Past {
    /// Whether it worked.
    #[telemetry(allow)]
    worked: bool,
}

fn telemetry(home: &Path, version: &str) -> Telemetry {
    let notice = Notice::new(version, "We count runs.").purposes(&[Purpose::PRODUCT_IMPROVEMENT]);
    Telemetry::builder("notices")
        .home(home)
        .with_env(|_| None)
        .notice(notice, |_| false)
        .build()
        .unwrap()
}

/// The fields of the stored events, by the events' names.
fn lines(telemetry: &Telemetry) -> Vec<String> {
    stored(telemetry.folder())
        .into_iter()
        .map(|event| {
            let fields = serde_json::Value::Object(event.fields.clone());
            format!("{} {fields}", event.event)
        })
        .collect()
}

#[test]
fn who_agreed_to_an_older_notice_sends_what_it_told_of_until_agreeing_again() {
    let home = tempfile::tempdir().unwrap();
    let first = telemetry(home.path(), "9");
    first.on().unwrap();
    assert!(first.refresh());
    assert!(first.record(&Run { worked: true, tries: 1 }).is_stored());
    assert_eq!(first.record(&Later { worked: true }), Recorded::Denied);
    assert_eq!(lines(&first), [r#"notices.run {"worked":true}"#]);
    drop(first);

    // The program is updated: being shown its notice is not agreeing to it.
    let updated = telemetry(home.path(), "10");
    updated.choice().unwrap().notice_shown().unwrap();
    updated.refresh();
    assert!(updated.record(&Run { worked: false, tries: 2 }).is_stored());
    assert_eq!(updated.record(&Later { worked: true }), Recorded::Denied);
    assert_eq!(lines(&updated).last().unwrap(), r#"notices.run {"worked":false}"#);

    updated.on().unwrap();
    updated.refresh();
    assert!(updated.record(&Run { worked: false, tries: 3 }).is_stored());
    assert!(updated.record(&Later { worked: true }).is_stored());
    assert_eq!(
        lines(&updated)[2..],
        [r#"notices.run {"tries":3,"worked":false}"#, r#"notices.later {"worked":true}"#]
    );
}

#[test]
fn without_a_notice_everything_is_covered() {
    let home = tempfile::tempdir().unwrap();
    let telemetry =
        Telemetry::builder("notices").home(home.path()).with_env(|_| None).build().unwrap();
    telemetry.on().unwrap();
    telemetry.refresh();
    assert!(telemetry.record(&Run { worked: true, tries: 1 }).is_stored());
    assert!(telemetry.record(&Later { worked: true }).is_stored());
    assert_eq!(lines(&telemetry)[0], r#"notices.run {"tries":1,"worked":true}"#);
}

#[test]
fn an_event_whose_last_day_is_over_is_not_recorded() {
    let home = tempfile::tempdir().unwrap();
    let telemetry =
        Telemetry::builder("notices").home(home.path()).with_env(|_| None).build().unwrap();
    telemetry.on().unwrap();
    telemetry.refresh();
    assert_eq!(telemetry.record(&Over { worked: true }), Recorded::Expired);
    assert_eq!(lines(&telemetry), [] as [String; 0]);
    assert_eq!(telemetry.counts().unwrap().total(), 0, "it was never accepted, and so not lost");
}

#[test]
fn a_counted_event_leaves_as_a_whole_or_not_at_all() {
    let home = tempfile::tempdir().unwrap();
    let first = telemetry(home.path(), "9");
    first.on().unwrap();
    first.refresh();
    assert_eq!(first.record(&Counted { worked: true, again: true }), Recorded::Denied);
    assert_eq!(first.record(&Past { worked: true }), Recorded::Denied);
    drop(first);
    let updated = telemetry(home.path(), "10");
    updated.on().unwrap();
    updated.refresh();
    assert_eq!(updated.record(&Counted { worked: true, again: true }), Recorded::Counted);
    assert_eq!(updated.record(&Past { worked: true }), Recorded::Denied);
}

/// A run of the updated program, in a process of its own: what it printed.
fn run(home: &Path, receiver: &Receiver, version: &str, mode: &str) -> String {
    let program = env!("CARGO_BIN_EXE_notices_program");
    let arguments = [home.to_str().unwrap(), &receiver.url(), version, mode];
    let output = std::process::Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What arrived: each event's name and fields.
fn arrived(receiver: &Receiver) -> Vec<String> {
    let bodies = receiver.received().into_iter().map(|request| request.body);
    let text: String = bodies.map(|body| String::from_utf8(body).unwrap()).collect();
    let event = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        format!("{} {}", line["event"].as_str().unwrap(), line["fields"])
    };
    text.lines().map(event).collect()
}

#[test]
fn who_agreed_to_an_older_notice_goes_on_sending_what_it_told_of() {
    let home = tempfile::tempdir().unwrap();
    let receiver =
        Receiver::start(env!("CARGO_BIN_EXE_receiver"), &home.path().join("taken"), "ok");
    run(home.path(), &receiver, "1", "on");
    assert_eq!(run(home.path(), &receiver, "1", "run"), "sent 1\n");
    // The update: it is shown what is new, and asks; nothing of that leaves, and
    // nothing of the old stops, not even in the run that shows the notice.
    for _ in 0..2 {
        let said = run(home.path(), &receiver, "2", "run");
        assert!(said.ends_with("sent 1\n"), "{said}");
    }
    assert_eq!(arrived(&receiver), [r#"run {"worked":true}"#; 3]);
    run(home.path(), &receiver, "2", "on");
    assert_eq!(run(home.path(), &receiver, "2", "run"), "sent 2\n");
    let expected = [r#"run {"tries":3,"worked":true}"#, r#"later {"worked":true}"#];
    assert_eq!(arrived(&receiver)[3..], expected);
}

#[test]
fn who_was_only_told_waits_for_the_run_after_the_new_notice() {
    let home = tempfile::tempdir().unwrap();
    let receiver =
        Receiver::start(env!("CARGO_BIN_EXE_receiver"), &home.path().join("taken"), "ok");
    assert_eq!(run(home.path(), &receiver, "1", "default"), "shown 1\nsent 0\n");
    assert_eq!(run(home.path(), &receiver, "1", "default"), "sent 2\n");
    assert_eq!(run(home.path(), &receiver, "2", "default"), "shown 2\nsent 0\n");
    assert!(run(home.path(), &receiver, "2", "default").starts_with("sent "));
}

/// Lines that this program stored before the last day of their events.
fn store_expired(folder: &Path) {
    let spool = Spool::open(folder.to_owned(), Limits::default()).unwrap();
    for (event, said) in [
        ("notices.over", r#""fields":{"worked":true}"#),
        ("notices.past", r#""period":"run","counts":[{"fields":{"worked":true},"count":3}]"#),
        ("notices.run", r#""fields":{"worked":true}"#),
    ] {
        let mut id = String::new();
        spool.next_id(&mut id);
        let time = format!("{:.3}", jiff::Timestamp::now());
        let line = format!(
            r#"{{"id":"{id}","time":"{time}","event":"{event}","version":1,"purpose":"product-improvement","generation":0,{said}}}"#
        );
        spool.append(format!("{line}\n").as_bytes()).unwrap();
    }
    spool.seal().unwrap();
}

#[test]
fn an_event_that_was_recorded_before_its_last_day_is_not_sent_behind_it() {
    let home = tempfile::tempdir().unwrap();
    let receiver =
        Receiver::start(env!("CARGO_BIN_EXE_receiver"), &home.path().join("taken"), "ok");
    let transport = HttpTransport::builder(receiver.url()).without_gzip().build().unwrap();
    let telemetry = Telemetry::builder("notices")
        .home(home.path())
        .with_env(|_| None)
        .on_by_default()
        .receiver(To::new("1.0.0", Ndjson, transport).deliver(Deliver::on_request()))
        .build()
        .unwrap();
    store_expired(telemetry.folder());
    let deadline = Instant::now() + Duration::from_secs(60);
    let report = telemetry.send_now(deadline).unwrap().unwrap();
    assert_eq!((report.sent, report.dead_letters.get(Reason::Unexpected)), (1, 2), "{report:?}");
    assert_eq!(arrived(&receiver), [r#"notices.run {"worked":true}"#]);
    assert_eq!(lines(&telemetry), [] as [String; 0]);
    let letters = std::fs::read_dir(telemetry.folder().join("dead-letters")).unwrap();
    let text: String =
        letters.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    assert_eq!(text.matches("its last day is over").count(), 2, "{text}");
}
