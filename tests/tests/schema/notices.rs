//! Who agreed to an older notice sends only what that notice told of; and an
//! event whose last day is over is neither recorded nor sent.

use std::path::Path;

use telemetry_core::consent::Notice;
use telemetry_core::schema::Purpose;
use telemetry_core::{Recorded, Telemetry, TelemetryEvent, spool};

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
fn stored(telemetry: &Telemetry) -> Vec<String> {
    let events = spool::read(telemetry.folder()).unwrap();
    events
        .map(|event| {
            let event = event.unwrap();
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
    assert_eq!(stored(&first), [r#"notices.run {"worked":true}"#]);
    drop(first);

    // The program is updated: being shown its notice is not agreeing to it.
    let updated = telemetry(home.path(), "10");
    updated.choice().unwrap().notice_shown().unwrap();
    updated.refresh();
    assert!(updated.record(&Run { worked: false, tries: 2 }).is_stored());
    assert_eq!(updated.record(&Later { worked: true }), Recorded::Denied);
    assert_eq!(stored(&updated).last().unwrap(), r#"notices.run {"worked":false}"#);

    updated.on().unwrap();
    updated.refresh();
    assert!(updated.record(&Run { worked: false, tries: 3 }).is_stored());
    assert!(updated.record(&Later { worked: true }).is_stored());
    assert_eq!(
        stored(&updated)[2..],
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
    assert_eq!(stored(&telemetry)[0], r#"notices.run {"tries":1,"worked":true}"#);
}

#[test]
fn an_event_whose_last_day_is_over_is_not_recorded() {
    let home = tempfile::tempdir().unwrap();
    let telemetry =
        Telemetry::builder("notices").home(home.path()).with_env(|_| None).build().unwrap();
    telemetry.on().unwrap();
    telemetry.refresh();
    assert_eq!(telemetry.record(&Over { worked: true }), Recorded::Expired);
    assert_eq!(stored(&telemetry), [] as [String; 0]);
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
