//! What a program and its user see of `Telemetry`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use serde_json::Value;
use telemetry_core::consent::Notice;
use telemetry_core::schema::Purpose;
use telemetry_core::spool::{self, Filter, Limits, Reason};
use telemetry_core::{Builder, Recorded, Telemetry, TelemetryEvent};
use telemetry_tests::spool::stored;

/// A run ended.
#[derive(TelemetryEvent)]
#[telemetry(name = "run.finished", purpose = "product-improvement")]
struct RunFinished<'a> {
    #[telemetry(hash)]
    target: &'a str,
    #[telemetry(drop)]
    arguments: &'a [&'a str],
    #[telemetry(scrub, purpose = "model-training")]
    error: Option<&'a str>,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Fragile {
    #[telemetry(allow(because = "a value whose code misbehaves"))]
    value: Misbehaving,
}

enum Misbehaving {
    Fails,
    Panics,
}

impl serde::Serialize for Misbehaving {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fails => Err(serde::ser::Error::custom("canary-in-an-error")),
            Self::Panics => panic!("canary-in-a-panic"),
        }
    }
}

const FINISHED: RunFinished<'static> =
    RunFinished { target: "web-1", arguments: &["--password", "hunter2"], error: None };

fn builder(home: &Path) -> Builder {
    Telemetry::builder("app").home(home).with_env(|_| None).on_by_default()
}

#[test]
fn an_event_is_on_disk_when_record_returns_with_everything_that_says_what_it_is() {
    let home = tempfile::tempdir().unwrap();
    let telemetry = builder(home.path()).build().unwrap();
    assert_eq!(telemetry.record(&FINISHED), Recorded::Stored);

    let events = stored(telemetry.folder());
    assert_eq!(events.len(), 1);
    let line: Value = serde_json::from_slice(&events[0].raw).unwrap();
    let keys = line.as_object().unwrap().keys().map(String::as_str);
    // A mark that is there in a container, where this test may run too.
    let keys = keys.filter(|key| *key != "container");
    let expected: BTreeSet<&str> =
        ["id", "time", "event", "version", "purpose", "generation", "installation", "fields"]
            .into();
    assert_eq!(keys.collect::<BTreeSet<_>>(), expected);
    assert_eq!(line["event"], "run.finished");
    assert_eq!(line["purpose"], "product-improvement");
    assert_eq!(line["installation"].as_str().unwrap().len(), 36);
    let fields = line["fields"].as_object().unwrap();
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["target"]);
    assert_ne!(fields["target"], "web-1");
}

#[test]
fn a_container_is_marked_in_the_event_and_not_denied() {
    let home = tempfile::tempdir().unwrap();
    let telemetry = builder(home.path())
        .with_env(|name| (name == "KUBERNETES_SERVICE_HOST").then(|| "10.0.0.1".into()))
        .build()
        .unwrap();
    assert_eq!(telemetry.record(&FINISHED), Recorded::Stored);
    let event = &stored(telemetry.folder())[0];
    assert!(event.container);
    assert!(!String::from_utf8_lossy(&event.raw).contains("10.0.0.1"));
}

#[test]
fn a_page_beside_the_data_says_what_it_is_and_how_to_stop_and_erase_it() {
    let home = tempfile::tempdir().unwrap();
    let telemetry = builder(home.path()).command("app telemetry").build().unwrap();
    telemetry.record(&FINISHED);
    let page = telemetry.folder().join("README.txt");
    let text = std::fs::read_to_string(&page).unwrap();
    for command in ["show", "why", "off", "erase"] {
        assert!(text.contains(&format!("app telemetry {command}\n")), "{command}: {text}");
    }
    // Every file that is there is explained.
    for entry in std::fs::read_dir(telemetry.folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let explained = text.contains(&name) || name == "README.txt" || name.ends_with(".lock");
        assert!(explained, "{name}");
    }
    std::fs::write(&page, "my notes").unwrap();
    builder(home.path()).build().unwrap().record(&FINISHED);
    assert_eq!(std::fs::read_to_string(&page).unwrap(), "my notes");
}

#[test]
fn the_installation_and_the_pseudonyms_stay_over_restarts() {
    let home = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        builder(home.path()).build().unwrap().record(&FINISHED);
    }
    let events = stored(&home.path().join("telemetry"));
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].installation, events[1].installation);
    assert_eq!(events[0].fields, events[1].fields);
    assert_ne!(events[0].id, events[1].id);
}

#[test]
fn without_a_yes_nothing_is_collected_and_nothing_is_made() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path().join("not-there-yet");
    let telemetry = Telemetry::builder("app").home(&home).with_env(|_| None).build().unwrap();
    assert!(!telemetry.is_on());
    assert_eq!(telemetry.record(&FINISHED), Recorded::Denied);
    assert!(!home.exists());
}

#[test]
fn a_field_whose_own_purpose_is_refused_is_absent_and_the_rest_goes() {
    let home = tempfile::tempdir().unwrap();
    let event = RunFinished { error: Some("no route to 10.0.0.7"), ..FINISHED };
    let telemetry = builder(home.path()).build().unwrap();
    telemetry.record(&event);
    telemetry.choice().unwrap().refuse_purpose("model-training").unwrap();
    telemetry.refresh();
    telemetry.record(&event);
    let events = stored(telemetry.folder());
    assert_eq!(events[0].fields["error"], "no route to [ip]");
    assert!(!events[1].fields.contains_key("error"));
    assert!(events[1].fields.contains_key("target"));
}

#[test]
fn off_stops_at_once_lasts_and_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let telemetry = builder(home.path()).build().unwrap();
    telemetry.record(&FINISHED);
    assert_eq!(telemetry.off().unwrap().erased(), 1);
    assert_eq!(telemetry.record(&FINISHED), Recorded::Denied);
    assert!(stored(telemetry.folder()).is_empty());
    let again = builder(home.path()).build().unwrap();
    assert_eq!(again.record(&FINISHED), Recorded::Denied);
}

#[test]
fn a_withdrawal_in_another_terminal_is_noticed_by_a_running_program() {
    let home = tempfile::tempdir().unwrap();
    let running = builder(home.path()).build().unwrap();
    running.record(&FINISHED);
    builder(home.path()).build().unwrap().off().unwrap().erased();
    // `refresh` looks now; without it, the look comes within a second.
    assert!(!running.refresh());
    assert_eq!(running.record(&FINISHED), Recorded::Denied);
    assert!(stored(running.folder()).is_empty());
}

#[test]
fn an_events_own_code_may_fail_or_panic_and_the_program_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let hook = Arc::clone(&told);
    let telemetry = builder(home.path())
        .on_error(move |error| hook.lock().unwrap().push(format!("{error} {error:?}")))
        .build()
        .unwrap();
    assert_eq!(telemetry.record(&Fragile { value: Misbehaving::Fails }), Recorded::Dropped);
    assert_eq!(telemetry.record(&Fragile { value: Misbehaving::Panics }), Recorded::Dropped);
    assert_eq!(telemetry.record(&FINISHED), Recorded::Stored);
    assert_eq!(telemetry.counts().unwrap().get(Reason::NotSerialised), 2);
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|text| text.contains("fragile") && !text.contains("canary")));
    drop(telemetry);
    let counts = spool::counts(&home.path().join("telemetry")).unwrap();
    assert_eq!(counts.get(Reason::NotSerialised), 2, "the count outlives the program");
}

#[test]
fn a_hook_that_panics_does_not_hurt_the_program() {
    let home = tempfile::tempdir().unwrap();
    let telemetry =
        builder(home.path()).on_error(|_| panic!("in the author's hook")).build().unwrap();
    assert_eq!(telemetry.record(&Fragile { value: Misbehaving::Fails }), Recorded::Dropped);
}

#[test]
fn a_hook_that_records_what_cannot_be_recorded_is_told_once() {
    let home = tempfile::tempdir().unwrap();
    let within: Arc<OnceLock<Telemetry>> = Arc::default();
    let told = Arc::new(Mutex::new(0));
    let (hook, count) = (Arc::clone(&within), Arc::clone(&told));
    let telemetry = builder(home.path())
        .on_error(move |_| {
            *count.lock().unwrap() += 1;
            hook.get().unwrap().record(&Fragile { value: Misbehaving::Fails });
        })
        .build()
        .unwrap();
    within.set(telemetry.clone()).unwrap();
    assert_eq!(telemetry.record(&Fragile { value: Misbehaving::Fails }), Recorded::Dropped);
    assert_eq!(*told.lock().unwrap(), 1);
    assert_eq!(telemetry.counts().unwrap().get(Reason::NotSerialised), 2);
}

#[cfg(unix)]
#[test]
fn a_secret_that_others_can_read_stops_events_and_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    builder(home.path()).build().unwrap().record(&FINISHED);
    let secret = home.path().join("telemetry/secret");
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o644)).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let hook = Arc::clone(&told);
    // So that however long the test takes, there is no second try.
    let mut limits = Limits::default();
    limits.pause = Duration::MAX;
    let telemetry = builder(home.path())
        .limits(limits)
        .on_error(move |error| hook.lock().unwrap().push(error.to_string()))
        .build()
        .unwrap();
    assert_eq!(telemetry.record(&FINISHED), Recorded::Dropped);
    assert_eq!(telemetry.record(&FINISHED), Recorded::Dropped);
    assert_eq!(telemetry.counts().unwrap().get(Reason::NotReady), 2);
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("secret") && told[0].contains("chmod 600"), "{told:?}");
}

#[test]
fn the_notice_is_shown_once_and_before_anything_may_be_sent() {
    let home = tempfile::tempdir().unwrap();
    let shown = Arc::new(Mutex::new(0));
    let start = || {
        let shown = Arc::clone(&shown);
        let notice =
            Notice::new("1", "This program collects …").purposes(&[Purpose::PRODUCT_IMPROVEMENT]);
        builder(home.path())
            .notice(notice, move |_| {
                *shown.lock().unwrap() += 1;
                true
            })
            .build()
            .unwrap()
    };
    let first = start();
    assert_eq!(first.record(&FINISHED), Recorded::Stored);
    assert!(!first.may_send());
    assert!(start().may_send());
    assert_eq!(*shown.lock().unwrap(), 1);
}

#[test]
fn the_user_can_erase_one_event_one_kind_or_all() {
    let home = tempfile::tempdir().unwrap();
    let telemetry = builder(home.path()).build().unwrap();
    for _ in 0..3 {
        telemetry.record(&FINISHED);
    }
    let id = stored(telemetry.folder())[1].id.clone();
    assert_eq!(telemetry.erase(Filter::Id(&id)).unwrap(), 1);
    assert!(stored(telemetry.folder()).iter().all(|event| event.id != id));
    assert_eq!(telemetry.erase(Filter::Event("run.finished")).unwrap(), 2);
    assert_eq!(telemetry.record(&FINISHED), Recorded::Stored);
    assert_eq!(stored(telemetry.folder()).len(), 1);
}

#[test]
fn a_program_name_that_could_leave_its_folder_is_refused() {
    for name in ["", "..", "a/b", "a\\b", "naïve", ".hidden"] {
        let error = Telemetry::builder(name).build().unwrap_err();
        assert!(error.is_argument(), "{name}: {error}");
    }
}
