//! `telemetry scrub`: hides personal data in files and streams.
//!
//! It owns the command line and the order of files. It must never know a rule:
//! it asks [`Scrubber`].

mod csv;
mod json;
mod output;
mod pipeline;
mod progress;
mod sheet;

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use telemetry_core::pseudonym::{Keys, Secret};
use telemetry_core::scrub::{Preset, Scrubber, Vocabulary};

use self::output::Replacement;
use self::pipeline::Cut;
use self::progress::Progress;
use self::sheet::{Sheet, SheetFormat, Task};
use crate::exit::{CommandResult, Exit, Stop, words};
use crate::io::Io;
use crate::text::visible;

/// Hide personal data in files, or in standard input
///
/// One line in is one line out, so that it can stand in a pipe. Without
/// `--in-place` or `--output` the result goes to standard output.
#[derive(Clone, Debug, clap::Args)]
pub struct Scrub {
    /// What to read; standard input if nothing or `-` is given
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What the files hold; by default, their names say it
    #[arg(long, value_enum)]
    format: Option<SheetFormat>,
    /// Which rules run: `strict` also hides each word that no program says
    #[arg(long, value_enum, default_value_t = Rules::Balanced)]
    preset: Rules,
    /// Only these rules; or with `+` or `-` before each, besides or without them
    #[arg(long, value_name = "RULE,...", value_delimiter = ',', allow_hyphen_values = true)]
    rules: Vec<String>,
    /// A rule of your own: finds of the pattern become `[NAME]`
    #[arg(long, value_name = "NAME=PATTERN")]
    pattern: Vec<String>,
    /// A name to hide as well, such as that of a project
    #[arg(long, value_name = "NAME")]
    literal: Vec<String>,
    /// With `--preset strict`: also keep the words of this program
    #[arg(long, value_name = "EXECUTABLE")]
    words_of: Vec<PathBuf>,
    /// Write `[email:4f1c...]`: equal values get equal tokens, in this run alone,
    /// or in each run with the secret in the file (32 bytes, or as many in hexadecimal)
    #[arg(long, value_name = "SECRET_FILE", num_args = 0..=1, require_equals = true)]
    pseudonyms: Option<Option<PathBuf>>,
    /// Scrub the keys of JSON objects too
    #[arg(long)]
    keys: bool,
    /// What stands between the fields of CSV
    #[arg(long, value_name = "CHARACTER", default_value_t = ',')]
    delimiter: char,
    /// Replace each file by its scrubbed form
    #[arg(long, conflicts_with_all = ["output", "check"])]
    in_place: bool,
    /// Write to this file
    #[arg(long, short, value_name = "FILE", conflicts_with = "check")]
    output: Option<PathBuf>,
    /// Write nothing but `file:line:column: rule` for each find, and end with
    /// exit code 4 if there is one
    #[arg(long)]
    check: bool,
    /// Say at the end how often each rule found something, on standard error
    #[arg(long)]
    report: bool,
    /// List the rules and what each lets pass
    #[arg(long)]
    list_rules: bool,
    /// How many threads scrub; by default, as many as there are cores
    #[arg(long, value_name = "NUMBER")]
    threads: Option<NonZeroUsize>,
}

/// A preset, as the command line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Rules {
    Strict,
    Balanced,
    Minimal,
}

/// What was done so far.
#[derive(Debug, Default)]
struct ScrubTotal {
    counts: BTreeMap<String, u64>,
    found: bool,
}

/// A name that no rule has.
fn no_rule(error: telemetry_core::Error) -> Stop {
    Stop::usage(words(&error), "`--list-rules` says what each finds")
}

impl Scrub {
    /// Runs the command. It looks at no program's telemetry.
    pub(crate) fn run(&self, io: &mut Io<'_>) -> CommandResult {
        if self.list_rules {
            for rule in Scrubber::rules() {
                writeln!(
                    io.out(),
                    "{:18} {:10} {}",
                    rule.name(),
                    rule.token(),
                    rule.description()
                )?;
            }
            return Ok(Exit::Done);
        }
        let scrubber = self.scrubber()?;
        let words = self.words()?;
        let mut total = ScrubTotal::default();
        let mut output = match &self.output {
            Some(path) => Some(Replacement::of(path, None).map_err(|e| unwritable(path, &e))?),
            None => None,
        };
        let standard_input = [PathBuf::from("-")];
        let files = if self.files.is_empty() { &standard_input } else { self.files.as_slice() };
        for path in files {
            self.file(path, &scrubber, words.as_ref(), &mut output, &mut total, io)?;
        }
        if let (Some(output), Some(path)) = (output, &self.output) {
            output.finish().map_err(|e| unwritable(path, &e))?;
        }
        if self.report {
            report(&total, io)?;
        }
        Ok(if self.check && total.found { Exit::Found } else { Exit::Done })
    }

    fn scrubber(&self) -> Result<Scrubber, Stop> {
        let mut scrubber = Scrubber::preset(match self.preset {
            // Words are kept or hidden apart from this: the names of values
            // must not be.
            Rules::Strict | Rules::Balanced => Preset::Balanced,
            Rules::Minimal => Preset::Minimal,
        });
        // A line is as long as it is: it is cut where it is read, if at all.
        scrubber = scrubber.with_max_length(usize::MAX);
        let alone = |rule: &&String| !rule.starts_with(['+', '-']);
        if self.rules.iter().any(|rule| alone(&rule)) {
            for rule in Scrubber::rules() {
                scrubber = scrubber.without(rule.name()).map_err(no_rule)?;
            }
        }
        for rule in &self.rules {
            scrubber = match rule.strip_prefix('-') {
                Some(rule) => scrubber.without(rule),
                None => scrubber.with(rule.strip_prefix('+').unwrap_or(rule)),
            }
            .map_err(no_rule)?;
        }
        for literal in &self.literal {
            scrubber = scrubber.with_literal(literal)?;
        }
        for pattern in &self.pattern {
            let (name, pattern) = pattern.split_once('=').ok_or_else(|| {
                Stop::usage("a pattern has a name", "write `--pattern ticket=OPS-[0-9]+`")
            })?;
            scrubber = scrubber.with_pattern(name, pattern)?;
        }
        Ok(match &self.pseudonyms {
            None => scrubber,
            Some(None) => scrubber.with_pseudonyms(Arc::new(Keys::session()?)),
            Some(Some(path)) => {
                let file = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
                let secret = from_hex(file.trim_ascii()).unwrap_or(file);
                scrubber.with_pseudonyms(Arc::new(Keys::new(Secret::from_bytes(&secret)?)))
            }
        })
    }

    fn words(&self) -> Result<Option<Vocabulary>, Stop> {
        if self.preset != Rules::Strict {
            return match self.words_of.first() {
                None => Ok(None),
                Some(_) => Err(Stop::usage(
                    "`--words-of` is for `--preset strict`, which hides unknown words",
                    "add `--preset strict`, or leave it out",
                )),
            };
        }
        let mut words = Vocabulary::of_this_program().clone();
        for path in &self.words_of {
            words.merge(&Vocabulary::of_executable(path)?);
        }
        Ok(Some(words))
    }

    /// Scrubs one file.
    fn file(
        &self,
        path: &Path,
        scrubber: &Scrubber,
        words: Option<&Vocabulary>,
        output: &mut Option<Replacement>,
        total: &mut ScrubTotal,
        io: &mut Io<'_>,
    ) -> Result<(), Stop> {
        let standard = path == Path::new("-");
        let failed = |error: io::Error| unreadable(path, &error);
        let (mut input, metadata): (Box<dyn Read + Send>, Option<Metadata>) = if standard {
            (Box::new(io::stdin()), None)
        } else {
            let file = File::open(path).map_err(failed)?;
            let metadata = file.metadata().map_err(failed)?;
            (Box::new(file), Some(metadata))
        };
        let mut replacement = match (&metadata, self.in_place) {
            (Some(metadata), true) => {
                Some(Replacement::of(path, Some(metadata)).map_err(|e| unwritable(path, &e))?)
            }
            (None, true) => {
                return Err(Stop::usage(
                    "standard input is no file that could be replaced",
                    "leave out `--in-place`",
                ));
            }
            (_, false) => None,
        };
        let format = self.format.unwrap_or_else(|| format_of(path));
        let (head, columns) = match format {
            SheetFormat::Csv => columns(&mut input, self.delimiter).map_err(failed)?,
            _ => (Vec::new(), Vec::new()),
        };
        let task = Task {
            scrubber,
            words,
            format,
            keys: self.keys,
            delimiter: self.delimiter,
            columns,
            one_by_one: format != SheetFormat::Text
                || words.is_some()
                || self.check
                || !self.pattern.is_empty(),
            counts: self.report,
            places: self.check,
        };
        let cut = if format == SheetFormat::Csv { Cut::Record } else { Cut::Line };
        let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = self.threads.map_or_else(cores, NonZeroUsize::get);
        // What a pipe brings is passed on line by line.
        let at_once = metadata.as_ref().is_none_or(|metadata| !metadata.is_file());
        let mut progress = Progress::new(io, metadata.as_ref().map(Metadata::len));
        let result = pipeline::run(
            head.as_slice().chain(input),
            cut,
            threads,
            |chunk| task.scrub(chunk),
            |sheet| {
                progress.add(io, sheet.read)?;
                total.take(&sheet);
                if self.check {
                    return places(path, &sheet, io.out());
                }
                let out: &mut dyn Write = match (&mut replacement, &mut *output) {
                    (Some(file), _) | (None, Some(file)) => file,
                    (None, None) => io.out(),
                };
                out.write_all(&sheet.bytes)?;
                if at_once { out.flush() } else { Ok(()) }
            },
        );
        progress.finish(io)?;
        let written = match (&self.output, self.in_place) {
            (Some(output), _) => result.map_err(|error| unwritable(output, &error)),
            (None, true) => result.map_err(|error| unwritable(path, &error)),
            (None, false) => result.map_err(Stop::Output),
        };
        written?.map_err(failed)?;
        match replacement {
            Some(replacement) => replacement.finish().map_err(|e| unwritable(path, &e)),
            None => Ok(()),
        }
    }
}

impl ScrubTotal {
    fn take(&mut self, sheet: &Sheet) {
        self.found |= !sheet.places.is_empty();
        for (rule, count) in &sheet.counts {
            match self.counts.get_mut(rule) {
                Some(total) => *total += count,
                None => drop(self.counts.insert(rule.clone(), *count)),
            }
        }
    }
}

fn places(path: &Path, sheet: &Sheet, out: &mut dyn Write) -> io::Result<()> {
    for place in &sheet.places {
        let name = path.to_string_lossy();
        writeln!(out, "{}:{}:{}: {}", visible(&name), place.line, place.column, place.rule)?;
    }
    Ok(())
}

fn report(total: &ScrubTotal, io: &mut Io<'_>) -> io::Result<()> {
    io.out().flush()?;
    if total.counts.is_empty() {
        return writeln!(io.err(), "nothing was found");
    }
    for (rule, count) in &total.counts {
        writeln!(io.err(), "{count:>10}  {rule}")?;
    }
    Ok(())
}

fn format_of(path: &Path) -> SheetFormat {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    match extension.to_str() {
        Some("ndjson" | "jsonl" | "json") => SheetFormat::Ndjson,
        Some("csv") => SheetFormat::Csv,
        _ => SheetFormat::Text,
    }
}

/// Reads the first record, which names the columns, and gives it back with
/// what was read behind it.
fn columns(input: &mut dyn Read, delimiter: char) -> io::Result<(Vec<u8>, Vec<String>)> {
    let mut head = Vec::new();
    while csv::end_of_record(&head).is_none() {
        let before = head.len();
        head.resize(before + 4096, 0);
        let read = input.read(head.get_mut(before..).unwrap_or_default())?;
        head.truncate(before + read);
        if read == 0 {
            break;
        }
    }
    let end = csv::end_of_record(&head).unwrap_or(head.len());
    let record = String::from_utf8_lossy(head.get(..end).unwrap_or_default());
    let record = record.trim_end_matches(['\r', '\n']);
    let fields = csv::fields(record, delimiter);
    let names = fields.into_iter().map(|field| record.get(field).unwrap_or_default());
    let names = names.map(|name| csv::unquoted(name).into_owned()).collect();
    Ok((head, names))
}

/// The bytes that hexadecimal digits stand for, if they are a secret's. By the
/// standard library: in this crate it is the only place with hexadecimal digits.
fn from_hex(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, odd) = digits.as_chunks::<2>();
    if pairs.len() != 32 || !odd.is_empty() {
        return None;
    }
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().map(byte).collect()
}

fn unreadable(path: &Path, error: &io::Error) -> Stop {
    Stop::failed(
        format!("{} could not be read: {error}", path.display()),
        "check that it is there and yours to read",
    )
}

fn unwritable(path: &Path, error: &io::Error) -> Stop {
    Stop::failed(
        format!("{} could not be written: {error}", path.display()),
        "check the folder and the disk; the file is as it was",
    )
}
