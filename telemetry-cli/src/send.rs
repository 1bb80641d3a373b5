//! Sending now.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use telemetry_core::export::{self, End, Report};

use crate::CommandContext;
use crate::exit::{CommandResult, Exit, Stop};
use crate::text::count;

/// How soon to look again whether another process is done: sooner than a person
/// notices, and too seldom to take time from it.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How to send.
#[derive(Clone, Debug, clap::Args)]
pub struct SendNow {
    /// Give up after this many seconds; what is not sent stays
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub timeout: u32,
}

impl SendNow {
    pub(crate) fn run(&self, context: &mut CommandContext<'_, '_>) -> CommandResult {
        let telemetry = context.telemetry;
        let command = context.command().to_owned();
        if context.is_outside() {
            return Err(Stop::failed(
                "only the program itself knows its receiver",
                "use the program's own `telemetry send`; without one it sends when it runs",
            ));
        }
        if !telemetry.refresh() {
            writeln!(
                context.io.err(),
                "Nothing is sent: telemetry is off. `{command} why` says why."
            )?;
            return Ok(Exit::Not);
        }
        if !telemetry.may_send() {
            writeln!(
                context.io.err(),
                "Nothing is sent before the notice was shown: the program's next run shows it, \
                 `{command} notice` prints it, `{command} on` agrees to it."
            )?;
            return Ok(Exit::Not);
        }
        let deadline = Instant::now() + Duration::from_secs(u64::from(self.timeout));
        let Some(report) = send(context, deadline)? else {
            return Err(Stop::failed(
                "this program has no receiver: it keeps its telemetry to itself",
                "there is nothing to do; `show` shows what is stored",
            ));
        };
        say(context, &report)?;
        let remedy = export::hindrance(telemetry.folder())?.remedy();
        ended(&report, &command, remedy)
    }
}

/// Sends, once the process is done that is at it already, if one is: mostly a
/// child that the program's last run started.
fn send(context: &mut CommandContext<'_, '_>, deadline: Instant) -> Result<Option<Report>, Stop> {
    let mut waits = false;
    loop {
        let report = context.telemetry.send_now(deadline)?;
        let busy = report.as_ref().is_some_and(|report| report.end == End::Busy);
        if !busy || Instant::now() >= deadline {
            return Ok(report);
        }
        if !waits {
            writeln!(context.io.err(), "another process is sending; waiting for it")?;
        }
        waits = true;
        thread::sleep(LOOK_AGAIN.min(deadline.saturating_duration_since(Instant::now())));
    }
}

/// What happened to the events, a line for each thing that did.
fn say(context: &mut CommandContext<'_, '_>, report: &Report) -> CommandResult {
    let out = context.io.out();
    let (events, requests) = (count(report.sent, "event"), count(report.batches, "request"));
    writeln!(out, "sent       {events} in {requests}")?;
    for (reason, events) in report.dead_letters.iter() {
        writeln!(out, "refused    {}: {reason}; see the dead letters", count(events, "event"))?;
    }
    for (reason, events) in report.dropped.iter() {
        writeln!(out, "dropped    {}: {reason}", count(events, "event"))?;
    }
    if report.retried_later > 0 {
        writeln!(out, "kept       {} for the next attempt", count(report.retried_later, "event"))?;
    }
    Ok(Exit::Done)
}

/// Whether that is what the user wanted.
fn ended(report: &Report, command: &str, remedy: Option<&str>) -> CommandResult {
    let next = report.next_attempt.and_then(|time| time.duration_since(SystemTime::now()).ok());
    let next = next.map_or("try again later".to_owned(), |wait| {
        format!("try again in {}; nothing is lost meanwhile", count(wait.as_secs() + 1, "second"))
    });
    if let Some(failure) = &report.failure {
        let what = match report.end {
            End::Unable => failure.clone(),
            _ => format!("the receiver did not take everything: {failure}"),
        };
        return Err(Stop::failed(what, remedy.map_or(next, str::to_owned)));
    }
    match report.end {
        End::Denied => Ok(Exit::Not),
        End::Busy => Err(Stop::failed(
            "another process was sending for all that time",
            format!("`{command} status` says what is left"),
        )),
        End::Waiting => Err(Stop::failed("the receiver asked to wait", next)),
        End::Stopped => Err(Stop::failed(
            "the time was over before all was sent",
            "give it longer with --timeout",
        )),
        _ => Ok(Exit::Done),
    }
}
