//! Several processes at once, and processes that are killed.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use telemetry_core::pseudonym::Secret;
use telemetry_core::pseudonym::primitives::Keyed;

use super::{hex, unhex};

/// A process that waits at the start.
struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(what: &str, path: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_secret_process"))
            .arg(what)
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        Self { child, lines }
    }

    fn go(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    fn next(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }

    /// What it says until it ends, which it does well.
    fn rest(mut self) -> Vec<String> {
        let lines = self.lines.map(Result::unwrap).collect();
        assert!(self.child.wait().unwrap().success());
        lines
    }

    /// Kills it with SIGKILL, and returns the last thing that it said.
    fn kill(mut self) -> Option<String> {
        self.child.kill().unwrap();
        let last = self.lines.map_while(Result::ok).last();
        self.child.wait().unwrap();
        last
    }
}

/// What the file holds: the epoch and the secret.
fn content(path: &Path) -> (u64, Vec<u8>) {
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<_> = text.split('\n').collect();
    let [first, epoch, secret, ""] = lines[..] else { panic!("not three lines") };
    assert_eq!(first, "telemetry-secret 1");
    let secret = unhex(secret.strip_prefix("secret ").unwrap());
    assert_eq!(secret.len(), 32);
    (epoch.strip_prefix("epoch ").unwrap().parse().unwrap(), secret)
}

/// `secret` after `steps` steps of the ratchet.
fn ratchet(secret: Vec<u8>, steps: u64) -> Vec<u8> {
    (0..steps).fold(secret, |secret, _| Keyed::new(&secret).tag(b"next").to_vec())
}

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn eight_first_runs_end_with_one_secret() {
    let mut seen = BTreeSet::new();
    for round in 0..25 {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("program").join("telemetry").join("secret");
        let mut processes: Vec<_> = (0..8).map(|_| Process::start("load", &path)).collect();
        assert!(!path.exists());
        processes.iter_mut().for_each(Process::go);
        let all: BTreeSet<_> = processes.into_iter().flat_map(Process::rest).collect();
        assert_eq!(all.len(), 1, "round {round}: {all:?}");
        assert_eq!(content(&path).0, 0);
        assert_eq!(names(path.parent().unwrap()), BTreeSet::from(["secret".to_owned()]));
        seen.extend(all);
    }
    assert_eq!(seen.len(), 25, "installations share a secret");
}

#[test]
fn a_killed_first_run_leaves_no_file_or_a_whole_one() {
    let mut whole = 0;
    for round in 0..60 {
        let home = tempfile::tempdir().unwrap();
        let mut process = Process::start("create-forever", home.path());
        process.go();
        for _ in 0..round % 6 {
            process.next();
        }
        let said = process.kill();
        for folder in fs::read_dir(home.path()).unwrap() {
            let path = folder.unwrap().path().join("secret");
            if path.exists() {
                content(&path);
                whole += 1;
            }
            Secret::load_or_create(&path).unwrap();
        }
        let last = said.and_then(|line| line.parse().ok()).unwrap_or(0_u64);
        assert!(home.path().join(last.to_string()).join("secret").exists() || last == 0);
    }
    assert!(whole > 60, "hardly anything was tried: {whole}");
}

#[test]
fn rotations_at_once_take_turns() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("telemetry").join("secret");
    Secret::load_or_create(&path).unwrap();
    let (_, first) = content(&path);
    let mut processes: Vec<_> = (0..8).map(|_| Process::start("rotate", &path)).collect();
    processes.iter_mut().for_each(Process::go);
    let said: Vec<u64> =
        processes.into_iter().flat_map(Process::rest).map(|line| line.parse().unwrap()).collect();
    // Eight processes, five epochs each: none skipped, none begun twice.
    assert_eq!(said.len(), 40);
    assert_eq!(said.into_iter().collect::<BTreeSet<_>>(), (1..=40).collect());
    assert_eq!(content(&path), (40, ratchet(first, 40)));
}

#[test]
fn a_killed_rotation_leaves_the_old_epoch_or_the_new() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("telemetry").join("secret");
    Secret::load_or_create(&path).unwrap();
    let (_, first) = content(&path);
    for round in 0..60 {
        let mut process = Process::start("rotate-forever", &path);
        process.go();
        let mut said = content(&path).0;
        for _ in 0..round % 6 {
            said = process.next().parse().unwrap();
        }
        let said = process.kill().map_or(said, |line| line.parse().unwrap());
        let (epoch, secret) = content(&path);
        assert!(epoch >= said, "round {round}: {epoch} after {said} was said");
        assert_eq!(secret, ratchet(first.clone(), epoch), "round {round}");
    }
    // Whatever the killed ones left is gone after the next rotation.
    Secret::rotate(&path).unwrap();
    let expected = ["secret", "secret.lock"].map(str::to_owned);
    assert_eq!(names(path.parent().unwrap()), BTreeSet::from(expected));
}

/// A process killed between the two steps of creation leaves the secret under
/// a second name, in which the old epoch would live on.
#[test]
fn rotation_erases_the_old_secret_under_every_name() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("telemetry");
    let path = folder.join("secret");
    Secret::load_or_create(&path).unwrap();
    let (_, first) = content(&path);
    fs::hard_link(&path, folder.join("secret.4711.0.0123456789abcdef.tmp")).unwrap();
    fs::write(folder.join("other.tmp"), "somebody else's").unwrap();
    assert_eq!(Secret::rotate(&path).unwrap().epoch(), 1);
    let expected = ["secret", "secret.lock", "other.tmp"].map(str::to_owned);
    assert_eq!(names(&folder), BTreeSet::from(expected));
    for name in names(&folder) {
        let bytes = fs::read(folder.join(&name)).unwrap();
        assert!(!String::from_utf8(bytes).unwrap().contains(&hex(&first)), "{name}");
    }
}

#[test]
fn a_relative_path_is_taken_from_the_working_folder() {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_secret_process"))
        .args(["load", "secret"])
        .current_dir(home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    assert!(child.wait().unwrap().success());
    let path: PathBuf = home.path().join("secret");
    assert_eq!(content(&path).0, 0);
}
