//! Consent, and who delivers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use telemetry_core::consent::Layers;
use telemetry_core::export::unstable::Permission;
use telemetry_core::export::{End, sent};
use telemetry_core::spool::{self, Reason};

use crate::{Place, ids, run, time};

/// Everything below a folder, with its content and when it was changed.
fn snapshot(dir: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>, SystemTime)> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(dir) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        let changed = path.metadata().unwrap().modified().unwrap();
        if path.is_dir() {
            found.push((path.clone(), Vec::new(), changed));
            found.extend(snapshot(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap(), changed));
        }
    }
    found.sort();
    found
}

#[test]
fn denied_touches_nothing() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    let delivery = place.delivery_with(&receiver.url(), Permission::denied).build();
    assert_eq!(run(&delivery).end, End::Denied);
    assert!(!place.spool().exists());

    place.record(3, 20);
    let before = snapshot(&place.spool());
    assert_eq!(run(&delivery).end, End::Denied);
    assert_eq!(snapshot(&place.spool()), before);
    assert_eq!(receiver.received(), []);
}

#[test]
fn a_word_taken_back_stops_the_next_request() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    let recorded = place.record(60, 30_000);
    let taken = place.taken();
    let permission = move || match telemetry_tests::receiver::received(&taken).len() {
        0 | 1 => Permission::granted(),
        _ => Permission::denied(),
    };
    let report = run(&place.delivery_with(&receiver.url(), permission).build());
    assert_eq!((report.end, report.batches), (End::Denied, 2));
    let received: BTreeSet<_> = ids(&receiver.received()).into_iter().collect();
    assert_eq!(received.union(&place.stored()).count(), recorded.len());
    assert_eq!(received.len() as u64, report.sent);
}

/// Consent is asked for once more when the connection stands: it may have been
/// withdrawn while that was made.
#[test]
fn a_word_taken_back_while_connecting_sends_no_byte_of_an_event() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    let recorded = place.record(3, 20);
    let asked = Arc::new(AtomicUsize::new(0));
    // Before anything is touched, before the request, before its body.
    let permission = move || match asked.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => Permission::granted(),
        _ => Permission::denied(),
    };
    let report = run(&place.delivery_with(&receiver.url(), permission).build());
    assert_eq!((report.end, report.sent), (End::Denied, 0));
    assert_eq!(receiver.received(), []);
    assert_eq!(place.stored(), recorded);
    assert_eq!(sent::read(&place.spool()).unwrap(), [], "nothing left");
    assert_eq!(place.deliver(&receiver).sent, 3, "and that is no failure of the receiver");
}

#[test]
fn what_is_from_a_time_without_consent_is_dropped_and_counted() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    // Lines that say no generation are of the first.
    place.record_as("service", &time(-10_000), 3, 20);
    place.record_as("service", &time(400 * 86_400_000), 1, 20);
    let permitted = place.record_as("diagnostics", &time(0), 2, 20);
    let home = tempfile::tempdir().unwrap();
    let layers = Layers::new("app").choice_file(home.path().join("telemetry.toml"));
    let layers = layers.on_by_default().with_env(|_| None);
    // Refused, and agreed to again; the other purpose never was refused.
    std::fs::write(home.path().join("telemetry.toml"), "[telemetry.purposes]\nservice = false\n")
        .unwrap();
    layers.choice().unwrap().agree_to("service").unwrap();
    let decision = layers.decide();
    let permission = move || Permission::granted().after(decision.cutoff().clone());
    let report = run(&place.delivery_with(&receiver.url(), permission).build());
    assert_eq!(report.sent, 2);
    assert_eq!(ids(&receiver.received()).into_iter().collect::<BTreeSet<_>>(), permitted);
    assert_eq!(report.dropped.get(Reason::Withdrawn), 4);
    assert_eq!(place.counts().get(Reason::Withdrawn), 4);
    assert_eq!(place.stored(), BTreeSet::new());
}

#[test]
fn what_is_of_a_refused_purpose_is_dropped_and_counted() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    place.record_as("model-training", &time(0), 2, 20);
    let service = place.record_as("service", &time(0), 2, 20);
    let permission = || Permission::granted().without_purpose("model-training");
    run(&place.delivery_with(&receiver.url(), permission).build());
    assert_eq!(ids(&receiver.received()).into_iter().collect::<BTreeSet<_>>(), service);
    assert_eq!(place.counts().get(Reason::Withdrawn), 2);

    place.record_as("diagnostics", &time(0), 2, 20);
    let permission = || Permission::granted().only_purposes(["service".to_owned()]);
    run(&place.delivery_with(&receiver.url(), permission).build());
    assert_eq!(receiver.received().len(), 1);
    assert_eq!(place.counts().get(Reason::Withdrawn), 4);
}

#[test]
fn one_deliverer_at_a_time() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    place.record(3, 20);
    let lock = spool::internals::try_lock_delivery(&place.spool()).unwrap().unwrap();
    assert_eq!(place.deliver(&receiver).end, End::Busy);
    assert_eq!(receiver.received(), []);
    drop(lock);
    assert_eq!(place.deliver(&receiver).sent, 3);
}

#[test]
fn of_several_processes_one_delivers() {
    let place = Place::new();
    let receiver = place.receiver("slow");
    let recorded = place.record(60, 30_000);
    let sender = || {
        std::process::Command::new(env!("CARGO_BIN_EXE_sender"))
            .arg("once")
            .arg(place.spool())
            .arg(receiver.url())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    let senders: Vec<_> = std::iter::repeat_with(sender).take(6).collect();
    let said: Vec<String> = senders
        .into_iter()
        .map(|sender| String::from_utf8(sender.wait_with_output().unwrap().stdout).unwrap())
        .collect();
    assert!(said.iter().all(|said| said.contains("Report")), "{said:?}");
    let all = ids(&receiver.received());
    assert_eq!(all.len(), 60, "no event went twice: {said:?}");
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), recorded);
}
