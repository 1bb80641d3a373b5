//! The values that can leave, at the ends of each policy: the domain of a field
//! against the bytes that many inputs make.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use telemetry_core::pseudonym::Keys;
use telemetry_core::schema::{Domain, Opening};
use telemetry_core::{Sanitizer, TelemetryEvent, TelemetryFields, TelemetryValue};

fn json<E: TelemetryEvent>(event: &E) -> String {
    let sanitizer = Sanitizer::new(Keys::session().unwrap());
    serde_json::to_string(&sanitizer.sanitize(event)).unwrap()
}

/// Holds the forms that leave against those that the schema lists: nothing else
/// leaves, each under its own index, and everything that is listed can leave.
#[track_caller]
fn hold<E: TelemetryEvent>(forms: u128, millibits: u64, events: impl IntoIterator<Item = E>) {
    let [schema] = E::SCHEMA else { panic!("one event") };
    assert_eq!((schema.forms(), schema.millibits()), (Some(forms), Some(millibits)));
    assert_eq!(E::DOMAIN as u128, forms);
    let listed: Vec<String> =
        (0..forms).map(|index| serde_json::to_string(&schema.form_at(index)).unwrap()).collect();
    let mut made = BTreeSet::new();
    for event in events {
        let line = json(&event);
        assert_eq!(listed.get(event.index()), Some(&line), "index {}", event.index());
        made.insert(line);
    }
    assert_eq!(made.len() as u128, forms, "as many as are listed");
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics", count = "day")]
struct Nothing {}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Dropped {
    #[telemetry(drop)]
    _user: &'static str,
    #[telemetry(allow)]
    unit: (),
}

#[test]
fn an_event_without_fields_has_one_form_and_tells_nothing() {
    hold(1, 0, [Nothing {}]);
    hold(1, 0, [Dropped { _user: "jane", unit: () }]);
    assert_eq!(json(&Dropped { _user: "jane", unit: () }), "{}");
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Twice {
    #[telemetry(allow)]
    flag: Option<Option<bool>>,
    #[telemetry(one_of("ssh", "winrm"))]
    word: Option<Option<&'static str>>,
}

#[test]
fn an_option_in_an_option_is_one_form_more_and_not_two() {
    let mut events = Vec::new();
    for flag in [None, Some(None), Some(Some(false)), Some(Some(true))] {
        for word in [None, Some(None), Some(Some("ssh")), Some(Some("winrm")), Some(Some("jane"))] {
            events.push(Twice { flag, word });
        }
    }
    // log2(12) is 3.58496.
    hold(3 * 4, 3_585, events);
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Rounded {
    #[telemetry(round(10), clamp(-20, 30))]
    signed: i64,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Below {
    #[telemetry(round(7), clamp(-21, -7))]
    all_negative: i8,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Fraction {
    #[telemetry(round(5), clamp(-5, 10))]
    float: f64,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Seconds {
    #[telemetry(clamp(1, 3))]
    took: Duration,
}

#[test]
fn both_ends_of_a_clamp_can_leave_and_nothing_beyond_them() {
    let edges = [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX];
    hold(6, 2_585, (-60..=60).chain(edges).map(|signed| Rounded { signed }));
    hold(3, 1_585, (i8::MIN..=i8::MAX).map(|all_negative| Below { all_negative }));
    let floats = (-120..=120).map(|tenths| f64::from(tenths) / 10.0);
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MAX, f64::MIN_POSITIVE];
    // -5, 0, 5 and 10, and nothing for what is no number.
    hold(5, 2_322, floats.chain(odd).map(|float| Fraction { float }));
    let times = [0, 500, 1_499, 1_500, 2_500, 4_000].map(Duration::from_millis);
    hold(3, 1_585, times.into_iter().chain([Duration::MAX]).map(|took| Seconds { took }));
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Wide {
    #[telemetry(clamp(0, 2))]
    clamped: u128,
    #[telemetry(bucket(10, 20))]
    range: u128,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Counts {
    #[telemetry(length, clamp(-3, 2))]
    letters: &'static str,
    #[telemetry(count, clamp(-1, 1))]
    many: Vec<u8>,
    #[telemetry(length, clamp(-9, -4))]
    never: &'static str,
}

#[test]
fn what_is_counted_is_never_below_zero() {
    let mut events = Vec::new();
    for letters in ["", "å", "åb", "abc"] {
        for count in 0..3 {
            events.push(Counts { letters, many: vec![0; count], never: letters });
        }
    }
    assert_eq!(json(&events[11]), r#"{"letters":2,"many":1,"never":-4}"#);
    hold(3 * 2, 2_585, events);
}

#[test]
fn numbers_of_128_bits_stay_within_their_bounds() {
    let numbers = [0, 1, 2, 3, 9, 10, 19, 20, i128::MAX as u128, i128::MAX as u128 + 1, u128::MAX];
    let mut events = Vec::new();
    for clamped in numbers {
        events.extend(numbers.map(|range| Wide { clamped, range }));
    }
    assert_eq!(
        json(&Wide { clamped: u128::MAX, range: u128::MAX }),
        r#"{"clamped":2,"range":">=20"}"#
    );
    hold(9, 3_170, events);
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Ranges {
    #[telemetry(bucket(-10, 0, 10))]
    int: i64,
    #[telemetry(bucket(-0.5, 1.0, 2.5))]
    float: f64,
    #[telemetry(bucket(1, 2, 3, 4, 5, 6, 7, 8, 9, 10))]
    many: u32,
}

#[test]
fn a_bound_belongs_to_the_range_above_it() {
    let label = |int, float, many| json(&Ranges { int, float, many });
    assert_eq!(label(-11, -0.6, 0), r#"{"int":"<-10","float":"<-0.5","many":"<1"}"#);
    assert_eq!(label(-10, -0.5, 1), r#"{"int":"-10..0","float":"-0.5..1","many":"1..2"}"#);
    assert_eq!(label(-1, 0.9, 8), r#"{"int":"-10..0","float":"-0.5..1","many":"8..9"}"#);
    assert_eq!(label(0, 1.0, 9), r#"{"int":"0..10","float":"1..2.5","many":"9..10"}"#);
    assert_eq!(label(10, 2.5, 10), r#"{"int":">=10","float":">=2.5","many":">=10"}"#);
    assert_eq!(label(9, f64::NAN, 11), r#"{"int":"0..10","many":">=10"}"#);
    let mut events = Vec::new();
    for int in [i64::MIN, -11, -10, -1, 0, 9, 10, i64::MAX] {
        for float in [f64::NEG_INFINITY, -0.5, 0.0, 1.0, 2.4, 2.5, f64::INFINITY, f64::NAN] {
            events.extend((0..=11).chain([u32::MAX]).map(|many| Ranges { int, float, many }));
        }
    }
    // log2(220) is 7.78136.
    hold(4 * 5 * 11, 7_782, events);
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct V4 {
    #[telemetry(truncate_ip(v4 = 3, v6 = 48))]
    ip: Ipv4Addr,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Both {
    #[telemetry(truncate_ip(v4 = 1, v6 = 2))]
    ip: Option<IpAddr>,
}

#[test]
fn as_many_networks_leave_as_the_kept_bits_can_say() {
    hold(8, 3_000, (0..=255).map(|first| V4 { ip: Ipv4Addr::new(first, 9, 8, 7) }));
    let v4 = [0, 127, 128, 255].map(|first| IpAddr::V4(Ipv4Addr::new(first, 1, 1, 1)));
    let v6 = (0..=u16::MAX)
        .step_by(0x1001)
        .map(|first| IpAddr::V6(Ipv6Addr::new(first, 1, 1, 1, 1, 1, 1, 1)));
    let carried = IpAddr::V6(Ipv4Addr::new(200, 1, 1, 1).to_ipv6_mapped());
    let all = v4.into_iter().chain(v6).chain([carried]).map(Some).chain([None]);
    hold(1 + 2 + 4, 2_808, all.map(|ip| Both { ip }));
    assert_eq!(json(&Both { ip: Some(carried) }), r#"{"ip":"128.0.0.0/1"}"#);
}

#[derive(Clone, Copy, TelemetryValue)]
enum Only {
    One,
}

#[derive(Clone, Copy, TelemetryFields)]
struct Inner {
    #[telemetry(allow)]
    only: Only,
    #[telemetry(presence)]
    error: Option<u8>,
    #[telemetry(allow)]
    retried: Option<bool>,
}

#[derive(Clone, Copy, TelemetryFields)]
struct Middle {
    #[telemetry(nested)]
    inner: Option<Inner>,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Outer {
    #[telemetry(nested)]
    middle: Option<Middle>,
    #[telemetry(one_of("a"))]
    word: &'static str,
}

#[test]
fn nested_values_multiply_and_each_option_is_one_more() {
    let mut middles = vec![None, Some(Middle { inner: None })];
    for error in [None, Some(1)] {
        for retried in [None, Some(false), Some(true)] {
            let inner = Some(Inner { only: Only::One, error, retried });
            middles.push(Some(Middle { inner }));
        }
    }
    let mut events = Vec::new();
    for middle in middles {
        events.extend(["a", "jane"].map(|word| Outer { middle, word }));
    }
    hold((2 + 2 * 3) * 2, 4_000, events);
}

#[derive(TelemetryFields)]
struct Ports {
    #[telemetry(allow)]
    a: (u16, u16, u16),
    #[telemetry(allow)]
    b: (u16, u16, u16),
    #[telemetry(allow)]
    c: (u16, u16, u16),
}

#[derive(TelemetryEvent)]
#[telemetry(name = "domain_ends.huge", purpose = "diagnostics")]
struct HugeDomains {
    #[telemetry(nested)]
    one: Ports,
    #[telemetry(nested)]
    two: Option<Ports>,
    #[telemetry(allow)]
    flags: [bool; 200],
    #[telemetry(bucket(10, 20))]
    numbers: [f64; 100],
}

#[test]
fn products_beyond_128_bits_stop_at_the_largest_number_and_the_bits_are_added_up() {
    let [schema] = HugeDomains::SCHEMA else { panic!("one event") };
    let domains: Vec<Domain> = schema.fields.iter().map(|field| field.policy.domain).collect();
    let [one, two, flags, numbers] = domains.as_slice() else { panic!("four fields") };
    for domain in &domains {
        assert_eq!(domain.forms(), Some(u128::MAX));
    }
    // Three times three times 16 bits.
    assert_eq!(one.millibits(), Some(144_000));
    assert_eq!(two.millibits(), Some(144_001));
    assert_eq!(flags.millibits(), Some(200_000));
    // Each is one of three ranges, or left out.
    assert_eq!(numbers.millibits(), Some(200_000));
    assert_eq!((schema.forms(), schema.millibits()), (Some(u128::MAX), Some(688_001)));
    // No index has room for it.
    assert_eq!(HugeDomains::DOMAIN, 0);
}

#[test]
fn the_written_schema_tells_the_same_bits() {
    let [schema] = HugeDomains::SCHEMA else { panic!("one event") };
    let linked = telemetry_core::lock::linked().unwrap();
    let written = linked.events.iter().find(|event| event.name == schema.name).unwrap();
    assert_eq!((written.forms(), written.millibits()), (schema.forms(), schema.millibits()));
    for field in schema.fields {
        let written = written.fields.iter().find(|written| written.name == field.name).unwrap();
        assert_eq!(written.millibits(), field.policy.domain.millibits(), "{}", field.name);
    }
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct WithoutEnd {
    #[telemetry(allow)]
    number: u128,
    #[telemetry(round(10))]
    float: f32,
    #[telemetry(nested)]
    many: Vec<Inner>,
}

#[test]
fn what_has_no_end_is_open() {
    let ends = WithoutEnd::SCHEMA[0].fields.iter().map(|field| field.policy.domain.open());
    let open = [Opening::Number, Opening::Number, Opening::Collection].map(Some);
    assert_eq!(ends.collect::<Vec<_>>(), open);
    let event = WithoutEnd { number: u128::MAX, float: 4.9, many: Vec::new() };
    let line = json(&event);
    assert!(line.contains(r#""float":0"#), "{line}");
    assert_eq!((WithoutEnd::DOMAIN, WithoutEnd::SCHEMA[0].forms()), (0, None));
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics", count = "run")]
enum Ended {
    Well {
        #[telemetry(allow)]
        retried: Option<bool>,
    },
    Silently,
    Badly {
        #[telemetry(clamp(-1, 1))]
        code: i32,
    },
}

#[test]
fn the_events_of_an_enum_have_forms_of_their_own_and_no_index_twice() {
    let forms: Vec<_> =
        Ended::SCHEMA.iter().map(|event| (event.forms(), event.millibits())).collect();
    assert_eq!(forms, [(Some(3), Some(1_585)), (Some(1), Some(0)), (Some(3), Some(1_585))]);
    let mut events =
        Vec::from([None, Some(false), Some(true)].map(|retried| Ended::Well { retried }));
    events.push(Ended::Silently);
    events.extend([-9, 0, 9].map(|code| Ended::Badly { code }));
    let indices: Vec<usize> = events.iter().map(TelemetryEvent::index).collect();
    assert_eq!(indices, (0..Ended::DOMAIN).collect::<Vec<_>>());
}
