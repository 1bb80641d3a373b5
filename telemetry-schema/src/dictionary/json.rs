//! The dictionary for programs.

use serde_json::{Value, json};

use crate::domain::Domain;
use crate::lock::domain_text;
use crate::model::{Event, Field, Form, Schema};
use crate::words;

/// Everything that the schema says, with what follows from it: forms, bits,
/// words.
pub fn json(schema: &Schema) -> Value {
    json!({
        "format": 1,
        "envelope": fields(&schema.envelope),
        "events": schema.events.iter().map(event).collect::<Vec<_>>(),
    })
}

fn event(event: &Event) -> Value {
    let (period, top, identified) = match event.form {
        Form::Each => (None, None, None),
        Form::Counted { period, top, identified } => (Some(period.name()), top, Some(identified)),
    };
    json!({
        "name": event.name,
        "instance": event.instance,
        "version": event.version,
        "purpose": event.purpose,
        "description": event.description.trim(),
        "since": event.since,
        "owner": event.owner,
        "question": event.question,
        "expires": event.expires,
        "count": period,
        "top": top,
        "identified": identified,
        "time": event.time.name(),
        "max_bits": event.max_bits,
        "forms": event.forms().map(|forms| forms.to_string()),
        "millibits": event.millibits(),
        "tells": words::size(event.forms(), event.millibits(), &words::openings(&event.fields)),
        "fields": fields(&event.fields),
    })
}

fn fields(fields: &[Field]) -> Vec<Value> {
    fields.iter().map(field).collect()
}

fn field(field: &Field) -> Value {
    let open: Vec<&str> = words::openings(std::slice::from_ref(field))
        .into_iter()
        .map(|opening| opening.name())
        .collect();
    let mut value = json!({
        "name": field.name,
        "policy": { "name": field.policy.name(), "text": field.policy.as_str() },
        "domain": domain_text(&field.domain),
        "values": listed(&field.domain),
        "open": open,
        "forms": field.forms().map(|forms| forms.to_string()),
        "millibits": field.millibits(),
        "leaves": words::leaves(field),
        "tells": words::size_of_field(field),
        "description": field.description.trim(),
        "purpose": field.purpose,
        "since": field.since,
        "renamed_from": field.renamed_from,
        "private": field.private,
        "because": field.policy.because(),
    });
    if let Value::Object(map) = &mut value
        && !field.fields.is_empty()
    {
        map.insert("fields".to_owned(), fields(&field.fields).into());
    }
    value
}

/// The values of a domain that is a list of texts.
fn listed(domain: &Domain) -> Option<&[String]> {
    match domain.required() {
        Domain::Texts(texts) => Some(texts),
        _ => None,
    }
}
