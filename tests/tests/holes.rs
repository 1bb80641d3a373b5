//! Ways out of the boundary that were found once, and stay closed.

#[path = "holes/by_hand.rs"]
mod by_hand;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use telemetry_core::pseudonym::Keys;
use telemetry_core::{Sanitizer, TelemetryEvent, TelemetryFields};

fn value<E: TelemetryEvent>(sanitizer: &Sanitizer, event: &E) -> Value {
    serde_json::to_value(sanitizer.sanitize(event)).unwrap()
}

fn sanitizer() -> Sanitizer {
    Sanitizer::new(Keys::session().unwrap())
}

/// Every text in `value`, which must be pseudonyms, and no two the same.
fn assert_all_differ(values: &[Value]) {
    fn collect<'v>(value: &'v Value, into: &mut Vec<&'v str>) {
        match value {
            Value::String(text) => into.push(text),
            Value::Array(values) => values.iter().for_each(|value| collect(value, into)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    if name.starts_with("h1_") {
                        into.push(name);
                    }
                    collect(value, into);
                }
            }
            _ => {}
        }
    }
    let mut all = Vec::new();
    values.iter().for_each(|value| collect(value, &mut all));
    assert!(all.len() > 1 && all.iter().all(|text| text.starts_with("h1_")), "{all:?}");
    let different: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len(), "equal pseudonyms: {values:#?}");
}

mod nested {
    use super::*;

    #[derive(TelemetryFields)]
    struct Person {
        #[telemetry(hash)]
        name: String,
    }

    impl Person {
        fn anna() -> Self {
            Self { name: "anna".into() }
        }
    }

    #[derive(TelemetryFields)]
    struct Team {
        #[telemetry(nested)]
        lead: Person,
        #[telemetry(nested)]
        deputy: Person,
    }

    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "service")]
    struct Shared<'a> {
        #[telemetry(nested)]
        from: Person,
        #[telemetry(nested)]
        to: Option<Person>,
        #[telemetry(nested)]
        team: Box<Team>,
        #[telemetry(keys(hash), values(nested))]
        by_role: BTreeMap<&'a str, Person>,
        #[telemetry(hash)]
        name: &'a str,
    }

    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "service")]
    struct Deleted {
        #[telemetry(nested)]
        from: Person,
    }

    #[test]
    fn a_nested_type_has_keys_of_its_own_in_each_field_and_each_event() {
        let sanitizer = sanitizer();
        let shared = Shared {
            from: Person::anna(),
            to: Some(Person::anna()),
            team: Box::new(Team { lead: Person::anna(), deputy: Person::anna() }),
            by_role: BTreeMap::from([("anna", Person::anna())]),
            name: "anna",
        };
        let deleted = Deleted { from: Person::anna() };
        let (shared, deleted) = (value(&sanitizer, &shared), value(&sanitizer, &deleted));
        assert_eq!(shared["team"]["lead"].as_object().unwrap().len(), 1);
        assert_all_differ(&[shared, deleted]);
    }

    #[test]
    fn the_same_place_has_the_same_key() {
        #[derive(TelemetryEvent)]
        #[telemetry(purpose = "service")]
        struct Listed {
            #[telemetry(nested)]
            people: Vec<Person>,
        }
        let sanitizer = sanitizer();
        let listed = value(&sanitizer, &Listed { people: vec![Person::anna(), Person::anna()] });
        assert!(listed["people"][0]["name"].is_string());
        assert_eq!(listed["people"][0], listed["people"][1]);
        let again = value(&sanitizer, &Listed { people: vec![Person::anna()] });
        assert_eq!(listed["people"][0], again["people"][0]);
    }

    #[test]
    fn two_nested_types_of_one_name_cannot_be_joined() {
        mod other {
            use telemetry_core::TelemetryFields;
            #[derive(TelemetryFields)]
            pub(super) struct Person {
                #[telemetry(hash)]
                pub(super) name: String,
            }
        }
        #[derive(TelemetryEvent)]
        #[telemetry(purpose = "service")]
        struct Both {
            #[telemetry(nested)]
            one: Person,
            #[telemetry(nested)]
            other: other::Person,
        }
        let both = Both { one: Person::anna(), other: other::Person { name: "anna".into() } };
        assert_all_differ(&[value(&sanitizer(), &both)]);
    }

    #[test]
    fn a_named_domain_joins_in_nested_types_as_everywhere() {
        #[derive(TelemetryFields)]
        struct Host {
            #[telemetry(hash, domain = "host")]
            name: String,
        }
        #[derive(TelemetryEvent)]
        #[telemetry(purpose = "service")]
        struct Moved<'a> {
            #[telemetry(nested)]
            from: Host,
            #[telemetry(nested)]
            to: Host,
            #[telemetry(hash, domain = "host")]
            through: &'a str,
        }
        let host = || Host { name: "web-1".into() };
        let moved = value(&sanitizer(), &Moved { from: host(), to: host(), through: "web-1" });
        assert!(moved["through"].is_string());
        assert_eq!(moved["from"]["name"], moved["through"]);
        assert_eq!(moved["from"], moved["to"]);
    }
}

mod names {
    use super::*;

    mod one {
        use telemetry_core::TelemetryEvent;
        #[derive(TelemetryEvent)]
        #[telemetry(name = "login", purpose = "service")]
        pub(super) struct Login {
            #[telemetry(hash)]
            pub(super) name: &'static str,
        }
    }

    mod two {
        use telemetry_core::TelemetryEvent;
        #[derive(TelemetryEvent)]
        #[telemetry(name = "login", purpose = "service")]
        pub(super) struct Login {
            #[telemetry(hash)]
            pub(super) name: &'static str,
        }
    }

    #[test]
    fn two_events_of_one_name_cannot_be_joined() {
        let sanitizer = sanitizer();
        assert_all_differ(&[
            value(&sanitizer, &one::Login { name: "anna" }),
            value(&sanitizer, &two::Login { name: "anna" }),
        ]);
    }

    mod inside_functions {
        use super::*;

        #[derive(TelemetryFields)]
        struct Lead {
            #[telemetry(hash)]
            name: &'static str,
        }

        macro_rules! login {
            () => {{
                #[derive(TelemetryEvent)]
                #[telemetry(purpose = "service", name = "login")]
                struct Login<'a> {
                    #[telemetry(hash)]
                    name: &'a str,
                    #[telemetry(nested)]
                    lead: Lead,
                }
                |sanitizer: &Sanitizer| {
                    value(sanitizer, &Login { name: "anna", lead: Lead { name: "anna" } })
                }
            }};
        }

        pub(super) fn first(sanitizer: &Sanitizer) -> Value {
            login!()(sanitizer)
        }

        pub(super) fn second(sanitizer: &Sanitizer) -> Value {
            login!()(sanitizer)
        }

        /// A module has the name of a function.
        pub(super) mod second {
            use super::*;

            #[derive(TelemetryEvent)]
            #[telemetry(purpose = "service", name = "login")]
            pub(in super::super) struct Login<'a> {
                #[telemetry(hash)]
                pub(in super::super) name: &'a str,
            }
        }

        pub(super) struct Session;

        impl Session {
            pub(super) fn first(&self, sanitizer: &Sanitizer) -> Value {
                login!()(sanitizer)
            }
        }

        impl From<&Sanitizer> for Session {
            fn from(sanitizer: &Sanitizer) -> Self {
                let mut all = vec![first(sanitizer), login!()(sanitizer)];
                all.push(Self.first(sanitizer));
                assert_all_differ(&all);
                Self
            }
        }
    }

    #[test]
    fn two_events_of_one_name_inside_functions_cannot_be_joined() {
        use inside_functions::{Session, first, second};

        let sanitizer = sanitizer();
        assert_all_differ(&[
            first(&sanitizer),
            second(&sanitizer),
            Session.first(&sanitizer),
            value(&sanitizer, &second::Login { name: "anna" }),
        ]);
        let _ = Session::from(&sanitizer);
    }

    /// Nothing that stays the same from one build to the next tells these two
    /// apart; the test that every program has for its schema does.
    #[test]
    fn two_events_of_one_name_inside_one_function_are_found_by_the_lock() {
        {
            #[derive(TelemetryEvent)]
            #[telemetry(purpose = "service", name = "twin")]
            struct Twin<'a> {
                #[telemetry(hash)]
                _name: &'a str,
            }
        }
        {
            #[derive(TelemetryEvent)]
            #[telemetry(purpose = "service", name = "twin")]
            struct Twin<'a> {
                #[telemetry(hash)]
                _name: &'a str,
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("telemetry.lock").display().to_string();
        let held = std::panic::catch_unwind(|| telemetry_core::schema_lock!(&file));
        let said = held.unwrap_err().downcast::<String>().unwrap();
        let place = concat!(file!(), ":");
        assert!(said.contains("event `twin`") && said.matches(place).count() == 2, "{said}");
        let without = std::panic::catch_unwind(|| {
            telemetry_core::schema_lock!(&file, without: ["twin"]);
        });
        let said = without.unwrap_err().downcast::<String>().unwrap();
        assert!(!said.contains("twin"), "{said}");
    }

    #[test]
    fn no_name_of_a_field_is_that_of_the_inside_of_a_map() {
        #[derive(TelemetryEvent)]
        #[telemetry(purpose = "service")]
        struct Mapped<'a> {
            #[telemetry(keys(hash), values(hash))]
            m: BTreeMap<&'a str, &'a str>,
            #[telemetry(hash, rename = "m[values]")]
            values: &'a str,
            #[telemetry(hash, rename = "m[keys]")]
            keys: &'a str,
            #[telemetry(keys(hash), values(keys(hash), values(hash)), rename = "m[]")]
            twice: BTreeMap<&'a str, BTreeMap<&'a str, &'a str>>,
        }
        let mapped = value(
            &sanitizer(),
            &Mapped {
                m: BTreeMap::from([("anna", "anna")]),
                values: "anna",
                keys: "anna",
                twice: BTreeMap::from([("anna", BTreeMap::from([("anna", "anna")]))]),
            },
        );
        assert_all_differ(&[mapped]);
    }

    #[test]
    fn an_event_of_a_generic_type_is_one_event() {
        #[derive(TelemetryEvent)]
        #[telemetry(purpose = "service")]
        struct Sent<'a, T> {
            #[telemetry(hash)]
            to: &'a str,
            #[telemetry(allow)]
            what: T,
        }
        let sanitizer = sanitizer();
        let one = value(&sanitizer, &Sent { to: "anna", what: 1_u8 });
        let other = value(&sanitizer, &Sent { to: "anna", what: true });
        assert_eq!(one["to"], other["to"]);
        assert_eq!(other["what"], json!(true));
    }
}

/// IPv6 addresses that only carry an IPv4 address, whose first bits would keep
/// all of it.
#[test]
fn no_form_of_an_address_keeps_more_than_a_network() {
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "service")]
    struct Connected {
        #[telemetry(truncate_ip)]
        from: std::net::IpAddr,
        #[telemetry(truncate_ip(v4 = 24, v6 = 56))]
        by: std::net::Ipv6Addr,
    }
    for address in [
        "::ffff:203.0.113.77",
        "::203.0.113.77",
        "64:ff9b::203.0.113.77",
        "64:ff9b:1::203.0.113.77",
        "2002:cb00:714d::1",
        "2001:0:4136:e378:8000:63bf:34ff:8eb2",
    ] {
        let (from, by) = (address.parse().unwrap(), address.parse().unwrap());
        let line = value(&sanitizer(), &Connected { from, by });
        assert_eq!(line["from"], "203.0.113.0/24", "{address}");
        assert_eq!(line["by"], "203.0.113.0/24", "{address}");
    }
    let other = "2001:db8:1:2ff::9".parse().unwrap();
    let line = value(&sanitizer(), &Connected { from: std::net::IpAddr::V6(other), by: other });
    assert_eq!(line, json!({"from": "2001:db8:1::/48", "by": "2001:db8:1:200::/56"}));
}

mod types_of_ones_own {
    use std::collections::{BTreeMap, BinaryHeap, HashMap, LinkedList};
    use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
    use std::num::{NonZeroU8, Wrapping};
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicBool, AtomicU64};

    use telemetry_core::leaf::{HasLeaves, kind};
    use telemetry_core::{Literal, Private, TelemetryValue, literal};

    use super::*;

    #[derive(TelemetryValue)]
    struct Millis(u64);

    #[derive(TelemetryValue)]
    struct UserName<'a> {
        name: &'a str,
    }

    #[derive(TelemetryValue)]
    struct Wrapped<T>(T);

    #[derive(Clone, Copy, PartialEq, Eq, Hash, TelemetryValue)]
    enum Protocol {
        Ssh,
        WinRm,
    }

    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "service")]
    struct Newtypes<'a> {
        #[telemetry(allow)]
        took: Millis,
        #[telemetry(bucket(10, 100))]
        waited: Option<Millis>,
        #[telemetry(hash)]
        name: UserName<'a>,
        #[telemetry(length)]
        name_length: UserName<'a>,
        #[telemetry(allow)]
        protocols: Vec<Wrapped<Protocol>>,
        #[telemetry(count)]
        files: Wrapped<Vec<String>>,
        #[telemetry(presence)]
        path: Wrapped<String>,
        #[telemetry(keys(allow), values(allow))]
        by_protocol: HashMap<Wrapped<Protocol>, Millis>,
    }

    impl PartialEq for Wrapped<Protocol> {
        fn eq(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }
    impl Eq for Wrapped<Protocol> {}
    impl std::hash::Hash for Wrapped<Protocol> {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            self.0.hash(state);
        }
    }

    #[test]
    fn a_newtype_leaves_as_what_it_wraps() {
        let shown = value(
            &sanitizer(),
            &Newtypes {
                took: Millis(7),
                waited: Some(Millis(50)),
                name: UserName { name: "jane.doe" },
                name_length: UserName { name: "jane.doe" },
                protocols: vec![Wrapped(Protocol::Ssh), Wrapped(Protocol::WinRm)],
                files: Wrapped(vec!["jane.doe".into()]),
                path: Wrapped(String::new()),
                by_protocol: HashMap::from([(Wrapped(Protocol::Ssh), Millis(1))]),
            },
        );
        assert!(shown["name"].as_str().unwrap().starts_with("h1_"));
        assert!(!shown.to_string().contains("jane"));
        let rest = json!({
            "took": 7, "waited": "10..100", "name": shown["name"], "name_length": 8,
            "protocols": ["ssh", "win_rm"], "files": 1, "path": false, "by_protocol": {"ssh": 1},
        });
        assert_eq!(shown, rest);
    }

    /// A type of another crate, which implements nothing of ours.
    struct Uuid([u8; 16]);

    impl Uuid {
        fn as_bytes(&self) -> &[u8; 16] {
            &self.0
        }
    }

    struct Connection {
        host: String,
    }

    impl HasLeaves<kind::Identifier> for Connection {
        type Inner<'v> = &'v str;
        fn inner(&self) -> &str {
            &self.host
        }
    }

    #[test]
    fn a_type_of_another_crate_is_hashed_by_a_function_of_its_own() {
        #[derive(TelemetryFields)]
        struct Inner {
            #[telemetry(hash(via = Uuid::as_bytes))]
            request: Uuid,
        }
        #[derive(TelemetryEvent)]
        #[telemetry(purpose = "service")]
        struct Event {
            #[telemetry(hash(via = Uuid::as_bytes))]
            request: Uuid,
            #[telemetry(hash(sha256, via = Uuid::as_bytes))]
            documented: Uuid,
            #[telemetry(hash, domain = "host")]
            connection: Connection,
            #[telemetry(hash, domain = "host")]
            host: String,
            #[telemetry(nested)]
            inner: Inner,
        }
        let uuid = || Uuid(*b"sixteen bytes of");
        let event = Event {
            request: uuid(),
            documented: uuid(),
            connection: Connection { host: "web-1".into() },
            host: "web-1".into(),
            inner: Inner { request: uuid() },
        };
        let shown = value(&sanitizer(), &event);
        assert!(shown["request"].as_str().unwrap().starts_with("h1_"), "{shown}");
        assert_ne!(shown["request"], shown["inner"]["request"]);
        assert_eq!(shown["documented"].as_str().unwrap().len(), 64);
        assert_eq!(shown["connection"], shown["host"]);
        let written = Event::SCHEMA[0].fields[0].policy.to_string();
        assert_eq!(written, "hash(via = Uuid::as_bytes)");
    }

    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "service")]
    struct Harmless {
        #[telemetry(allow)]
        ordering: std::cmp::Ordering,
        #[telemetry(allow)]
        wrapping: Wrapping<u8>,
        #[telemetry(allow)]
        counter: AtomicU64,
        #[telemetry(allow)]
        flags: Vec<AtomicBool>,
        #[telemetry(allow)]
        versions: (u32, u32, Option<u32>),
        #[telemetry(allow)]
        literals: Vec<(Literal, bool)>,
        #[telemetry(bucket(10))]
        non_zero: NonZeroU8,
        #[telemetry(bucket(10))]
        wrapped: Wrapping<i64>,
        #[telemetry(presence)]
        path: PathBuf,
        #[telemetry(count)]
        heap: BinaryHeap<String>,
        #[telemetry(count)]
        list: LinkedList<String>,
        #[telemetry(hash, domain = "address")]
        v4: SocketAddrV4,
        #[telemetry(hash, domain = "address")]
        v6: SocketAddrV6,
        #[telemetry(hash, domain = "address")]
        any: SocketAddr,
        #[telemetry(with = <str>::is_empty)]
        text: &'static str,
    }

    #[test]
    fn honest_types_are_taken() {
        let shown = value(
            &sanitizer(),
            &Harmless {
                ordering: std::cmp::Ordering::Greater,
                wrapping: Wrapping(3),
                counter: 7.into(),
                flags: vec![true.into()],
                versions: (1, 2, None),
                literals: vec![(literal!("a"), true)],
                non_zero: NonZeroU8::MIN,
                wrapped: Wrapping(-1),
                path: PathBuf::new(),
                heap: BinaryHeap::from(["a".into()]),
                list: LinkedList::new(),
                v4: "192.0.2.1:22".parse().unwrap(),
                v6: "[::ffff:192.0.2.1]:22".parse().unwrap(),
                any: "192.0.2.1:22".parse().unwrap(),
                text: "",
            },
        );
        assert_eq!(shown["v4"], shown["v6"]);
        assert_eq!(shown["v4"], shown["any"]);
        let rest = json!({
            "ordering": "greater", "wrapping": 3, "counter": 7, "flags": [true],
            "versions": [1, 2], "literals": [["a", true]], "non_zero": "<10", "wrapped": "<10",
            "path": false, "heap": 1, "list": 0, "text": true,
            "v4": shown["v4"], "v6": shown["v4"], "any": shown["v4"],
        });
        assert_eq!(shown, rest);
    }

    #[derive(TelemetryFields)]
    struct Secret {
        #[telemetry(length)]
        words: Private<String>,
    }

    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "service")]
    struct Kept {
        #[telemetry(hash)]
        name: Private<String>,
        #[telemetry(one_of("ssh"))]
        protocol: Option<Private<String>>,
        #[telemetry(allow)]
        attempts: Private<u32>,
        #[telemetry(drop)]
        password: Private<String>,
        #[telemetry(keys(hash), values(nested))]
        by_host: Private<BTreeMap<String, Secret>>,
        #[telemetry(count)]
        arguments: Private<Vec<String>>,
    }

    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "service")]
    struct Shown {
        #[telemetry(hash)]
        name: Private<String>,
        #[telemetry(drop)]
        arguments: Vec<String>,
    }

    #[test]
    fn the_schema_says_which_values_nothing_but_a_policy_opens() {
        let private: Vec<bool> = Kept::SCHEMA[0].fields.iter().map(|field| field.private).collect();
        assert_eq!(private, [true; 6]);
        assert!(Kept::SCHEMA[0].is_private());
        let [name, arguments] = Shown::SCHEMA[0].fields else { panic!("two fields") };
        assert!(name.private && !arguments.private);
        assert!(!Shown::SCHEMA[0].is_private(), "the arguments lie open in the program");
        assert!(!Harmless::SCHEMA[0].fields.iter().any(|field| field.private));
    }

    #[test]
    fn only_policies_open_what_is_private() {
        let kept = Kept {
            name: Private::new("jane.doe".into()),
            protocol: Some(String::from("ssh").into()),
            attempts: 3.into(),
            password: String::from("hunter2").into(),
            by_host: Private::new(BTreeMap::from([(
                "web-1".into(),
                Secret { words: Private::new("hunter2".into()) },
            )])),
            arguments: vec!["--password".into()].into(),
        };
        let shown = value(&sanitizer(), &kept);
        let by_host: Vec<_> = shown["by_host"].as_object().unwrap().values().collect();
        assert_eq!(by_host, [&json!({"words": 7})]);
        assert_eq!(shown["protocol"], "ssh");
        assert_eq!((&shown["attempts"], &shown["arguments"]), (&json!(3), &json!(1)));
        let all = format!("{shown} {kept:?}");
        for raw in ["jane", "hunter2", "web-1", "--password"] {
            assert!(!all.contains(raw), "{all}");
        }
    }
}
