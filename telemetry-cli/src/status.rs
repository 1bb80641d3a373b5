//! What holds now: nothing in here changes anything.
//!
//! It owns what `status` says, for people and for programs. It must never know
//! how a decision is made.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::{Value, json};
use telemetry_core::consent::{Decision, Layer, Ruling};
use telemetry_core::export::sent::{self, Sent};
use telemetry_core::export::{self, Hindrance};
use telemetry_core::spool::{self, Counts};
use telemetry_core::{Error, Telemetry};

use crate::document::{self, Output};
use crate::exit::{CommandResult, Exit, Stop};
use crate::io::Paint;
use crate::text::{count, visible};
use crate::{CommandContext, View, drops};

/// What the `telemetry` binary cannot see, said wherever it matters.
pub(crate) const OUTSIDE: &str = "seen from outside: the variables, config file, notice and default that only \
                       the program itself knows are not counted here";

/// Whether telemetry is on, as far as can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Collection {
    On,
    Off,
    /// Nobody has said anything. From inside, nothing is collected then; from
    /// outside, the program's own settings decide.
    Undecided,
}

impl Collection {
    pub(crate) fn of(decision: &Decision, view: View) -> Self {
        if view == View::Outside && is_open(decision) {
            // The program's own default, or its word on build machines, decides.
            Self::Undecided
        } else if decision.is_on() {
            Self::On
        } else if decision.is_undecided() {
            Self::Undecided
        } else {
            Self::Off
        }
    }

    /// In the words for people: on is green and off is yellow, neither is an
    /// error.
    pub(crate) fn shown(self, paint: Paint) -> String {
        match self {
            Self::On => paint.green(self.text()),
            Self::Off => paint.yellow(self.text()),
            Self::Undecided => self.text().to_owned(),
        }
    }

    /// The words for people.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Undecided => "not decided",
        }
    }

    /// The name for programs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Undecided => "undecided",
        }
    }
}

/// Whether no source that can be seen from outside decides.
fn is_open(decision: &Decision) -> bool {
    let source = deciding(decision).source();
    source.is_none_or(|source| source.layer() == Layer::ContinuousIntegration)
}

/// How many events wait.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WaitingEvents {
    pub(crate) events: u64,
    pub(crate) unreadable: u64,
}

impl WaitingEvents {
    pub(crate) fn of(folder: &Path) -> Result<Self, Error> {
        let mut waiting = Self::default();
        for item in spool::read(folder)? {
            let of = if item.is_ok() { &mut waiting.events } else { &mut waiting.unreadable };
            *of += 1;
        }
        Ok(waiting)
    }

    pub(crate) fn text(self) -> String {
        let mut text = count(self.events, "event");
        if self.unreadable > 0 {
            text.push_str(&format!(", {} that cannot be read", count(self.unreadable, "line")));
        }
        text
    }

    pub(crate) fn json(self) -> Value {
        json!({ "events": self.events, "unreadable": self.unreadable })
    }
}

/// What was last heard of delivery.
#[derive(Debug)]
struct LastDelivery {
    last: Option<Sent>,
    hindrance: Hindrance,
    /// Why the receiver cannot be reached at all.
    unable: Option<String>,
}

impl LastDelivery {
    fn of(telemetry: &Telemetry) -> Result<Self, Stop> {
        Ok(Self {
            last: sent::each(telemetry.folder())?.last().transpose()?,
            hindrance: export::hindrance(telemetry.folder())?,
            unable: telemetry.receiver_ready().err().map(|error| error.to_string()),
        })
    }

    fn last(&self) -> String {
        let Some(last) = &self.last else { return "never".to_owned() };
        let status = last.status.map_or("no answer".to_owned(), |code| format!("status {code}"));
        format!("last {} to {}, {status}", last.time, last.to)
    }

    /// What stands in its way, and what helps.
    fn hindered(&self) -> Option<String> {
        if let Some(unable) = &self.unable {
            return Some(unable.clone());
        }
        let hindrance = &self.hindrance;
        let mut text = match (hindrance.failures, hindrance.remedy()) {
            (0, None) => return None,
            (0, Some(_)) => "the last answer was a refusal".to_owned(),
            (failures, _) => format!("{} failed in a row", count(failures.into(), "attempt")),
        };
        if let Some(status) = hindrance.status {
            text.push_str(&format!(" (status {status})"));
        }
        if let Some(remedy) = hindrance.remedy() {
            text.push_str(&format!(": {remedy}"));
        }
        let next = hindrance.next_attempt;
        let wait = next.and_then(|next| next.duration_since(SystemTime::now()).ok());
        if let Some(wait) = wait {
            text.push_str(&format!("; the next is in {}", count(wait.as_secs() + 1, "second")));
        }
        Some(text)
    }

    fn json(&self) -> Value {
        let hindrance = &self.hindrance;
        let last = self.last.as_ref();
        json!({
            "last": last.map(|last| json!({
                "time": last.time,
                "to": last.to,
                "status": last.status,
            })),
            "hindered": self.hindered().is_some(),
            "failures": hindrance.failures,
            "status": hindrance.status,
            "next_attempt": hindrance.next_attempt.and_then(document::time),
            "remedy": self.unable.as_deref().or(hindrance.remedy()),
        })
    }
}

/// Everything that `status` says.
struct Status {
    state: Collection,
    on: bool,
    why: String,
    change: String,
    folder: PathBuf,
    choice: Option<PathBuf>,
    waiting: WaitingEvents,
    dropped: Counts,
    delivery: LastDelivery,
    size: Option<String>,
    notice_due: Option<String>,
}

impl Status {
    fn of(context: &CommandContext<'_, '_>, decision: &Decision) -> Result<Self, Stop> {
        let telemetry = context.telemetry;
        Ok(Self {
            state: Collection::of(decision, context.view),
            on: decision.is_on(),
            why: reason(decision, context.view),
            change: deciding(decision).how_to_change().to_owned(),
            folder: telemetry.folder().to_owned(),
            choice: telemetry.choice().ok().map(|choice| choice.path().to_owned()),
            waiting: WaitingEvents::of(telemetry.folder())?,
            dropped: telemetry.counts()?,
            delivery: LastDelivery::of(telemetry)?,
            size: if context.is_outside() { None } else { crate::schema::linked_size() },
            notice_due: decision.notice_due().map(|notice| notice.version().to_owned()),
        })
    }

    /// One line for each thing, its name first, so that `grep` finds it.
    fn write(&self, context: &mut CommandContext<'_, '_>, decision: &Decision) -> Result<(), Stop> {
        let mut lines = vec![
            ("why", self.why.clone()),
            ("folder", self.folder.display().to_string()),
            ("waiting", self.waiting.text()),
            ("dropped", drops::summary(&self.dropped)),
        ];
        lines.extend(drops::lines(&self.folder, &self.dropped).map(|text| ("", text)));
        lines.push(("sent", self.delivery.last()));
        lines.extend(self.delivery.hindered().map(|text| ("delivery", text)));
        lines.extend(self.size.clone().map(|size| ("events", size)));
        let due = self.notice_due.as_ref();
        lines.extend(due.map(|version| {
            ("notice", format!("version {version} was not shown yet; nothing is sent before"))
        }));
        lines.extend(decision.diagnostics().iter().map(|wrong| ("problem", wrong.to_string())));
        if context.is_outside() {
            lines.push(("note", OUTSIDE.to_owned()));
        }
        let paint = context.io.paint();
        let out = context.io.out();
        let name = |name: &str| paint.bold(&format!("{name:<9}"));
        writeln!(out, "{}  {}", name("telemetry"), self.state.shown(paint))?;
        for (key, text) in lines {
            writeln!(out, "{}  {}", name(key), visible(&text))?;
        }
        Ok(())
    }

    fn json(&self, outside: bool, decision: &Decision) -> Value {
        json!({
            "state": self.state.name(),
            "why": self.why,
            "change": self.change,
            "folder": self.folder.display().to_string(),
            "choice": self.choice.as_ref().map(|path| path.display().to_string()),
            "waiting": self.waiting.json(),
            "dropped": drops::json(&self.folder, &self.dropped),
            "delivery": self.delivery.json(),
            "can_tell": self.size,
            "notice_due": self.notice_due,
            "problems": document::problems(decision),
            "outside": outside,
        })
    }
}

pub(crate) fn status(context: &mut CommandContext<'_, '_>, output: Output) -> CommandResult {
    let decision = context.telemetry.decision();
    let status = Status::of(context, &decision)?;
    if output.json {
        let result = status.json(context.is_outside(), &decision);
        document::write(context.io, "status", result)?;
    } else {
        status.write(context, &decision)?;
    }
    Ok(if status.on { Exit::Done } else { Exit::Not })
}

/// The first ruling that says what holds on the whole.
pub(crate) fn deciding(decision: &Decision) -> &Ruling {
    let rulings = decision.purposes().map(|(_, ruling)| ruling);
    rulings
        .chain([decision.others()])
        .find(|r| r.is_granted() == decision.is_on())
        .unwrap_or(decision.others())
}

/// One sentence on who decided.
pub(crate) fn reason(decision: &Decision, view: View) -> String {
    if view == View::Outside && is_open(decision) {
        return "no file or variable that this command knows decides; the program's own settings do"
            .to_owned();
    }
    let said = deciding(decision).reason();
    let off: Vec<&str> = decision
        .purposes()
        .filter(|(_, ruling)| !ruling.is_granted())
        .map(|(name, _)| name)
        .collect();
    if decision.is_on() && !off.is_empty() {
        format!("{said}; off for {}", off.join(", "))
    } else {
        said
    }
}

/// The folder, for scripts byte for byte.
pub(crate) fn path(context: &mut CommandContext<'_, '_>) -> CommandResult {
    let folder = context.telemetry.folder();
    if context.io.is_terminal() {
        let shown = visible(&folder.display().to_string());
        writeln!(context.io.out(), "{shown}")?;
    } else {
        context.io.out().write_all(folder.as_os_str().as_encoded_bytes())?;
        context.io.out().write_all(b"\n")?;
    }
    Ok(Exit::Done)
}
