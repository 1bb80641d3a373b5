//! What a short program pays and risks: system calls, syncs, limits, panics,
//! forks, a client that is never dropped.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use telemetry_core::spool::{self, Reason};
use telemetry_tests::spool::{skipped, stored_line};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ending_program");

fn run(home: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(PROGRAM).arg(home).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap().trim_end()
}

/// The system calls of one run under strace, the program's own start-up
/// included.
fn calls(home: &Path, arguments: &[&str]) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-q", "-o"]).arg(&log).arg(PROGRAM).arg(home).args(arguments);
    match command.stdout(Stdio::null()).status() {
        Ok(status) => assert!(status.success(), "{status}"),
        Err(_) => {
            skipped("strace");
            return None;
        }
    }
    let text = fs::read_to_string(log).unwrap();
    let call = |line: &str| line.split_once(' ').map(|(_, call)| call.trim_start().to_owned());
    Some(text.lines().filter_map(call).collect())
}

/// The least of some runs: one in 64 tidies the folder, whatever waits in it.
fn fewest(home: &Path, arguments: &[&str]) -> Option<usize> {
    (0..4).map(|_| calls(home, arguments).map(|calls| calls.len())).min().flatten()
}

/// As many short runs' segments as `segments`, complete and left behind.
fn wait_in(home: &Path, segments: usize) {
    let folder = home.join("telemetry");
    fs::create_dir_all(folder.join("sealed")).unwrap();
    for number in 0..segments {
        let id = format!("{number:024x}");
        let line = stored_line(&format!("{id}-1"), "2026-11-01T00:00:00.000Z", 0);
        let (sealed, active) = (folder.join("sealed"), folder.join("active"));
        let path = match number % 2 {
            0 => sealed.join(format!("{:08}-{id}-1-1-{}-1793491200.ndjson", number, line.len())),
            _ => active.join(format!("{id}-1.ndjson")),
        };
        fs::write(path, line).unwrap();
    }
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    fs::set_permissions(folder.join("sealed"), private).unwrap();
}

#[test]
fn an_event_costs_as_many_system_calls_whatever_waits() {
    let home = tempfile::tempdir().unwrap();
    run(home.path(), &["record", "1"]);
    let Some(bare) = fewest(home.path(), &["nothing"]) else { return };
    let Some(none) = fewest(home.path(), &["record", "1"]) else { return };
    for waiting in [1_000, 2_000] {
        let home = tempfile::tempdir().unwrap();
        run(home.path(), &["record", "1"]);
        wait_in(home.path(), waiting);
        assert_eq!(fewest(home.path(), &["record", "1"]), Some(none), "{waiting} wait");
    }
    println!("{} system calls for one event", none - bare);
    assert!(none - bare <= MOST, "{} system calls for one event", none - bare);
}

/// How many system calls a short program's one event may cost, from the first
/// look at consent to the end of the process.
const MOST: usize = 43;

#[test]
fn no_thread_of_the_program_waits_for_the_disk() {
    let home = tempfile::tempdir().unwrap();
    // The first run makes the secret and the id, the second finds them.
    for _ in 0..2 {
        let Some(calls) = calls(home.path(), &["record", "3"]) else { return };
        let synced: Vec<_> = calls.iter().filter(|call| call.contains("sync")).collect();
        assert!(synced.is_empty(), "{synced:?}");
        let stored = |call: &&String| call.starts_with("write(") && call.contains(r#"{\"id\":"#);
        assert_eq!(calls.iter().filter(stored).count(), 3);
    }
}

#[test]
fn a_limit_on_the_size_of_files_raises_no_signal_and_every_event_is_accounted_for() {
    // In units of 512 or 1,024 bytes, as the shell has it.
    for limit in [0, 1, 2, 8] {
        let home = tempfile::tempdir().unwrap();
        let script = format!("ulimit -f {limit}; exec {PROGRAM} \"$0\" record 40");
        let mut command = Command::new("sh");
        command.arg("-c").arg(script).arg(home.path());
        // The pipe is no file, and has no limit.
        let output = command.output().unwrap();
        assert!(output.status.success(), "ulimit -f {limit}: {output:?}");
        let said = out(&output);
        let words: Vec<&str> = said.split(' ').collect();
        let (stored, dropped): (u64, u64) = (words[1].parse().unwrap(), words[3].parse().unwrap());
        assert_eq!(stored + dropped, 40, "{said}");
        let folder = home.path().join("telemetry");
        assert_eq!(spool::read(&folder).unwrap().flatten().count() as u64, stored, "{limit}");
        if limit > 0 {
            assert_eq!(spool::counts(&folder).unwrap().total(), dropped, "{limit}");
            assert_eq!(dropped, 0, "a line fits into {limit}");
        }
    }
}

#[test]
fn a_panic_of_an_events_own_code_does_not_show_the_value() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), &["panic"]);
    assert_eq!(out(&output), "Dropped");
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(!shown.contains("canary"), "{shown}");
    // Where it was is no secret, and helps the author.
    assert!(shown.contains("`fragile` could not be serialised: its code panicked at"), "{shown}");
    assert!(shown.contains("ending_program.rs:"), "{shown}");
    assert!(shown.contains("of the program"), "the program's own panics are shown: {shown}");
    let counts = spool::counts(&home.path().join("telemetry")).unwrap();
    assert_eq!(counts.get(Reason::NotSerialised), 1);
}

#[test]
fn what_a_client_that_is_never_dropped_lost_is_counted() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("telemetry");
    // No folder, and none to be made.
    fs::write(&folder, "in the way").unwrap();
    let output = Command::new(PROGRAM).arg(home.path()).args(["static", "5"]).output().unwrap();
    assert_eq!(out(&output), "stored 0 dropped 5", "{output:?}");
    assert_eq!(spool::counts(&folder).unwrap().get(Reason::NotReady), 5);
    fs::remove_file(&folder).unwrap();
    let output = Command::new(PROGRAM).arg(home.path()).args(["static", "2"]).output().unwrap();
    assert_eq!(out(&output), "stored 2 dropped 0", "{output:?}");
    let counts = spool::counts(&folder).unwrap();
    assert_eq!((counts.get(Reason::NotReady), counts.total()), (5, 5));
}

#[test]
fn a_folder_that_cannot_be_closed_ends_nothing() {
    let home = tempfile::tempdir().unwrap();
    run(home.path(), &["record", "1"]);
    // Long ago: this run looks through the folder.
    let mark = fs::File::open(home.path().join("telemetry/tidied")).unwrap();
    mark.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let mut command = Command::new("strace");
    command.args(["-f", "-q", "-o", "/dev/null", "-e", "trace=close"]);
    // Behind those of the loader, which would end the program itself.
    command.args(["-e", "inject=close:error=EIO:when=6+", PROGRAM]).arg(home.path());
    command.args(["record", "2"]);
    let Ok(output) = command.output() else { return skipped("strace") };
    assert!(output.status.success(), "{output:?}");
    assert_eq!(out(&output), "stored 2 dropped 0");
}

#[test]
fn a_child_by_fork_records_while_other_threads_hold_locks() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), &["fork"]);
    assert_eq!(out(&output), "children stored 150");
    let events = spool::read(&home.path().join("telemetry")).unwrap().map(Result::unwrap);
    let (mut ids, mut of_children, mut all) = (BTreeSet::new(), 0, 0);
    for event in events {
        all += 1;
        of_children += u32::from(event.fields["exit_code"] == 3);
        ids.insert(event.id);
    }
    assert_eq!(of_children, 150);
    assert_eq!(ids.len(), all, "no id twice");
}

#[test]
fn a_limit_on_the_size_of_files_does_not_end_a_program_that_delivers() {
    use std::os::unix::process::ExitStatusExt;
    let whole_program = env!("CARGO_BIN_EXE_whole_program");
    // Nobody listens there: what is written before a request is written.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for limit in [0, 1, 3] {
        let home = tempfile::tempdir().unwrap();
        let script = format!("ulimit -f {limit}; exec {whole_program} \"$0\" http://{nobody}/");
        let mut command = Command::new("sh");
        command.arg("-c").arg(script).arg(home.path()).env_remove("DO_NOT_TRACK");
        let output = command.output().unwrap();
        assert_eq!(output.status.signal(), None, "ulimit -f {limit}: {output:?}");
    }
}
