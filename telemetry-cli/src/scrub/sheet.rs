//! What is done to some lines of a file.
//!
//! It owns how lines of each format are taken apart for the scrubber, and what
//! is noted of its finds. It must never know where lines come from or go to.

use std::borrow::Cow;
use std::collections::BTreeMap;

use memchr::memmem;
use telemetry_core::scrub::{Scrubber, Vocabulary};

use super::pipeline::{Chunk, PEM_BEGINS, PEM_ENDS};
use super::{csv, json};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum SheetFormat {
    /// Lines of text
    Text,
    /// A JSON value on each line
    Ndjson,
    /// Comma-separated values
    Csv,
}

/// How lines are scrubbed.
#[derive(Debug)]
pub(super) struct Task<'s> {
    pub(super) scrubber: &'s Scrubber,
    /// What is known; nothing else stays.
    pub(super) words: Option<&'s Vocabulary>,
    pub(super) format: SheetFormat,
    /// Whether the keys of JSON objects are scrubbed too.
    pub(super) keys: bool,
    pub(super) delimiter: char,
    /// The names of the columns of CSV, if the first line holds them.
    pub(super) columns: Vec<String>,
    /// Whether each line is asked for by itself: for its place or its words, or
    /// because a pattern may begin with the line's start.
    pub(super) one_by_one: bool,
    /// Whether finds are counted by rule.
    pub(super) counts: bool,
    /// Whether the place of each find is noted.
    pub(super) places: bool,
}

/// Where a find is, both counted from 1; columns in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SheetPosition {
    pub(super) line: u64,
    pub(super) column: usize,
    pub(super) rule: String,
}

/// Some scrubbed lines.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) bytes: Vec<u8>,
    /// Bytes before they were scrubbed.
    pub(super) read: u64,
    pub(super) counts: BTreeMap<String, u64>,
    pub(super) places: Vec<SheetPosition>,
}

/// The rule under which a line of a PEM block is counted.
const PEM: &str = "pem";
/// The rule under which words are counted that `strict` alone hides.
const UNKNOWN: &str = "unknown-word";
/// A value that no rule would find by itself: whether one with this text is
/// hidden says whether its key names a secret.
const PROBE: &str = "Zq7xK2mP9w";
/// Far less than the longest text that a scrubber takes, and far more than a
/// line, of which each would cost a call and an allocation.
const AT_ONCE: usize = 1 << 17;
/// What stands around the name before a value: `"": "`.
const NAMED: usize = 5;

impl Task<'_> {
    pub(super) fn scrub(&self, chunk: Chunk) -> Sheet {
        let mut sheet = Sheet { read: chunk.bytes.len() as u64, ..Sheet::default() };
        sheet.bytes.reserve(chunk.bytes.len() + chunk.bytes.len() / 16);
        let (mut rest, mut line, mut in_pem) =
            (chunk.bytes.as_slice(), chunk.first_line, chunk.in_pem);
        // Most chunks hold no key: their lines are not searched for one.
        let has_pem = in_pem || memmem::find(rest, PEM_BEGINS).is_some();
        // From how many bytes before the end on lines are scrubbed together.
        let mut many = if self.one_by_one || has_pem { 0 } else { usize::MAX };
        while !rest.is_empty() {
            if rest.len() <= many {
                match self.lines(rest, &mut sheet) {
                    Some(behind) => {
                        rest = behind;
                        continue;
                    }
                    None => many = rest.len().saturating_sub(AT_ONCE),
                }
            }
            let end = match self.format {
                SheetFormat::Csv => csv::end_of_record(rest),
                _ => memchr::memchr(b'\n', rest).map(|at| at + 1),
            };
            let (whole, behind) =
                rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, &[]));
            let text = whole.strip_suffix(b"\n").unwrap_or(whole);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            match self.format {
                SheetFormat::Text => {
                    self.text(text, line, has_pem.then_some(&mut in_pem), &mut sheet)
                }
                SheetFormat::Ndjson => {
                    self.ndjson(text, line, has_pem.then_some(&mut in_pem), &mut sheet);
                }
                SheetFormat::Csv => self.csv(text, line, &mut sheet),
            }
            sheet.bytes.extend_from_slice(whole.get(text.len()..).unwrap_or_default());
            line += match self.format {
                SheetFormat::Csv => memchr::memchr_iter(b'\n', whole).count() as u64,
                _ => 1,
            };
            rest = behind;
        }
        sheet
    }

    /// Scrubs many lines at once, and gives what is behind them. Nothing when
    /// they do not come out as they went in: one by one then.
    fn lines<'t>(&self, text: &'t [u8], sheet: &mut Sheet) -> Option<&'t [u8]> {
        let end = text.len().min(AT_ONCE);
        let end = memchr::memrchr(b'\n', text.get(..end)?)? + 1;
        let (lines, behind) = text.split_at_checked(end)?;
        let scrubbed = self.scrubber.scrub_bytes(lines);
        if let Cow::Owned(scrubbed) = &scrubbed {
            let count = |text: &[u8]| memchr::memchr_iter(b'\n', text).count();
            if count(scrubbed) != count(lines) {
                return None;
            }
            self.finds(lines, 0, 0, |_| 0, sheet);
        }
        sheet.bytes.extend_from_slice(&scrubbed);
        Some(behind)
    }

    /// A key is a block of many lines, of which no one says what it is.
    fn text(&self, text: &[u8], line: u64, in_pem: Option<&mut bool>, sheet: &mut Sheet) {
        if in_pem.is_some_and(|in_pem| is_inside_pem(text, in_pem)) {
            self.note(PEM, line, 1, sheet);
            return sheet.bytes.extend_from_slice(b"[secret]");
        }
        let scrubbed = self.scrubber.scrub_bytes(text);
        if let Cow::Owned(_) = scrubbed {
            self.finds(text, 0, line, |at| 1 + characters(text.get(..at)), sheet);
        }
        match self.words {
            Some(words) => {
                let known = String::from_utf8_lossy(&scrubbed);
                self.unknown(words, &known, text, line, |at| 1 + characters(text.get(..at)), sheet);
                sheet.bytes.extend_from_slice(words.hide_unknown(&known).as_bytes());
            }
            None => sheet.bytes.extend_from_slice(&scrubbed),
        }
    }

    fn ndjson(&self, text: &[u8], line: u64, in_pem: Option<&mut bool>, sheet: &mut Sheet) {
        let Ok(valid) = std::str::from_utf8(text) else {
            return self.text(text, line, in_pem, sheet);
        };
        let mut noted = Sheet::default();
        let changed = json::line(valid, self.keys, |key, begins, value| {
            self.value(key, value, line, |at| 1 + characters(text.get(..begins)) + at, &mut noted)
        });
        match changed {
            Ok(changed) => {
                sheet.take_notes(noted);
                sheet.bytes.extend_from_slice(changed.as_deref().unwrap_or(valid).as_bytes());
            }
            // A line between others that is no JSON is scrubbed as what it is.
            Err(json::NoJson) => self.text(text, line, in_pem, sheet),
        }
    }

    fn csv(&self, text: &[u8], line: u64, sheet: &mut Sheet) {
        let text = String::from_utf8_lossy(text);
        let mut noted = Sheet::default();
        // The names of columns stand under no name.
        let columns = if line == 1 { &[] } else { self.columns.as_slice() };
        let changed = csv::record(&text, self.delimiter, columns, |column, begins, field| {
            let before = text.get(..begins).unwrap_or_default();
            let line = line + memchr::memchr_iter(b'\n', before.as_bytes()).count() as u64;
            let before = before.rsplit('\n').next().unwrap_or_default();
            self.value(column, field, line, |at| 1 + before.chars().count() + at, &mut noted)
        });
        sheet.take_notes(noted);
        sheet.bytes.extend_from_slice(changed.as_deref().unwrap_or(&text).as_bytes());
    }

    /// A value under the name that it has: a password is told by its name.
    fn value<'t>(
        &self,
        name: &str,
        value: &'t str,
        line: u64,
        column: impl Fn(usize) -> usize,
        sheet: &mut Sheet,
    ) -> Cow<'t, str> {
        // Quotes in the value would end it before its end.
        let plain = !value.contains(['"', '\\', '\'', '\n']);
        let named = if name.is_empty() || value.is_empty() {
            String::new()
        } else {
            format!("\"{name}\": \"{}\"", if plain { value } else { PROBE })
        };
        let scrubbed = match self.scrubber.scrub(&named) {
            Cow::Borrowed(_) => None,
            Cow::Owned(scrubbed) => inside(&scrubbed, name)
                .filter(|scrubbed| plain || *scrubbed != PROBE)
                .map(str::to_owned),
        };
        let at = |at: usize| column(characters(value.as_bytes().get(..at)));
        let scrubbed = match scrubbed {
            Some(scrubbed) => {
                self.finds(named.as_bytes(), name.len() + NAMED, line, at, sheet);
                if scrubbed == value { Cow::Borrowed(value) } else { Cow::Owned(scrubbed) }
            }
            None => {
                let scrubbed = self.scrubber.scrub(value);
                if let Cow::Owned(_) = scrubbed {
                    self.finds(value.as_bytes(), 0, line, at, sheet);
                }
                scrubbed
            }
        };
        if let Some(words) = self.words {
            self.unknown(words, &scrubbed, value.as_bytes(), line, at, sheet);
        }
        match (self.words, scrubbed) {
            (None, scrubbed) => scrubbed,
            (Some(words), Cow::Borrowed(scrubbed)) => words.hide_unknown(scrubbed),
            (Some(words), Cow::Owned(scrubbed)) => {
                Cow::Owned(words.hide_unknown(&scrubbed).into_owned())
            }
        }
    }

    /// Notes what is found in `text` behind its first `from` bytes.
    fn finds(
        &self,
        text: &[u8],
        from: usize,
        line: u64,
        column: impl Fn(usize) -> usize,
        sheet: &mut Sheet,
    ) {
        if !self.counts && !self.places {
            return;
        }
        for find in self.scrubber.finds(text) {
            if find.range().end > from {
                self.note(
                    find.rule(),
                    line,
                    column(find.range().start.saturating_sub(from)),
                    sheet,
                );
            }
        }
    }

    /// Notes each word of `scrubbed` that is not known, at its place in the text
    /// that was scrubbed: what a rule found is passed over there.
    fn unknown(
        &self,
        words: &Vocabulary,
        scrubbed: &str,
        text: &[u8],
        line: u64,
        column: impl Fn(usize) -> usize,
        sheet: &mut Sheet,
    ) {
        if !self.counts && !self.places {
            return;
        }
        let unknown = words.unknown(scrubbed);
        if unknown.is_empty() {
            return;
        }
        let found: Vec<_> = self.scrubber.finds(text).map(|find| find.range()).collect();
        let mut from = 0;
        for range in unknown {
            let word = scrubbed.get(range).unwrap_or_default().as_bytes();
            let rest = text.get(from..).unwrap_or_default();
            let places = memmem::find_iter(rest, word).map(|at| from + at);
            let place = places.into_iter().find(|at| !found.iter().any(|found| found.contains(at)));
            // What is no UTF-8 has no place of its own.
            let at = place.unwrap_or(from);
            from = place.map_or(from, |at| at + word.len());
            self.note(UNKNOWN, line, column(at), sheet);
        }
    }

    fn note(&self, rule: &str, line: u64, column: usize, sheet: &mut Sheet) {
        if self.counts {
            match sheet.counts.get_mut(rule) {
                Some(count) => *count += 1,
                None => drop(sheet.counts.insert(rule.to_owned(), 1)),
            }
        }
        if self.places {
            sheet.places.push(SheetPosition { line, column, rule: rule.to_owned() });
        }
    }
}

impl Sheet {
    fn take_notes(&mut self, noted: Self) {
        for (rule, count) in noted.counts {
            *self.counts.entry(rule).or_default() += count;
        }
        self.places.extend(noted.places);
    }
}

/// Whether a line is one of those between the marks of a PEM block. `in_pem`
/// says whether one is open before the line, and then behind it.
fn is_inside_pem(line: &[u8], in_pem: &mut bool) -> bool {
    let (begins, ends) = (memmem::rfind(line, PEM_BEGINS), memmem::rfind(line, PEM_ENDS));
    let text = line.trim_ascii();
    let encoded = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let body = !text.is_empty() && text.iter().all(encoded);
    // The headers of an old form of block, which say how it is encrypted.
    let header =
        text.is_empty() || text.starts_with(b"Proc-Type:") || text.starts_with(b"DEK-Info:");
    let inside = *in_pem && body;
    *in_pem = match (begins, ends) {
        (Some(begins), Some(ends)) => begins > ends,
        (Some(_), None) => true,
        (None, Some(_)) => false,
        // A block that was cut off ends with the first line of something else.
        (None, None) => *in_pem && (body || header),
    };
    inside
}

/// What stands between the quotes of `"name": "value"`, if the name is intact.
fn inside<'s>(scrubbed: &'s str, name: &str) -> Option<&'s str> {
    let rest = scrubbed.strip_prefix('"')?.strip_prefix(name)?.strip_prefix("\": ")?;
    // A rule may have taken the quotes with the value.
    Some(rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(rest))
}

fn characters(bytes: Option<&[u8]>) -> usize {
    String::from_utf8_lossy(bytes.unwrap_or_default()).chars().count()
}
