//! Ways out of the boundary that were found once, and stay closed.

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
