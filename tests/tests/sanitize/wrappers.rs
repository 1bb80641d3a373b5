//! Policies on what only holds a value, and the last of each list of types.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde::ser::{Serialize, SerializeMap, SerializeStruct, SerializeTupleVariant, Serializer};
use serde_json::json;
use telemetry_core::pseudonym::Keys;
use telemetry_core::{Private, Sanitizer, TelemetryEvent, TelemetryFields};

fn left<E: TelemetryEvent>(event: &E) -> serde_json::Value {
    let sanitizer = Sanitizer::new(Keys::session().unwrap());
    serde_json::to_value(sanitizer.sanitize(event)).unwrap()
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct There<'a> {
    #[telemetry(presence)]
    path: &'a Path,
    #[telemetry(presence)]
    owned: PathBuf,
    #[telemetry(presence)]
    private: Private<String>,
    #[telemetry(presence)]
    cow: Cow<'a, str>,
    #[telemetry(count)]
    counted: Cow<'a, [u8]>,
    #[telemetry(count)]
    kept: Private<Vec<String>>,
    #[telemetry(count)]
    perhaps: Option<Private<Vec<String>>>,
    #[telemetry(bucket(1, 2))]
    fraction: f64,
    #[telemetry(bucket(1, 2))]
    private_fraction: Private<f32>,
}

#[test]
fn what_is_there_is_told_from_what_is_not() {
    let there = |text: &'static str, items: usize, fraction: f64| There {
        path: Path::new(text),
        owned: text.into(),
        private: Private::new(text.into()),
        cow: Cow::Borrowed(text),
        counted: Cow::Owned(vec![7; items]),
        kept: Private::new(vec![String::new(); items]),
        perhaps: (items > 0).then(|| Private::new(vec![String::new(); items])),
        fraction,
        private_fraction: Private::new(fraction as f32),
    };
    assert_eq!(
        left(&there("jane", 3, 1.5)),
        json!({
            "path": true, "owned": true, "private": true, "cow": true, "counted": 3, "kept": 3,
            "perhaps": 3, "fraction": "1..2", "private_fraction": "1..2",
        })
    );
    assert_eq!(
        left(&there("", 0, 0.999)),
        json!({
            "path": false, "owned": false, "private": false, "cow": false, "counted": 0,
            "kept": 0, "fraction": "<1", "private_fraction": "<1",
        })
    );
    // A bound belongs to the range above it.
    assert_eq!(left(&there("", 0, 2.0))["fraction"], ">=2");
    assert_eq!(left(&there("", 0, 1.0))["fraction"], "1..2");
    assert_eq!(left(&there("", 0, f64::NEG_INFINITY))["fraction"], "<1");
}

#[derive(TelemetryFields)]
struct Part {
    #[telemetry(hash)]
    name: String,
    #[telemetry(allow)]
    size: u8,
}

#[test]
fn a_private_nested_value_leaves_by_its_own_policies() {
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "service")]
    struct Nests {
        #[telemetry(nested)]
        one: Private<Part>,
        #[telemetry(nested)]
        many: Vec<Private<Part>>,
    }
    let part = |size| Private::new(Part { name: "jane".into(), size });
    let left = left(&Nests { one: part(1), many: vec![part(2)] });
    assert!(!left.to_string().contains("jane"), "{left}");
    assert_eq!((&left["one"]["size"], &left["many"][0]["size"]), (&json!(1), &json!(2)));
    assert!(left["one"]["name"].as_str().unwrap().starts_with("h1_"));
    assert_eq!(Nests::SCHEMA[0].fields[0].policy.to_string(), "nested");
}

#[test]
fn the_forms_of_each_variant_follow_those_of_the_ones_before() {
    #[derive(TelemetryEvent)]
    #[telemetry(name = "forms", purpose = "service")]
    enum Forms {
        One {
            #[telemetry(allow)]
            is: bool,
        },
        Two {
            #[telemetry(clamp(0, 2))]
            of: u8,
        },
        Three,
    }
    let all = [
        Forms::One { is: false },
        Forms::One { is: true },
        Forms::Two { of: 0 },
        Forms::Two { of: 1 },
        Forms::Two { of: 9 },
        Forms::Three,
    ];
    let indices: Vec<usize> = all.iter().map(TelemetryEvent::index).collect();
    assert_eq!(indices, (0..Forms::DOMAIN).collect::<Vec<_>>());
}

/// A value of each shape that serde has.
struct Every(u8);

impl Serialize for Every {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0 => serializer.serialize_bool(true),
            1 => serializer.serialize_i128(-1),
            2 => serializer.serialize_f32(1.5),
            3 => serializer.serialize_char('c'),
            4 => serializer.serialize_bytes(&[1, 2]),
            5 => serializer.serialize_some(&7),
            6 => serializer.serialize_unit_struct("Unit"),
            7 => serializer.serialize_unit_variant("Enum", 0, "Variant"),
            8 => serializer.serialize_newtype_struct("New", &8),
            9 => serializer.serialize_newtype_variant("Enum", 0, "New", &9),
            10 => (1, "two").serialize(serializer),
            11 => {
                let mut tuple = serializer.serialize_tuple_variant("Enum", 0, "Pair", 2)?;
                tuple.serialize_field(&1)?;
                tuple.serialize_field(&2)?;
                tuple.end()
            }
            12 => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("key", &1)?;
                map.end()
            }
            13 => {
                let mut fields = serializer.serialize_struct("Struct", 1)?;
                fields.serialize_field("field", &1)?;
                fields.end()
            }
            _ => serializer.serialize_unit(),
        }
    }
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "service")]
struct Shows {
    #[telemetry(allow(because = "nothing in a test is anybody's"))]
    it: Every,
}

#[test]
fn debug_shows_every_shape_as_the_standard_library_would() {
    for (shape, shown) in [
        (0, "true"),
        (1, "-1"),
        (2, "1.5"),
        (3, "'c'"),
        (4, "[1, 2]"),
        (5, "Some(7)"),
        (6, "Unit"),
        (7, "Variant"),
        (8, "New(8)"),
        (9, "New(9)"),
        (10, "(1, \"two\")"),
        (11, "Pair(1, 2)"),
        (12, "{\"key\": 1}"),
        (13, "Struct { field: 1 }"),
        (14, "()"),
    ] {
        let event = Shows { it: Every(shape) };
        assert_eq!(format!("{event:?}"), format!("shows {{ it: {shown} }}"));
    }
}
