//! What the schema says can leave, against what does leave.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use telemetry_core::pseudonym::Keys;
use telemetry_core::schema::Opening;
use telemetry_core::{Sanitizer, TelemetryEvent, TelemetryFields, TelemetryValue};

fn json<E: TelemetryEvent>(event: &E) -> String {
    let sanitizer = Sanitizer::new(Keys::session().unwrap());
    serde_json::to_string(&sanitizer.sanitize(event)).unwrap()
}

#[derive(Clone, Copy, Debug, TelemetryValue)]
enum Protocol {
    Ssh,
    WinRm,
    Https,
}
const PROTOCOLS: [Protocol; 3] = [Protocol::Ssh, Protocol::WinRm, Protocol::Https];

/// Holds one event of every form against the schema: the forms that were made
/// are those that the schema lists, each under its own index.
fn every_form<E: TelemetryEvent>(events: Vec<E>) {
    let [schema] = E::SCHEMA else { panic!("one event") };
    let forms = schema.forms().expect("closed");
    assert_eq!(E::DOMAIN as u128, forms);
    let listed: Vec<String> =
        (0..forms).map(|index| serde_json::to_string(&schema.form_at(index)).unwrap()).collect();
    assert_eq!(schema.form_at(forms), None, "there are no more");
    assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), listed.len(), "no form twice");
    let mut made = BTreeSet::new();
    for event in &events {
        let (line, index) = (json(event), event.index());
        assert_eq!(listed.get(index), Some(&line), "index {index}");
        made.insert(line);
    }
    assert_eq!(made, listed.into_iter().collect(), "every form that is listed can be made");
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics", max_bits = 9)]
struct Command {
    #[telemetry(allow)]
    protocol: Protocol,
    #[telemetry(one_of("converge", "upload"))]
    command: String,
    #[telemetry(bucket(10, 100))]
    duration: Option<u64>,
    #[telemetry(presence)]
    error: Option<String>,
    #[telemetry(drop)]
    arguments: Vec<String>,
    #[telemetry(allow)]
    dry_run: Option<bool>,
}

#[test]
fn every_form_of_a_flat_event_leaves_as_the_schema_lists_it() {
    let mut events = Vec::new();
    for protocol in PROTOCOLS {
        for command in ["converge", "upload", "rm -rf /home/jane"] {
            for duration in [None, Some(0), Some(10), Some(u64::MAX)] {
                for error in [None, Some("jane".to_owned())] {
                    for dry_run in [None, Some(false), Some(true)] {
                        let (command, error) = (command.to_owned(), error.clone());
                        let arguments = vec!["--user=jane".to_owned()];
                        events.push(Command {
                            protocol,
                            command,
                            duration,
                            error,
                            arguments,
                            dry_run,
                        });
                    }
                }
            }
        }
    }
    assert_eq!(Command::SCHEMA[0].forms(), Some(3 * 3 * 4 * 2 * 3));
    // log2(216) is 7.7549.
    assert_eq!(Command::SCHEMA[0].millibits(), Some(7_755));
    every_form(events);
}

#[derive(Clone, Copy, TelemetryFields)]
struct Switches {
    #[telemetry(allow)]
    verbose: bool,
    #[telemetry(bucket(0.5))]
    load: f64,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Nesting {
    #[telemetry(nested)]
    switches: Option<Switches>,
    #[telemetry(allow)]
    small: (bool, u8),
    #[telemetry(allow)]
    steps: [Option<bool>; 2],
}

#[test]
fn every_form_of_nested_values_tuples_and_arrays_leaves_as_the_schema_lists_it() {
    let mut switches = vec![None];
    for verbose in [false, true] {
        for load in [f64::NAN, 0.1, 0.9] {
            switches.push(Some(Switches { verbose, load }));
        }
    }
    let mut events = Vec::new();
    let truths = [None, Some(false), Some(true)];
    for switches in switches {
        for flag in [false, true] {
            for number in 0..=u8::MAX {
                for first in truths {
                    for second in truths {
                        let small = (flag, number);
                        events.push(Nesting { switches, small, steps: [first, second] });
                    }
                }
            }
        }
    }
    let [schema] = Nesting::SCHEMA else { panic!("one event") };
    // Of the array, one list of none, two of one and four of two are left.
    assert_eq!(schema.forms(), Some(7 * (2 * 256) * 7));
    every_form(events);
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Pair {
    #[telemetry(allow)]
    pair: (Option<bool>, Option<bool>),
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics", count = "run")]
struct Tuples {
    #[telemetry(allow)]
    around: (Option<bool>, bool, Option<bool>),
    #[telemetry(allow)]
    mixed: (Option<Protocol>, Option<bool>, Option<Protocol>, ()),
    #[telemetry(allow)]
    alone: Option<(Option<bool>, Protocol)>,
}

#[test]
fn of_a_tuple_with_more_than_one_option_each_sequence_is_one_form() {
    let truths = [None, Some(false), Some(true)];
    let pairs = truths.into_iter().flat_map(|one| truths.map(|other| Pair { pair: (one, other) }));
    // One sequence of none, two of one and four of two.
    assert_eq!(Pair::SCHEMA[0].forms(), Some(7));
    assert_eq!(Pair::SCHEMA[0].millibits(), Some(2_808));
    every_form(pairs.collect());

    let protocols = [None, Some(Protocol::Ssh), Some(Protocol::WinRm), Some(Protocol::Https)];
    let mut alone = vec![None];
    alone.extend(truths.into_iter().flat_map(|flag| PROTOCOLS.map(|one| Some((flag, one)))));
    let mut around = Vec::new();
    for first in truths {
        for middle in [false, true] {
            around.extend(truths.map(|last| (first, middle, last)));
        }
    }
    let mut events = Vec::new();
    for around in around {
        for one in protocols {
            for flag in truths {
                for other in protocols {
                    let mixed = (one, flag, other, ());
                    events.extend(alone.iter().map(|alone| Tuples {
                        around,
                        mixed,
                        alone: *alone,
                    }));
                }
            }
        }
    }
    // `around`: 2 of one, 4 of two, 8 of three. `mixed`: of none; of one, 3 and 2; of
    // two, 3 * 2, 2 * 3 and 3 * 3; of three, 3 * 2 * 3.
    let forms = (2 + 4 + 8) * (1 + 3 + 2 + 6 + 6 + 9 + 18) * (1 + 3 * 3);
    assert_eq!(Tuples::SCHEMA[0].forms(), Some(forms));
    every_form(events);
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Edges {
    #[telemetry(file_extension("rs", "toml"))]
    file: &'static str,
    #[telemetry(host_suffix("corp.example"))]
    host: &'static str,
    #[telemetry(email_domain("example.com"))]
    address: &'static str,
    #[telemetry(one_of("a"))]
    words: [&'static str; 2],
    #[telemetry(truncate_ip(v4 = 2, v6 = 16))]
    ip: std::net::Ipv4Addr,
    #[telemetry(allow)]
    nothing: (),
}

#[test]
fn every_form_of_known_texts_and_networks_leaves_as_the_schema_lists_it() {
    let mut events = Vec::new();
    for file in ["", "a.rs", "a.toml", "a.py"] {
        for host in ["", "db.corp.example", "elsewhere"] {
            for address in ["nobody", "a@example.com", "a@b"] {
                for words in [["a", "a"], ["a", "b"], ["b", "a"], ["b", "b"]] {
                    for network in [0_u8, 64, 128, 255] {
                        let ip = std::net::Ipv4Addr::new(network, 1, 2, 3);
                        events.push(Edges { file, host, address, words, ip, nothing: () });
                    }
                }
            }
        }
    }
    every_form(events);
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct OpenEnds {
    #[telemetry(hash)]
    host: String,
    #[telemetry(hash(sha256))]
    digest: String,
    #[telemetry(scrub)]
    error: Option<String>,
    #[telemetry(allow)]
    count: u32,
    #[telemetry(allow(because = "a word from the program's own list"))]
    word: String,
    #[telemetry(allow)]
    many: Vec<bool>,
    #[telemetry(bucket(1))]
    numbers: Vec<u8>,
    #[telemetry(length)]
    length: String,
}

#[test]
fn what_cannot_be_listed_is_open_and_says_why() {
    let [schema] = OpenEnds::SCHEMA else { panic!("one event") };
    let open_ends: Vec<_> = schema.fields.iter().map(|field| field.policy.domain.open()).collect();
    let open = [
        Opening::Pseudonym,
        Opening::Digest,
        Opening::Text,
        Opening::Number,
        Opening::Vouched,
        Opening::Collection,
        Opening::Collection,
        Opening::Number,
    ];
    assert_eq!(open_ends, open.map(Some));
    assert_eq!((schema.forms(), schema.millibits(), OpenEnds::DOMAIN), (None, None, 0));
    assert_eq!(1.cmp(&2), Ordering::Less);
}

#[derive(TelemetryEvent)]
#[telemetry(
    name = "commands",
    purpose = "product-improvement",
    count(period = "day", top = 1_000),
    time = "day",
    since = "2",
    owner = "cli-team",
    question = "Which commands fail?",
    expires = "2027-06-30",
    max_bits = 4
)]
struct Commands {
    #[telemetry(allow, since = "3", renamed_from = "proto")]
    protocol: Protocol,
    #[telemetry(presence)]
    error: Option<u8>,
}

#[test]
fn what_an_event_says_of_itself_is_in_its_schema() {
    use telemetry_core::schema::{Form, Period, TimePrecision};
    let [schema] = Commands::SCHEMA else { panic!("one event") };
    assert_eq!(
        schema.form,
        Form::Counted { period: Period::Day, top: Some(1_000), identified: false }
    );
    assert_eq!((schema.time, schema.max_bits), (TimePrecision::Day, Some(4)));
    assert_eq!((schema.since, schema.owner), (Some("2"), Some("cli-team")));
    assert_eq!(schema.question, Some("Which commands fail?"));
    assert_eq!(schema.expires, Some("2027-06-30"));
    let field = schema.fields[0];
    assert_eq!((field.since, field.renamed_from), (Some("3"), Some("proto")));
    assert_eq!(Commands { protocol: Protocol::Https, error: Some(1) }.index(), 5);
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics", count = "run")]
enum Ended {
    Well {
        #[telemetry(allow)]
        retried: bool,
    },
    Badly {
        #[telemetry(allow)]
        protocol: Protocol,
    },
}

#[test]
fn the_events_of_an_enum_have_one_range_of_indices_after_the_other() {
    assert_eq!(Ended::DOMAIN, 2 + 3);
    assert_eq!(Ended::Well { retried: true }.index(), 1);
    assert_eq!(Ended::Badly { protocol: Protocol::Ssh }.index(), 2);
    assert_eq!(Ended::Badly { protocol: Protocol::Https }.index(), 4);
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Numbers {
    #[telemetry(round(10), clamp(-20, 30))]
    tens: Option<i64>,
    #[telemetry(clamp(0, 3), round(3))]
    in_any_order: f64,
    #[telemetry(clamp(-1, 1))]
    sign: i32,
    #[telemetry(length, clamp(1, 3))]
    letters: &'static str,
    #[telemetry(count, clamp(0, 2))]
    some: Option<Vec<u8>>,
    #[telemetry(round(100))]
    small: u8,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Tiny {
    #[telemetry(clamp(-1_000, 1))]
    clamped: i8,
    #[telemetry(round(100))]
    rounded: i16,
}

#[test]
fn every_form_of_numbers_that_are_rounded_and_clamped_leaves_as_the_schema_lists_it() {
    let mut events = Vec::new();
    for tens in [None, Some(i64::MIN), Some(-14), Some(-4), Some(5), Some(15), Some(29)] {
        for in_any_order in [f64::NAN, f64::NEG_INFINITY, f64::INFINITY] {
            for sign in [i32::MIN, 0, i32::MAX] {
                for letters in ["", "åb", "abcdef"] {
                    for some in [None, Some(0), Some(1), Some(9)] {
                        for small in [49, 149, 150, 255] {
                            let some = some.map(|count| vec![0; count]);
                            events.push(Numbers { tens, in_any_order, sign, letters, some, small });
                        }
                    }
                }
            }
        }
    }
    let policies: Vec<String> =
        Numbers::SCHEMA[0].fields.iter().map(|field| field.policy.to_string()).collect();
    assert_eq!(
        policies,
        [
            "round(10), clamp(-20, 30)",
            "round(3), clamp(0, 3)",
            "clamp(-1, 1)",
            "length, clamp(1, 3)",
            "count, clamp(0, 2)",
            "round(100)",
        ]
    );
    every_form(events);
}

#[test]
fn of_a_small_integer_only_what_its_type_holds_is_listed() {
    let clamped: Vec<i8> = (i8::MIN..=i8::MAX).collect();
    let rounded = (i16::MIN..=i16::MAX).step_by(50);
    let [schema] = Tiny::SCHEMA else { panic!("one event") };
    assert_eq!(schema.forms(), Some((128 + 2) * (328 + 328 + 1)));
    let rounded: Vec<i16> = rounded.collect();
    let mut events = Vec::new();
    for &clamped in clamped.iter().step_by(5) {
        for &rounded in rounded.iter().step_by(7) {
            events.push(Tiny { clamped, rounded });
        }
    }
    events.push(Tiny { clamped: i8::MAX, rounded: i16::MAX });
    assert!(events.iter().all(|event| event.index() < Tiny::DOMAIN));
    for event in &events {
        let listed = serde_json::to_string(&schema.form_at(event.index() as u128)).unwrap();
        assert_eq!(json(event), listed);
    }
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Rounded {
    #[telemetry(round(10))]
    int: i64,
    #[telemetry(round(5))]
    seconds: std::time::Duration,
    #[telemetry(round(10))]
    large: u64,
}

#[test]
fn halves_are_rounded_away_from_zero_and_the_largest_number_stays_one() {
    for (int, rounded) in [(-15, -20), (-14, -10), (-4, 0), (4, 0), (5, 10), (14, 10)] {
        let seconds = std::time::Duration::from_millis(7_500);
        let line = json(&Rounded { int, seconds, large: u64::MAX });
        assert_eq!(
            line,
            format!(r#"{{"int":{rounded},"seconds":10,"large":18446744073709551620}}"#)
        );
    }
    assert_eq!(Rounded::SCHEMA[0].forms(), None, "any number of tens");
}

/// How long something took.
#[derive(Clone, Copy, TelemetryValue)]
struct Millis(u64);

#[derive(Clone, Copy, TelemetryValue)]
struct Wrapper<T> {
    inner: T,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Newtypes {
    #[telemetry(allow)]
    millis: Millis,
    #[telemetry(allow)]
    protocol: Wrapper<Option<Protocol>>,
}

#[test]
fn a_struct_of_one_value_is_that_value() {
    let event = Newtypes { millis: Millis(3), protocol: Wrapper { inner: Some(Protocol::WinRm) } };
    assert_eq!(json(&event), r#"{"millis":3,"protocol":"win_rm"}"#);
    let domains: Vec<Option<u128>> =
        Newtypes::SCHEMA[0].fields.iter().map(|field| field.policy.domain.forms()).collect();
    assert_eq!(domains, [None, Some(4)]);
}

/// An event that is also a part of another one.
#[derive(TelemetryEvent, TelemetryFields)]
#[telemetry(name = "login", purpose = "diagnostics", version = 2)]
struct Login {
    #[telemetry(allow)]
    retried: bool,
    #[telemetry(hash)]
    user: String,
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Session {
    #[telemetry(nested)]
    login: Login,
}

#[test]
fn a_type_can_be_an_event_and_a_part_of_one() {
    let login = || Login { retried: true, user: "jane".to_owned() };
    assert!(json(&login()).starts_with(r#"{"retried":true,"user":"h1_"#));
    let session = json(&Session { login: login() });
    assert!(session.starts_with(r#"{"login":{"retried":true,"user":"h1_"#), "{session}");
    assert_eq!(format!("{:?}", login()), "login { retried: true, user: <hash> }");
}

mod honest {
    #![deny(warnings)]
    #![allow(unreachable_pub, reason = "as in a library")]

    use telemetry_core::{TelemetryEvent, TelemetryFields};

    #[deprecated]
    #[derive(Clone, Copy, telemetry_core::TelemetryValue)]
    pub enum Old {
        One,
    }

    #[allow(deprecated)]
    mod uses_what_is_deprecated {
        #[derive(super::TelemetryEvent)]
        #[telemetry(purpose = "diagnostics")]
        pub struct Event<'never> {
            #[telemetry(allow)]
            pub old: super::Old,
            #[telemetry(hash)]
            pub text: &'never str,
        }
    }
    #[allow(deprecated)]
    pub use uses_what_is_deprecated::Event;

    #[derive(TelemetryFields)]
    pub struct Part {
        #[telemetry(hash)]
        pub inner: String,
    }

    impl Part {
        pub const FIELDS: u8 = 1;
    }

    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "diagnostics")]
    pub struct Whole {
        #[telemetry(nested)]
        pub part: Part,
        #[telemetry(allow, purpose = "product-improvement")]
        pub refused: bool,
    }

    impl Whole {
        pub const SCHEMA: &'static [u8] = &[];
        pub const DOMAIN: u8 = 0;

        pub fn visit_fields(&self) {}
        pub fn variant(&self) -> String {
            "mine".to_owned()
        }
        pub fn index(&self) -> u8 {
            Self::DOMAIN
        }
    }
}

#[test]
fn inherent_items_of_the_same_names_change_nothing() {
    let event = honest::Whole { part: honest::Part { inner: "x".to_owned() }, refused: true };
    event.visit_fields();
    let found = (honest::Whole::SCHEMA.len(), event.variant(), event.index(), honest::Part::FIELDS);
    assert_eq!(found, (0, "mine".to_owned(), 0, 1));
    let line = json(&event);
    assert!(line.starts_with(r#"{"part":{"inner":"h1_"#), "{line}");
    assert!(!line.contains("refused"), "a field whose own purpose was not granted: {line}");
    #[allow(deprecated)]
    let old = honest::Event { old: honest::Old::One, text: "x" };
    assert!(json(&old).starts_with(r#"{"old":"one","text":"h1_"#));
}
