//! Ids that last as long as the question needs, and no longer.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::path::Path;
use std::time::{Duration, SystemTime};

use telemetry_core::client::Identity;
use telemetry_core::pseudonym::{Keys, Secret};
use telemetry_core::schema::Purpose;
use telemetry_core::{Telemetry, TelemetryEvent};
use telemetry_tests::spool::stored;

#[derive(TelemetryEvent)]
#[telemetry(name = "opened", purpose = "product-improvement")]
struct Opened {}

#[derive(TelemetryEvent)]
#[telemetry(name = "failed", purpose = "diagnostics")]
struct Failed {}

#[derive(TelemetryEvent)]
#[telemetry(name = "daily", purpose = "service", time = "day")]
struct Daily {}

#[derive(TelemetryEvent)]
#[telemetry(name = "hourly", purpose = "service", time = "hour")]
struct Hourly {}

/// 2026-11-01, a Sunday: two months and several weeks follow within 60 days.
const START: u64 = 1_793_491_200;
const DAY: u64 = 24 * 60 * 60;

fn start(home: &Path, identity: Identity, day: u64) -> Telemetry {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(START + day * DAY + 12 * 60 * 60);
    Telemetry::builder("app")
        .home(home)
        .with_env(|_| None)
        .on_by_default()
        .identity(identity)
        .clock(move || time)
        .build()
        .unwrap()
}

/// Whether installation `n` is used on `day`: each has a habit of its own.
fn is_used(n: u64, day: u64) -> bool {
    day.is_multiple_of(n + 1) || (day * 7 + n).is_multiple_of(11)
}

const INSTALLATIONS: u64 = 8;
const DAYS: u64 = 45;

/// What the receiver gets of all installations: day and id of each event.
fn received(identity: Identity) -> Vec<(u64, String)> {
    let mut received = Vec::new();
    for n in 0..INSTALLATIONS {
        let home = tempfile::tempdir().unwrap();
        for day in (0..DAYS).filter(|day| is_used(n, *day)) {
            let telemetry = start(home.path(), identity, day);
            assert!(telemetry.record(&Opened {}).is_stored());
            assert!(telemetry.record(&Opened {}).is_stored());
        }
        for event in stored(&home.path().join("telemetry")) {
            let time = event.recorded().unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            received.push(((time.as_secs() - START) / DAY, event.installation.unwrap()));
        }
    }
    received
}

/// How many distinct ids each period has, and how many installations it had.
fn counted(
    received: &[(u64, String)],
    period: impl Fn(u64) -> u64,
) -> (BTreeMap<u64, usize>, BTreeMap<u64, usize>) {
    let mut ids: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    for (day, id) in received {
        ids.entry(period(*day)).or_default().insert(id);
    }
    let mut used: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for (n, day) in (0..INSTALLATIONS).flat_map(|n| (0..DAYS).map(move |day| (n, day))) {
        if is_used(n, day) {
            used.entry(period(day)).or_default().insert(n);
        }
    }
    let sizes = |map: BTreeMap<u64, BTreeSet<u64>>| map.into_iter().map(|(k, v)| (k, v.len()));
    (ids.into_iter().map(|(k, v)| (k, v.len())).collect(), sizes(used).collect())
}

#[test]
fn daily_weekly_and_monthly_users_are_counted_exactly() {
    let month = |day| u64::from(day >= 30);
    // The first day is the Sunday at the end of a week.
    let week = |day: u64| day.div_ceil(7);
    let (ids, truth) = counted(&received(Identity::Day), |day| day);
    assert_eq!(ids, truth);
    let (ids, truth) = counted(&received(Identity::Week), week);
    assert_eq!(ids, truth);
    let (ids, truth) = counted(&received(Identity::Month), month);
    assert_eq!(ids, truth);
    let (ids, truth) = counted(&received(Identity::Stable), |_| 0);
    assert_eq!(ids, truth);
}

#[test]
fn nothing_joins_two_periods_or_two_purposes() {
    let ten = Identity::Rotating(NonZeroU32::new(10).unwrap());
    for (identity, periods) in [
        (Identity::Day, 45),
        (Identity::Week, 8),
        (Identity::Month, 2),
        // The first day is the ninth of its ten.
        (ten, 6),
        (Identity::Run, 45),
        (Identity::Stable, 1),
    ] {
        let home = tempfile::tempdir().unwrap();
        for day in 0..DAYS {
            let telemetry = start(home.path(), identity, day);
            assert!(telemetry.record(&Opened {}).is_stored());
            assert!(telemetry.record(&Failed {}).is_stored());
        }
        let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for event in stored(&home.path().join("telemetry")) {
            ids.entry(event.purpose).or_default().insert(event.installation.unwrap());
        }
        let [a, b] = ["product-improvement", "diagnostics"].map(|purpose| ids[purpose].clone());
        assert_eq!((a.len(), b.len()), (periods, periods), "{identity:?}");
        if identity != Identity::Run {
            assert!(a.is_disjoint(&b), "{identity:?}");
        }
        // Not even a part of an id is shared by all of them: there is no
        // prefix of the machine. Version and variant are the form's own.
        let first = |id: &String| id[..13].to_owned();
        let prefixes: BTreeSet<_> = a.iter().chain(&b).map(first).collect();
        assert!(prefixes.len() >= periods, "{identity:?}");
    }
}

#[test]
fn without_an_identity_a_line_has_none_and_no_secret_is_made_for_it() {
    let home = tempfile::tempdir().unwrap();
    let telemetry = Telemetry::builder("app")
        .home(home.path())
        .with_env(|_| None)
        .on_by_default()
        .identity(Identity::None)
        .keys(Keys::session().unwrap())
        .build()
        .unwrap();
    assert!(telemetry.record(&Opened {}).is_stored());
    assert_eq!(telemetry.installation_id(Purpose::SERVICE), None);
    drop(telemetry);
    assert_eq!(stored(&home.path().join("telemetry"))[0].installation, None);
    assert!(!home.path().join("telemetry").join("secret").exists());
}

/// The keys of a fleet are the same everywhere; the ids are not.
#[test]
fn a_fleets_keys_do_not_make_the_ids_of_its_machines_equal() {
    let id = || {
        let home = tempfile::tempdir().unwrap();
        let fleet = Keys::new(Secret::from_bytes(&[7; 32]).unwrap());
        let telemetry = Telemetry::builder("app")
            .home(home.path())
            .with_env(|_| None)
            .on_by_default()
            .keys(fleet)
            .build()
            .unwrap();
        telemetry.installation_id(Purpose::SERVICE).unwrap()
    };
    assert_ne!(id(), id());
}

#[test]
fn machines_that_come_and_go_have_one_id_together_if_the_author_says_so() {
    let id = |shared: bool, variable: &'static str| {
        let home = tempfile::tempdir().unwrap();
        let builder = Telemetry::builder("app")
            .home(home.path())
            .with_env(move |name| (name == variable).then(|| "true".into()))
            .collect_in_ci(true)
            .on_by_default();
        let builder = if shared { builder.one_identity_for_machines() } else { builder };
        builder.build().unwrap().installation_id(Purpose::SERVICE).unwrap()
    };
    assert_eq!(id(true, "CI"), id(true, "KUBERNETES_SERVICE_HOST"));
    assert_ne!(id(false, "CI"), id(false, "CI"));
    if !Path::new("/.dockerenv").exists() && !Path::new("/run/.containerenv").exists() {
        assert_ne!(id(true, "HOME"), id(true, "HOME"), "a person's machine is never shared");
    }
}

#[test]
fn a_coarse_time_says_the_hour_or_the_day_alone() {
    let home = tempfile::tempdir().unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(START * 1000 + 45_296_789);
    let telemetry = Telemetry::builder("app")
        .home(home.path())
        .with_env(|_| None)
        .on_by_default()
        .clock(move || time)
        .build()
        .unwrap();
    telemetry.record(&Daily {});
    telemetry.record(&Hourly {});
    telemetry.record(&Opened {});
    drop(telemetry);
    let times: Vec<_> =
        stored(&home.path().join("telemetry")).into_iter().map(|event| event.time).collect();
    assert_eq!(
        times,
        ["2026-11-01T00:00:00.000Z", "2026-11-01T12:00:00.000Z", "2026-11-01T12:34:56.789Z"]
    );
}
