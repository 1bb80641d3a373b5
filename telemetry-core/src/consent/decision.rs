//! Weighing the sources.
//!
//! It owns the one rule: any off wins over every on. It must never know how a
//! source is read.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use jiff::Timestamp;

use crate::consent::cutoff::Cutoff;
use crate::consent::notice::{Notice, Receipt, is_before};
use crate::consent::ruling::{Basis, Ruling};
use crate::consent::source::{Diagnostic, Layer, Source, Statement, Weight};
use crate::consent::watch::Watch;
use crate::consent::why::Why;
use crate::schema::Purpose;

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
    command: String,
    answered: bool,
    passing: bool,
    uncounted: Option<CountedRefusals>,
    written: Option<Timestamp>,
    known: Option<Option<String>>,
}

/// Per source, the purposes that it refuses.
pub(crate) type CountedRefusals = BTreeMap<String, Vec<String>>;

/// What [`Decision::weigh`] needs beside the statements.
pub(crate) struct Circumstances<'l> {
    /// The command that changes the user's choice.
    pub(crate) command: &'l str,
    /// The purposes that the author listed.
    pub(crate) purposes: BTreeSet<String>,
    /// With a notice: the purposes that the user was told of or agreed to.
    pub(crate) told: Option<BTreeSet<String>>,
    /// With a notice: the version of the newest one that the user agreed to, or
    /// without an agreement was shown.
    pub(crate) known: Option<Option<String>>,
    /// The notice whose version was neither shown nor agreed to.
    pub(crate) unseen: Option<Notice>,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) cutoff: Cutoff,
    /// Refusals that have not raised the generations yet.
    pub(crate) uncounted: Option<CountedRefusals>,
    /// When the user's choice was written.
    pub(crate) written: Option<Timestamp>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) watch: Watch,
}

impl Decision {
    pub(crate) fn weigh(mut statements: Vec<Statement>, context: Circumstances<'_>) -> Self {
        statements.sort_by_key(|statement| statement.layer);
        let listed = !context.purposes.is_empty();
        let mut names = context.purposes;
        // The author's list is complete: what is not on it is never granted,
        // so that no event can bring a purpose of its own along.
        for statement in statements.iter().filter(|_| !listed) {
            names.extend(statement.signal.named().cloned());
        }
        let rule = |statements: &[Statement], name: Option<&str>| {
            rule(statements, name, context.told.as_ref(), context.command)
        };
        let everything = rule(&statements, None);
        let rulings: Vec<_> =
            names.into_iter().map(|name| (name.clone(), rule(&statements, Some(&name)))).collect();
        // Who has refused everything that a notice speaks of is left in peace.
        let open = |ruling: &Ruling| ruling.granted || ruling.is_open();
        let notice = context.unseen.filter(|notice| match notice.purpose_names() {
            [] => open(&everything),
            names => names.iter().any(|name| open(&rule(&statements, Some(name)))),
        });
        let is_on = |rulings: &[(String, Ruling)], rest: &Ruling| {
            rest.granted || rulings.iter().any(|(_, ruling)| ruling.granted)
        };
        let answered = statements.iter().any(|statement| statement.layer == Layer::UserChoice);
        let rest = if listed { Ruling::not_collected() } else { everything };
        let passing = !is_on(&rulings, &rest) && {
            let all = statements.len();
            statements.retain(|statement| statement.weight != Weight::Passing);
            let granted = |name: Option<&str>| rule(&statements, name).granted;
            statements.len() < all
                && (rulings.iter().any(|(name, _)| granted(Some(name)))
                    || (!listed && granted(None)))
        };
        if passing || is_on(&rulings, &rest) {
            context.watch.begin();
        }
        Self {
            rulings,
            rest,
            listed,
            notice,
            receipts: context.receipts,
            cutoff: context.cutoff,
            diagnostics: context.diagnostics,
            watch: context.watch,
            command: context.command.to_owned(),
            answered,
            passing,
            uncounted: context.uncounted,
            written: context.written,
            known: context.known,
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

    /// Whether the user knows the notice of this version, which tells of a field
    /// or an event that says `since = "..."`.
    ///
    /// Who agreed knows what the newest notice told that was agreed to, and
    /// who agreed to none, the one that was shown. A later version is not
    /// known, so that its fields stay absent until the user agrees again.
    /// Versions are compared part by part, numbers as numbers: 10 is later
    /// than 9, `2027-01` than `2026-12`. In a program without a notice everything is
    /// covered.
    pub fn covers(&self, notice: &str) -> bool {
        let Some(known) = &self.known else { return true };
        known.as_deref().is_some_and(|known| !is_before(known, notice))
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

    /// Whether it is worth asking the user: nothing is on, the user has not
    /// answered yet, and nobody else has refused everything. After an answer,
    /// also after a no, it is false; it is true again when a later version of
    /// the notice speaks of something that the user was not asked about.
    ///
    /// ```
    /// use telemetry_core::consent::Layers;
    ///
    /// # let folder = std::env::temp_dir().join(format!("telemetry-undecided-doc-{}", std::process::id()));
    /// let layers = Layers::new("studio")
    /// #   .choice_file(folder.join("telemetry.toml"))
    ///     .with_env(|_| None);
    /// assert!(layers.decide().is_undecided());
    /// layers.choice()?.refuse()?;
    /// assert!(!layers.decide().is_undecided(), "a no is remembered");
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_undecided(&self) -> bool {
        let open = match self.rulings.as_slice() {
            [] => self.rest.is_open(),
            rulings => rulings.iter().any(|(_, ruling)| ruling.is_open()),
        };
        open && if self.answered { self.notice.is_some() } else { !self.is_on() }
    }

    /// Whether stored events may be sent: something is granted, and no notice
    /// is waiting to be shown to a user who agreed to none. A run that shows a
    /// notice to such a user sends nothing even after that.
    ///
    /// Who agreed to an older notice goes on sending what that one told of:
    /// nothing else is [recorded](Self::covers), and asking about the rest takes
    /// nothing away.
    pub fn may_send(&self) -> bool {
        self.is_on() && (self.notice.is_none() || self.has_agreed())
    }

    /// Whether the user agreed to a notice, be it an older one.
    pub(crate) fn has_agreed(&self) -> bool {
        self.known.as_ref().is_some_and(Option::is_some) && !self.receipts.is_empty()
    }

    /// The purposes that the author listed, or without a list those that a
    /// source names, in the order of their names, with what holds for each.
    /// Others follow [`others`](Self::others).
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
        Why { groups, notice, command: self.command.clone() }
    }

    /// The notice that must be shown before anything is sent, if one is due.
    ///
    /// Show it, then call
    /// [`Choice::notice_shown`](crate::consent::Choice::notice_shown) and decide
    /// again. The run that does so sends nothing.
    pub fn notice_due(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// Whether somebody has agreed to a purpose of which the user must be told
    /// first: then, and not before, is it worth remembering that a notice was
    /// shown.
    pub(crate) fn waits_for_notice(&self) -> bool {
        let rulings = self.rulings.iter().map(|(_, ruling)| ruling).chain([&self.rest]);
        self.is_on() || rulings.into_iter().any(|ruling| ruling.basis == Basis::NotTold)
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

    /// Whether it is off only because something cannot be read at the moment,
    /// such as a file for which no descriptor is left, or one that is half
    /// written. The next look may say otherwise.
    pub fn is_off_for_the_moment(&self) -> bool {
        self.passing
    }

    /// Refusals of other sources that have not raised the generations on disk.
    pub(crate) fn uncounted(&self) -> Option<&CountedRefusals> {
        self.uncounted.as_ref()
    }

    /// When the user's choice was written.
    pub(crate) fn written(&self) -> Option<Timestamp> {
        self.written
    }

    /// Whether it is the user's own choice that refuses.
    pub(crate) fn is_refused_by_choice(&self) -> bool {
        let of_choice = |ruling: &Ruling| {
            ruling.agreeing.iter().any(|s| !s.is_on() && s.layer() == Layer::UserChoice)
        };
        self.rulings.iter().all(|(_, ruling)| of_choice(ruling))
            && (self.listed || of_choice(&self.rest))
    }

    /// Whether a consent file changed since this decision. It looks at most
    /// once a second and costs a reading of the clock between; a change is
    /// thus noticed by the first call that comes a second or more after the
    /// last look (of a decision that refuses everything, by the first call), and
    /// once true it stays true. It starts no thread. In the
    /// first seconds after a file was written it may be true without a change,
    /// because a file system's clock can be too coarse to tell.
    ///
    /// Variables of the process environment cannot change from outside while
    /// a program runs; files of variables are looked at.
    pub fn changed(&self) -> bool {
        self.watch.changed(Instant::now())
    }

    /// Like [`changed`](Self::changed), and looks now: for the moment before
    /// something is sent.
    pub fn changed_now(&self) -> bool {
        self.watch.changed_now()
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }
}

/// The one rule. Monotone: a statement that is off can only take grants away,
/// since it is looked for first and in every layer, and since what makes an on
/// count does not depend on any off.
fn rule(
    statements: &[Statement],
    purpose: Option<&str>,
    told: Option<&BTreeSet<String>>,
    command: &str,
) -> Ruling {
    let covered = |statement: &Statement| match (told, purpose) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(told), Some(name)) => told.contains(name) || statement.signal.names(name),
    };
    let (mut on, mut off, mut untold) = (Vec::new(), Vec::new(), false);
    for statement in statements {
        let Some(answer) = statement.signal.about(purpose) else { continue };
        let source = || Source::new(statement, answer.on, answer.line, purpose, command);
        if !answer.on {
            off.push(source());
        } else if statement.weight == Weight::Refusals {
            // A copy agrees to nothing.
        } else if covered(statement) {
            on.push(source());
        } else {
            untold = true;
        }
    }
    if let Some(first) = off.first() {
        let change = first.change.clone();
        return Ruling { granted: false, basis: Basis::Said, agreeing: off, beaten: on, change };
    }
    if !on.is_empty() {
        let change = format!("run `{command} off`, or set DO_NOT_TRACK=1");
        return Ruling { granted: true, basis: Basis::Said, agreeing: on, beaten: off, change };
    }
    let basis = if untold { Basis::NotTold } else { Basis::NobodySaidOn };
    // Who agreed to some purposes is not told to agree to all.
    let some = |statement: &Statement| {
        statement.signal.only.is_some() || statement.signal.purposes.values().any(|a| a.on)
    };
    let purpose = purpose.filter(|_| untold || statements.iter().any(some));
    let purpose = purpose.map_or(String::new(), |name| format!(" --purpose {name}"));
    let change = format!("run `{command} on{purpose}`");
    Ruling { granted: false, basis, agreeing: on, beaten: off, change }
}
