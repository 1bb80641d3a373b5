//! How a program is started: without a home, with another user's rights, by the
//! superuser in another user's folders. None of it is an error of `build`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use telemetry_tests::ordered::Ordered;
use telemetry_tests::spool::entries;
use telemetry_tests::spool::skipped;

const PROGRAM: &str = env!("CARGO_BIN_EXE_consent_program");
const NOBODY: u32 = 65_534;
/// A user that no list of users has.
const NOT_LISTED: u32 = 54_321;

/// It runs, is off, says why, tells the hook, and makes nothing where it is.
fn is_off(mut command: Command, folder: &Path, because: &str) {
    let before = entries(folder);
    command.current_dir(folder);
    let mut program = Ordered::start(command);
    assert_eq!(program.say("record"), "Denied");
    for order in ["why", "diagnostics", "told"] {
        let answer = program.say(order);
        assert!(answer.contains(because), "{order}: {answer}");
    }
    program.end();
    assert_eq!(entries(folder), before);
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_relative_home_is_none() {
    let folder = tempfile::tempdir().unwrap();
    for (home, config, data) in
        [("home", None, None), ("home", Some("config"), Some("data")), ("", None, Some("data"))]
    {
        let mut command = Command::new(PROGRAM);
        command.env_clear().env("HOME", home);
        // Without a name in HOME the list of users would say one.
        if home.is_empty() {
            if !is_root() {
                continue;
            }
            command.uid(NOT_LISTED);
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        }
        let set = [("XDG_CONFIG_HOME", config), ("XDG_DATA_HOME", data)];
        command.envs(set.into_iter().filter_map(|(name, value)| Some((name, value?))));
        is_off(command, folder.path(), "no home folder with an absolute path");
    }
}

#[test]
fn a_user_without_home_and_entry_can_run_the_program() {
    if !is_root() {
        return skipped("root");
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = Command::new(copy_for_all(folder.path()));
    command.env_clear().uid(NOT_LISTED);
    is_off(command, folder.path(), "no home folder with an absolute path");
}

/// Two absolute folders are enough.
#[test]
fn without_a_home_the_two_folders_do() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("HOME", "nowhere").current_dir(folder.path());
    command.env("XDG_CONFIG_HOME", folder.path().join("config"));
    command.env("XDG_DATA_HOME", folder.path().join("data"));
    assert_eq!(Ordered::start(command).say("record"), "Stored");
    assert!(folder.path().join("data/consent-program/telemetry/secret").exists());
}

/// The program where every user can run it. Copied by a process of its own: a
/// child that another test forks meanwhile would hold the copy open for writing,
/// and nobody could run it.
fn copy_for_all(folder: &Path) -> PathBuf {
    let copy = folder.join("program");
    assert!(Command::new("cp").arg(PROGRAM).arg(&copy).status().unwrap().success());
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
    copy
}

#[test]
fn a_program_with_another_users_rights_is_off() {
    if !is_root() {
        return skipped("root");
    }
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    fs::create_dir(&home).unwrap();
    for path in [folder.path(), &home] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    let program = copy_for_all(folder.path());
    for mode in [0o4755, 0o2755] {
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
        let mut command = Command::new(&program);
        command.env_clear().env("HOME", &home).uid(NOBODY).gid(NOBODY);
        is_off(command, &home, "another user's rights (setuid)");
    }
}

#[test]
fn the_superuser_makes_nothing_in_the_folders_of_another_user() {
    if !is_root() {
        return skipped("root");
    }
    let home = tempfile::tempdir().unwrap();
    chown(home.path(), Some(NOBODY), None).unwrap();
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("HOME", home.path());
    is_off(command, home.path(), "the superuser runs it in the folders of another user");
    // What the user made is not taken over either.
    let data = home.path().join(".local/share/consent-program");
    fs::create_dir_all(&data).unwrap();
    for folder in data.ancestors().take_while(|path| *path != home.path()) {
        chown(folder, Some(NOBODY), None).unwrap();
    }
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("HOME", home.path());
    assert_eq!(Ordered::start(command).say("record"), "Denied");
    assert_eq!(entries(&data), Vec::<PathBuf>::new());
}

#[test]
fn a_read_only_disk_is_no_error_of_build() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    // Where no folder can be made, not even by the superuser.
    command.env_clear().env("HOME", "/proc/self/home").current_dir(home.path());
    let mut program = Ordered::start(command);
    assert_eq!(program.say("record"), "Dropped");
    assert_eq!(program.say("lost"), "1");
    assert_ne!(program.say("told"), "");
}

#[test]
fn a_notice_that_nobody_saw_is_not_used_up() {
    let home = tempfile::tempdir().unwrap();
    let run = |seen: &str, opt_in: bool| {
        let mut command = Command::new(PROGRAM);
        command.env_clear().arg("--home").arg(home.path()).args(["--notice", seen]);
        if opt_in {
            command.arg("--opt-in");
        }
        let mut program = Ordered::start(command);
        let first = program.say("record");
        // A notice is said before the first answer.
        let notice = first == "notice";
        (notice, if notice { program.answer() } else { first })
    };
    // On by default: being told is what is still missing.
    assert_eq!(run("unseen", false), (true, "Denied".to_owned()));
    assert_eq!(entries(home.path()), Vec::<PathBuf>::new(), "a pipe leaves no mark");
    assert!(run("unseen", false).0);
    assert_eq!(run("seen", false), (true, "Stored".to_owned()));
    assert_eq!(run("seen", false), (false, "Stored".to_owned()));
}

#[test]
fn in_a_program_that_waits_for_a_yes_nothing_is_written_before_the_answer() {
    for (answer, on) in [("on", "true"), ("off", "false")] {
        let home = tempfile::tempdir().unwrap();
        let start = || {
            let mut command = Command::new(PROGRAM);
            command.env_clear().arg("--home").arg(home.path()).args(["--notice", "seen"]);
            command.arg("--opt-in");
            Ordered::start(command)
        };
        for _ in 0..2 {
            let mut program = start();
            assert_eq!(program.say("record"), "notice", "shown until it is answered");
            assert_eq!(program.answer(), "Denied");
            program.end();
            assert_eq!(entries(home.path()), Vec::<PathBuf>::new());
        }
        let mut program = start();
        assert_eq!(program.say(answer), "notice");
        assert_eq!(program.answer(), on);
        program.end();
        let mut program = start();
        assert_ne!(program.say("record"), "notice", "the answer is the memory");
    }
}
