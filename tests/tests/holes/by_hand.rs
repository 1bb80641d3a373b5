//! What a type of the author's own can say, and what it cannot.

use serde::ser::{Error, Serialize, Serializer};
use telemetry_core::__private::{ClosedValue, Describe, Described, Description, Wording};
use telemetry_core::leaf::{HasLeaves, kind};
use telemetry_core::schema::Domain;
use telemetry_core::{TelemetryEvent, TelemetryValue};

use super::{sanitizer, value};

/// An error whose `Describe` is not that of the derive: it can name words that
/// the compiler saw, and a text of a run has no way in.
struct Failed {
    user: String,
}

impl Wording for Failed {
    const WORDS: &'static [&'static str] = &["refused", "user"];
}

impl Describe for Failed {
    fn describe(&self, description: &mut Description<'_>) {
        description.literal::<Self>(0);
        // There are no such words.
        description.literal::<Self>(self.user.len());
        description.dropped::<Self>(1);
    }
}

impl HasLeaves<kind::Parts> for Failed {
    type Inner<'v>
        = Described<'v>
    where
        Self: 'v;
    fn inner(&self) -> Described<'_> {
        Described(self)
    }
}

#[test]
fn an_error_by_hand_says_words_of_the_program_alone() {
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "service")]
    struct Event {
        #[telemetry(kind)]
        error: Failed,
    }
    let event = Event { error: Failed { user: "jane.doe".into() } };
    assert_eq!(value(&sanitizer(), &event)["error"], "refused[user]");
}

/// A number that says it is of a closed set.
struct Disguised(bool);

impl TelemetryValue for Disguised {
    const DOMAIN: Domain = <bool as TelemetryValue>::DOMAIN;
    type Inner<'v> = bool;
    fn inner(&self) -> bool {
        self.0
    }
}

impl telemetry_core::__private::OneNumber for Disguised {}

impl ClosedValue for Disguised {
    type Closed<'v> = bool;
    fn closed(&self) -> bool {
        false
    }
}

#[test]
fn where_a_name_says_an_identifier_the_closed_value_leaves_and_no_other() {
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "service")]
    struct Event {
        #[telemetry(allow)]
        user: Disguised,
        #[telemetry(allow)]
        value: Disguised,
    }
    let event = Event { user: Disguised(true), value: Disguised(true) };
    let left = value(&sanitizer(), &event);
    assert_eq!((left["user"].as_bool(), left["value"].as_bool()), (Some(false), Some(true)));
}

/// A value whose `Serialize` fails and says why, with the value in it.
struct Talkative(&'static str);

impl Serialize for Talkative {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(format_args!("cannot write {}", self.0)))
    }
}

#[test]
fn what_a_serialize_of_the_authors_says_is_in_no_error_and_no_debug() {
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "service")]
    struct Event {
        #[telemetry(allow(because = "nothing in a test is anybody's"))]
        value: Talkative,
    }
    let (sanitizer, event) = (sanitizer(), Event { value: Talkative("jane.doe") });
    let sanitized = sanitizer.sanitize(&event);
    let by_serde = serde_json::to_string(&sanitized).unwrap_err();
    let by_us = sanitized.write_json(&mut Vec::new()).unwrap_err();
    let shown = format!("{sanitized:?} {event:?} {by_serde} {by_serde:?} {by_us} {by_us:?}");
    assert!(!shown.contains("jane"), "{shown}");
    assert!(shown.contains("failed to serialize"), "{shown}");
}
