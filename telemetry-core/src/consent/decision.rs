//! Weighing the sources, and saying why.
//!
//! It owns the one rule: any off wins over every on. It must never know how a
//! source is read.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::time::Instant;

use crate::consent::cutoff::Cutoff;
use crate::consent::notice::{Notice, Receipt};
use crate::consent::source::Said;
use crate::consent::watch::Watch;
use crate::schema::Purpose;

/// The layers, from the strongest to the weakest. Any off wins over every on,
/// whatever its layer; the order decides which source is named first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Layer {
    /// A policy file of the organisation.
    Organisation,
    /// An environment variable, or a file of them.
    Environment,
    /// The user's config file of the program.
    UserConfig,
    /// What the user chose with `telemetry on` and `telemetry off`.
    UserChoice,
    /// What was chosen when the program was installed.
    Installation,
    /// The program runs on a build machine.
    ContinuousIntegration,
    /// What the program's author says when nobody else does.
    Default,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Organisation => "the organisation's policy",
            Self::Environment => "the environment",
            Self::UserConfig => "the user's config file",
            Self::UserChoice => "the user's choice",
            Self::Installation => "the installation",
            Self::ContinuousIntegration => "the build machine",
            Self::Default => "the program's default",
        })
    }
}

/// Where a word was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    File(PathBuf),
    Variable(String),
    VariableIn(String, PathBuf),
    Program,
}

/// What one source says.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) layer: Layer,
    pub(crate) place: Place,
    pub(crate) said: Said,
    /// Whether it is a refusal because it could not be understood.
    pub(crate) broken: bool,
}

/// Something in a source that could not be understood, and what to do about
/// it. The source counts as off until it is put right.
///
/// `Display` names the place and the remedy. It may show the name of a key and
/// never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub(crate) layer: Layer,
    pub(crate) place: String,
    pub(crate) what: String,
    pub(crate) remedy: String,
}

impl Diagnostic {
    /// The layer of the source.
    pub fn layer(&self) -> Layer {
        self.layer
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}. Until that is put right, telemetry is off: {}.",
            self.place, self.what, self.remedy
        )
    }
}

/// One source among those that decided or were outweighed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    layer: Layer,
    place: Place,
    line: usize,
    on: bool,
    broken: bool,
    change: String,
}

impl Source {
    /// The layer it belongs to.
    pub fn layer(&self) -> Layer {
        self.layer
    }

    /// Whether it says on.
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Where it stands: `/home/u/.config/app/telemetry.toml:3`, the name of a
    /// variable, or `default`.
    pub fn place(&self) -> String {
        let line = if self.line == 0 { String::new() } else { format!(":{}", self.line) };
        match &self.place {
            Place::File(path) => format!("{}{line}", path.display()),
            Place::Variable(name) => name.clone(),
            Place::VariableIn(name, path) => format!("{name} in {}{line}", path.display()),
            Place::Program => "default".to_owned(),
        }
    }

    /// The command or the file that changes it, as an instruction without a
    /// full stop: "unset DO_NOT_TRACK".
    pub fn how_to_change(&self) -> &str {
        &self.change
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Program => write!(f, "{}", self.layer),
            _ => write!(f, "{} ({})", self.layer, self.place()),
        }
    }
}

/// What holds for one purpose, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    granted: bool,
    reason: Reason,
    /// Sources that say the same as the result, the deciding one first.
    agreeing: Vec<Source>,
    beaten: Vec<Source>,
    change: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Said,
    NotTold,
    NobodySaidOn,
    /// The author's list of purposes does not have it.
    NotCollected,
}

impl Ruling {
    /// Whether events of the purpose may be recorded.
    pub fn is_granted(&self) -> bool {
        self.granted
    }

    /// The source that decided; none when it is off because nobody said on,
    /// because the user was not told of the purpose, or because the program
    /// does not collect for it.
    pub fn source(&self) -> Option<&Source> {
        self.agreeing.first().filter(|_| self.reason == Reason::Said)
    }

    /// The sources that say the opposite, the strongest first.
    pub fn beaten(&self) -> &[Source] {
        &self.beaten
    }

    /// Why, as a clause without a full stop: "the environment (DO_NOT_TRACK)
    /// says so".
    pub fn reason(&self) -> String {
        match (self.reason, self.agreeing.first()) {
            (Reason::Said, Some(source)) if source.broken => {
                format!("{source} cannot be understood")
            }
            (Reason::Said, Some(source)) => format!("{source} says so"),
            (Reason::NotTold, _) => "the user has not agreed to this purpose yet".to_owned(),
            (Reason::NotCollected, _) => "this program does not collect for it".to_owned(),
            _ => "nobody has agreed to it yet".to_owned(),
        }
    }

    /// How to turn the result around, as an instruction without a full stop.
    pub fn how_to_change(&self) -> &str {
        &self.change
    }

    /// What holds for a purpose that the author's list does not have.
    fn not_collected() -> Self {
        Self {
            granted: false,
            reason: Reason::NotCollected,
            agreeing: Vec::new(),
            beaten: Vec::new(),
            change: "ask the program's author, who has not listed this purpose".to_owned(),
        }
    }
}

/// Why telemetry is on or off. `Display` tells it in whole sentences: the
/// deciding source, its place, what it outweighs, and how to change it.
#[derive(Clone, Debug)]
pub struct Why {
    groups: Vec<(Option<Vec<String>>, Ruling)>,
    notice: Option<String>,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (purposes, ruling)) in self.groups.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            explain(f, purposes.as_deref(), ruling)?;
        }
        if let Some(version) = &self.notice {
            write!(f, "\nNothing is sent before the notice {version} was shown.")?;
        }
        Ok(())
    }
}

fn explain(
    f: &mut fmt::Formatter<'_>,
    purposes: Option<&[String]>,
    ruling: &Ruling,
) -> fmt::Result {
    f.write_str("Telemetry")?;
    if let Some(purposes) = purposes {
        write!(f, " for {}", purposes.join(", "))?;
    }
    write!(f, " is {}", if ruling.granted { "on" } else { "off" })?;
    write!(f, ": {}.", ruling.reason())?;
    if !ruling.beaten.is_empty() {
        let beaten: Vec<_> = ruling.beaten.iter().map(Source::to_string).collect();
        let verb = if beaten.len() == 1 { "says" } else { "say" };
        let word = if ruling.granted { "off" } else { "on" };
        write!(f, " It outweighs {}, which {verb} {word}.", beaten.join(", and "))?;
    }
    if let Some(others) = ruling.agreeing.get(1..).filter(|others| !others.is_empty()) {
        let others: Vec<_> = others.iter().map(Source::to_string).collect();
        let word = if ruling.granted { "on" } else { "off" };
        write!(f, " Also {word}: {}.", others.join("; "))?;
    }
    write!(f, " To change it, {}.", ruling.change)
}

/// Whether telemetry may be collected, for which purposes, and why. Made by
/// [`Layers::decide`](crate::consent::Layers::decide).
#[derive(Debug)]
pub struct Decision {
    rulings: Vec<(String, Ruling)>,
    rest: Ruling,
    listed: bool,
    notice: Option<Notice>,
    receipts: Vec<Receipt>,
    cutoff: Cutoff,
    diagnostics: Vec<Diagnostic>,
    watch: Watch,
}

/// What [`Decision::weigh`] needs beside the words.
pub(crate) struct Circumstances<'l> {
    /// The command that changes the user's choice.
    pub(crate) command: &'l str,
    /// The purposes that the author listed.
    pub(crate) purposes: BTreeSet<String>,
    /// With a notice: the purposes that the user was told of or agreed to.
    pub(crate) told: Option<BTreeSet<String>>,
    /// The notice whose version was neither shown nor agreed to.
    pub(crate) unseen: Option<Notice>,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) cutoff: Cutoff,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) watch: Watch,
}

impl Decision {
    pub(crate) fn weigh(mut words: Vec<Word>, around: Circumstances<'_>) -> Self {
        words.sort_by_key(|word| word.layer);
        let listed = !around.purposes.is_empty();
        let mut names = around.purposes;
        // The author's list is complete: what is not on it is never granted,
        // so that no event can bring a purpose of its own along.
        for word in words.iter().filter(|_| !listed) {
            names.extend(word.said.purposes.keys().cloned());
            names.extend(word.said.only.iter().flat_map(|(names, _)| names.iter().cloned()));
        }
        let told = around.told.as_ref();
        let of = |name: Option<&str>| rule(&words, name, told, around.command);
        let everything = of(None);
        // Who has refused everything that a notice speaks of is left in peace:
        // showing it would write that it was shown.
        let open = |ruling: Ruling| ruling.granted || ruling.reason != Reason::Said;
        let notice = around.unseen.filter(|notice| match notice.purpose_names() {
            [] => open(everything.clone()),
            names => names.iter().any(|name| open(of(Some(name)))),
        });
        let rulings = names
            .into_iter()
            .map(|name| {
                let ruling = of(Some(&name));
                (name, ruling)
            })
            .collect();
        Self {
            rulings,
            rest: if listed { Ruling::not_collected() } else { everything },
            listed,
            notice,
            receipts: around.receipts,
            cutoff: around.cutoff,
            diagnostics: around.diagnostics,
            watch: around.watch,
        }
    }

    /// Whether events of this purpose may be recorded.
    ///
    /// It is true when no source says off, for this purpose or for all, and at
    /// least one says on; in a program with a notice, when the user was also
    /// told of the purpose or agreed to it by name. Where the author listed
    /// purposes, it is false for every other.
    pub fn granted(&self, purpose: Purpose) -> bool {
        self.ruling(purpose.name()).granted
    }

    /// What holds for a purpose, by its name, and why.
    pub fn ruling(&self, purpose: &str) -> &Ruling {
        let found = self.rulings.binary_search_by(|(name, _)| name.as_str().cmp(purpose));
        found.ok().and_then(|at| self.rulings.get(at)).map_or(&self.rest, |(_, ruling)| ruling)
    }

    /// Whether anything may be recorded.
    pub fn is_on(&self) -> bool {
        // Without an author's list there may be purposes that no source names.
        self.rulings.iter().any(|(_, ruling)| ruling.granted) || self.rest.granted
    }

    /// Whether stored events may be sent: something is granted, and no notice
    /// is waiting to be shown. A run that shows a notice sends nothing even
    /// after that.
    pub fn may_send(&self) -> bool {
        self.is_on() && self.notice.is_none()
    }

    /// The purposes that the author listed, or without a list those that a
    /// source names, in the order of their names, with what holds for each.
    /// Others follow
    /// [`others`](Self::others).
    pub fn purposes(&self) -> impl Iterator<Item = (&str, &Ruling)> {
        self.rulings.iter().map(|(name, ruling)| (name.as_str(), ruling))
    }

    /// What holds for a purpose that is not among [`purposes`](Self::purposes).
    pub fn others(&self) -> &Ruling {
        &self.rest
    }

    /// Why, in sentences: one for all purposes where the same holds for all,
    /// else one for each that differs.
    pub fn why(&self) -> Why {
        let mut groups: Vec<(Option<Vec<String>>, Ruling)> = Vec::new();
        for (name, ruling) in &self.rulings {
            match groups.iter_mut().find(|(_, known)| known == ruling) {
                Some((Some(names), _)) => names.push(name.clone()),
                _ => groups.push((Some(vec![name.clone()]), ruling.clone())),
            }
        }
        match groups.as_mut_slice() {
            [(names, ruling)] if self.listed || *ruling == self.rest => *names = None,
            _ if self.listed => {}
            _ => {
                groups.retain(|(_, ruling)| *ruling != self.rest);
                groups.insert(0, (None, self.rest.clone()));
            }
        }
        let notice = self.notice.as_ref().map(|notice| notice.version().to_owned());
        Why { groups, notice }
    }

    /// The notice that must be shown before anything is sent, if one is due.
    ///
    /// Show it, then call
    /// [`Choice::notice_shown`](crate::consent::Choice::notice_shown) and decide
    /// again. The run that does so sends nothing.
    pub fn notice_due(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// What the user agreed to and when, the oldest first.
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// What could not be understood. Each is worth showing to the user, because
    /// each means that telemetry is off.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The number that an event of `purpose` carries when it is recorded now: it
    /// is higher after every refusal. See [`Cutoff`].
    pub fn generation(&self, purpose: Purpose) -> u64 {
        self.cutoff.generation(purpose.name())
    }

    /// Which stored events are from before a refusal. They must never be sent,
    /// not even after telemetry is on again. Of the others those may be sent
    /// whose purpose is granted now.
    pub fn cutoff(&self) -> &Cutoff {
        &self.cutoff
    }

    /// Whether a consent file changed since this decision. It looks at most
    /// once a second and costs a reading of the clock between; a change is
    /// thus noticed by the first call that comes a second or more after the
    /// last look, and once true it stays true. It starts no thread. In the
    /// first seconds after a file was written it may be true without a change,
    /// because a file system's clock can be too coarse to tell.
    ///
    /// Variables of the process environment cannot change from outside while
    /// a program runs; files of variables are looked at.
    pub fn changed(&self) -> bool {
        self.changed_at(Instant::now())
    }

    /// The same for who has looked at the clock already.
    pub(crate) fn changed_at(&self, now: Instant) -> bool {
        self.watch.changed(now)
    }

    /// Like [`changed`](Self::changed), and looks now: for the moment before
    /// something is sent.
    pub fn changed_now(&self) -> bool {
        self.watch.changed_now()
    }
}

/// The one rule. Monotone: a word that is off can only take grants away, since
/// it is looked for first and in every layer, and since what makes an on count
/// does not depend on any off.
fn rule(
    words: &[Word],
    purpose: Option<&str>,
    told: Option<&BTreeSet<String>>,
    command: &str,
) -> Ruling {
    let covered = |word: &Word| match (told, purpose) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(told), Some(name)) => told.contains(name) || word.said.names(name),
    };
    let (mut on, mut off, mut untold) = (Vec::new(), Vec::new(), false);
    for word in words {
        let Some(answer) = word.said.of(purpose) else { continue };
        let source = Source {
            layer: word.layer,
            place: word.place.clone(),
            line: answer.line,
            on: answer.on,
            broken: word.broken,
            change: how_to_change(word, answer.on, purpose, command),
        };
        if !answer.on {
            off.push(source);
        } else if covered(word) {
            on.push(source);
        } else {
            untold = true;
        }
    }
    if let Some(first) = off.first() {
        let change = first.change.clone();
        return Ruling { granted: false, reason: Reason::Said, agreeing: off, beaten: on, change };
    }
    if !on.is_empty() {
        let change = format!("run `{command} off`, or set DO_NOT_TRACK=1");
        return Ruling { granted: true, reason: Reason::Said, agreeing: on, beaten: off, change };
    }
    let reason = if untold { Reason::NotTold } else { Reason::NobodySaidOn };
    // Who agreed to some purposes is not told to agree to all.
    let some = |word: &Word| word.said.only.is_some() || word.said.purposes.values().any(|a| a.on);
    let purpose = purpose.filter(|_| untold || words.iter().any(some));
    let purpose = purpose.map_or(String::new(), |name| format!(" --purpose {name}"));
    let change = format!("run `{command} on{purpose}`");
    Ruling { granted: false, reason, agreeing: on, beaten: off, change }
}

fn how_to_change(word: &Word, on: bool, purpose: Option<&str>, command: &str) -> String {
    let to = if on { "off" } else { "on" };
    // What was refused by its name is not agreed to by a yes to everything.
    let refused = |name: &&str| word.said.purposes.get(*name).is_some_and(|answer| !answer.on);
    match (&word.place, word.layer) {
        (Place::File(_), Layer::UserChoice) if word.broken => {
            format!("run `{command} off` and then `{command} on`")
        }
        (Place::File(_), Layer::UserChoice) => match purpose.filter(refused) {
            Some(name) => format!("run `{command} on --purpose {name}`"),
            None => format!("run `{command} {to}`"),
        },
        (Place::File(path), Layer::Organisation) => {
            format!("ask who administers {}", path.display())
        }
        (Place::File(path), Layer::Installation) => {
            format!("run the installer again with the other value, or edit {}", path.display())
        }
        (Place::File(path), _) => format!("edit {}", path.display()),
        (Place::Variable(name), _) => format!("unset {name}"),
        (Place::VariableIn(name, path), _) => {
            format!("change {name} in {} and start the program again", path.display())
        }
        // There is no file for the choice, so that no command can help.
        (Place::Program, Layer::UserChoice) => {
            "set HOME, or ask the program's author to name a file for the choice".to_owned()
        }
        (Place::Program, _) => format!("run `{command} {to}`"),
    }
}
