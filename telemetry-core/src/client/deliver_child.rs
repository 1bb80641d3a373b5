//! A sender of its own for programs that are over before a receiver answers.
//!
//! It owns how the program starts itself once more, how often, and what the
//! child does. It must never know an event or a receiver.
//!
//! The parent calls `std::process::Command`, which on Unix forks and executes at
//! once: no code of the program runs in a fork of it. What a child can only do
//! to itself it does at its start, in safe code:
//!
//! | what | how, on Unix |
//! |---|---|
//! | a session of its own | `setsid`. A Ctrl-C in the moment before that ends it; then nothing was begun, and the next run starts another |
//! | the lowest priority | `nice` |
//! | none of the program's files | all but the standard streams are marked to be closed, and the child executes itself once more. Closing them outright would take files from code that holds them, which safe code cannot do |
//! | at most a minute | a thread ends the process |
//!
//! | file | what |
//! |---|---|
//! | `sender` | when the last child was started: RFC 3339, UTC. Its lock keeps two runs from starting one each |

use std::ffi::OsString;
use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::num::NonZeroU32;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use super::Builder;
use crate::error::{Error, Kind};
use crate::export;
use crate::platform::{self, Lock};
use crate::spool;

/// Says in the child that it is one, and how far it is.
const VARIABLE: &str = "TELEMETRY_SENDER";
/// Before the child has left its parent's session.
const STARTED: &str = "started";
/// After it. Elsewhere than on Unix the flags of its start have done it.
#[cfg(unix)]
const DETACHED: &str = "detached";

/// The child ends by then, whatever hangs.
const LONGEST_LIFE: Duration = Duration::from_secs(60);

/// It gives up sending so long before, and ends in order.
const LONGEST_DELIVERY: Duration = Duration::from_secs(50);

/// A text of the time takes 30 bytes.
const LONGEST_TIME: u64 = 64;

/// Whether this process is a child that was started to send.
pub(super) fn is_child() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// Starts the program once more, with `arguments`, if something waits in the
/// telemetry folder `data`, no wait of ours or the receiver's is on, and the last
/// child was started `at_most_every` ago or longer. `None` if it did not.
pub(super) fn start(
    data: &Path,
    arguments: &[OsString],
    at_most_every: Duration,
    uploads: NonZeroU32,
) -> Result<Option<Child>, Error> {
    let path = data.join("sender");
    if is_young(&path, at_most_every)
        || !spool::anything_waits(data)
        || export::is_waiting(data, uploads)?
    {
        return Ok(None);
    }
    let failed = |source| Error::io("open", &path, source);
    let mut options = platform::private_options();
    let file =
        options.read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    // Else another run starts one at this moment.
    let Some(turn) = Lock::try_take(file, &path)? else { return Ok(None) };
    let mut file = turn.file();
    let mut last = String::new();
    // What cannot be read is no time.
    let _ = file.take(LONGEST_TIME).read_to_string(&mut last);
    let now = Timestamp::now();
    let recent = last.trim().parse::<Timestamp>().is_ok_and(|last| {
        // A time in the future is of a clock that was wrong.
        let age = now.duration_since(last);
        !age.is_negative() && age.unsigned_abs() < at_most_every
    });
    if recent {
        return Ok(None);
    }
    let mut note = || {
        platform::check_room(LONGEST_TIME)?;
        file.seek(SeekFrom::Start(0))?;
        file.set_len(0)?;
        file.write_all(format!("{now}\n").as_bytes())
    };
    // Who cannot note it would start a child at every run.
    note().map_err(|source| Error::io("write", &path, source))?;
    spawn(arguments).map(Some)
}

/// Whether the file was written less than `at_most_every` ago: one question, by
/// which most runs know that there is nothing to start. Who touched it has the
/// next child wait as long; what is in it says what holds.
fn is_young(path: &Path, at_most_every: Duration) -> bool {
    let written = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    // A time in the future is of a clock that was wrong.
    let age = written.ok().and_then(|time| SystemTime::now().duration_since(time).ok());
    age.is_some_and(|age| age < at_most_every)
}

fn spawn(arguments: &[OsString]) -> Result<Child, Error> {
    let failed = |source| {
        Error::new(Kind::Delivery, "the program could not be started once more to send")
            .because(source)
    };
    let program = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env(VARIABLE, STARTED)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    imp::prepare(&mut command);
    command.spawn().map_err(failed)
}

/// Sends, if this process is the child that [`Deliver::by_child`] started, and
/// gives the code to end with; `None` in any other process. To be called first
/// in `main` by a program without the command of `telemetry-cli`.
///
/// [`Deliver::by_child`]: crate::export::Deliver::by_child
pub fn send_if_child(builder: impl FnOnce() -> Builder) -> Option<ExitCode> {
    is_child().then(|| {
        // Nobody sees an error; what was not sent waits for the next child.
        let _ = send_detached(builder());
        ExitCode::SUCCESS
    })
}

/// The work of the child: leaves its parent behind, and sends what waits at the
/// pace of the background, for a minute at the most.
///
/// The command of `telemetry-cli` calls it, and so does [`send_if_child`]. In a
/// process that is no such child it only sends.
///
/// # Errors
///
/// The telemetry cannot be set up, or the spool cannot be read or written.
pub fn send_detached(builder: Builder) -> Result<(), Error> {
    send_detached_within(builder, LONGEST_DELIVERY, LONGEST_LIFE)
}

/// The same with other bounds, so that a test need not wait for a minute. It is
/// exempt from semantic versioning.
#[doc(hidden)]
pub fn send_detached_within(
    builder: Builder,
    longest_delivery: Duration,
    longest_life: Duration,
) -> Result<(), Error> {
    if std::env::var_os(VARIABLE).is_some_and(|stage| stage == STARTED) {
        imp::detach();
    }
    if is_child() {
        // Of what hangs (a file system, a look-up) no deadline of ours is kept.
        let end = move || {
            thread::sleep(longest_life);
            std::process::exit(0);
        };
        let bound = thread::Builder::new().name("telemetry-bound".to_owned()).spawn(end);
        bound.map_err(|source| {
            Error::new(Kind::Delivery, "could not bound the sender's life").because(source)
        })?;
    }
    let telemetry = builder.only_on_request().build()?;
    if telemetry.may_send() {
        telemetry.send_paced(Instant::now() + longest_delivery)?;
    }
    Ok(())
}

/// Whether this process is a child that [`Deliver::by_child`] started, so that
/// a program can leave out what a sender does not need.
///
/// [`Deliver::by_child`]: crate::export::Deliver::by_child
pub fn is_sender() -> bool {
    is_child()
}

#[cfg(unix)]
mod imp {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use super::{DETACHED, VARIABLE};

    pub(super) fn prepare(_command: &mut Command) {}

    /// What fails in here is left as it is: a sender in its parent's session, or
    /// with a file too many, still sends.
    pub(super) fn detach() {
        let _ = rustix::process::setsid();
        // 19 is the lowest; more than that is 19.
        let _ = rustix::process::nice(19);
        close_fds::set_fds_cloexec_threadsafe(3, &[]);
        if let Ok(program) = std::env::current_exe() {
            // It returns only when it failed.
            let _ = Command::new(program)
                .args(std::env::args_os().skip(1))
                .env(VARIABLE, DETACHED)
                .exec();
        }
    }
}

#[cfg(windows)]
mod imp {
    use std::os::windows::process::CommandExt;
    use std::process::Command;

    /// From `winbase.h`: no console of its own, and none of its parent's; below
    /// the priority of what a person works with.
    const DETACHED_PROCESS: u32 = 0x0000_0008;
    const BELOW_NORMAL_PRIORITY_CLASS: u32 = 0x0000_4000;
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;

    pub(super) fn prepare(command: &mut Command) {
        command.creation_flags(CREATE_NO_WINDOW | DETACHED_PROCESS | BELOW_NORMAL_PRIORITY_CLASS);
    }

    /// The flags have done it. What its parent inherited in an inheritable form,
    /// such as the pipe of a shell, the child inherits too: the standard library
    /// offers no stable way to leave it out, and nothing here can close it.
    pub(super) fn detach() {}
}

#[cfg(not(any(unix, windows)))]
mod imp {
    use std::process::Command;

    pub(super) fn prepare(_command: &mut Command) {}

    pub(super) fn detach() {}
}
