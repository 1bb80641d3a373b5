//! Off is off: what a whole program does while consent is denied, as the
//! system sees it.
#![cfg(target_os = "linux")]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use telemetry_tests::spool::entries;

const PROGRAM: &str = env!("CARGO_BIN_EXE_whole_program");

/// The system calls of one run, a line each.
fn trace(home: &Path, receiver: &TcpListener, environment: &[(&str, &str)]) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("trace");
    let url = format!("http://{}/", receiver.local_addr().unwrap());
    let status = Command::new("strace")
        .args(["-f", "-q", "-e", "trace=%file,%network,%process,%desc", "-o"])
        .arg(&log)
        .arg(PROGRAM)
        .arg(home)
        .arg(url)
        .env_remove("DO_NOT_TRACK")
        .envs(environment.iter().copied())
        .status();
    match status {
        Ok(status) => assert!(status.success(), "{status}"),
        Err(error) => {
            let strict = std::env::var_os("TELEMETRY_TESTS_MUST_NOT_SKIP").is_some();
            assert!(!strict, "strace is needed: {error}");
            println!("skipped: needs strace");
            return None;
        }
    }
    let text = fs::read_to_string(log).unwrap();
    // `-f` puts the process id before each call.
    let call = |line: &str| line.split_once(' ').map(|(_, call)| call.trim_start().to_owned());
    Some(text.lines().filter_map(call).collect())
}

/// Calls that send, create, change or start something.
fn loud(calls: &[String]) -> Vec<&String> {
    const NAMES: &[&str] = &[
        "socket",
        "connect",
        "bind",
        "sendto",
        "sendmsg",
        "clone",
        "clone3",
        "fork",
        "vfork",
        "mkdir",
        "mkdirat",
        "creat",
        "rename",
        "renameat",
        "renameat2",
        "link",
        "linkat",
        "symlink",
        "symlinkat",
        "unlink",
        "unlinkat",
        "truncate",
        "ftruncate",
        "chmod",
        "fchmod",
        "fchmodat",
        "utimensat",
        "mknod",
        "mknodat",
        "flock",
    ];
    let mut executed = 0;
    let is_loud = |call: &&String| {
        let name = call.split('(').next().unwrap_or_default();
        // The program itself is executed once, by the tracer.
        executed += u32::from(name == "execve");
        let opens_to_write = name.starts_with("open")
            && ["O_CREAT", "O_WRONLY", "O_RDWR", "O_TRUNC"].iter().any(|flag| call.contains(flag));
        NAMES.contains(&name) || opens_to_write || (name == "execve" && executed > 1)
    };
    calls.iter().filter(is_loud).collect()
}

#[test]
fn with_consent_denied_no_socket_no_thread_no_process_and_no_file() {
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = tempfile::tempdir().unwrap();
    let Some(calls) = trace(home.path(), &receiver, &[("DO_NOT_TRACK", "1")]) else { return };
    assert!(calls.iter().any(|call| call.starts_with("execve(")), "the trace is empty");
    assert_eq!(loud(&calls), Vec::<&String>::new());
    assert_eq!(entries(home.path()), Vec::<PathBuf>::new());
}

#[test]
fn a_denial_in_a_file_is_as_silent_and_leaves_stored_events_as_they_are() {
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("telemetry.toml"), "[telemetry]\nenabled = false\n").unwrap();
    let Some(calls) = trace(home.path(), &receiver, &[]) else { return };
    assert_eq!(loud(&calls), Vec::<&String>::new());
    assert_eq!(entries(home.path()), [home.path().join("telemetry.toml")]);
}

/// What a start costs while telemetry is refused: one look at each place where
/// something could be said, and nothing else.
#[test]
fn a_refused_start_looks_once_at_four_places() {
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("trace");
    let looks = |answer: Option<&str>, undecided: bool| {
        let folder = home.path().join("home");
        fs::create_dir_all(&folder).unwrap();
        if let Some(answer) = answer {
            fs::write(folder.join("telemetry.toml"), answer).unwrap();
        }
        let mut command = Command::new("strace");
        command.args(["-f", "-q", "-y", "-e", "trace=%file,%desc", "-o"]).arg(&log);
        command.arg(env!("CARGO_BIN_EXE_consent_program")).arg("--home").arg(&folder);
        command.env_clear().stdin(std::process::Stdio::null());
        match (answer, undecided) {
            (None, false) => drop(command.env("DO_NOT_TRACK", "1")),
            (None, true) => drop(command.arg("--opt-in")),
            (Some(_), _) => {}
        }
        if !command.status().is_ok_and(|status| status.success()) {
            return None;
        }
        let text = fs::read_to_string(&log).unwrap();
        let places = [folder.to_str().unwrap(), "/etc/consent-program"];
        let ours =
            |line: &&str| !line.contains("execve(") && places.iter().any(|p| line.contains(p));
        Some(text.lines().filter(ours).map(str::to_owned).collect::<Vec<_>>())
    };
    let Some(calls) = looks(None, false) else {
        return telemetry_tests::spool::skipped("strace");
    };
    // The organisation's file, the choice, the mark and the copy beside the data.
    for name in
        ["/etc/consent-program/telemetry.toml", "telemetry.toml", "telemetry.off", "consent.toml"]
    {
        assert!(calls.iter().any(|call| call.contains(name)), "{name}: {calls:#?}");
    }
    assert_eq!(calls.len(), 4, "{calls:#?}");
    // Undecided is as cheap as refused.
    assert_eq!(looks(None, true).unwrap().len(), 4);
    // A file that is there is opened, looked at, read to its end and closed.
    let calls = looks(Some("[telemetry]\nenabled = false\n"), false).unwrap();
    assert!(calls.len() <= 12, "{calls:#?}");
}

/// The control: the same eyes see the same program when it may collect.
#[test]
fn with_consent_the_same_trace_shows_files_a_thread_and_a_socket() {
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = receiver.try_clone().unwrap();
    std::thread::spawn(move || {
        // Whoever connects gets no answer but an end.
        while server.accept().is_ok() {}
    });
    let home = tempfile::tempdir().unwrap();
    let Some(calls) = trace(home.path(), &receiver, &[]) else { return };
    let loud = loud(&calls);
    for name in ["socket(", "clone", "mkdir", "openat("] {
        assert!(loud.iter().any(|call| call.starts_with(name)), "no {name} in {loud:#?}");
    }
    assert!(home.path().join("telemetry/secret").exists());
}
