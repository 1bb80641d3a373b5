//! Reading the lock's file, and saying what is wrong with it.

use std::collections::HashMap;

use super::terms::{domain_from_text, name_at, split, text_at};
use super::write::{
    EVENT_NAME, HEAD, PLACE, allowance_line, envelope_line, event_line, field_line, notice_line,
};
use super::{LockError, REWRITE, VERSION};
use crate::model::{
    Allowance, Event, Field, FieldRow, Form, Period, Policy, Schema, Settings, Time,
};

/// Reads a lock's file.
///
/// # Errors
///
/// The first line that cannot be used, and what to do about it: a conflict
/// that a merge left, a newer format, a duplicate, a line that was edited by
/// hand.
pub fn parse(text: &str) -> Result<Schema, LockError> {
    let mut reader = LockReader::default();
    let mut any = false;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        refuse_conflict(number, line)?;
        if index == 0 {
            first_line(line)?;
            any = true;
        } else {
            reader.line(number, line)?;
        }
    }
    if !any {
        return Err(LockError::new(1, "the file is empty", REWRITE));
    }
    Ok(reader.schema)
}

/// What an author wrote at the head of a file that may be broken further on:
/// accepting a change must not lose it.
pub fn settings(text: &str) -> Settings {
    let mut reader = LockReader::default();
    for (index, line) in text.lines().enumerate() {
        if matches!(line.split(' ').next(), Some("max_bits" | "notice" | "allow")) {
            // A setting that cannot be read was none before either.
            let _ = reader.line(index + 1, line);
        }
    }
    reader.schema.settings
}

fn first_line(line: &str) -> Result<(), LockError> {
    let version = line.strip_prefix("telemetry-lock ").map(str::parse::<u32>);
    match version {
        Some(Ok(VERSION)) => Ok(()),
        Some(Ok(version)) if version > VERSION => Err(LockError::new(
            1,
            format!("the file has format {version}, and this version reads up to {VERSION}"),
            "update telemetry-core and the `telemetry` command to the version that wrote it",
        )),
        _ => Err(LockError::new(
            1,
            format!(
                "this is no lock of telemetry: the first line is not `telemetry-lock {VERSION}`"
            ),
            format!("name the right file, or {REWRITE}"),
        )),
    }
}

fn refuse_conflict(number: usize, line: &str) -> Result<(), LockError> {
    if ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark)) {
        return Err(LockError::new(
            number,
            "a merge left a conflict here",
            "resolve the conflict in the code first, then run the tests with TELEMETRY_LOCK=accept",
        ));
    }
    Ok(())
}

#[derive(Default)]
struct LockReader {
    schema: Schema,
    /// The line on which each event, field and setting stands.
    seen: HashMap<String, usize>,
    /// What a canonical line is written into.
    scratch: String,
}

impl LockReader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), LockError> {
        if line.is_empty() || HEAD.contains(&line) {
            return Ok(());
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "event" => self.event(number, line, rest),
            "field" => self.field(number, line, rest),
            "envelope" => self.envelope(number, line, rest),
            "max_bits" => self.max_bits(number, rest),
            "notice" => self.notice(number, line, rest),
            "allow" => self.allow(number, line, rest),
            _ if line.starts_with('#') => Err(LockError::new(
                number,
                "a comment by hand would be lost when a change is accepted",
                "remove it; reasons go into `allow LINT PLACE; because \"...\"`",
            )),
            _ => Err(LockError::new(
                number,
                format!("`{}` begins no line of this format", shown(word)),
                REWRITE,
            )),
        }
    }

    fn max_bits(&mut self, number: usize, rest: &str) -> Result<(), LockError> {
        self.once(number, "max_bits", "`max_bits`")?;
        let bits = rest.parse().map_err(|_| {
            LockError::new(
                number,
                "`max_bits` needs a whole number of bits",
                "write for example `max_bits 24`",
            )
        })?;
        self.schema.settings.max_bits = Some(bits);
        Ok(())
    }

    fn notice(&mut self, number: usize, line: &str, rest: &str) -> Result<(), LockError> {
        self.once(number, "notice", "`notice`")?;
        let name = |name: &str| match name_at(name, b"") {
            Some((name, "")) => Some(name),
            _ => None,
        };
        let names: Option<Vec<String>> = split(rest, ',').map(|part| name(part.trim())).collect();
        let Some(names) = names else {
            return Err(LockError::new(
                number,
                "`notice` needs the names of purposes",
                "write for example `notice diagnostics, product-improvement`",
            ));
        };
        if !names.is_sorted() {
            return Err(LockError::new(
                number,
                "the purposes of `notice` stand not in the order of the alphabet",
                "sort them",
            ));
        }
        self.canonical(number, line, |out| notice_line(out, &names))?;
        self.schema.settings.noticed = Some(names);
        Ok(())
    }

    fn allow(&mut self, number: usize, line: &str, rest: &str) -> Result<(), LockError> {
        let read = || {
            let (lint, rest) = name_at(rest, b"")?;
            let (place, rest) = name_at(rest.strip_prefix(' ')?, PLACE)?;
            let (because, rest) = text_at(rest.strip_prefix("; because ")?)?;
            (rest.is_empty() && !because.trim().is_empty()).then_some(Allowance {
                lint,
                place,
                because,
            })
        };
        let Some(allowance) = read() else {
            return Err(LockError::new(
                number,
                "this `allow` cannot be read",
                "write `allow LINT PLACE; because \"a reason\"`, the place as `event` or `event/field`",
            ));
        };
        self.once(
            number,
            &format!("allow {} {}", allowance.lint, allowance.place),
            "this `allow`",
        )?;
        self.canonical(number, line, |out| allowance_line(out, &allowance))?;
        self.schema.settings.allowances.push(allowance);
        Ok(())
    }

    fn event(&mut self, number: usize, line: &str, rest: &str) -> Result<(), LockError> {
        let event = read_event(rest).ok_or_else(|| by_hand(number))?;
        let key = (&event.name, &event.instance);
        self.once(number, &format!("event {} {:?}", key.0, key.1), &event.title())?;
        if let Some(before) = self.schema.events.last()
            && (&before.name, &before.instance) > key
        {
            return Err(out_of_order(number, &event.title(), &before.title()));
        }
        self.canonical(number, line, |out| event_line(out, &event))?;
        self.schema.events.push(event);
        Ok(())
    }

    fn field(&mut self, number: usize, line: &str, rest: &str) -> Result<(), LockError> {
        let read = || {
            let (name, rest) = name_at(rest, EVENT_NAME)?;
            let rest = rest.strip_prefix(' ')?;
            // Behind an instance stands a space, behind a path a semicolon.
            let (instance, rest) = match text_at(rest) {
                Some((instance, more)) if more.starts_with(' ') => {
                    (Some(instance), more.strip_prefix(' ')?)
                }
                _ => (None, rest),
            };
            let (path, field) = read_field(rest)?;
            Some((name, instance, path, field))
        };
        let (name, instance, path, field) = read().ok_or_else(|| by_hand(number))?;
        let belongs = |event: &&mut Event| event.name == name && event.instance == instance;
        let Some(event) = self.schema.events.last_mut().filter(belongs) else {
            return Err(LockError::new(
                number,
                format!("the field stands not below its event `{}`", shown(&name)),
                REWRITE,
            ));
        };
        self.scratch.clear();
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        field_line(&mut self.scratch, event, &FieldRow { path: names, field: &field });
        compare(number, line, &self.scratch)?;
        put(number, &mut event.fields, &path, field)
    }

    fn envelope(&mut self, number: usize, line: &str, rest: &str) -> Result<(), LockError> {
        let (path, field) = read_field(rest).ok_or_else(|| by_hand(number))?;
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        self.canonical(number, line, |out| {
            envelope_line(out, &FieldRow { path: names.clone(), field: &field });
        })?;
        put(number, &mut self.schema.envelope, &path, field)
    }

    /// Refuses what was said before.
    fn once(&mut self, number: usize, key: &str, what: &str) -> Result<(), LockError> {
        match self.seen.insert(key.to_owned(), number) {
            None => Ok(()),
            Some(first) => Err(LockError::new(
                number,
                format!("`{}` is there twice, first on line {first}", what.trim_matches('`')),
                format!("remove one of the two, or {REWRITE}"),
            )),
        }
    }

    /// Refuses a line that means something, but was not written by us.
    fn canonical(
        &mut self,
        number: usize,
        line: &str,
        write: impl Fn(&mut String),
    ) -> Result<(), LockError> {
        self.scratch.clear();
        write(&mut self.scratch);
        compare(number, line, &self.scratch)
    }
}

fn compare(number: usize, line: &str, written: &str) -> Result<(), LockError> {
    if line == written {
        return Ok(());
    }
    Err(LockError::new(
        number,
        format!("the line was edited by hand: it would be written as `{}`", shown(written)),
        format!("write it so, or {REWRITE}"),
    ))
}

/// Puts a field where its path says: at the end of the fields of the one that
/// holds it, since lines are in the order of their paths.
fn put(
    number: usize,
    fields: &mut Vec<Field>,
    path: &[String],
    field: Field,
) -> Result<(), LockError> {
    let orphan = || {
        LockError::new(
            number,
            format!("`{}` stands not below the field that holds it", path.join(".")),
            REWRITE,
        )
    };
    let Some((_, parents)) = path.split_last() else { return Err(orphan()) };
    let mut fields = fields;
    for parent in parents {
        fields = match fields.last_mut() {
            Some(last) if last.name == *parent => &mut last.fields,
            _ => return Err(orphan()),
        };
    }
    if let Some(before) = fields.last() {
        if before.name == field.name {
            return Err(LockError::new(
                number,
                format!("`{}` is there twice", path.join(".")),
                format!("remove one of the two, or {REWRITE}"),
            ));
        }
        if before.name > field.name {
            return Err(out_of_order(number, &field.name, &before.name));
        }
    }
    fields.push(field);
    Ok(())
}

fn out_of_order(number: usize, later: &str, earlier: &str) -> LockError {
    LockError::new(
        number,
        format!("`{later}` stands behind `{earlier}`: the file is in the order of names"),
        REWRITE,
    )
}

fn by_hand(number: usize) -> LockError {
    LockError::new(number, "the line cannot be read: it was edited by hand or cut", REWRITE)
}

/// Some of a text that may be anything, for a message of one line.
fn shown(text: &str) -> String {
    let mut shown: String =
        text.chars().take(200).map(|c| if c.is_control() { '?' } else { c }).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// `NAME "INSTANCE"; version N; ...`
fn read_event(rest: &str) -> Option<Event> {
    let mut parts = split(rest, ';');
    let (name, instance) = name_at(parts.next()?, EVENT_NAME)?;
    let instance = match instance.strip_prefix(' ') {
        Some(instance) => Some(super::unquote(instance)?),
        None if instance.is_empty() => None,
        None => return None,
    };
    let mut event = Event {
        name,
        instance,
        version: 1,
        purpose: String::new(),
        description: String::new(),
        since: None,
        owner: None,
        question: None,
        expires: None,
        form: Form::Each,
        time: Time::Millisecond,
        max_bits: None,
        fields: Vec::new(),
    };
    for part in parts {
        let (key, value) = part.strip_prefix(' ')?.split_once(' ')?;
        match key {
            "version" => event.version = value.parse().ok()?,
            "purpose" => event.purpose = word(value)?,
            "since" => event.since = Some(super::unquote(value)?),
            "count" => {
                event.form = Form::Counted { period: period(value)?, top: None, identified: false };
            }
            "top" => match &mut event.form {
                Form::Counted { top, .. } => *top = Some(value.parse().ok()?),
                Form::Each => return None,
            },
            "identified" => match &mut event.form {
                Form::Counted { identified, .. } => *identified = value == "yes",
                Form::Each => return None,
            },
            "time" => event.time = time(value)?,
            "max_bits" => event.max_bits = Some(value.parse().ok()?),
            "owner" => event.owner = Some(super::unquote(value)?),
            "question" => event.question = Some(super::unquote(value)?),
            "expires" => event.expires = Some(word(value)?),
            "about" => event.description = super::unquote(value)?,
            _ => return None,
        }
    }
    Some(event)
}

/// `PATH; POLICY; DOMAIN; ...`
fn read_field(rest: &str) -> Option<(Vec<String>, Field)> {
    let mut parts = split(rest, ';');
    let mut path = Vec::new();
    let mut source = parts.next()?;
    loop {
        let (name, after) = name_at(source, b"")?;
        path.push(name);
        match after.strip_prefix('.') {
            Some(more) => source = more,
            None if after.is_empty() => break,
            None => return None,
        }
    }
    let policy = parts.next()?.strip_prefix(' ')?;
    let domain = domain_from_text(parts.next()?.strip_prefix(' ')?)?;
    let mut field = Field {
        name: path.last()?.clone(),
        policy: Policy::new(policy),
        domain,
        description: String::new(),
        purpose: None,
        since: None,
        renamed_from: None,
        private: false,
        fields: Vec::new(),
    };
    for part in parts {
        let (key, value) = part.strip_prefix(' ')?.split_once(' ')?;
        match key {
            "purpose" => field.purpose = Some(word(value)?),
            "since" => field.since = Some(super::unquote(value)?),
            "renamed_from" => field.renamed_from = Some(word(value)?),
            "private" if value == "yes" => field.private = true,
            "about" => field.description = super::unquote(value)?,
            _ => return None,
        }
    }
    (!field.policy.as_str().is_empty()).then_some((path, field))
}

fn word(value: &str) -> Option<String> {
    let (word, rest) = name_at(value, b".")?;
    rest.is_empty().then_some(word)
}

fn period(value: &str) -> Option<Period> {
    [Period::Run, Period::Hour, Period::Day, Period::Week].into_iter().find(|p| p.name() == value)
}

fn time(value: &str) -> Option<Time> {
    [Time::Millisecond, Time::Hour, Time::Day].into_iter().find(|time| time.name() == value)
}
