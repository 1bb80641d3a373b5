//! Collecting what every source says.
//!
//! It owns how a file or a variable becomes a statement. It must never know how
//! statements are weighed.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::consent::decision::CountedRefusals;
use crate::consent::document::{self, Document, Record};
use crate::consent::env::{self, Variable};
use crate::consent::file::{self, Content, Look, Problem};
use crate::consent::seen::{FileMetadata, Owner};
use crate::consent::signal::Signal;
use crate::consent::source::{Diagnostic, Layer, Location, Statement, Weight};
use crate::consent::watch::ReadState;
#[cfg(feature = "xml")]
use crate::consent::xml;

/// A file in which somebody else than this library says what holds.
#[derive(Clone, Debug)]
pub(crate) struct PolicyFile {
    pub(crate) layer: Layer,
    pub(crate) path: PathBuf,
    pub(crate) format: SourceFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SourceFormat {
    Toml,
    #[cfg(feature = "xml")]
    Xml,
}

/// How carefully the files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// Once: enough for a refusal.
    Once,
    /// A file that may be half written is waited for; see [`file::read_twice`].
    Twice,
}

/// What all sources said at one time.
pub(crate) struct Gathered {
    care: Care,
    /// The purposes that a file may name without being taken for misspelt.
    known: Vec<String>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) marks: Vec<ReadState>,
    pub(crate) record: Record,
    /// What the choice refuses was not written by us.
    pub(crate) edited: bool,
}

impl Gathered {
    pub(crate) fn new(care: Care, known: Vec<String>) -> Self {
        Self {
            care,
            known,
            statements: Vec::new(),
            diagnostics: Vec::new(),
            marks: Vec::new(),
            record: Record::default(),
            edited: false,
        }
    }

    /// Whether something could not be read that may be readable soon.
    pub(crate) fn is_passing(&self) -> bool {
        self.statements.iter().any(|statement| statement.weight == Weight::Passing)
    }

    pub(crate) fn say(&mut self, layer: Layer, location: Location, signal: Signal) {
        if !signal.is_silent() {
            self.statements.push(Statement { layer, location, signal, weight: Weight::Said });
        }
    }

    /// A refusal that follows from how the program was started.
    pub(crate) fn circumstance(&mut self, layer: Layer, why: &'static str, remedy: &'static str) {
        self.diagnostics.push(Diagnostic {
            layer,
            place: "telemetry".to_owned(),
            what: format!("cannot be used: {why}"),
            remedy: remedy.to_owned(),
        });
        let (signal, weight) = (Signal::for_all(false, 0), Weight::Circumstance(why, remedy));
        self.statements.push(Statement { layer, location: Location::Program, signal, weight });
    }

    /// What changes all the time while it is read is off until the next look.
    pub(crate) fn unsettled(&mut self, what: &str) {
        let (layer, location) = (Layer::Start, Location::Program);
        let mut problem = Problem::new(0, what);
        problem.passing = true;
        self.refuse(layer, location, vec![problem], "wait until it is written");
    }

    /// What cannot be understood is off.
    pub(crate) fn refuse(
        &mut self,
        layer: Layer,
        location: Location,
        problems: Vec<Problem>,
        remedy: &str,
    ) {
        let line = problems.first().map_or(0, |problem| problem.line);
        let passing = problems.iter().all(|problem| problem.passing);
        for problem in problems {
            let place = match &location {
                Location::File(path) | Location::VariableIn(_, path) => {
                    Location::File(path.clone()).at(problem.line)
                }
                Location::Variable(name) => format!("the environment variable {name}"),
                Location::Program => "the program".to_owned(),
            };
            let remedy = remedy.to_owned();
            self.diagnostics.push(Diagnostic { layer, place, what: problem.what, remedy });
        }
        let weight = if passing { Weight::Passing } else { Weight::Broken };
        let signal = Signal::for_all(false, line);
        self.statements.push(Statement { layer, location, signal, weight });
    }

    fn read(&mut self, path: &Path, owner: Owner, is_silent: impl Fn(&str) -> bool) -> Look {
        let look = match (self.care, owner) {
            (Care::Twice, Owner::Others) => file::read_twice(path, is_silent),
            // We replace our own files whole.
            _ => file::read(path, owner),
        };
        let (path, seen) = (path.to_path_buf(), look.seen.clone());
        self.marks.push(ReadState { path, owner, seen });
        look
    }

    pub(crate) fn policy(&mut self, file: &PolicyFile, may_be_no_folder: bool) {
        let known = self.known.clone();
        let parse = |text: &str| parse_policy(file, text, &known);
        let silent = |text: &str| parse(text).is_ok_and(|signal| signal.is_silent());
        let look = self.read(&file.path, Owner::Others, silent);
        let parsed = match look.content {
            Content::Missing => return,
            // Some programs have a *file* of their name in /etc, which is no policy.
            Content::Broken(problem) if may_be_no_folder && problem.no_folder => return,
            Content::Broken(problem) => Err(vec![problem]),
            Content::Text(text) => {
                parse(&text).map_err(|problems| passing_if_fresh(problems, look.seen.as_ref()))
            }
        };
        let location = Location::File(file.path.clone());
        match parsed {
            Ok(signal) => self.say(file.layer, location, signal),
            Err(problems) => self.refuse(file.layer, location, problems, remedy_of(file)),
        }
    }

    /// The user's choice, the mark of a refusal beside it, and the copy of the
    /// refusals beside the data.
    pub(crate) fn choice(&mut self, choice: &Path, mark: &Path, copy: Option<&Path>) {
        let stored = self.own_file(choice, true);
        let there = stored.is_some();
        let (signal, mut record) = stored.unwrap_or_default();
        if self.read(mark, Owner::Us, |_| false).content != Content::Missing {
            let refusal = Signal::for_all(false, 0);
            self.say(Layer::UserChoice, Location::File(mark.to_path_buf()), refusal);
        }
        if let Some(copy) = copy {
            let (kept, copied) = self.own_file(copy, false).unwrap_or_default();
            record.cutoff.merge(&copied.cutoff);
            record.counted = copied.counted;
            self.edited = signal.refuses_beyond(&kept);
            // Written together with the choice, it says what the choice said; an
            // editor may have changed the choice since, and the editor counts.
            let same = there && copied.written.is_some() && copied.written == record.written;
            if !same && !kept.is_silent() {
                let location = Location::File(copy.to_path_buf());
                let (layer, weight) = (Layer::UserChoice, Weight::Refusals);
                self.statements.push(Statement { layer, location, signal: kept, weight });
            }
        }
        self.say(Layer::UserChoice, Location::File(choice.to_path_buf()), signal);
        self.record = record;
    }

    /// What one of our own files holds; none when there is none.
    fn own_file(&mut self, path: &Path, is_choice: bool) -> Option<(Signal, Record)> {
        let look = self.read(path, Owner::Us, |_| false);
        if matches!(&look.content, Content::Broken(problem) if problem.no_folder) && !is_choice {
            // The data folder is none, so that there are no data and no copy.
            return None;
        }
        match parse_own(look.content, &self.known)? {
            Ok(known) => Some(known),
            Err(problems) => {
                let remedy = "switch telemetry off by command, which writes the file anew";
                let location = Location::File(path.to_path_buf());
                self.refuse(Layer::UserChoice, location, problems, remedy);
                None
            }
        }
    }

    pub(crate) fn env_file(&mut self, path: &Path, variables: &[Variable]) {
        let silent = |text: &str| env::find(text, variables).is_ok_and(|sets| sets.is_empty());
        let look = self.read(path, Owner::Others, silent);
        let found = match look.content {
            Content::Missing => return,
            Content::Broken(problem) => Err(vec![problem]),
            Content::Text(text) => {
                let found = env::find(&text, variables).map(|sets| {
                    for set in sets {
                        let name = set.variable.name.clone();
                        let location = Location::VariableIn(name, path.to_path_buf());
                        self.variable(location, set.line, set.variable.read(set.value.as_ref()));
                    }
                });
                found.map_err(|problems| passing_if_fresh(problems, look.seen.as_ref()))
            }
        };
        if let Err(problems) = found {
            let remedy = "write one `KEY=value` on each line";
            self.refuse(Layer::Environment, Location::File(path.to_path_buf()), problems, remedy);
        }
    }

    pub(crate) fn variable(
        &mut self,
        location: Location,
        line: usize,
        read: Result<Option<bool>, String>,
    ) {
        match read {
            Ok(None) => {}
            Ok(Some(on)) => self.say(Layer::Environment, location, Signal::for_all(on, line)),
            Err(what) => {
                let problem = Problem::new(line, what);
                let remedy = "or start the program again without it";
                self.refuse(Layer::Environment, location, vec![problem], remedy);
            }
        }
    }

    /// Per source, what it refuses; see [`Record::counted`]. Only of sources
    /// that say something lasting: a variable of one run is not among them. The
    /// user's choice counts for itself.
    pub(crate) fn refusals(&self) -> CountedRefusals {
        let lasting = |statement: &&Statement| {
            matches!(statement.location, Location::File(_) | Location::VariableIn(..))
                && !statement.is_broken()
                && statement.layer != Layer::UserChoice
        };
        let mut refusals = CountedRefusals::new();
        for statement in self.statements.iter().filter(lasting) {
            let mut names: Vec<String> = statement.signal.refused().into_iter().collect();
            if statement.signal.refuses(None) {
                names.push("*".to_owned());
            }
            if !names.is_empty() {
                refusals.insert(statement.location.at(0), names);
            }
        }
        refusals
    }
}

fn parse_policy(file: &PolicyFile, text: &str, known: &[String]) -> Result<Signal, Vec<Problem>> {
    let document =
        if file.layer == Layer::UserConfig { Document::Config } else { Document::Policy };
    match file.format {
        SourceFormat::Toml => document::parse(text, document, known).map(|(signal, _)| signal),
        #[cfg(feature = "xml")]
        SourceFormat::Xml => xml::parse(text, known),
    }
}

/// What one of our own files holds; none when there is none. An *empty* one is a
/// refusal: we never write one but where a full disk leaves room for nothing
/// else, and a file that lost what was in it may have held one.
pub(crate) fn parse_own(
    content: Content,
    known: &[String],
) -> Option<Result<(Signal, Record), Vec<Problem>>> {
    Some(match content {
        Content::Missing => return None,
        Content::Broken(problem) => Err(vec![problem]),
        Content::Text(text) if text.trim().is_empty() => {
            Ok((Signal::for_all(false, 0), Record::default()))
        }
        Content::Text(text) => document::parse(&text, Document::Choice, known),
    })
}

/// What looks cut off and was written a moment ago may be half written.
fn passing_if_fresh(mut problems: Vec<Problem>, seen: Option<&FileMetadata>) -> Vec<Problem> {
    if seen.is_some_and(|seen| seen.is_fresh(SystemTime::now())) {
        problems.iter_mut().for_each(|problem| problem.passing |= problem.cut_off);
    }
    problems
}

fn remedy_of(file: &PolicyFile) -> &'static str {
    match file.format {
        SourceFormat::Toml => "write `enabled = false` or `enabled = true` under [telemetry]",
        #[cfg(feature = "xml")]
        SourceFormat::Xml => {
            "write <add key=\"Telemetry.Enabled\" value=\"false\" /> or \"true\" in <analyticsSettings>"
        }
    }
}
