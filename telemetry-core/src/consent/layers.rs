//! All sources of consent of one program.
//!
//! It owns the list of sources and the moment of a decision. It must never know
//! how a source is read or weighed.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::consent::choice::Choice;
use crate::consent::ci;
use crate::consent::cutoff::Cutoff;
use crate::consent::decision::{Circumstances, CountedRefusals, Decision};
use crate::consent::document::Record;
use crate::consent::env::{Lookup, Reading, Variable};
use crate::consent::folders::{Folders, Homeless, is_name};
use crate::consent::gather::{Care, Gathered, PolicyFile, SourceFormat};
use crate::consent::notice::Notice;
use crate::consent::signal::Signal;
use crate::consent::source::{Layer, Location};
use crate::consent::watch::Watch;
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
    copy: Option<PathBuf>,
    in_ci: bool,
    on_by_default: bool,
    notice: Option<Notice>,
    purposes: BTreeSet<String>,
    lookup: Lookup,
}

/// Where the user's choice is kept, and the copy of its refusals.
struct Places {
    choice: PathBuf,
    copy: Option<PathBuf>,
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
    /// The name is the one of the folders that hold those files: 1 to 64 ASCII
    /// letters, digits, `-`, `_` or `.`, not starting with `.`. Any other leaves
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
            copy: None,
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
        self.file(Layer::Organisation, path.into(), SourceFormat::Toml)
    }

    /// A policy file of the organisation in the shape of a .NET application's
    /// config: `<analyticsSettings>` with `<add key="Telemetry.Enabled" value="false" />`,
    /// and `Telemetry.Purposes.<name>` for a single purpose. The rest of the
    /// document is ignored.
    #[cfg(feature = "xml")]
    #[must_use]
    pub fn organisation_xml(self, path: impl Into<PathBuf>) -> Self {
        self.file(Layer::Organisation, path.into(), SourceFormat::Xml)
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
        self.file(Layer::UserConfig, path.into(), SourceFormat::Toml)
    }

    /// Where the user's choice is kept, instead of `<config>/<app>/telemetry.toml`.
    #[must_use]
    pub fn choice_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.choice = Some(platform::anchored(path.into()));
        self
    }

    /// Where a copy of the user's refusals is kept, beside the data, so that a
    /// removed config folder does not turn an off into an on. Where
    /// [`choice_file`](Self::choice_file) is not given, it is `consent.toml` in
    /// the program's usual data folder; where it is, there is none without this.
    #[must_use]
    pub fn copy_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.copy = Some(platform::anchored(path.into()));
        self
    }

    /// Where the choice made at installation is kept; see [`record_installation`](crate::consent::record_installation).
    #[must_use]
    pub fn installation_file(self, path: impl Into<PathBuf>) -> Self {
        self.file(Layer::Installation, path.into(), SourceFormat::Toml)
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

    /// The command that changes the user's choice, as [`Why`](crate::consent::Why) names it; it is
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
    /// opens no connection, whatever the result. It waits for nobody but the
    /// file system, and six milliseconds at most for a file that is being
    /// written.
    pub fn decide(&self) -> Decision {
        self.decide_with(None)
    }

    /// The same with one more refusal, which holds in this process alone: what
    /// was switched off here is off, whatever could be written down.
    pub(crate) fn decide_with(&self, withdrawn: Option<&'static str>) -> Decision {
        let places = self.places();
        let gather = |care| {
            let mut gathered = self.gather(care, &places);
            if let Some(why) = withdrawn {
                let remedy = "start the program again, or switch telemetry on";
                gathered.circumstance(Layer::UserChoice, why, remedy);
            }
            gathered
        };
        let first = gather(Care::Once);
        let (mut statements, mut record) = (first.statements.clone(), first.record.clone());
        let decision = self.weigh(first);
        // A refusal needs no second look: what a file would say in addition
        // could not turn it around.
        if !decision.is_on() {
            return decision;
        }
        for round in 0..3 {
            let mut again = gather(Care::Twice);
            if again.statements == statements && again.record == record {
                return self.weigh(again);
            }
            (statements, record) = (again.statements.clone(), again.record.clone());
            if round == 2 {
                again.unsettled("changes while it is read");
                return self.weigh(again);
            }
        }
        decision
    }

    fn gather(&self, care: Care, places: &Result<Places, &'static str>) -> Gathered {
        let mut gathered = Gathered::new(care, self.known_purposes());
        if care == Care::Twice {
            self.look_around(&mut gathered, places);
        }
        if let Some(usual) = self.usual_policy() {
            gathered.policy(&usual, true);
        }
        for file in &self.files {
            gathered.policy(file, false);
        }
        for variable in &self.variables {
            if let Some(value) = (self.lookup)(&variable.name) {
                let location = Location::Variable(variable.name.clone());
                gathered.variable(location, 0, variable.read(&value));
            }
        }
        for path in &self.env_files {
            gathered.env_file(path, &self.variables);
        }
        match places {
            Ok(places) => {
                let mark = Choice::mark_beside(&places.choice);
                gathered.choice(&places.choice, &mark, places.copy.as_deref());
            }
            Err(why) => {
                let remedy = if is_name(&self.app) {
                    Homeless::REMEDY
                } else {
                    "the program's author can give it a name that can be a folder's"
                };
                gathered.circumstance(Layer::Start, why, remedy);
            }
        }
        self.hear_program(&mut gathered);
        gathered
    }

    /// What makes an on impossible, whoever says it. Looked at only before
    /// something would be on.
    fn look_around(&self, gathered: &mut Gathered, places: &Result<Places, &'static str>) {
        let rights = platform::Rights::now();
        if rights.raised {
            let why = "the program runs with another user's rights (setuid)";
            gathered.circumstance(Layer::Start, why, "start it without them");
        }
        let Ok(places) = places else { return };
        // The data folder itself is checked when it is opened.
        let data = places.copy.as_deref().and_then(Path::parent);
        let ours = [Some(places.choice.as_path()), data];
        if rights.litter(ours.into_iter().flatten()) {
            let why = "the superuser runs it in the folders of another user";
            let remedy = "run it as that user, or with HOME set to the superuser's own folder";
            gathered.circumstance(Layer::Start, why, remedy);
        }
    }

    fn hear_program(&self, gathered: &mut Gathered) {
        if let Some(name) = ci::detect(&self.lookup).filter(|_| !self.in_ci) {
            let location = Location::Variable(name.to_owned());
            let refusal = Signal::for_all(false, 0);
            gathered.say(Layer::ContinuousIntegration, location, refusal);
        }
        if self.on_by_default {
            gathered.say(Layer::Default, Location::Program, Signal::for_all(true, 0));
        }
    }

    fn weigh(&self, gathered: Gathered) -> Decision {
        let (told, unseen) = self.notice_state(&gathered.record);
        let (cutoff, uncounted) = self.count(&gathered);
        let settled = !gathered.is_passing();
        let record = gathered.record;
        Decision::weigh(
            gathered.statements,
            Circumstances {
                command: &self.command,
                purposes: self.purposes.clone(),
                told,
                known: self.notice.as_ref().map(|_| record.known_notice()),
                unseen,
                receipts: record.receipts,
                cutoff,
                uncounted,
                written: record.written,
                diagnostics: gathered.diagnostics,
                watch: Watch::new(gathered.marks, settled),
            },
        )
    }

    /// The generations that hold, and the refusals of other sources as far as
    /// they are not what was counted last. One that is new raises them.
    fn count(&self, gathered: &Gathered) -> (Cutoff, Option<CountedRefusals>) {
        let mut cutoff = gathered.record.cutoff.clone();
        if self.choice.is_some() && self.copy.is_none() {
            // Nowhere to remember it.
            return (cutoff, None);
        }
        let (now, before) = (gathered.refusals(), &gathered.record.counted);
        let is_new = now.iter().any(|(source, names)| {
            let known = before.get(source);
            names.iter().any(|name| known.is_none_or(|known| !known.contains(name)))
        });
        if is_new || gathered.edited {
            cutoff.raise_all();
        }
        let changed = now != *before || gathered.edited;
        (cutoff, changed.then_some(now))
    }

    /// Whether the program runs on a build machine.
    pub(crate) fn is_build_machine(&self) -> bool {
        ci::detect(&self.lookup).is_some()
    }

    /// The user's choice, to change it.
    ///
    /// # Errors
    ///
    /// When there is no folder to keep it in: the name of the program cannot be
    /// a folder's, or the user has no home folder.
    pub fn choice(&self) -> Result<Choice, Error> {
        let places = self.places().map_err(|why| {
            Error::new(error::Kind::Config, format!("the choice cannot be kept: {why}"))
        })?;
        let known = self.purposes.iter().cloned().collect();
        Ok(Choice::new(places.choice, places.copy, known, self.notice.clone()))
    }

    /// A variable of the environment, as the layers see it.
    pub(crate) fn variable_value(&self, name: &str) -> Option<OsString> {
        (self.lookup)(name)
    }

    fn file(mut self, layer: Layer, path: PathBuf, format: SourceFormat) -> Self {
        self.files.push(PolicyFile { layer, path: platform::anchored(path), format });
        self
    }

    fn variable(mut self, name: String, reading: Reading) -> Self {
        self.variables.push(Variable { name, reading });
        self
    }

    fn places(&self) -> Result<Places, &'static str> {
        if !is_name(&self.app) {
            return Err("the program's name cannot be the name of a folder");
        }
        if let Some(choice) = &self.choice {
            // It is relative when there is no working folder either.
            return if choice.is_absolute() {
                Ok(Places { choice: choice.clone(), copy: self.copy.clone() })
            } else {
                Err(Homeless::WHAT)
            };
        }
        let folders = Folders::of_system(&self.app).map_err(|Homeless| Homeless::WHAT)?;
        let copy = self.copy.clone().unwrap_or_else(|| folders.copy());
        Ok(Places { choice: folders.choice(), copy: Some(copy) })
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

    /// The organisation's file at its usual place.
    fn usual_policy(&self) -> Option<PolicyFile> {
        let folder = is_name(&self.app).then(|| self.system_config().join(&self.app))?;
        let path = folder.join("telemetry.toml");
        Some(PolicyFile { layer: Layer::Organisation, path, format: SourceFormat::Toml })
    }

    #[cfg(not(windows))]
    fn system_config(&self) -> &Path {
        Path::new("/etc")
    }

    #[cfg(windows)]
    fn system_config(&self) -> PathBuf {
        (self.lookup)("ProgramData").map_or_else(|| PathBuf::from(r"C:\ProgramData"), PathBuf::from)
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
