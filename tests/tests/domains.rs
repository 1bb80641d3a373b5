//! What the schema says can leave, against what does leave.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use telemetry_core::pseudonym::Keys;
use telemetry_core::schema::{Domain, Open};
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
    let domains: Vec<Domain> = schema.fields.iter().map(|field| field.policy.domain).collect();
    let open = [
        Open::Pseudonym,
        Open::Digest,
        Open::Text,
        Open::Number,
        Open::Vouched,
        Open::Collection,
        Open::Collection,
        Open::Number,
    ];
    assert_eq!(domains, open.map(Domain::Open));
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
    assert_eq!(schema.form, Form::Counted { period: Period::Day, top: Some(1_000) });
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
