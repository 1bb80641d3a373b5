//! Agreeing and refusing.

use telemetry_core::spool::Filter;

use crate::Context;
use crate::exit::{Exit, Outcome, Stop, words};
use crate::status::{OUTSIDE, deciding};
use crate::text::{count, visible};

/// Agrees, and says whether telemetry is on now: the user's yes never beats
/// somebody else's no.
pub(crate) fn on(context: &mut Context<'_, '_>, purpose: Option<&str>) -> Outcome {
    let choice = context.telemetry.choice()?;
    match purpose {
        Some(purpose) => choice.on_for(purpose)?,
        None => choice.on()?,
    }
    context.telemetry.refresh();
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
pub(crate) fn off(context: &mut Context<'_, '_>, purpose: Option<&str>) -> Outcome {
    let erased = match purpose {
        None => context.telemetry.off(),
        Some(purpose) => {
            context.telemetry.choice()?.off_for(purpose)?;
            context.telemetry.refresh();
            context.telemetry.erase(Filter::Purpose(purpose))
        }
    };
    let refused = context.telemetry.choice().map(|choice| choice.path().display().to_string());
    let erased = match (erased, &refused) {
        (Ok(erased), _) => erased,
        // The choice failed, and nothing was erased.
        (Err(error), _) if purpose.is_none() && context.telemetry.refresh() => {
            return Err(error.into());
        }
        (Err(error), _) => {
            let what = format!("telemetry is off, but not all could be erased: {}", words(&error));
            let next =
                format!("run `{} erase` again; what is left is never sent", context.command());
            return Err(Stop::failed(what, next));
        }
    };
    let path = visible(&refused.unwrap_or_default());
    let out = context.io.out();
    match purpose {
        None => writeln!(out, "Telemetry is off. Your choice is stored in {path}.")?,
        Some(purpose) => {
            writeln!(out, "Telemetry for {purpose} is off. Your choice is stored in {path}.")?;
        }
    }
    writeln!(out, "{} erased.", count(erased, "stored event"))?;
    if purpose.is_some() {
        writeln!(
            out,
            "Events of other purposes that were stored before now are not sent either: \
             they may hold fields for this one."
        )?;
    }
    Ok(Exit::Done)
}
