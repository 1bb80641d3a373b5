//! The schema, laid out for the check of many lines.
//!
//! It owns the walk through the envelope of a line and the choice of the event.
//! It must never know what is allowed in a field.

use std::cell::Cell;
use std::collections::HashMap;

use super::Violation;
use super::check::{FieldPlans, LineProblem, Trail, histogram, shown};
use super::cursor::{Cursor, JsonType, NotJson, RawString};
use crate::model::{Event, Form, Schema};

#[derive(Debug)]
pub(super) struct Plan {
    /// The events' places in the list, by name: several for a generic event.
    names: HashMap<Box<[u8]>, Vec<usize>>,
    events: Vec<EventPlan>,
    /// The keys that every line may have beside the fields.
    envelope: FieldPlans,
    /// The event of the line before: lines of one kind come in rows.
    last: Cell<usize>,
}

/// One event.
#[derive(Debug)]
struct EventPlan {
    name: String,
    /// Whether no other instance has its name.
    alone: bool,
    version: u32,
    purpose: String,
    fields: FieldPlans,
    /// Of an event that leaves only as counts, the period.
    period: Option<&'static str>,
    /// Whether its lines may name an installation.
    identified: bool,
    /// The fields that are histograms, and their bounds.
    histograms: Vec<(Box<[u8]>, Vec<f64>)>,
}

/// What the envelope says of the line.
#[derive(Default)]
struct LineHead<'l> {
    version: Option<&'l [u8]>,
    purpose: Option<RawString<'l>>,
    event: Option<RawString<'l>>,
    /// How often there are fields, and where the last ones are.
    fields: u32,
    place: Option<Cursor<'l>>,
    /// The event whose fields were checked when they were met.
    checked: Option<usize>,
    /// Whether the line names an installation.
    identified: bool,
    /// Of a line of counts, the period, and where the counts are.
    period: Option<RawString<'l>>,
    counts: Option<Cursor<'l>>,
}

impl Plan {
    pub(super) fn new(schema: &Schema) -> Self {
        let mut names: HashMap<Box<[u8]>, Vec<usize>> = HashMap::new();
        for (index, event) in schema.events.iter().enumerate() {
            names.entry(event.name.as_bytes().into()).or_default().push(index);
        }
        let alone = |event: &Event| names.get(event.name.as_bytes()).is_none_or(|p| p.len() == 1);
        Self {
            events: schema.events.iter().map(|event| EventPlan::new(event, alone(event))).collect(),
            envelope: FieldPlans::new(schema.envelope.iter()),
            last: Cell::new(usize::MAX),
            names,
        }
    }

    /// Checks one line and adds what is wrong to `problems`.
    pub(super) fn line(&self, line: &[u8], problems: &mut Vec<LineProblem>) {
        let checked = std::str::from_utf8(line).map_err(|_| NotJson);
        if checked.and_then(|_| self.envelope(line, problems)).is_err() {
            problems.push(LineProblem::line(Violation::NotAnEvent, "this is no JSON object"));
        }
    }

    fn envelope(&self, line: &[u8], problems: &mut Vec<LineProblem>) -> Result<(), NotJson> {
        let mut cursor = Cursor::new(line);
        let mut said = LineHead::default();
        let mut before = self.envelope.before_first();
        cursor.each(b'{', b'}', |cursor| {
            let key = cursor.text()?;
            cursor.must(b':')?;
            match key.raw {
                b"event" if cursor.shape()? == JsonType::Text => said.event = Some(cursor.text()?),
                b"purpose" if cursor.shape()? == JsonType::Text => {
                    said.purpose = Some(cursor.text()?)
                }
                b"version" if cursor.shape()? == JsonType::Number => {
                    said.version = Some(cursor.number()?.0);
                }
                b"period" if cursor.shape()? == JsonType::Text => {
                    said.period = Some(cursor.text()?)
                }
                b"counts" => {
                    said.fields += 1;
                    said.counts = Some(cursor.clone());
                    return cursor.skip();
                }
                b"fields" => return self.fields(cursor, &mut said, problems),
                raw => match self.envelope.place(before, raw) {
                    Some(place) => {
                        before = place;
                        if let Some((name, check)) = self.envelope.at(place) {
                            said.identified |= name == "installation";
                            check.value(cursor, &Trail::Top(None, name), problems)?;
                        }
                    }
                    None => {
                        let name = String::from_utf8_lossy(raw);
                        problems.push(LineProblem::key(&name, "the schema has no such key"));
                        return cursor.skip();
                    }
                },
            }
            Ok(())
        })?;
        if !cursor.is_at_end() {
            return Err(NotJson);
        }
        self.rest(&said, problems)
    }

    /// Our own lines name the event before its fields, which are then checked
    /// at once; others' may not, and are gone through a second time.
    fn fields<'l>(
        &self,
        cursor: &mut Cursor<'l>,
        said: &mut LineHead<'l>,
        problems: &mut Vec<LineProblem>,
    ) -> Result<(), NotJson> {
        said.fields += 1;
        let place = said.event.and_then(|name| self.alone(name.raw));
        if let Some((place, of)) = place.and_then(|place| Some((place, self.events.get(place)?)))
            && said.fields == 1
            && of.period.is_none()
        {
            said.checked = Some(place);
            return of.fields(cursor, problems);
        }
        said.place = Some(cursor.clone());
        cursor.skip()
    }

    /// The place of the one event of this name.
    #[inline]
    fn alone(&self, name: &[u8]) -> Option<usize> {
        let last = self.last.get();
        let of = self.events.get(last).filter(|of| of.alone && of.name.as_bytes() == name);
        if of.is_some() {
            return Some(last);
        }
        match self.names.get(name)?.as_slice() {
            [place] => {
                self.last.set(*place);
                Some(*place)
            }
            _ => None,
        }
    }

    /// What is left to check when the whole line was read.
    fn rest(&self, said: &LineHead<'_>, problems: &mut Vec<LineProblem>) -> Result<(), NotJson> {
        let Some(name) = said.event else {
            problems
                .push(LineProblem::line(Violation::NotAnEvent, "there is no event's name in it"));
            return Ok(());
        };
        if said.fields != 1 {
            let text = "there are not exactly one `fields` or `counts` in it";
            problems.push(LineProblem::line(Violation::NotAnEvent, text));
            return Ok(());
        }
        if let Some(of) = said.checked.and_then(|place| self.events.get(place)) {
            // A second name would make the check of the first one void.
            if of.name.as_bytes() != name.raw {
                problems.push(LineProblem::line(
                    Violation::NotAnEvent,
                    "there are two events' names in it",
                ));
            }
            of.said(said, problems);
            return Ok(());
        }
        let Some(places) = self.names.get(name.raw) else {
            problems
                .push(LineProblem::line(Violation::UnknownEvent, "the schema has no such event"));
            return Ok(());
        };
        // Of a generic event one instance must fit; else the first is told of.
        let mut first = None;
        for of in places.iter().filter_map(|place| self.events.get(*place)) {
            let mut wrong = Vec::new();
            of.said(said, &mut wrong);
            of.values(said, &mut wrong)?;
            if wrong.is_empty() {
                return Ok(());
            }
            first.get_or_insert(wrong);
        }
        problems.extend(first.unwrap_or_default());
        Ok(())
    }
}

impl EventPlan {
    fn new(event: &Event, alone: bool) -> Self {
        Self {
            name: event.name.clone(),
            alone,
            version: event.version,
            purpose: event.purpose.clone(),
            // The numbers of histograms stand beside the fields of a form.
            fields: FieldPlans::new(
                event.fields.iter().filter(|field| field.histogram().is_none()),
            ),
            histograms: event
                .histograms()
                .map(|(field, bounds)| {
                    let bounds = bounds.iter().filter_map(serde_json::Number::as_f64).collect();
                    (field.name.as_bytes().into(), bounds)
                })
                .collect(),
            period: match event.form {
                Form::Counted { period, .. } => Some(period.name()),
                Form::Each => None,
            },
            identified: !matches!(event.form, Form::Counted { identified: false, .. }),
        }
    }

    /// Checks the fields or counts, whichever the event leaves as.
    fn values(&self, said: &LineHead<'_>, problems: &mut Vec<LineProblem>) -> Result<(), NotJson> {
        match (self.period, &said.place, &said.counts) {
            (None, Some(fields), _) => self.fields(&mut fields.clone(), problems),
            (Some(period), _, Some(counts)) => {
                if said.period.is_none_or(|said| said.raw != period.as_bytes()) {
                    problems
                        .push(self.problem(Violation::OtherSchema, "the period is another one"));
                }
                self.counts(&mut counts.clone(), problems)
            }
            (Some(_), ..) => {
                let text = "a single event, where only counts may leave";
                problems.push(self.problem(Violation::OtherSchema, text));
                Ok(())
            }
            (None, ..) => {
                let text = "counts of an event that leaves by itself";
                problems.push(self.problem(Violation::OtherSchema, text));
                Ok(())
            }
        }
    }

    /// Checks a list of forms with how often each occurred.
    fn counts(
        &self,
        cursor: &mut Cursor<'_>,
        problems: &mut Vec<LineProblem>,
    ) -> Result<(), NotJson> {
        if cursor.shape()? != JsonType::Array {
            problems.push(self.problem(Violation::WrongType, "`counts` is no list"));
            return cursor.skip();
        }
        cursor.each(b'[', b']', |cursor| {
            if cursor.shape()? != JsonType::Object {
                problems.push(self.problem(Violation::WrongType, "a count is no object"));
                return cursor.skip();
            }
            cursor.each(b'{', b'}', |cursor| {
                let key = cursor.text()?;
                cursor.must(b':')?;
                let shape = cursor.shape()?;
                match (key.raw, shape) {
                    (b"fields", _) => self.fields(cursor, problems),
                    (b"count", JsonType::Number) if cursor.number()?.1 => Ok(()),
                    (b"count", JsonType::Number) => {
                        problems
                            .push(self.problem(Violation::WrongType, "a count is no whole number"));
                        Ok(())
                    }
                    (b"other", JsonType::Bool) => cursor.bool().map(drop),
                    (b"histograms", JsonType::Object) => self.histograms(cursor, problems),
                    _ => {
                        let text = "a count has a key that it must not have";
                        problems.push(self.problem(Violation::UnknownField, text));
                        cursor.skip()
                    }
                }
            })
        })
    }

    /// Checks the histograms of a form, by the names of their fields.
    fn histograms(
        &self,
        cursor: &mut Cursor<'_>,
        problems: &mut Vec<LineProblem>,
    ) -> Result<(), NotJson> {
        cursor.each(b'{', b'}', |cursor| {
            let key = cursor.text()?;
            cursor.must(b':')?;
            let name = String::from_utf8_lossy(key.raw);
            let place = |problem: LineProblem| LineProblem { field: Some(shown(&name)), ..problem };
            match self.histograms.iter().find(|(name, _)| **name == *key.raw) {
                None => {
                    let text = "the schema has no such histogram";
                    problems.push(place(self.problem(Violation::UnknownField, text)));
                    cursor.skip()
                }
                Some((_, bounds)) => {
                    let wrong = histogram(cursor, bounds)?;
                    problems.extend(wrong.map(|(kind, text)| place(self.problem(kind, text))));
                    Ok(())
                }
            }
        })
    }

    fn problem(&self, kind: Violation, text: &str) -> LineProblem {
        LineProblem { event: Some(self.name.clone()), ..LineProblem::line(kind, text) }
    }

    /// Checks what the envelope says of the event.
    fn said(&self, said: &LineHead<'_>, problems: &mut Vec<LineProblem>) {
        let mut other = |what: &str| {
            problems.push(LineProblem {
                event: Some(self.name.clone()),
                field: None,
                kind: Violation::OtherSchema,
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
        if said.identified && !self.identified {
            let text = "the line names an installation, and counts of this event name none";
            problems.push(LineProblem {
                field: Some("installation".to_owned()),
                ..self.problem(Violation::OtherSchema, text)
            });
        }
    }

    /// Checks the fields that stand here.
    fn fields(
        &self,
        cursor: &mut Cursor<'_>,
        problems: &mut Vec<LineProblem>,
    ) -> Result<(), NotJson> {
        if cursor.shape()? != JsonType::Object {
            problems.push(LineProblem::line(Violation::NotAnEvent, "`fields` is no object"));
            return cursor.skip();
        }
        self.fields.object(cursor, &Trail::Event(&self.name), problems)
    }
}
