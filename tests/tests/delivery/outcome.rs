//! What becomes of events, by the receiver's answer.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use telemetry_core::export::unstable::{Delivery, Pace, Permission};
use telemetry_core::export::{self, App, End, HttpTransport, Otlp, Segment};
use telemetry_core::spool::internals::Spool;
use telemetry_core::spool::{Limits, Reason};

use crate::{Place, ids, run};

#[test]
fn what_the_receiver_took_is_removed() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    let recorded = place.record(10, 20);
    let before: Vec<u8> = {
        let events = telemetry_core::spool::read(&place.spool()).unwrap();
        events.flat_map(|event| [event.unwrap().raw, b"\n".to_vec()].concat()).collect()
    };

    let report = place.deliver(&receiver);

    assert_eq!((report.sent, report.batches, report.end), (10, 1, End::Done), "{report:?}");
    assert_eq!(place.stored(), BTreeSet::new());
    let received = receiver.received();
    assert_eq!(ids(&received).into_iter().collect::<BTreeSet<_>>(), recorded);
    assert_eq!(received[0].body, before, "the wire has the lines as the disk had them");
    assert_eq!(place.counts().total(), 0);
}

#[test]
fn short_runs_go_in_one_request_and_large_ones_in_several() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    let mut recorded = BTreeSet::new();
    for _ in 0..5 {
        recorded.extend(place.record(1, 20));
    }
    assert_eq!(place.deliver(&receiver).batches, 1);

    recorded.extend(place.record(60, 30_000));
    let report = place.deliver(&receiver);
    assert_eq!(report.sent, 60);
    assert!(report.batches >= 4);
    let received = receiver.received();
    assert!(received.iter().all(|request| request.body.len() <= 512 * 1024));
    let all = ids(&received);
    assert_eq!(all.len(), 65, "no event went twice");
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), recorded);
}

#[test]
fn what_will_never_be_taken_goes_to_the_dead_letters_with_the_status() {
    for status in ["400", "413", "422"] {
        let place = Place::new();
        let receiver = place.receiver(status);
        let recorded = place.record(3, 20);
        let report = place.deliver(&receiver);
        let reason = format!("status {status}");
        assert_eq!(report.dead_letters.get(Reason::Rejected), 3, "{status}");
        assert_eq!(place.stored(), BTreeSet::new(), "{status}");
        let (reasons, ids): (BTreeSet<_>, BTreeSet<_>) = place.aside().into_iter().unzip();
        assert_eq!((reasons, ids), (BTreeSet::from([reason]), recorded), "{status}");
        assert_eq!(place.counts().get(Reason::Rejected), 3, "{status}");
    }
}

#[test]
fn a_wrong_key_or_address_costs_no_event_and_is_tried_again() {
    for status in ["401", "403", "404", "405", "410", "501", "505"] {
        let (place, clock) = (Place::new(), Clock::new());
        let receiver = place.receiver(&format!("{status},{status},ok"));
        let recorded = place.record(3, 20);
        let mut longest = 5.0;
        for _ in 0..2 {
            let report = run(&clock.delivery(&place, &receiver.url()));
            assert_eq!((report.end, report.sent), (End::Waiting, 0), "{status}");
            assert!((1.0..=longest).contains(&clock.wait(&report)), "{status}");
            assert_eq!(place.stored(), recorded, "{status}");
            assert_eq!(place.counts().total(), 0, "{status}");
            let hindrance = export::hindrance(&place.spool()).unwrap();
            assert_eq!(hindrance.status.map(|status| status.to_string()).as_deref(), Some(status));
            assert!(hindrance.remedy().is_some(), "{status}");
            longest *= 2.0;
            clock.add(3601);
        }
        assert_eq!(run(&clock.delivery(&place, &receiver.url())).sent, 3, "{status}");
        assert_eq!(export::hindrance(&place.spool()).unwrap().remedy(), None, "{status}");
    }
}

/// The one event that the receiver refuses is found among many, wherever it
/// stands, with few requests, also when each run sends one request only.
#[test]
fn a_refused_batch_is_halved_down_to_the_event_that_is_refused() {
    for place_of_bad in [0, 1, 31, 63, 99] {
        let place = Place::new();
        let receiver = place.receiver("refuse=poison");
        let mut good = place.record(place_of_bad, 20);
        let bad = place.record_event("poison", 1);
        good.extend(place.record(99 - place_of_bad, 20));
        let report = run(&place.delivery(&receiver.url()).build());
        assert_eq!((report.sent, report.end), (99, End::Done), "{place_of_bad}: {report:?}");
        assert_eq!(report.dead_letters.get(Reason::Rejected), 1);
        let status = "status 400".to_owned();
        assert_eq!(place.aside(), [(status, bad.into_iter().next().unwrap())]);
        let received = receiver.received();
        assert!(received.len() <= 8, "{} of 7 halvings and the rest", received.len());
        let all = ids(&received);
        assert_eq!(all.len(), 99, "no event went twice");
        assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), good);
    }
}

#[test]
fn halving_goes_on_where_an_earlier_run_was_cut_off() {
    let (place, clock) = (Place::new(), Clock::new());
    let receiver = place.receiver("refuse=poison");
    let good = place.record(40, 20);
    place.record_event("poison", 1);
    let one = NonZeroU32::new(1).unwrap();
    for _ in 0..20 {
        let now = clock.clone();
        let delivery = place.delivery(&receiver.url()).clock(move || now.now());
        run(&delivery.uploads_per_minute(one).build());
        clock.add(61);
    }
    assert_eq!(place.stored(), BTreeSet::new());
    assert_eq!(ids(&receiver.received()).into_iter().collect::<BTreeSet<_>>(), good);
    assert_eq!(place.counts().get(Reason::Rejected), 1);
}

#[test]
fn an_attempt_that_is_killed_backs_off_as_a_failed_one() {
    let place = Place::new();
    let mut receiver = place.receiver("silent");
    let recorded = place.record(3, 20);
    let mut requests = 0;
    for _ in 0..5 {
        let mut sender = std::process::Command::new(env!("CARGO_BIN_EXE_sender"))
            .arg("once")
            .arg(place.spool())
            .arg(receiver.url())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        if requests == 0 {
            receiver.wait_for_request();
            requests += 1;
            sender.kill().unwrap();
        }
        let said = sender.wait_with_output().unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        assert!(said.is_empty() || said.contains("Waiting"), "{said}");
    }
    assert_eq!(export::hindrance(&place.spool()).unwrap().failures, 1);
    assert_eq!(place.stored(), recorded);
}

#[test]
fn a_person_is_not_held_up_by_our_own_waits_but_by_the_receivers() {
    let place = Place::new();
    let receiver = place.receiver("500,500,ok,429,storm-seconds,ok");
    let now = |place: &Place| {
        let delivery = place.delivery(&receiver.url()).build();
        delivery.run_once(Pace::Now, Instant::now() + Duration::from_secs(60)).unwrap()
    };
    place.record(1, 20);
    assert_eq!((now(&place).sent, now(&place).sent, now(&place).sent), (0, 0, 1));
    for _ in 0..2 {
        place.record(1, 20);
        assert_eq!(now(&place).end, End::Waiting);
    }
    let report = now(&place);
    assert_eq!((report.end, report.sent), (End::Waiting, 0), "`Retry-After` holds");
    assert_eq!(receiver.received().len(), 1);
}

#[test]
fn a_request_that_cannot_be_expected_to_end_in_time_is_not_started() {
    let place = Place::new();
    let receiver = place.receiver("wait=400,ok");
    place.record(1, 20);
    assert_eq!(place.deliver(&receiver).sent, 1);
    let recorded = place.record(1, 20);
    let delivery = place.delivery(&receiver.url()).build();
    let soon = Instant::now() + Duration::from_millis(200);
    assert_eq!(delivery.run_once(Pace::Background, soon).unwrap().end, End::Stopped);
    assert_eq!((receiver.received().len(), place.stored()), (1, recorded));
    assert_eq!(place.deliver(&receiver).sent, 1);
}

#[test]
fn a_receiver_that_refuses_all_does_not_empty_the_spool_at_once() {
    let place = Place::new();
    let receiver = place.receiver("400");
    place.record(60, 20);
    let report = run(&place.delivery(&receiver.url()).uploads_per_minute(NonZeroU32::MAX).build());
    assert_eq!(report.end, End::Waiting);
    assert_eq!(report.dead_letters.get(Reason::Rejected), 3, "then it is the receiver's fault");
    assert_eq!(place.stored().len(), 57);
}

#[test]
fn what_may_be_taken_later_stays() {
    for mode in [
        "408",
        "429",
        "500",
        "502",
        "503",
        "504",
        "511",
        "301",
        "407",
        "silent",
        "trickle",
        "reset-before",
        "reset-after",
        "garbage",
        "truncated",
        "die-before",
        "die-after",
        "die-during",
        "storm-seconds",
        "storm-date",
    ] {
        let place = Place::new();
        let receiver = place.receiver(mode);
        let recorded = place.record(3, 20_000);
        let timeout = Duration::from_millis(200);
        let report = run(&place.delivery(&receiver.url()).request_timeout(timeout).build());
        assert_eq!((report.end, report.sent, report.retried_later), (End::Waiting, 0, 3), "{mode}");
        assert!(report.failure.is_some() && report.next_attempt.is_some(), "{mode}");
        assert_eq!(place.stored(), recorded, "{mode}");
        assert_eq!((place.counts().total(), place.aside().len()), (0, 0), "{mode}");
    }
}

#[test]
fn a_slow_receiver_is_waited_for() {
    let place = Place::new();
    let receiver = place.receiver("slow");
    place.record(3, 20);
    assert_eq!(place.deliver(&receiver).sent, 3);
}

/// A clock that the test moves.
#[derive(Clone)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_800_000_000)))
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::SeqCst))
    }

    fn add(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    fn delivery(&self, place: &Place, url: &str) -> Delivery {
        let clock = self.clone();
        place.delivery(url).clock(move || clock.now()).build()
    }

    fn wait(&self, report: &export::Report) -> f64 {
        report.next_attempt.unwrap().duration_since(self.now()).unwrap().as_secs_f64()
    }
}

#[test]
fn the_wait_that_the_receiver_asks_for_is_kept_over_restarts() {
    let (place, clock) = (Place::new(), Clock::new());
    let receiver = place.receiver("storm-seconds,ok");
    place.record(3, 20);
    let report = run(&clock.delivery(&place, &receiver.url()));
    assert_eq!(report.failure.as_deref(), Some("status 429"));
    assert!((7.0..=12.0).contains(&clock.wait(&report)));

    clock.add(6);
    let again = run(&clock.delivery(&place, &receiver.url()));
    assert_eq!((again.end, again.sent), (End::Waiting, 0));
    assert_eq!(again.next_attempt, report.next_attempt);
    assert_eq!(receiver.received(), [], "it was left alone");

    clock.add(7);
    assert_eq!(run(&clock.delivery(&place, &receiver.url())).sent, 3);
}

#[test]
fn a_date_to_wait_for_is_honoured_up_to_a_day() {
    let (place, clock) = (Place::new(), Clock::new());
    let receiver = place.receiver("storm-date");
    place.record(3, 20);
    let report = run(&clock.delivery(&place, &receiver.url()));
    let day = 24.0 * 60.0 * 60.0;
    assert!((day - 5.0..=day).contains(&clock.wait(&report)), "{}", clock.wait(&report));
}

#[test]
fn waits_grow_with_every_failure_and_start_anew_after_a_success() {
    let (place, clock) = (Place::new(), Clock::new());
    let receiver = place.receiver("500,500,500,500,500,500,500,500,500,500,500,500,ok,500");
    place.record(3, 20);
    let mut longest = 5.0_f64;
    for _ in 0..12 {
        let report = run(&clock.delivery(&place, &receiver.url()));
        let wait = clock.wait(&report);
        assert!((1.0..=longest).contains(&wait), "{wait} of {longest}");
        longest = (longest * 2.0).min(3600.0);
        clock.add(3601);
    }
    assert_eq!(run(&clock.delivery(&place, &receiver.url())).sent, 3);
    place.record(3, 20);
    let report = run(&clock.delivery(&place, &receiver.url()));
    assert!(clock.wait(&report) <= 5.0);
}

#[test]
fn a_clock_that_was_wrong_does_not_silence_the_program() {
    let (place, clock) = (Place::new(), Clock::new());
    let receiver = place.receiver("500,ok");
    place.record(3, 20);
    clock.add(10 * 365 * 24 * 60 * 60);
    assert_eq!(run(&clock.delivery(&place, &receiver.url())).end, End::Waiting);
    let right = Clock::new();
    assert_eq!(run(&right.delivery(&place, &receiver.url())).sent, 3);
}

#[test]
fn uploads_are_limited_to_15_a_minute() {
    let (place, clock) = (Place::new(), Clock::new());
    let receiver = place.receiver("ok");
    for _ in 0..15 {
        place.record(1, 20);
        assert_eq!(run(&clock.delivery(&place, &receiver.url())).sent, 1);
    }
    place.record(1, 20);
    let report = run(&clock.delivery(&place, &receiver.url()));
    assert_eq!((report.end, report.sent), (End::Waiting, 0));
    assert!((1.0..=60.0).contains(&clock.wait(&report)));
    clock.add(61);
    assert_eq!(run(&clock.delivery(&place, &receiver.url())).sent, 1);
}

#[test]
fn an_author_whose_receiver_takes_single_events_may_send_more() {
    let (place, clock) = (Place::new(), Clock::new());
    let receiver = place.receiver("ok");
    for _ in 0..20 {
        place.record(1, 20);
        let now = clock.clone();
        let delivery = place.delivery(&receiver.url()).clock(move || now.now());
        let twenty = NonZeroU32::new(20).unwrap();
        assert_eq!(run(&delivery.uploads_per_minute(twenty).build()).sent, 1);
    }
    place.record(1, 20);
    assert_eq!(run(&clock.delivery(&place, &receiver.url())).end, End::Waiting);
}

#[test]
fn an_unreadable_state_file_only_means_that_nothing_is_known() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    place.record(3, 20);
    std::fs::write(place.spool().join("delivery.json"), b"\xff{not json").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(place.spool().join("delivery.json"), private).unwrap();
    }
    assert_eq!(place.deliver(&receiver).sent, 3);
}

#[test]
fn segment_has_statuses_of_its_own() {
    for status in ["410", "460"] {
        let place = Place::new();
        let receiver = place.receiver(status);
        let recorded = place.record(3, 20);
        let app = App::new("tests", "1.2.3").unwrap();
        let http = HttpTransport::builder(receiver.url()).build().unwrap();
        let delivery =
            Delivery::builder(place.spool(), app, Segment::new(), http, Permission::granted);
        assert_eq!(run(&delivery.build()).end, End::Waiting);
        assert_eq!(place.stored(), recorded, "{status}");
    }
}

#[test]
fn an_event_over_the_limit_goes_to_the_dead_letters_and_the_others_go() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    place.record(2, 20);
    let large = place.record(1, 40_000);
    place.record(2, 20);
    let app = App::new("tests", "1.2.3").unwrap();
    let http = HttpTransport::builder(receiver.url()).build().unwrap();
    let delivery = Delivery::builder(place.spool(), app, Segment::new(), http, Permission::granted);
    let report = run(&delivery.build());
    assert_eq!(report.sent, 4);
    let reason = "larger than the receiver takes".to_owned();
    assert_eq!(report.dead_letters.get(Reason::NotExported), 1);
    assert_eq!(place.aside(), [(reason, large.into_iter().next().unwrap())]);
}

#[test]
fn a_line_that_cannot_be_read_goes_to_the_dead_letters_and_the_others_go() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    let spool = Spool::open(place.spool(), Limits::default()).unwrap();
    spool.append(b"{\"not\":\"an event\"}\n").unwrap();
    spool.seal().unwrap();
    place.record(2, 20);
    let report = place.deliver(&receiver);
    assert_eq!((report.sent, report.end), (2, End::Done));
    assert_eq!(place.counts().get(Reason::Unreadable), 1);
}

/// A cap drops the segment only when nobody delivers it; a link or a folder in
/// its place is nobody's event.
#[test]
#[cfg(unix)]
fn a_segment_that_cannot_be_opened_keeps_back_no_other() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    place.record(1, 20);
    let sealed = place.spool().join("sealed");
    let first = std::fs::read_dir(&sealed).unwrap().next().unwrap().unwrap().path();
    let moved = place.taken().join("moved");
    std::fs::rename(&first, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &first).unwrap();
    let later = place.record(2, 20);

    let report = place.deliver(&receiver);
    assert_eq!(report.sent, 2);
    assert!(report.failure.is_some());
    assert_eq!(ids(&receiver.received()).into_iter().collect::<BTreeSet<_>>(), later);
    assert!(moved.exists() && first.is_symlink());
}

#[test]
fn log_records_that_the_receiver_dropped_are_counted() {
    use prost::Message;
    let partial = |rejected| {
        use opentelemetry_proto::tonic::collector::logs::v1 as logs;
        let partial = logs::ExportLogsPartialSuccess {
            rejected_log_records: rejected,
            error_message: "too old".to_owned(),
        };
        logs::ExportLogsServiceResponse { partial_success: Some(partial) }
    };
    let json = br#"{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}}"#;
    for (exporter, answer, rejected) in [
        (Otlp::protobuf(), partial(2).encode_to_vec(), 2),
        (Otlp::protobuf(), partial(0).encode_to_vec(), 0),
        (Otlp::protobuf(), partial(99).encode_to_vec(), 5),
        (Otlp::protobuf(), b"not protobuf".to_vec(), 0),
        (Otlp::json(), json.to_vec(), 2),
        (Otlp::json(), b"{}".to_vec(), 0),
    ] {
        let place = Place::new();
        let receiver = place.receiver("partial");
        std::fs::write(place.taken().join("answer"), answer).unwrap();
        place.record(5, 20);
        let app = App::new("tests", "1.2.3").unwrap();
        let http = HttpTransport::builder(receiver.url()).build().unwrap();
        let delivery = Delivery::builder(place.spool(), app, exporter, http, Permission::granted);
        let report = run(&delivery.build());
        assert_eq!(report.sent, 5 - rejected);
        assert_eq!(place.counts().get(Reason::Rejected), rejected);
        assert_eq!(place.stored(), BTreeSet::new(), "a partial success is never sent again");
    }
}
