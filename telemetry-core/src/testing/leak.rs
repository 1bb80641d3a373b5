//! One event in every form in which it can leave.
//!
//! It owns the list of forms, and naming the field that leaks. It must never
//! show a value.

use std::fmt::Debug;

use serde_json::{Map, Value};

use super::canary::Canaries;
use super::{TestTelemetry, fail, sanitizer};
use crate::client::counted_once;
use crate::envelope::{self, CountsHeader, EventMark, Line, Origin};
use crate::event::{Sanitized, Sanitizer, TelemetryEvent};
#[cfg(feature = "otlp")]
use crate::export::Otlp;
#[cfg(feature = "segment")]
use crate::export::Segment;
use crate::export::{App, CountedForm, Exporter, Ndjson, WaitingEvent};
use crate::leaf::Grants;
use crate::schema::{FieldSchema, Form, Parts, Purpose};

/// Every purpose, and every version of the notice: what can leave at most.
struct Everything;

impl Grants for Everything {
    fn grants(&self, _purpose: Purpose) -> bool {
        true
    }
}

/// Asserts that none of `canaries` is in any form of `event`: the sanitised
/// form by serde, the stored line (of a counted event, its line of counts), the body
/// makes of it, and `Debug` of the event and of its sanitised form. All
/// purposes are granted. Upper and lower case are the same, and the usual
/// encodings (base64, hexadecimal, lists of bytes, ...) are seen through.
///
/// ```should_panic
/// use telemetry_core::TelemetryEvent;
///
/// #[derive(TelemetryEvent)]
/// #[telemetry(purpose = "service")]
/// struct Opened {
///     #[telemetry(allow(because = "it seemed harmless"))]
///     title: String,
/// }
///
/// let event = Opened { title: "Letter to Alice".to_owned() };
/// telemetry_core::testing::assert_no_leak(&event, &["alice"]);
/// ```
///
/// # Panics
///
/// When one leaks. The message names the form and the field, and shows no value.
#[track_caller]
pub fn assert_no_leak<E: TelemetryEvent + Debug>(event: &E, canaries: &[&str]) {
    match sanitizer() {
        Ok(sanitizer) => assert_no_leak_with(&sanitizer, event, canaries),
        Err(error) => fail(&error.to_string()),
    }
}

/// The same with the author's own keys and rules for scrubbing.
///
/// # Panics
///
/// When one leaks.
#[track_caller]
pub fn assert_no_leak_with<E: TelemetryEvent + Debug>(
    sanitizer: &Sanitizer,
    event: &E,
    canaries: &[&str],
) {
    let found = Canaries::new(canaries).and_then(|canaries| leaks(sanitizer, event, &canaries));
    match found {
        Ok(found) if found.is_empty() => {}
        Ok(found) => {
            let name = event.schema().name;
            fail(&format!("the event `{name}` leaks:\n  {}", found.join("\n  ")))
        }
        Err(why) => fail(&why),
    }
}

fn leaks<E: TelemetryEvent + Debug>(
    sanitizer: &Sanitizer,
    event: &E,
    canaries: &Canaries,
) -> Result<Vec<String>, String> {
    let schema = event.schema();
    let failed = || format!("the event `{}` could not be serialised", schema.name);
    let sanitized = sanitizer.sanitize_for(event, &Everything);
    let mut line = Vec::new();
    line_of(event, sanitized, &mut line).ok_or_else(failed)?;
    let line = line.strip_suffix(b"\n").unwrap_or_default();
    let line = Line::read(line).map(WaitingEvent).map_err(|_| failed())?;
    let tree = match line.counts() {
        Ok(counts) if line.period().is_some() => counted(counts),
        _ => serde_json::to_value(sanitized).map_err(|_| failed())?,
    };
    let mut fields = Vec::new();
    if let Value::Object(map) = &tree {
        holders(map, schema.fields, "", canaries, &mut fields);
    }
    let place = if fields.is_empty() {
        "outside of its fields".to_owned()
    } else {
        format!("field {}", fields.join(", "))
    };
    let mut found = Vec::new();
    for (form, bytes) in bodies(sanitized, &line, &tree).ok_or_else(failed)? {
        if let Some(canary) = canaries.find(&bytes) {
            found.push(format!("{form}: {place} holds {canary}"));
        }
    }
    let shown = [
        ("Debug of the event", format!("{event:#?}"), format!("{event:?}")),
        ("Debug of the sanitised event", format!("{sanitized:#?}"), format!("{sanitized:?}")),
    ];
    for (form, long, short) in shown {
        let line = long.lines().find(|line| canaries.find(line.as_bytes()).is_some());
        if let Some(canary) = canaries.find(long.as_bytes()).or(canaries.find(short.as_bytes())) {
            let place = line.and_then(|line| named(line, schema.fields)).unwrap_or(place.clone());
            found.push(format!("{form}: {place} holds {canary}"));
        }
    }
    Ok(found)
}

/// The bytes of every form but `Debug`.
fn bodies<E: TelemetryEvent>(
    sanitized: Sanitized<'_, E>,
    line: &WaitingEvent<'_>,
    tree: &Value,
) -> Option<Vec<(&'static str, Vec<u8>)>> {
    // The tree too: its texts are without JSON's escapes.
    let mut bodies = vec![("serde", serde_json::to_vec(&sanitized).ok()?)];
    let mut texts = Vec::new();
    collect(tree, &mut texts);
    bodies.push(("serde", texts));
    let app = App::new("test", "0").ok()?;
    let mut add = |form, exporter: &dyn Exporter| {
        let sent_at = "2026-01-01T00:00:00.000Z";
        let mut events = Vec::new();
        let exporter = match exporter.counts() {
            Some(counts) if line.period().is_some() => counts,
            _ => exporter,
        };
        // What an exporter refuses does not leave.
        if exporter.append(&app, sent_at, line, &mut events).is_ok()
            && let Ok(payload) = exporter.payload(&app, sent_at, &events)
        {
            bodies.push((form, payload.body));
        }
    };
    add("NDJSON", &Ndjson);
    #[cfg(feature = "segment")]
    add("Segment", &Segment::new());
    #[cfg(feature = "otlp")]
    {
        add("OTLP in protobuf", &Otlp::protobuf());
        add("OTLP in JSON", &Otlp::json());
    }
    bodies.dedup_by(|later, earlier| later == earlier);
    Some(bodies)
}

/// What is counted of one event, by field: the combination, and the numbers of
/// histograms.
fn counted(counts: Vec<CountedForm>) -> Value {
    let mut tree = Map::new();
    for form in counts {
        tree.extend(form.fields.into_iter().flatten());
        tree.extend(form.histograms.into_iter().map(|(field, numbers)| {
            let ranges: Value = numbers.ranges.into();
            (field, serde_json::json!({ "ranges": ranges, "sum": numbers.sum }))
        }));
    }
    Value::Object(tree)
}

/// The line that is stored for the event: the event, or one of counts.
fn line_of<E: TelemetryEvent>(
    event: &E,
    sanitized: Sanitized<'_, E>,
    line: &mut Vec<u8>,
) -> Option<()> {
    const RUN: &str = "000000000000000000000000";
    let (origin, time) = (Origin::new(None, false), TestTelemetry::time());
    let Form::Counted { period, .. } = event.schema().form else {
        let mark = EventMark { run: RUN, number: 1, time, generation: 0 };
        return envelope::write(line, mark, &origin, &sanitized).ok();
    };
    let start = time.try_into().ok()?;
    let period = period.name();
    let said = CountsHeader { id: (RUN, 1), start, period, generation: 0, origin: &origin };
    let mut tally = std::iter::once(counted_once(event)).peekable();
    envelope::write_counts(line, &said, event.schema(), &mut tally).ok()
}

/// All texts of a tree, keys included, one a line.
fn collect(value: &Value, texts: &mut Vec<u8>) {
    match value {
        Value::String(text) => {
            texts.extend_from_slice(text.as_bytes());
            texts.push(b'\n');
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            texts.extend_from_slice(key.as_bytes());
            texts.push(b'\n');
            collect(value, texts);
        }),
        other => {
            texts.extend_from_slice(other.to_string().as_bytes());
            texts.push(b'\n');
        }
    }
}

/// The fields with a canary. Only names out of the schema are told: the keys of
/// a map are data.
fn holders(
    map: &Map<String, Value>,
    fields: &'static [FieldSchema],
    above: &str,
    canaries: &Canaries,
    found: &mut Vec<String>,
) {
    for field in fields {
        let Some(value) = map.get(field.name) else { continue };
        let mut texts = Vec::new();
        collect(value, &mut texts);
        texts.extend_from_slice(value.to_string().as_bytes());
        if canaries.find(&texts).is_none() {
            continue;
        }
        let path = format!("{above}{}", field.name);
        let before = found.len();
        if let (Parts::Nested(fields), Value::Object(map)) = (field.policy.parts, value) {
            holders(map, fields, &format!("{path}."), canaries, found);
        }
        if found.len() == before {
            found.push(format!("`{path}`"));
        }
    }
}

/// The field that a line of `Debug` is about.
fn named(line: &str, fields: &'static [FieldSchema]) -> Option<String> {
    let (name, _) = line.trim().split_once(':')?;
    let name = name.trim_matches('"');
    let is_it = |field: &&FieldSchema| field.name == name;
    fields.iter().find(is_it).map(|field| format!("field `{}`", field.name))
}
