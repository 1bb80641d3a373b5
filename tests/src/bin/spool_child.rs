//! A process that stores events, for the tests to kill, trace and starve.
//!
//!     spool_child <folder> record <threads> <events a thread, 0: for ever>
//!     spool_child <folder> hold        stores one event, then waits for its standard input to end
//!     spool_child <folder> fork        stores two events, forks, and stores one more in each process
//!     spool_child <folder> sync        appends, flushes, seals, and says how each ended
//!     spool_child <folder> recover     recovers until its standard input ends
//!     spool_child <folder> read        counts events and unreadable lines, and shows its peak memory
//!     spool_child <folder> erase <id>  recovers, erases one event, and shows its peak memory
//!
//! `record` acknowledges each event after `append` returned `Ok`, by a line
//! with its id on standard output, or with `ACK_FILE` set by a record in that
//! file. It ends with `refused <events>`.

use std::fs::File;
use std::io::{Read, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use telemetry_core::Error;
use telemetry_core::spool::internals::{self, Spool};
use telemetry_core::spool::{self, Limits};
use telemetry_tests::spool::stored_line;

/// A record of the acknowledgement file: an id and spaces, then a line feed.
const RECORD: usize = 64;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        [folder, "record", threads, events] => {
            record(folder, threads.parse().unwrap_or(1), events.parse().unwrap_or(0))
        }
        [folder, "hold"] => hold(folder),
        [folder, "fork"] => fork(folder),
        [folder, "sync"] => sync(folder),
        [folder, "recover"] => recover(folder),
        [folder, "read"] => read(folder),
        [folder, "erase", id] => erase(folder, id),
        _ => return ExitCode::from(2),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("failed: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn say(line: &str) {
    // One write a line; a reader that is gone is no matter of ours.
    let _ = std::io::stdout().lock().write_all(format!("{line}\n").as_bytes());
}

/// No caps, and no pause after a failed write: every event is tried.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.bytes = u64::MAX;
    limits.events = u64::MAX;
    limits.segments = u64::MAX;
    limits.age = Duration::MAX;
    limits.pause = Duration::ZERO;
    limits.segment = 256 * 1024;
    limits
}

fn record(folder: &str, threads: u64, events: u64) -> Result<(), Error> {
    let spool = Spool::open(folder, limits())?;
    let file = std::env::var_os("ACK_FILE")
        .and_then(|path| File::options().write(true).create(true).truncate(false).open(path).ok());
    let (next, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| record_some(&spool, events, file.as_ref(), &next, &refused));
        }
        // With one thread there is only the main one: easier to trace.
        record_some(&spool, events, file.as_ref(), &next, &refused);
    });
    drop(spool);
    say(&format!("refused {}", refused.into_inner()));
    Ok(())
}

fn record_some(
    spool: &Spool,
    events: u64,
    file: Option<&File>,
    next: &AtomicU64,
    refused: &AtomicU64,
) {
    let mut done = 0;
    while events == 0 || done < events {
        done += 1;
        let mut id = String::new();
        spool.next_id(&mut id);
        // Some lines span several pages: those are torn by a kill.
        let padding = if done % 8 == 0 { 10 * 1024 } else { 200 };
        if spool.append(stored_line(&id, "2026-01-01T00:00:00.000Z", padding).as_bytes()).is_err() {
            refused.fetch_add(1, Ordering::Relaxed);
        } else if let Some(file) = file {
            let place = next.fetch_add(1, Ordering::Relaxed) * RECORD as u64;
            note(file, format!("{id:<63}\n").as_bytes(), place);
        } else {
            say(&id);
        }
    }
}

#[cfg(unix)]
fn note(file: &File, record: &[u8], place: u64) {
    let _ = std::os::unix::fs::FileExt::write_all_at(file, record, place);
}

/// The tests that start this program are for Unix; elsewhere it only compiles.
#[cfg(not(unix))]
fn note(_file: &File, _record: &[u8], _place: u64) {}

#[cfg(not(unix))]
fn fork(_folder: &str) -> Result<(), Error> {
    Ok(())
}

fn wait_for_end_of_input() {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

fn hold(folder: &str) -> Result<(), Error> {
    let spool = Spool::open(folder, limits())?;
    let mut id = String::new();
    spool.next_id(&mut id);
    spool.append(stored_line(&id, "2026-01-01T00:00:00.000Z", 0).as_bytes())?;
    say(&id);
    wait_for_end_of_input();
    // Ends as a killed process does, without sealing.
    std::process::abort();
}

#[cfg(unix)]
fn fork(folder: &str) -> Result<(), Error> {
    let spool = Spool::open(folder, limits())?;
    let store = || {
        let mut id = String::new();
        spool.next_id(&mut id);
        spool.append(stored_line(&id, "2026-01-01T00:00:00.000Z", 0).as_bytes())?;
        say(&id);
        Ok::<_, Error>(())
    };
    store()?;
    store()?;
    // SAFETY: this program has one thread.
    let child = unsafe { libc::fork() };
    store()?;
    if child > 0 {
        // SAFETY: the id is that of a child, and a null status is allowed.
        unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
    }
    Ok(())
}

fn sync(folder: &str) -> Result<(), Error> {
    let spool = Spool::open(folder, limits())?;
    let mut id = String::new();
    spool.next_id(&mut id);
    let word = |done: Result<(), Error>| if done.is_ok() { "ok" } else { "error" };
    let line = stored_line(&id, "2026-01-01T00:00:00.000Z", 0);
    let (append, flush, seal) =
        (word(spool.append(line.as_bytes())), word(spool.flush()), word(spool.seal()));
    say(&format!("append {append}, flush {flush}, seal {seal}"));
    Ok(())
}

fn recover(folder: &str) -> Result<(), Error> {
    let ended = std::thread::spawn(wait_for_end_of_input);
    while !ended.is_finished() {
        internals::recover(folder.as_ref())?;
    }
    Ok(())
}

fn read(folder: &str) -> Result<(), Error> {
    let (mut events, mut unreadable) = (0, 0);
    for item in spool::read(folder.as_ref())? {
        match item {
            Ok(_) => events += 1,
            Err(_) => unreadable += 1,
        }
    }
    say(&format!("events {events} unreadable {unreadable} peak {}", peak()));
    Ok(())
}

/// The most memory that this process had, in KiB.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.split_whitespace().next()).unwrap_or("0").to_owned()
}

fn erase(folder: &str, id: &str) -> Result<(), Error> {
    let recovered = internals::recover(folder.as_ref())?.segments;
    let erased = spool::erase(folder.as_ref(), spool::Filter::Id(id))?;
    say(&format!("recovered {recovered} erased {erased} peak {}", peak()));
    Ok(())
}
