//! Why telemetry is on or off, for which purposes, and what the user was told.
//!
//! It owns what `why`, `purposes` and `notice` say, for people and for programs.
//! It must never know how a decision is made, nor change one.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use telemetry_core::consent::{Decision, Notice, Receipt, Ruling};

use crate::CommandContext;
use crate::document::{self, Output};
use crate::exit::{CommandResult, Exit, Stop};
use crate::status::{Collection, OUTSIDE};
use crate::text::{table, visible, visible_lines};

/// The whole explanation.
pub(crate) fn why(context: &mut CommandContext<'_, '_>, output: Output) -> CommandResult {
    let decision = context.telemetry.decision();
    let outside = context.is_outside();
    if output.json {
        let result = json!({
            "state": Collection::of(&decision, context.view).name(),
            "text": decision.why().to_string(),
            "purposes": rulings(decision.purposes()),
            "others": document::ruling(decision.others()),
            "notice_due": decision.notice_due().map(Notice::version),
            "problems": document::problems(&decision),
            "outside": outside,
        });
        document::write(context.io, "why", result)?;
        return Ok(Exit::Done);
    }
    let out = context.io.out();
    writeln!(out, "{}", visible_lines(&decision.why().to_string()))?;
    for wrong in decision.diagnostics() {
        writeln!(out, "{}", visible(&wrong.to_string()))?;
    }
    if outside {
        writeln!(out, "(This is {OUTSIDE}.)")?;
    }
    Ok(Exit::Done)
}

fn rulings<'d>(purposes: impl Iterator<Item = (&'d str, &'d Ruling)>) -> Vec<Value> {
    let named = |(name, ruling)| {
        let mut ruling = document::ruling(ruling);
        if let Value::Object(keys) = &mut ruling {
            keys.insert("purpose".to_owned(), Value::from(name));
        }
        ruling
    };
    purposes.map(named).collect()
}

/// A line for every purpose that the program or a source of consent names.
pub(crate) fn purposes(context: &mut CommandContext<'_, '_>, output: Output) -> CommandResult {
    let decision = context.telemetry.decision();
    let mut names: BTreeSet<&str> = decision.purposes().map(|(name, _)| name).collect();
    if !context.is_outside() {
        names.extend(crate::schema::linked_purposes());
    }
    // A program lists its purposes; what holds for others matters without a list.
    let others = context.is_outside() || names.is_empty();
    if output.json {
        let purposes = names.iter().map(|name| (*name, decision.ruling(name)));
        let result = json!({
            "state": Collection::of(&decision, context.view).name(),
            "purposes": rulings(purposes),
            "others": others.then(|| document::ruling(decision.others())),
            "outside": context.is_outside(),
        });
        document::write(context.io, "purposes", result)?;
        return Ok(Exit::Done);
    }
    let command = context.command().to_owned();
    let row = |name: &str, ruling: &Ruling| {
        // One purpose can be refused without the others.
        let change = match ruling.is_granted() && names.contains(name) {
            true => format!("run `{command} off --purpose {name}`"),
            false => ruling.how_to_change().to_owned(),
        };
        let why = format!("{}; to change it, {change}", ruling.reason());
        vec![visible(name), document::on_or_off(ruling.is_granted()).to_owned(), visible(&why)]
    };
    let mut rows: Vec<_> = names.iter().map(|name| row(name, decision.ruling(name))).collect();
    if others {
        rows.push(row("(any other)", decision.others()));
    }
    let paint = context.io.paint();
    table(context.io.out(), paint, &["PURPOSE", "STATE", "WHY"], &rows)?;
    Ok(Exit::Done)
}

/// Whether a notice was shown, and whether it still has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoticeShown {
    /// It waits to be shown.
    Due,
    /// The user agreed to it.
    Agreed,
    /// It was shown.
    Yes,
    /// It was shown, or everything it speaks of is off.
    NotNeeded,
}

impl NoticeShown {
    fn of(notice: &Notice, decision: &Decision) -> Self {
        let agreed = decision.receipts().iter().any(|r| r.notice() == notice.version());
        match (decision.notice_due().is_some(), agreed) {
            (true, _) => Self::Due,
            (false, true) => Self::Agreed,
            (false, false) if decision.is_on() => Self::Yes,
            (false, false) => Self::NotNeeded,
        }
    }

    /// The name for programs.
    fn name(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Agreed => "agreed",
            Self::Yes => "shown",
            Self::NotNeeded => "not-needed",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Due => "not yet; nothing is sent before",
            Self::Agreed => "no longer needed: you agreed to it",
            Self::Yes => "yes",
            Self::NotNeeded => "yes, or not needed because everything is off",
        }
    }
}

/// The purposes of the notice that are off.
fn off<'n>(notice: &'n Notice, decision: &Decision) -> Vec<&'n str> {
    let off = |name: &&String| !decision.ruling(name.as_str()).is_granted();
    notice.purpose_names().iter().filter(off).map(String::as_str).collect()
}

/// The notice, and the receipts.
pub(crate) fn notice(context: &mut CommandContext<'_, '_>, output: Output) -> CommandResult {
    let decision = context.telemetry.decision();
    let choice = context.telemetry.choice()?;
    if output.json {
        let result = notice_document(choice.notice(), &decision, context.is_outside());
        document::write(context.io, "notice", result)?;
        return Ok(Exit::Done);
    }
    match choice.notice() {
        Some(notice) => write_notice(context, notice, &decision)?,
        None if context.is_outside() => {
            writeln!(context.io.out(), "Only the program itself can show its notice.")?;
        }
        None => writeln!(context.io.out(), "This program has no notice.")?,
    }
    let command = context.command().to_owned();
    let out = context.io.out();
    if decision.receipts().is_empty() {
        writeln!(out, "agreed  never; `{command} on` agrees")?;
    }
    for receipt in decision.receipts() {
        let (time, version) = (receipt.time(), visible(receipt.notice()));
        let purposes = visible(&receipt.purposes().join(", "));
        writeln!(out, "agreed  {time}  to notice {version}  for {purposes}")?;
    }
    Ok(Exit::Done)
}

fn notice_document(notice: Option<&Notice>, decision: &Decision, outside: bool) -> Value {
    let receipt = |receipt: &Receipt| {
        json!({
            "time": receipt.time(),
            "notice": receipt.notice(),
            "purposes": receipt.purposes(),
        })
    };
    json!({
        "notice": notice.map(|notice| json!({
            "version": notice.version(),
            "text": notice.text(),
            "purposes": notice.purpose_names(),
            "off": off(notice, decision),
            "shown": NoticeShown::of(notice, decision).name(),
        })),
        "agreed": decision.receipts().iter().map(receipt).collect::<Vec<_>>(),
        "outside": outside,
    })
}

fn write_notice(
    context: &mut CommandContext<'_, '_>,
    notice: &Notice,
    decision: &Decision,
) -> Result<(), Stop> {
    let command = context.command().to_owned();
    let paint = context.io.paint();
    let out = context.io.out();
    let version = paint.bold(&format!("Notice {}", visible(notice.version())));
    let purposes = visible(&notice.purpose_names().join(", "));
    writeln!(out, "{version}, for {purposes}\n\n{}\n", visible_lines(notice.text()))?;
    writeln!(out, "shown   {}", NoticeShown::of(notice, decision).text())?;
    let off = off(notice, decision);
    if !off.is_empty() {
        let off = visible(&off.join(", "));
        writeln!(out, "off     {off}; `{command} purposes` says why")?;
    }
    Ok(())
}
