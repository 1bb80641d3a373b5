//! What holds now, and why: nothing in here changes anything.

use std::collections::BTreeSet;
use std::time::SystemTime;

use telemetry_core::consent::{Decision, Layer, Ruling};
use telemetry_core::export::{self, sent};
use telemetry_core::spool;

use crate::Context;
use crate::exit::{Exit, Outcome, Stop};
use crate::text::{count, table, visible, visible_lines};

/// What the `telemetry` binary cannot see, said wherever it matters.
pub(crate) const OUTSIDE: &str = "seen from outside: the variables, config file, notice and default that only \
                       the program itself knows are not counted here";

/// One line for each thing, its name first, so that `grep` finds it.
pub(crate) fn status(context: &mut Context<'_, '_>) -> Outcome {
    let decision = context.telemetry.decision();
    let ruling = deciding(&decision);
    // The program's own default, or its word on build machines, would decide.
    let open = context.is_outside()
        && ruling.source().is_none_or(|source| source.layer() == Layer::ContinuousIntegration);
    let why = if open {
        "no file or variable that this command knows decides; the program's own settings do"
            .to_owned()
    } else {
        reason(&decision)
    };
    let mut lines = vec![
        ("why", why),
        ("folder", context.telemetry.folder().display().to_string()),
        ("waiting", waiting(context)?),
        ("dropped", dropped(context)?),
        ("sent", last_sent(context)?),
    ];
    lines.extend(hindered(context)?.map(|text| ("delivery", text)));
    if !context.is_outside() {
        lines.extend(crate::schema::linked_size().map(|size| ("events", size)));
    }
    if let Some(notice) = decision.notice_due() {
        let text =
            format!("version {} was not shown yet; nothing is sent before", notice.version());
        lines.push(("notice", text));
    }
    lines.extend(decision.diagnostics().iter().map(|wrong| ("problem", wrong.to_string())));
    if context.is_outside() {
        lines.push(("note", OUTSIDE.to_owned()));
    }
    let paint = context.io.paint();
    let out = context.io.out();
    let name = |name: &str| paint.bold(&format!("{name:<9}"));
    let state = if open { "not decided".to_owned() } else { paint.state(decision.is_on()) };
    writeln!(out, "{}  {state}", name("telemetry"))?;
    for (key, text) in lines {
        writeln!(out, "{}  {}", name(key), visible(&text))?;
    }
    Ok(if decision.is_on() { Exit::Done } else { Exit::Not })
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
fn reason(decision: &Decision) -> String {
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

fn waiting(context: &Context<'_, '_>) -> Result<String, Stop> {
    let (mut events, mut unreadable) = (0, 0);
    for item in spool::read(context.telemetry.folder())? {
        *if item.is_ok() { &mut events } else { &mut unreadable } += 1;
    }
    let mut text = count(events, "event");
    if unreadable > 0 {
        text.push_str(&format!(", {} that cannot be read", count(unreadable, "line")));
    }
    Ok(text)
}

fn dropped(context: &Context<'_, '_>) -> Result<String, Stop> {
    let counts = context.telemetry.counts()?;
    let mut text = count(counts.total(), "event");
    for (index, (reason, events)) in counts.iter().enumerate() {
        text.push_str(if index == 0 { ": " } else { ", " });
        text.push_str(&format!("{reason} {events}"));
    }
    Ok(text)
}

fn last_sent(context: &Context<'_, '_>) -> Result<String, Stop> {
    let sent = sent::read(context.telemetry.folder())?;
    Ok(match sent.last() {
        None => "never".to_owned(),
        Some(last) => {
            let status =
                last.status.map_or("no answer".to_owned(), |code| format!("status {code}"));
            format!("last {} to {}, {status}", last.time, last.to)
        }
    })
}

/// What stands in the way of delivery, and what helps.
fn hindered(context: &Context<'_, '_>) -> Result<Option<String>, Stop> {
    if let Err(error) = context.telemetry.receiver_ready() {
        return Ok(Some(error.to_string()));
    }
    let hindrance = export::hindrance(context.telemetry.folder())?;
    let mut text = match (hindrance.failures, hindrance.remedy()) {
        (0, None) => return Ok(None),
        (0, Some(_)) => "the last answer was a refusal".to_owned(),
        (failures, _) => format!("{} failed in a row", count(failures.into(), "attempt")),
    };
    if let Some(status) = hindrance.status {
        text.push_str(&format!(" (status {status})"));
    }
    if let Some(remedy) = hindrance.remedy() {
        text.push_str(&format!(": {remedy}"));
    }
    let wait = hindrance.next_attempt.and_then(|next| next.duration_since(SystemTime::now()).ok());
    if let Some(wait) = wait {
        text.push_str(&format!("; the next is in {}", count(wait.as_secs() + 1, "second")));
    }
    Ok(Some(text))
}

/// The whole explanation.
pub(crate) fn why(context: &mut Context<'_, '_>) -> Outcome {
    let decision = context.telemetry.decision();
    let outside = context.is_outside();
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

/// A line for every purpose that the program or a source of consent names.
pub(crate) fn purposes(context: &mut Context<'_, '_>) -> Outcome {
    let decision = context.telemetry.decision();
    let mut names: BTreeSet<&str> = decision.purposes().map(|(name, _)| name).collect();
    if !context.is_outside() {
        names.extend(crate::schema::linked_purposes());
    }
    let command = context.command().to_owned();
    let row = |name: &str, ruling: &Ruling| {
        let state = if ruling.is_granted() { "on" } else { "off" };
        // One purpose can be refused without the others.
        let change = match ruling.is_granted() && names.contains(name) {
            true => format!("run `{command} off --purpose {name}`"),
            false => ruling.how_to_change().to_owned(),
        };
        let why = format!("{}; to change it, {change}", ruling.reason());
        vec![visible(name), state.to_owned(), visible(&why)]
    };
    let mut rows: Vec<_> = names.iter().map(|name| row(name, decision.ruling(name))).collect();
    if context.is_outside() || rows.is_empty() {
        rows.push(row("(any other)", decision.others()));
    }
    let paint = context.io.paint();
    table(context.io.out(), paint, &["PURPOSE", "STATE", "WHY"], &rows)?;
    Ok(Exit::Done)
}

/// The notice, and the receipts.
pub(crate) fn notice(context: &mut Context<'_, '_>) -> Outcome {
    let decision = context.telemetry.decision();
    let choice = context.telemetry.choice()?;
    let paint = context.io.paint();
    let (outside, command) = (context.is_outside(), context.command().to_owned());
    let out = context.io.out();
    match choice.notice() {
        Some(notice) => {
            let version = paint.bold(&format!("Notice {}", visible(notice.version())));
            let purposes = visible(&notice.purpose_names().join(", "));
            writeln!(out, "{version}, for {purposes}\n\n{}\n", visible_lines(notice.text()))?;
            let agreed = decision.receipts().iter().any(|r| r.notice() == notice.version());
            let shown = match (decision.notice_due().is_some(), agreed) {
                (true, _) => "not yet; nothing is sent before",
                (false, true) => "no longer needed: you agreed to it",
                (false, false) if decision.is_on() => "yes",
                (false, false) => "yes, or not needed because everything is off",
            };
            writeln!(out, "shown   {shown}")?;
            let off = |name: &&String| !decision.ruling(name.as_str()).is_granted();
            let off: Vec<&str> =
                notice.purpose_names().iter().filter(off).map(String::as_str).collect();
            if !off.is_empty() {
                let off = visible(&off.join(", "));
                writeln!(out, "off     {off}; `{command} purposes` says why")?;
            }
        }
        None if outside => writeln!(out, "Only the program itself can show its notice.")?,
        None => writeln!(out, "This program has no notice.")?,
    }
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

/// The folder, for scripts byte for byte.
pub(crate) fn path(context: &mut Context<'_, '_>) -> Outcome {
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
