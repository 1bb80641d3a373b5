//! The format of a consent file.
//!
//! It owns the keys and the rule that what cannot be understood is a refusal.
//! It must never know how a file is read, nor how several sources are weighed.
//!
//! # Format
//!
//! TOML. The same keys stand in the organisation's
//! file, the installation's file, the user's config file (where tables other
//! than `telemetry` are the program's own and are ignored) and, with more
//! keys, in the user's choice and in its copy beside the data.
//!
//! | key | type | meaning | files |
//! |---|---|---|---|
//! | `telemetry.enabled` | boolean | off, or on, for every purpose | all |
//! | `telemetry.purposes.<name>` | boolean | off, or on, for this purpose | all |
//! | `telemetry.only` | list of text | off for every purpose that is not listed, on for the listed | choice |
//! | `telemetry.written` | RFC 3339 text | when we wrote the file | choice |
//! | `telemetry.cutoff.all` | integer | the generation of every purpose: see `cutoff` | choice |
//! | `telemetry.cutoff.purposes.<name>` | integer | what is added to it for this purpose | choice |
//! | `telemetry.counted.<source>` | list of text | the purposes whose refusal by that source has raised the generations; `*` is every purpose | copy |
//! | `telemetry.notice.shown` | text | version of the notice that was shown last | choice |
//! | `telemetry.notice.time` | RFC 3339 text | when | choice |
//! | `telemetry.notice.purposes` | list of text | the purposes of the notice that was shown first | choice |
//! | `telemetry.receipts[].notice` | text | version of the notice that the user agreed to | choice |
//! | `telemetry.receipts[].time` | RFC 3339 text | when | choice |
//! | `telemetry.receipts[].purposes` | list of text | the purposes agreed to | choice |

use std::collections::BTreeMap;

use jiff::Timestamp;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::consent::cutoff::{self, Cutoff};
use crate::consent::file::Problem;
use crate::consent::notice::{Receipt, is_before};
use crate::consent::signal::{Signal, Verdict};

/// Everything that the user's choice holds beyond what it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) written: Option<Timestamp>,
    pub(crate) cutoff: Cutoff,
    pub(crate) counted: BTreeMap<String, Vec<String>>,
    pub(crate) shown: Option<ShownNotice>,
    pub(crate) receipts: Vec<Receipt>,
}

impl Record {
    /// The version of the newest notice that the user agreed to; without an
    /// agreement, of the one that was shown.
    pub(crate) fn known_notice(&self) -> Option<String> {
        let agreed = self.receipts.iter().map(|receipt| receipt.notice.as_str());
        // Before the program had a notice, receipts name none.
        let agreed = agreed.filter(|version| !version.is_empty());
        let newest = agreed.reduce(|one, other| if is_before(one, other) { other } else { one });
        newest.or(self.shown.as_ref().map(|shown| shown.version.as_str())).map(str::to_owned)
    }
}

/// The notice that was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShownNotice {
    pub(crate) version: String,
    pub(crate) time: Timestamp,
    pub(crate) purposes: Vec<String>,
}

/// Which keys a file may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Document {
    /// Nothing but `[telemetry]`: the organisation's and the installation's.
    Policy,
    /// The program's config file, whose other tables are not ours.
    Config,
    /// The user's choice and its copy, which only we write.
    Choice,
}

/// Understands a file's text whole, or says everything that is wrong with it.
/// `known` are the purposes there are, if the author listed them.
pub(crate) fn parse(
    text: &str,
    document: Document,
    known: &[String],
) -> Result<(Signal, Record), Vec<Problem>> {
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            // The error's own text quotes the file, so only its place is used.
            let line = error.span().map_or(0, |span| line_of(text, span.start));
            return Err(vec![Problem::of_cut_off(line, "is not valid TOML")]);
        }
    };
    let mut reader = DocumentReader {
        text,
        document,
        known,
        signal: Signal::default(),
        record: Record::default(),
        problems: Vec::new(),
    };
    reader.root(table.get_ref());
    if reader.problems.is_empty() {
        Ok((reader.signal, reader.record))
    } else {
        Err(reader.problems)
    }
}

type TomlValue<'i> = Spanned<DeValue<'i>>;

struct DocumentReader<'t> {
    text: &'t str,
    document: Document,
    known: &'t [String],
    signal: Signal,
    record: Record,
    problems: Vec<Problem>,
}

impl DocumentReader<'_> {
    fn root(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if name == "telemetry" {
                self.telemetry(value);
            } else if name.eq_ignore_ascii_case("telemetry") {
                self.problem(
                    key.span().start,
                    format!("has `{}` where `telemetry` is meant", shown(name)),
                );
            } else if self.document != Document::Config {
                self.problem(key.span().start, format!("has the unknown key `{}`", shown(name)));
            }
        }
    }

    fn telemetry(&mut self, value: &TomlValue<'_>) {
        let choice = self.document == Document::Choice;
        let Some(table) = self.table("telemetry", value) else { return };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "enabled" => self.signal.enabled = self.answer("enabled", value),
                "purposes" => self.purposes(value),
                "only" if choice => {
                    self.signal.only = self.names("only", value).map(|names| (names, self.line(value)));
                }
                "written" if choice => self.record.written = self.time("written", value),
                "cutoff" if choice => self.cutoff(value),
                "counted" if choice => self.counted(value),
                "notice" if choice => self.notice(value),
                "receipts" if choice => self.receipts(value),
                other => self.problem(
                    key.span().start,
                    format!(
                        "has the unknown key `{}` under [telemetry]; the keys are `enabled` and `purposes`",
                        shown(other)
                    ),
                ),
            }
        }
    }

    fn purposes(&mut self, value: &TomlValue<'_>) {
        let Some(table) = self.table("purposes", value) else { return };
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            // A choice may name a purpose that an earlier version had.
            let strict = self.document != Document::Choice && !self.known.is_empty();
            if strict && !self.known.iter().any(|known| known == name) {
                let known = self.known.join("`, `");
                self.problem(
                    key.span().start,
                    format!(
                        "names the unknown purpose `{}`; the purposes are `{known}`",
                        shown(name)
                    ),
                );
            }
            if let Some(answer) = self.answer(name, value) {
                self.signal.purposes.insert(name.to_owned(), answer);
            }
        }
    }

    fn cutoff(&mut self, value: &TomlValue<'_>) {
        let Some(table) = self.table("cutoff", value) else { return };
        let (mut all, mut purposes) = (0, BTreeMap::new());
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "all" => all = self.number("all", value).unwrap_or(0),
                "purposes" => {
                    let Some(table) = self.table("purposes", value) else { continue };
                    for (name, value) in table {
                        let name = name.get_ref().as_ref();
                        purposes.extend(self.number(name, value).map(|n| (name.to_owned(), n)));
                    }
                }
                other => self
                    .problem(key.span().start, format!("has the unknown key `{}`", shown(other))),
            }
        }
        self.record.cutoff = Cutoff::from_parts(all, purposes);
    }

    fn counted(&mut self, value: &TomlValue<'_>) {
        let Some(table) = self.table("counted", value) else { return };
        for (source, value) in table {
            let source = source.get_ref().as_ref();
            if let Some(names) = self.names(source, value) {
                self.record.counted.insert(source.to_owned(), names);
            }
        }
    }

    fn notice(&mut self, value: &TomlValue<'_>) {
        let Some(table) = self.table("notice", value) else { return };
        let (mut version, mut time, mut purposes) = (None, None, None);
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "shown" => version = self.text_of("shown", value),
                "time" => time = self.time("time", value),
                "purposes" => purposes = self.names("purposes", value),
                other => self
                    .problem(key.span().start, format!("has the unknown key `{}`", shown(other))),
            }
        }
        match (version, time, purposes) {
            (Some(version), Some(time), Some(purposes)) => {
                self.record.shown = Some(ShownNotice { version, time, purposes });
            }
            _ => self.problem(value.span().start, "has an incomplete `notice`".to_owned()),
        }
    }

    fn receipts(&mut self, value: &TomlValue<'_>) {
        let Some(entries) = value.get_ref().as_array() else {
            return self
                .problem(value.span().start, "has `receipts` that are not a list".to_owned());
        };
        for entry in entries {
            let Some(table) = self.table("receipts", entry) else { continue };
            let (mut notice, mut time, mut purposes) = (None, None, None);
            for (key, value) in table {
                match key.get_ref().as_ref() {
                    "notice" => notice = self.text_of("notice", value),
                    "time" => time = self.time("time", value),
                    "purposes" => purposes = self.names("purposes", value),
                    other => {
                        self.problem(
                            key.span().start,
                            format!("has the unknown key `{}`", shown(other)),
                        );
                    }
                }
            }
            match (notice, time, purposes) {
                (Some(notice), Some(time), Some(purposes)) => {
                    self.record.receipts.push(Receipt { notice, time, purposes });
                }
                _ => self.problem(entry.span().start, "has an incomplete receipt".to_owned()),
            }
        }
    }

    fn table<'v, 'i>(&mut self, key: &str, value: &'v TomlValue<'i>) -> Option<&'v DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong(key, "a table", value);
        }
        table
    }

    fn answer(&mut self, key: &str, value: &TomlValue<'_>) -> Option<Verdict> {
        let Some(on) = value.get_ref().as_bool() else {
            self.wrong(key, "`true` or `false`, without quotes", value);
            return None;
        };
        Some(Verdict { on, line: self.line(value) })
    }

    fn text_of(&mut self, key: &str, value: &TomlValue<'_>) -> Option<String> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(key, "a text", value);
        }
        text.map(str::to_owned)
    }

    fn time(&mut self, key: &str, value: &TomlValue<'_>) -> Option<Timestamp> {
        let time = value.get_ref().as_str().and_then(|text| text.parse().ok());
        if time.is_none() {
            self.wrong(key, "a time such as \"2026-01-31T12:00:00Z\"", value);
        }
        time
    }

    /// A generation.
    fn number(&mut self, key: &str, value: &TomlValue<'_>) -> Option<u64> {
        let integer = value.get_ref().as_integer();
        let number = integer.and_then(|i| u64::from_str_radix(i.as_str(), i.radix()).ok());
        let number = number.filter(|number| *number <= cutoff::LARGEST);
        if number.is_none() {
            self.wrong(key, "a number that counts refusals", value);
        }
        number
    }

    fn names(&mut self, key: &str, value: &TomlValue<'_>) -> Option<Vec<String>> {
        let names = value.get_ref().as_array().and_then(|array| {
            array.iter().map(|entry| entry.get_ref().as_str().map(str::to_owned)).collect()
        });
        if names.is_none() {
            self.wrong(key, "a list of texts", value);
        }
        names
    }

    fn wrong(&mut self, key: &str, expected: &str, value: &TomlValue<'_>) {
        let what = format!("has a `{}` that is not {expected}", shown(key));
        self.problem(value.span().start, what);
    }

    fn problem(&mut self, at: usize, what: String) {
        let line = line_of(self.text, at);
        self.problems.push(Problem::new(line, what));
    }

    fn line(&self, value: &TomlValue<'_>) -> usize {
        line_of(self.text, value.span().start)
    }
}

/// The line, from 1, of a byte.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

/// A key as a message may show it: what a terminal could act on is escaped,
/// and whoever wrote a novel into a key does not get it printed.
pub(crate) fn shown(key: &str) -> String {
    const LONGEST: usize = 64;
    let mut text: String = key.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if key.chars().nth(LONGEST).is_some() {
        text.push('…');
    }
    text
}
