//! Agreeing and refusing.

use crate::CommandContext;
use crate::exit::{CommandResult, Exit, Stop, words};
use crate::status::{OUTSIDE, deciding};
use crate::text::{count, visible};

/// Agrees, and says whether telemetry is on now: the user's yes never beats
/// somebody else's no.
pub(crate) fn on(context: &mut CommandContext<'_, '_>, purpose: Option<&str>) -> CommandResult {
    let choice = context.telemetry.choice()?;
    match purpose {
        Some(purpose) => {
            choice.agree_to(purpose)?;
            context.telemetry.refresh();
        }
        None => {
            context.telemetry.on()?;
        }
    }
    let decision = context.telemetry.decision();
    let ruling = match purpose {
        Some(purpose) => decision.ruling(purpose),
        None => deciding(&decision),
    };
    let scope = purpose.map_or(String::new(), |purpose| format!(" for {purpose}"));
    let path = visible(&choice.path().display().to_string());
    let command = context.command().to_owned();
    if context.is_outside() {
        writeln!(context.io.err(), "({OUTSIDE})")?;
    }
    let out = context.io.out();
    if !ruling.is_granted() {
        let source = ruling
            .source()
            .map_or("nobody else agrees".to_owned(), |source| format!("{source} says off"));
        let change = visible(ruling.how_to_change());
        writeln!(
            out,
            "Your yes is stored in {path}, but telemetry{scope} stays off: {}.",
            visible(&source)
        )?;
        writeln!(out, "To change that, {change}.")?;
        return Ok(Exit::Not);
    }
    writeln!(out, "Telemetry{scope} is on. Your choice is stored in {path}.")?;
    if let Some(receipt) = decision.receipts().last().filter(|_| choice.notice().is_some()) {
        let (version, purposes) =
            (visible(receipt.notice()), visible(&receipt.purposes().join(", ")));
        writeln!(
            out,
            "You agreed to notice {version} for {purposes}; `{command} notice` shows it."
        )?;
    }
    let off: Vec<&str> = decision
        .purposes()
        .filter(|(_, ruling)| !ruling.is_granted())
        .map(|(name, _)| name)
        .collect();
    if purpose.is_none() && !off.is_empty() {
        writeln!(out, "Still off: {}; `{command} purposes` says why.", visible(&off.join(", ")))?;
    }
    Ok(Exit::Done)
}

/// Refuses, durably, and then erases.
pub(crate) fn off(context: &mut CommandContext<'_, '_>, purpose: Option<&str>) -> CommandResult {
    let withdrawal = match purpose {
        None => context.telemetry.off(),
        Some(purpose) => context.telemetry.off_for(purpose),
    };
    let withdrawal = match withdrawal {
        Ok(withdrawal) => withdrawal,
        Err(error) if error.is_argument() => return Err(error.into()),
        Err(error) => {
            let what = format!("the refusal could not be kept: {}", words(&error));
            let next = "set DO_NOT_TRACK=1, which refuses without a file; programs that run \
                        already and later runs without it are not stopped";
            return Err(Stop::failed(what, next));
        }
    };
    let path = context.telemetry.choice()?.path().display().to_string();
    let out = context.io.out();
    let scope = purpose.map_or(String::new(), |purpose| format!(" for {purpose}"));
    writeln!(out, "Telemetry{scope} is off. Your choice is stored in {}.", visible(&path))?;
    writeln!(out, "{} erased.", count(withdrawal.erased(), "stored event"))?;
    if withdrawal.under_way() > 0 {
        writeln!(
            out,
            "{} could not be called back for sure: they were being sent at that moment.",
            count(withdrawal.under_way(), "event")
        )?;
    }
    if purpose.is_some() {
        writeln!(
            out,
            "Events of other purposes that were stored before now are not sent either: \
             they may hold fields for this one."
        )?;
    }
    if let Some(error) = withdrawal.not_erased() {
        let what = format!("telemetry is off, but not all could be erased: {}", words(error));
        let next = format!("run `{} erase` again; what is left is never sent", context.command());
        return Err(Stop::failed(what, next));
    }
    Ok(Exit::Done)
}
