//! Whether the user, the organisation and the environment let anything be
//! collected, for which purposes, and why.
//!
//! It owns the layers, the decision, and why. It must never know an event or
//! the spool's files.
//!
//! # The layers, and the one rule
//!
//! | | layer | where | says |
//! |---|---|---|---|
//! | 1 | organisation | `/etc/<app>/telemetry.toml` (Windows: `%ProgramData%\<app>\telemetry.toml`) and the author's [`organisation_file`](Layers::organisation_file) | off, on, per purpose |
//! | 2 | environment | `DO_NOT_TRACK`, the author's variables, and files of them | off; on with [`enable_env`](Layers::enable_env) |
//! | 3 | user's config file | the author's [`user_config`](Layers::user_config) | off, on, per purpose |
//! | 4 | user's choice | `<config>/<app>/telemetry.toml`, written by [`Choice`] | off, on, per purpose, receipts |
//! | 5 | installation | the author's [`installation_file`](Layers::installation_file), written by [`Installation`] | off, on, per purpose |
//! | 6 | build machine | a variable of a continuous-integration system | off, unless [`collect_in_ci`](Layers::collect_in_ci) |
//! | 7 | default | [`on_by_default`](Layers::on_by_default) | on; without it nothing |
//!
//! **Any off wins over every on**, whatever the layer. The order decides only
//! which source is named first. A purpose is granted when no source says off,
//! for it or for all, and at least one says on. So adding an opt-out, or
//! breaking a file, can never turn anything on.
//!
//! What is missing has no opinion. What cannot be read or understood is off,
//! with a [`Diagnostic`]: a broken or unreadable file, one that is larger than
//! 64 KiB, a wrong type, an unknown key under `[telemetry]` (who writes `enable = false`
//! means off), an unknown purpose, a value that is neither true nor false.
//!
//! | key in a file | means |
//! |---|---|
//! | `[telemetry]` `enabled = false` | off for every purpose |
//! | `[telemetry]` `enabled = true` | on for every purpose |
//! | `[telemetry.purposes]` `<name> = false` | off for this purpose |
//! | `[telemetry.purposes]` `<name> = true` | on for this purpose |
//!
//! | variable | value | means |
//! |---|---|---|
//! | `DO_NOT_TRACK` | empty, `0`, `false` | no opinion |
//! | `DO_NOT_TRACK` | anything else | off |
//! | [`opt_out_env`](Layers::opt_out_env) | anything, even empty | off |
//! | [`disable_env`](Layers::disable_env) | `1`, `true`, `yes`, `on` | off |
//! | [`disable_env`](Layers::disable_env) | `0`, `false`, `no`, `off` | no opinion |
//! | [`enable_env`](Layers::enable_env) | `1`, `true`, `yes`, `on` | on |
//! | [`enable_env`](Layers::enable_env) | `0`, `false`, `no`, `off` | off |
//! | the last two | anything else, even empty | off, with a diagnostic |
//!
//! Words are understood in any case. `DO_NOT_TRACK` follows
//! <https://consoledonottrack.com>, which gives a meaning to `1` alone; every
//! other value that is not plainly a no counts as a wish not to be tracked.
//!
//! # Example
//!
//! ```
//! use telemetry_core::consent::{Layer, Layers};
//! use telemetry_core::schema::Purpose;
//!
//! # let folder = std::env::temp_dir().join(format!("telemetry-consent-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let config = folder.join("config.toml");
//! std::fs::write(&config, "[telemetry.purposes]\nmodel-training = false\n")?;
//!
//! let layers = Layers::new("studio")
//!     .on_by_default()
//!     .user_config(&config)
//! #   .choice_file(folder.join("telemetry.toml"))
//!     .with_env(|_| None);
//! let decision = layers.decide();
//! assert!(decision.granted(Purpose::SERVICE));
//! assert!(!decision.granted(Purpose::MODEL_TRAINING));
//! let ruling = decision.ruling("model-training");
//! assert_eq!(ruling.source().unwrap().layer(), Layer::UserConfig);
//! assert_eq!(ruling.source().unwrap().place(), format!("{}:2", config.display()));
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Purposes, notices and receipts
//!
//! In a program with a [`Notice`] the user agrees to purposes that a text has
//! explained, and a [`Receipt`] says to which, when, and in which version of
//! the text. What a later version adds is off until the user agrees to it.
//!
//! ```
//! use telemetry_core::consent::{Layers, Notice};
//! use telemetry_core::schema::Purpose;
//!
//! # let folder = std::env::temp_dir().join(format!("telemetry-receipts-doc-{}", std::process::id()));
//! let layers = Layers::new("studio")
//! #   .choice_file(folder.join("telemetry.toml"))
//!     .with_env(|_| None);
//! let first = layers.clone().notice(
//!     Notice::new("1", "We count crashes.").purposes(&[Purpose::SERVICE, Purpose::DIAGNOSTICS]),
//! );
//! first.choice()?.agree_to(&["service"])?;
//!
//! let second = layers.notice(
//!     Notice::new("2", "We count crashes and train models.")
//!         .purposes(&[Purpose::SERVICE, Purpose::DIAGNOSTICS, Purpose::MODEL_TRAINING]),
//! );
//! let decision = second.decide();
//! let table: String = decision
//!     .purposes()
//!     .map(|(purpose, ruling)| format!("{purpose}: {}\n", if ruling.is_granted() { "yes" } else { "no" }))
//!     .collect();
//! assert_eq!(table, "diagnostics: no\nmodel-training: no\nservice: yes\n");
//! assert_eq!(decision.receipts()[0].notice(), "1");
//! assert_eq!(decision.receipts()[0].purposes(), ["service"]);
//! assert_eq!(decision.notice_due().unwrap().version(), "2");
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod choice;
mod ci;
mod cutoff;
mod decision;
mod env;
mod installation;
mod notice;
mod source;
mod watch;
#[cfg(feature = "xml")]
mod xml;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etcetera::BaseStrategy;

pub use self::choice::Choice;
pub use self::cutoff::Cutoff;
pub use self::decision::{Decision, Diagnostic, Layer, Ruling, Source, Why};
pub use self::installation::Installation;
pub use self::notice::{Notice, Receipt};

use self::decision::{Circumstances, Place, Word};
use self::env::{Lookup, Reading, Variable};
use self::source::{Content, Kind, Links, Problem, Record, Said};
use self::watch::Watch;
use crate::error::{self, Error};
use crate::platform;
use crate::schema::Purpose;

/// All sources of consent of one program, and the rule that weighs them.
///
/// `Telemetry::builder` makes it from the calls of
/// the same names; it can also be used alone.
#[derive(Clone)]
pub struct Layers {
    app: String,
    command: String,
    files: Vec<PolicyFile>,
    variables: Vec<Variable>,
    env_files: Vec<PathBuf>,
    choice: Option<PathBuf>,
    in_ci: bool,
    on_by_default: bool,
    notice: Option<Notice>,
    purposes: BTreeSet<String>,
    lookup: Lookup,
}

#[derive(Clone, Debug)]
struct PolicyFile {
    layer: Layer,
    path: PathBuf,
    shape: FileShape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileShape {
    Toml,
    #[cfg(feature = "xml")]
    Xml,
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layers")
            .field("app", &self.app)
            .field("files", &self.files)
            .field("variables", &self.variables)
            .field("env_files", &self.env_files)
            .field("choice", &self.choice)
            .field("in_ci", &self.in_ci)
            .field("on_by_default", &self.on_by_default)
            .finish_non_exhaustive()
    }
}

impl Layers {
    /// The layers that every program has: the organisation's file and the
    /// user's choice at their usual places, `DO_NOT_TRACK`, build machines.
    /// Nothing is on until somebody says so.
    ///
    /// The name is the one of the folders that hold those files. One that
    /// cannot be a folder's name (empty, or with a separator in it) leaves
    /// everything off, with a diagnostic.
    pub fn new(app: impl Into<String>) -> Self {
        let do_not_track =
            Variable { name: "DO_NOT_TRACK".to_owned(), reading: Reading::DoNotTrack };
        Self {
            app: app.into(),
            command: "telemetry".to_owned(),
            files: Vec::new(),
            variables: vec![do_not_track],
            env_files: Vec::new(),
            choice: None,
            in_ci: false,
            on_by_default: false,
            notice: None,
            purposes: BTreeSet::new(),
            lookup: Arc::new(|name| std::env::var_os(name)),
        }
    }

    /// A further policy file of the organisation, in TOML. The user's own word
    /// cannot revert an off in it.
    #[must_use]
    pub fn organisation_file(self, path: impl Into<PathBuf>) -> Self {
        self.file(Layer::Organisation, path.into(), FileShape::Toml)
    }

    /// A policy file of the organisation in the shape of a .NET application's
    /// config: `<analyticsSettings>` with `<add key="Telemetry.Enabled" value="false" />`,
    /// and `Telemetry.Purposes.<name>` for a single purpose. The rest of the
    /// document is ignored.
    #[cfg(feature = "xml")]
    #[must_use]
    pub fn organisation_xml(self, path: impl Into<PathBuf>) -> Self {
        self.file(Layer::Organisation, path.into(), FileShape::Xml)
    }

    /// A variable whose presence is an opt-out, with any value, even an empty one.
    #[must_use]
    pub fn opt_out_env(self, name: impl Into<String>) -> Self {
        self.variable(name.into(), Reading::Presence)
    }

    /// A variable such as `APPSMITH_DISABLE_TELEMETRY`: true is off, false is
    /// no opinion, anything else is off with a diagnostic.
    #[must_use]
    pub fn disable_env(self, name: impl Into<String>) -> Self {
        self.variable(name.into(), Reading::Disables)
    }

    /// A variable such as `TELEMETRY_ENABLED`: true is on, false is off,
    /// anything else is off with a diagnostic.
    #[must_use]
    pub fn enable_env(self, name: impl Into<String>) -> Self {
        self.variable(name.into(), Reading::Enables)
    }

    /// A file of `KEY=value` lines, such as `docker.env`, in which the same
    /// variables are looked for as in the environment.
    #[must_use]
    pub fn env_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.env_files.push(platform::anchored(path.into()));
        self
    }

    /// The program's config file of the user, of which `[telemetry]` is read.
    #[must_use]
    pub fn user_config(self, path: impl Into<PathBuf>) -> Self {
        self.file(Layer::UserConfig, path.into(), FileShape::Toml)
    }

    /// Where the user's choice is kept, instead of `<config>/<app>/telemetry.toml`.
    #[must_use]
    pub fn choice_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.choice = Some(platform::anchored(path.into()));
        self
    }

    /// Where the choice made at installation is kept; see [`Installation`].
    #[must_use]
    pub fn installation_file(self, path: impl Into<PathBuf>) -> Self {
        self.file(Layer::Installation, path.into(), FileShape::Toml)
    }

    /// Whether build machines are counted. They are not, unless this says so.
    #[must_use]
    pub fn collect_in_ci(mut self, collect: bool) -> Self {
        self.in_ci = collect;
        self
    }

    /// Collect unless somebody says off. Without this call nothing is
    /// collected until the user, the organisation or the installation says on.
    #[must_use]
    pub fn on_by_default(mut self) -> Self {
        self.on_by_default = true;
        self
    }

    /// What the user must be shown before anything is sent; see [`Notice`].
    #[must_use]
    pub fn notice(mut self, notice: Notice) -> Self {
        self.purposes.extend(notice.purpose_names().iter().cloned());
        self.notice = Some(notice);
        self
    }

    /// Every purpose there is in the program, so that a misspelt one in a file
    /// is noticed and the decision can list them all. No other purpose is ever
    /// granted: an event or a field of one that is not listed stays out.
    #[must_use]
    pub fn purposes(mut self, purposes: &[Purpose]) -> Self {
        self.purposes.extend(purposes.iter().map(|purpose| purpose.name().to_owned()));
        self
    }

    /// The command that changes the user's choice, as [`Why`] names it; it is
    /// `telemetry` unless the program has it as a subcommand of its own.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = command.into();
        self
    }

    /// The command that changes the user's choice; see [`command`](Self::command).
    pub fn command_name(&self) -> &str {
        &self.command
    }

    /// Looks variables up here instead of in the process environment.
    #[must_use]
    pub fn with_env(
        mut self,
        lookup: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static,
    ) -> Self {
        self.lookup = Arc::new(lookup);
        self
    }

    /// Reads every source and weighs them.
    ///
    /// It only reads: it creates no file and no folder, starts no thread and
    /// opens no connection, whatever the result.
    pub fn decide(&self) -> Decision {
        let choice = self.choice_path();
        let files = self.policy_files();
        let own = choice.as_ref().ok().map(|path| (path.clone(), true));
        let others = files.iter().map(|file| &file.path).chain(&self.env_files);
        let watch = Watch::begin(others.map(|path| (path.clone(), false)).chain(own));
        let mut hearing = Hearing { known: self.known_purposes(), ..Hearing::default() };
        for file in &files {
            hearing.policy(file);
        }
        self.hear_environment(&mut hearing);
        let record = match &choice {
            Ok(path) => hearing.choice(path),
            Err(what) => {
                hearing.app_is_nameless(what);
                Record::default()
            }
        };
        self.hear_program(&mut hearing);
        let (told, unseen) = self.notice_state(&record);
        Decision::weigh(
            hearing.words,
            Circumstances {
                command: &self.command,
                purposes: self.purposes.clone(),
                told,
                unseen,
                receipts: record.receipts,
                cutoff: record.cutoff,
                diagnostics: hearing.diagnostics,
                watch,
            },
        )
    }

    /// The user's choice, to change it.
    ///
    /// # Errors
    ///
    /// When there is no folder to keep it in: the name of the program cannot be
    /// a folder's, or the user has no home folder.
    pub fn choice(&self) -> Result<Choice, Error> {
        let path = self.choice_path().map_err(|what| Error::new(error::Kind::Config, what))?;
        Ok(Choice::new(path, self.purposes.iter().cloned().collect(), self.notice.clone()))
    }

    /// A variable of the environment, as the layers see it.
    pub(crate) fn variable_value(&self, name: &str) -> Option<OsString> {
        (self.lookup)(name)
    }

    fn file(mut self, layer: Layer, path: PathBuf, shape: FileShape) -> Self {
        self.files.push(PolicyFile { layer, path: platform::anchored(path), shape });
        self
    }

    fn variable(mut self, name: String, reading: Reading) -> Self {
        self.variables.push(Variable { name, reading });
        self
    }

    fn choice_path(&self) -> Result<PathBuf, String> {
        if let Some(path) = &self.choice {
            return Ok(path.clone());
        }
        let name = self.app_folder().ok_or("the program's name cannot be the name of a folder")?;
        let base = etcetera::choose_base_strategy()
            .map_err(|_| "the user's home folder is unknown: set HOME")?;
        Ok(base.config_dir().join(name).join("telemetry.toml"))
    }

    /// The purposes that a file may name without being taken for misspelt; none
    /// when the author listed none. The library's own are always among them:
    /// an organisation refuses `model-training` in one file for many programs,
    /// of which not all have it.
    fn known_purposes(&self) -> Vec<String> {
        if self.purposes.is_empty() {
            return Vec::new();
        }
        let own = Purpose::STANDARD.iter().map(|purpose| purpose.name().to_owned());
        self.purposes.iter().cloned().chain(own).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The program's name, if it can be the name of a folder.
    fn app_folder(&self) -> Option<&str> {
        let path = Path::new(&self.app);
        let whole =
            path.file_name() == Some(path.as_os_str()) && !self.app.contains(['/', '\\', '\0']);
        whole.then_some(self.app.as_str())
    }

    fn policy_files(&self) -> Vec<PolicyFile> {
        let folder = self.app_folder().map(|name| self.system_config().join(name));
        // Some programs have a *file* of that name there, which is no policy.
        let usual = folder.filter(|folder| !folder.is_file()).map(|folder| PolicyFile {
            layer: Layer::Organisation,
            path: folder.join("telemetry.toml"),
            shape: FileShape::Toml,
        });
        usual.into_iter().chain(self.files.iter().cloned()).collect()
    }

    #[cfg(not(windows))]
    fn system_config(&self) -> PathBuf {
        PathBuf::from("/etc")
    }

    #[cfg(windows)]
    fn system_config(&self) -> PathBuf {
        (self.lookup)("ProgramData").map_or_else(|| PathBuf::from(r"C:\ProgramData"), PathBuf::from)
    }

    fn hear_environment(&self, hearing: &mut Hearing) {
        for variable in &self.variables {
            if let Some(value) = (self.lookup)(&variable.name) {
                let place = Place::Variable(variable.name.clone());
                hearing.variable(place, 0, variable.read(&value));
            }
        }
        for path in &self.env_files {
            hearing.env_file(path, &self.variables);
        }
    }

    fn hear_program(&self, hearing: &mut Hearing) {
        if let Some(name) = ci::detect(&self.lookup).filter(|_| !self.in_ci) {
            let place = Place::Variable(name.to_owned());
            hearing.say(Layer::ContinuousIntegration, place, Said::all(false, 0));
        }
        if self.on_by_default {
            hearing.say(Layer::Default, Place::Program, Said::all(true, 0));
        }
    }

    /// The purposes that the user was told of, and the notice if it is new.
    fn notice_state(&self, record: &Record) -> (Option<BTreeSet<String>>, Option<Notice>) {
        let Some(notice) = &self.notice else { return (None, None) };
        let shown = record.shown.as_ref();
        let told = shown.iter().flat_map(|shown| &shown.purposes);
        let agreed = record.receipts.iter().flat_map(|receipt| &receipt.purposes);
        let seen = shown.is_some_and(|shown| shown.version == notice.version())
            || record.receipts.iter().any(|receipt| receipt.notice == notice.version());
        let told = told.chain(agreed).cloned().collect();
        (Some(told), (!seen).then(|| notice.clone()))
    }
}

/// Collects what the sources say.
#[derive(Default)]
struct Hearing {
    known: Vec<String>,
    words: Vec<Word>,
    diagnostics: Vec<Diagnostic>,
}

impl Hearing {
    fn say(&mut self, layer: Layer, place: Place, said: Said) {
        if !said.is_silent() {
            self.words.push(Word { layer, place, said, broken: false });
        }
    }

    /// What cannot be understood is off.
    fn refuse(&mut self, layer: Layer, place: Place, problems: Vec<Problem>, remedy: &str) {
        let line = problems.first().map_or(0, |problem| problem.line);
        for problem in problems {
            let at = match (&place, problem.line) {
                (Place::File(path) | Place::VariableIn(_, path), 0) => path.display().to_string(),
                (Place::File(path) | Place::VariableIn(_, path), line) => {
                    format!("{}:{line}", path.display())
                }
                (Place::Variable(name), _) => format!("the environment variable {name}"),
                (Place::Program, _) => "the program".to_owned(),
            };
            let remedy = remedy.to_owned();
            self.diagnostics.push(Diagnostic { layer, place: at, what: problem.what, remedy });
        }
        self.words.push(Word { layer, place, said: Said::all(false, line), broken: true });
    }

    fn app_is_nameless(&mut self, what: &str) {
        let problem = Problem::new(0, format!("cannot keep the user's choice: {what}"));
        let remedy = "the program's author can name the file with `choice_file`";
        self.refuse(Layer::UserChoice, Place::Program, vec![problem], remedy);
    }

    fn policy(&mut self, file: &PolicyFile) {
        let place = Place::File(file.path.clone());
        let kind = if file.layer == Layer::UserConfig { Kind::Config } else { Kind::Policy };
        let parsed = match source::read(&file.path, Links::Follow) {
            Content::Missing => return,
            Content::Broken(problem) => Err(vec![problem]),
            Content::Text(text) => match file.shape {
                FileShape::Toml => source::parse(&text, kind, &self.known).map(|(said, _)| said),
                #[cfg(feature = "xml")]
                FileShape::Xml => xml::parse(&text, &self.known),
            },
        };
        match parsed {
            Ok(said) => self.say(file.layer, place, said),
            Err(problems) => self.refuse(file.layer, place, problems, remedy_of(file)),
        }
    }

    fn choice(&mut self, path: &Path) -> Record {
        let parsed = match source::read(path, Links::Refuse) {
            Content::Missing => return Record::default(),
            Content::Broken(problem) => Err(vec![problem]),
            Content::Text(text) => source::parse(&text, Kind::Choice, &self.known),
        };
        let place = Place::File(path.to_path_buf());
        match parsed {
            Ok((said, record)) => {
                self.say(Layer::UserChoice, place, said);
                record
            }
            Err(problems) => {
                let remedy = "switch telemetry off by command, which writes the file anew";
                self.refuse(Layer::UserChoice, place, problems, remedy);
                Record::default()
            }
        }
    }

    fn env_file(&mut self, path: &Path, variables: &[Variable]) {
        let found = match source::read(path, Links::Follow) {
            Content::Missing => return,
            Content::Broken(problem) => Err(vec![problem]),
            Content::Text(text) => env::find(&text, variables).map(|sets| {
                for set in sets {
                    let place = Place::VariableIn(set.variable.name.clone(), path.to_path_buf());
                    self.variable(place, set.line, set.variable.read(set.value.as_ref()));
                }
            }),
        };
        if let Err(problems) = found {
            let remedy = "write one `KEY=value` on each line";
            self.refuse(Layer::Environment, Place::File(path.to_path_buf()), problems, remedy);
        }
    }

    fn variable(&mut self, place: Place, line: usize, read: Result<Option<bool>, String>) {
        match read {
            Ok(None) => {}
            Ok(Some(on)) => self.say(Layer::Environment, place, Said::all(on, line)),
            Err(what) => {
                let problem = Problem::new(line, what);
                let remedy = "or start the program again without it";
                self.refuse(Layer::Environment, place, vec![problem], remedy);
            }
        }
    }
}

fn remedy_of(file: &PolicyFile) -> &'static str {
    match file.shape {
        FileShape::Toml => "write `enabled = false` or `enabled = true` under [telemetry]",
        #[cfg(feature = "xml")]
        FileShape::Xml => {
            "write <add key=\"Telemetry.Enabled\" value=\"false\" /> or \"true\" in <analyticsSettings>"
        }
    }
}
