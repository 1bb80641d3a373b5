//! The schema, laid out for the check of many lines.
//!
//! It owns the walk through the envelope of a line and the choice of the event.
//! It must never know what is allowed in a field.

use std::collections::HashMap;

use super::Kind;
use super::check::{Check, Fields, Problem, Trail};
use super::cursor::{Cursor, NotJson, Shape, Text};
use crate::model::{Event, Schema};

#[derive(Debug)]
pub(super) struct Plan {
    /// The events' places in the list, by name: several for a generic event.
    names: HashMap<Box<[u8]>, Vec<usize>>,
    events: Vec<Of>,
    /// The keys that every line may have beside the fields.
    envelope: Vec<(Box<[u8]>, Check)>,
    /// The event of the line before: lines of one kind come in rows.
    last: usize,
}

/// One event.
#[derive(Debug)]
struct Of {
    name: String,
    version: u32,
    purpose: String,
    fields: Fields,
}

/// What the envelope says of the line.
#[derive(Default)]
struct Said<'l> {
    version: Option<&'l [u8]>,
    purpose: Option<Text<'l>>,
    event: Option<Text<'l>>,
}

impl Plan {
    pub(super) fn new(schema: &Schema) -> Self {
        let mut names: HashMap<Box<[u8]>, Vec<usize>> = HashMap::new();
        for (index, event) in schema.events.iter().enumerate() {
            names.entry(event.name.as_bytes().into()).or_default().push(index);
        }
        let envelope = schema
            .envelope
            .iter()
            .map(|field| (field.name.as_bytes().into(), Check::new(&field.domain, &field.fields)));
        Self {
            names,
            events: schema.events.iter().map(Of::new).collect(),
            envelope: envelope.collect(),
            last: usize::MAX,
        }
    }

    /// Checks one line and adds what is wrong to `problems`.
    pub(super) fn line(&mut self, line: &[u8], problems: &mut Vec<Problem>) {
        let checked = std::str::from_utf8(line).map_err(|_| NotJson);
        if checked.and_then(|_| self.envelope(line, problems)).is_err() {
            problems.push(Problem::line(Kind::NotAnEvent, "this is no JSON object"));
        }
    }

    fn envelope(&mut self, line: &[u8], problems: &mut Vec<Problem>) -> Result<(), NotJson> {
        let mut cursor = Cursor::new(line);
        let mut said = Said::default();
        let mut later = None;
        let mut fields = 0_u32;
        let envelope = &self.envelope;
        // Where the fields stand is known before the event is: with our own
        // lines the event comes first, with others' it may not.
        cursor.each(b'{', b'}', |cursor| {
            let key = cursor.text()?;
            cursor.must(b':')?;
            match key.raw {
                b"event" if cursor.shape()? == Shape::Text => said.event = Some(cursor.text()?),
                b"purpose" if cursor.shape()? == Shape::Text => said.purpose = Some(cursor.text()?),
                b"version" if cursor.shape()? == Shape::Number => {
                    said.version = Some(cursor.number()?.0);
                }
                b"fields" => {
                    fields += 1;
                    later = Some(cursor.clone());
                    cursor.skip()?;
                }
                raw => {
                    let known = envelope.iter().find(|(name, _)| &**name == raw);
                    let Some((name, check)) = known else {
                        let name = String::from_utf8_lossy(raw);
                        problems.push(Problem::key(&name, "the schema has no such key"));
                        return cursor.skip();
                    };
                    let name = std::str::from_utf8(name).unwrap_or_default();
                    check.value(cursor, &Trail::Top(None, name), problems)?;
                }
            }
            Ok(())
        })?;
        if !cursor.is_at_end() {
            return Err(NotJson);
        }
        let Some(event) = said.event else {
            problems.push(Problem::line(Kind::NotAnEvent, "there is no event's name in it"));
            return Ok(());
        };
        let (Some(mut place), 1) = (later, fields) else {
            problems
                .push(Problem::line(Kind::NotAnEvent, "there are not exactly one `fields` in it"));
            return Ok(());
        };
        self.event(event, &said, &mut place, problems)
    }

    fn event(
        &mut self,
        name: Text<'_>,
        said: &Said<'_>,
        fields: &mut Cursor<'_>,
        problems: &mut Vec<Problem>,
    ) -> Result<(), NotJson> {
        let same = self.events.get(self.last).is_some_and(|of| of.name.as_bytes() == name.raw);
        let alone = same && self.names.get(name.raw).is_none_or(|places| places.len() == 1);
        if alone && let Some(of) = self.events.get_mut(self.last) {
            return of.check(said, fields, problems);
        }
        let Some(places) = self.names.get(name.raw).cloned() else {
            problems.push(Problem::line(Kind::UnknownEvent, "the schema has no such event"));
            return Ok(());
        };
        // Of a generic event one instance must fit; else the first is told of.
        let mut first = None;
        for place in places {
            let Some(of) = self.events.get_mut(place) else { continue };
            let mut wrong = Vec::new();
            of.check(said, &mut fields.clone(), &mut wrong)?;
            self.last = place;
            if wrong.is_empty() {
                return Ok(());
            }
            first.get_or_insert(wrong);
        }
        problems.extend(first.unwrap_or_default());
        Ok(())
    }
}

impl Of {
    fn new(event: &Event) -> Self {
        Self {
            name: event.name.clone(),
            version: event.version,
            purpose: event.purpose.clone(),
            fields: Fields::new(&event.fields),
        }
    }

    fn check(
        &mut self,
        said: &Said<'_>,
        fields: &mut Cursor<'_>,
        problems: &mut Vec<Problem>,
    ) -> Result<(), NotJson> {
        let mut other = |what: &str| {
            problems.push(Problem {
                event: Some(self.name.clone()),
                field: None,
                kind: Kind::OtherSchema,
                text: format!("the line has another {what} than the schema"),
            });
        };
        let version = said.version.and_then(|v| std::str::from_utf8(v).ok()?.parse().ok());
        if said.version.is_some() && version != Some(self.version) {
            other("version");
        }
        if said.purpose.is_some_and(|purpose| purpose.raw != self.purpose.as_bytes()) {
            other("purpose");
        }
        if fields.shape()? != Shape::Object {
            problems.push(Problem::line(Kind::NotAnEvent, "`fields` is no object"));
            return Ok(());
        }
        self.fields.object(fields, &Trail::Event(&self.name), problems)
    }
}
