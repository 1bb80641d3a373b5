//! The `telemetry` binary, on the folders of another program.
#![allow(clippy::unwrap_used, reason = "what the tests share may stop at the first wrong value")]

use std::path::Path;
use std::process::{Command, Output};

use telemetry_core::{Recorded, Telemetry, TelemetryEvent};

/// A run ended.
#[derive(TelemetryEvent)]
#[telemetry(name = "run.finished", purpose = "diagnostics")]
struct RunFinished {
    #[telemetry(allow)]
    ok: bool,
}

fn program(home: &Path) -> Telemetry {
    Telemetry::builder("app").home(home).with_env(|_| None).on_by_default().build().unwrap()
}

/// Runs the binary without any variable of the test's own environment.
fn telemetry(home: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telemetry"));
    command.env_clear().envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
    command.envs(variables.iter().copied());
    command.args(["--app", "app", "--home"]).arg(home).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn it_shows_what_another_program_stored() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(program(home.path()).record(&RunFinished { ok: true }), Recorded::Stored);
    let output = telemetry(home.path(), &["show"], &[]);
    assert_eq!(output.status.code(), Some(0));
    let shown = text(&output.stdout);
    assert!(shown.lines().nth(1).unwrap().ends_with("run.finished  ok=true"), "{shown}");
}

#[test]
fn off_reaches_a_program_that_is_running() {
    let home = tempfile::tempdir().unwrap();
    let running = program(home.path());
    running.record(&RunFinished { ok: true });
    let output = telemetry(home.path(), &["off"], &[]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("1 stored event erased."), "{output:?}");
    assert!(!running.refresh());
    assert_eq!(running.record(&RunFinished { ok: true }), Recorded::Denied);
}

#[test]
fn it_does_not_claim_to_know_what_only_the_program_knows() {
    let home = tempfile::tempdir().unwrap();
    let status = telemetry(home.path(), &["status"], &[]);
    assert_eq!(status.status.code(), Some(3));
    let status = text(&status.stdout);
    assert!(status.starts_with("telemetry  not decided\n"), "{status}");
    assert!(status.contains("note       seen from outside"), "{status}");
    for command in ["schema", "send"] {
        let output = telemetry(home.path(), &[command], &[]);
        assert_eq!(output.status.code(), Some(1));
        let error = text(&output.stderr);
        assert!(error.contains("only the program itself"), "{error}");
        assert!(error.contains("\nnext: "), "{error}");
    }
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "looking made something");
}

#[test]
fn an_off_that_it_can_see_is_off() {
    let home = tempfile::tempdir().unwrap();
    let output = telemetry(home.path(), &["status"], &[("DO_NOT_TRACK", "1")]);
    assert_eq!(output.status.code(), Some(3));
    let status = text(&output.stdout);
    assert!(
        status.starts_with("telemetry  off\nwhy        the environment (DO_NOT_TRACK) says so\n"),
        "{status}"
    );
}

#[test]
fn a_command_line_that_cannot_be_used_ends_with_2_and_says_why() {
    let home = tempfile::tempdir().unwrap();
    for arguments in
        [&["nonsense"][..], &["show", "--since", "soon"], &["erase", "--id", "x", "--event", "y"]]
    {
        let output = telemetry(home.path(), arguments, &[]);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        assert!(!output.stderr.is_empty());
    }
    let output = Command::new(env!("CARGO_BIN_EXE_telemetry"))
        .args(["--app", "../elsewhere", "status"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn every_help_names_the_exit_codes() {
    let home = tempfile::tempdir().unwrap();
    let commands = [
        "status", "why", "on", "off", "purposes", "notice", "show", "path", "erase", "schema",
        "send", "rotate",
    ];
    let all = text(&telemetry(home.path(), &["--help"], &[]).stdout);
    for command in commands {
        assert!(all.contains(&format!("\n  {command} ")), "{command} is not in {all}");
        let help = telemetry(home.path(), &[command, "--help"], &[]);
        assert_eq!(help.status.code(), Some(0));
        let help = text(&help.stdout);
        assert!(help.contains("Exit codes:\n  0  done"), "{command}: {help}");
        assert!(!help.contains('\u{1b}'), "colours without a terminal: {help}");
    }
}
