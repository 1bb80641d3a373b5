//! JSON Schema (draft 2020-12) of what leaves.
//!
//! It owns the translation of domains into a schema that other programs'
//! validators know. It must never know how lines are stored beyond their keys.

use serde_json::{Map, Number, Value, json};

use crate::domain::{Domain, Opening, sequences};
use crate::model::{Event, Field, Form, Schema};
use crate::words;

/// The schema of one event's sanitised fields.
pub fn event(event: &Event) -> Value {
    let mut schema = object(&event.fields);
    if let Value::Object(map) = &mut schema {
        map.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        map.insert("title".to_owned(), json!(event.title()));
        map.insert("description".to_owned(), json!(words::one_line(&event.description)));
        map.insert("x-version".to_owned(), json!(event.version));
        map.insert("x-purpose".to_owned(), json!(event.purpose));
        map.insert("x-bits".to_owned(), json!(event.millibits().map(words::bits)));
    }
    schema
}

/// The schema of all events: a definition for each, and one for any of them as
/// `{"event": ..., "fields": ...}`, as a stored line has it.
pub fn all(schema: &Schema) -> Value {
    let mut definitions = Map::new();
    let mut lines = Vec::new();
    for event in &schema.events {
        let mut definition = self::event(event);
        if let Value::Object(map) = &mut definition {
            map.remove("$schema");
        }
        lines.push(line(event));
        definitions.insert(event.title(), definition);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stored lines",
        "type": "object",
        "anyOf": lines,
        "$defs": definitions,
    })
}

/// A stored line of the event: its fields, or how often each form occurred.
fn line(event: &Event) -> Value {
    let fields = json!({ "$ref": format!("#/$defs/{}", pointer(&event.title())) });
    let Form::Counted { period, identified, .. } = event.form else {
        return json!({
            "properties": { "event": { "const": event.name }, "fields": fields },
            "required": ["event", "fields"],
        });
    };
    // A reader may see a range before the count of a form that is under way.
    let count = json!({ "type": "integer", "minimum": 0 });
    let mut form = json!({ "fields": fields, "count": count });
    let histograms: Map<String, Value> = event
        .histograms()
        .map(|(field, bounds)| (field.name.clone(), histogram(&bounds)))
        .collect();
    if let (false, Some(form)) = (histograms.is_empty(), form.as_object_mut()) {
        let required: Vec<&String> = histograms.keys().collect();
        let all = json!({
            "type": "object",
            "properties": histograms,
            "required": required,
            "additionalProperties": false,
        });
        form.insert("histograms".to_owned(), all);
    }
    let required: Vec<&String> = form.as_object().into_iter().flat_map(Map::keys).collect();
    let mut never = vec![json!({ "required": ["fields"] })];
    if !identified {
        never.push(json!({ "required": ["installation"] }));
    }
    json!({
        "properties": {
            "event": { "const": event.name },
            "period": { "const": period.name() },
            "counts": { "type": "array", "items": { "anyOf": [
                {
                    "type": "object",
                    "properties": form,
                    "required": required,
                    "additionalProperties": false,
                },
                {
                    "type": "object",
                    "properties": { "other": { "const": true }, "count": count },
                    "required": ["other", "count"],
                    "additionalProperties": false,
                },
            ] } },
        },
        "required": ["event", "period", "counts"],
        "not": { "anyOf": never },
    })
}

/// The numbers of a field by ranges, one more than bounds.
fn histogram(bounds: &[Number]) -> Value {
    let ranges = bounds.len() + 1;
    json!({
        "type": "object",
        "properties": {
            "bounds": { "const": bounds },
            "ranges": {
                "type": "array",
                "items": { "type": "integer", "minimum": 0 },
                "minItems": ranges,
                "maxItems": ranges,
            },
            "sum": { "type": "number" },
        },
        "required": ["bounds", "ranges", "sum"],
        "additionalProperties": false,
    })
}

/// A name as a part of a reference, by JSON Pointer's and a URI's escapes.
fn pointer(name: &str) -> String {
    let mut out = String::new();
    for byte in name.replace('~', "~0").replace('/', "~1").bytes() {
        match byte {
            b'~' | b'.' | b'-' | b'_' => out.push(byte.into()),
            byte if byte.is_ascii_alphanumeric() => out.push(byte.into()),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn object(fields: &[Field]) -> Value {
    // The numbers of histograms stand beside the fields of a form.
    let is_there = |field: &&Field| !field.is_dropped() && field.histogram().is_none();
    let there = || fields.iter().filter(is_there);
    let properties: Map<String, Value> =
        there().map(|field| (field.name.clone(), described(field))).collect();
    let required: Vec<&str> =
        there().filter(|field| is_required(field)).map(|field| field.name.as_str()).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// Whether the field is in every line: a closed domain without absence, and
/// neither a purpose nor a notice of its own that could be refused.
fn is_required(field: &Field) -> bool {
    let always = !field.domain.is_optional() && field.domain.is_closed();
    always && field.purpose.is_none() && field.since.is_none() && field.domain != Domain::Fields
}

fn described(field: &Field) -> Value {
    let mut schema = domain(&field.domain, &field.fields);
    if let Value::Object(map) = &mut schema {
        let about = words::one_line(&format!("{} ({})", field.description, words::leaves(field)));
        map.insert("description".to_owned(), about.into());
        map.insert("x-policy".to_owned(), field.policy.as_str().into());
    }
    schema
}

/// The schema of the values in a domain. What there may be none of is absent,
/// never null: that is said where fields are required.
pub(crate) fn domain(domain: &Domain, fields: &[Field]) -> Value {
    match domain {
        Domain::Nothing => json!(false),
        Domain::Bool => json!({ "type": "boolean" }),
        // An empty list of values admits none; `enum` must not be empty.
        Domain::Texts(texts) if texts.is_empty() => json!({ "not": {} }),
        Domain::Texts(texts) => json!({ "enum": texts }),
        Domain::Integers { from, to, step } => integers(*from, *to, *step),
        Domain::Networks { v4, v6 } => {
            json!({ "type": "string", "pattern": networks(*v4, *v6) })
        }
        Domain::Optional(inner) => self::domain(inner, fields),
        Domain::Tuple(parts) => tuple(parts, fields),
        Domain::Array { length, gaps, of } => json!({
            "type": "array",
            "items": self::domain(of, fields),
            "minItems": if *gaps { 0 } else { *length },
            "maxItems": length,
        }),
        Domain::Fields => object(fields),
        Domain::List(inner) => json!({ "type": "array", "items": self::domain(inner, fields) }),
        Domain::Map(keys, values) => json!({
            "type": "object",
            "propertyNames": self::domain(keys, fields),
            "additionalProperties": self::domain(values, fields),
        }),
        Domain::Open(Opening::Pseudonym) => {
            json!({ "type": "string", "pattern": "^h1_([0-9a-f]{2}){8,32}$" })
        }
        Domain::Open(Opening::Digest) => json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" }),
        Domain::Open(Opening::Text | Opening::Program | Opening::Random | Opening::Time) => {
            json!({ "type": "string" })
        }
        Domain::Open(Opening::Number) => json!({ "type": "number" }),
        Domain::Open(Opening::Collection | Opening::Vouched) => json!({}),
    }
}

/// One value of each, in order. A part of which there may be none leaves no
/// gap: each sequence that there can be is said by itself.
fn tuple(parts: &[Domain], fields: &[Field]) -> Value {
    let mut each: Vec<Value> = sequences(parts)
        .iter()
        .map(|sequence| {
            let parts: Vec<Value> = sequence.iter().map(|part| domain(part, fields)).collect();
            let length = parts.len();
            let mut schema = Map::from_iter([
                ("type".to_owned(), json!("array")),
                ("minItems".to_owned(), json!(length)),
                ("maxItems".to_owned(), json!(length)),
            ]);
            // An empty list says nothing, and is not allowed.
            if length > 0 {
                schema.insert("prefixItems".to_owned(), parts.into());
            }
            Value::Object(schema)
        })
        .collect();
    match each.pop() {
        Some(only) if each.is_empty() => only,
        Some(last) => {
            each.push(last);
            json!({ "anyOf": each })
        }
        None => json!({ "not": {} }),
    }
}

fn integers(from: i128, to: i128, step: u128) -> Value {
    let number = |integer: i128| match (i64::try_from(integer), u64::try_from(integer)) {
        (Ok(integer), _) => json!(integer),
        (_, Ok(integer)) => json!(integer),
        // Beyond what JSON's readers agree on; a bound that is a little off
        // would be wrong, and none is not.
        _ => Value::Null,
    };
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "integer".into());
    for (key, bound) in [("minimum", number(from)), ("maximum", number(to))] {
        if !bound.is_null() {
            schema.insert(key.to_owned(), bound);
        }
    }
    // Steps that do not start at a multiple cannot be said in JSON Schema.
    let aligned = i128::try_from(step).is_ok_and(|step| from.checked_rem(step) == Some(0));
    if let Ok(step) = u64::try_from(step)
        && step > 1
        && aligned
    {
        schema.insert("multipleOf".to_owned(), step.into());
    }
    Value::Object(schema)
}

fn networks(v4: Option<u8>, v6: Option<u8>) -> String {
    let v4 = v4.map(|bits| format!("[0-9]{{1,3}}(\\.[0-9]{{1,3}}){{3}}/{bits}"));
    let v6 = v6.map(|bits| format!("[0-9a-f:.]+/{bits}"));
    let both: Vec<String> = v4.into_iter().chain(v6).collect();
    format!("^({})$", both.join("|"))
}
