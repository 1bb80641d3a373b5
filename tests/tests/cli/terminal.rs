//! What a terminal gets, and a pipe does not.

use std::io::Write;
use std::process::{Command, Stdio};

use telemetry_tests::spool::skipped;

use crate::program::{Program, Ran};

#[test]
fn without_a_terminal_there_are_no_colours_and_with_one_no_color_is_honoured() {
    let program = Program::new();
    program.work();
    assert!(!program.telemetry(&["status"]).out.contains('\u{1b}'));
    if !cfg!(target_os = "linux") || Command::new("script").arg("--version").output().is_err() {
        return skipped("script of util-linux");
    }
    let on_terminal = |variables: &[(&str, &str)], arguments: &str, answer: &str| {
        let line = format!(
            "'{}' '{}' - telemetry {arguments}",
            env!("CARGO_BIN_EXE_embedding_program"),
            program.home.path().display()
        );
        let mut script = Command::new("script");
        script.args(["-qec", &line, "/dev/null"]).env_clear();
        script.env("PATH", std::env::var_os("PATH").unwrap()).env("TERM", "xterm");
        script.envs(variables.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = script.spawn().unwrap();
        child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
        Ran::from(child.wait_with_output().unwrap())
    };
    assert!(on_terminal(&[], "status", "").out.contains("\u{1b}[32mon\u{1b}[0m"));
    assert!(!on_terminal(&[("NO_COLOR", "1")], "status", "").out.contains("\u{1b}["));
    for command in ["status --json", "why --json", "purposes --json", "show --json"] {
        let shown = on_terminal(&[("CLICOLOR_FORCE", "1")], command, "").out;
        assert!(!shown.contains('\u{1b}'), "{command}: {shown:?}");
    }
    let cut = on_terminal(&[("NO_COLOR", "1")], "show", "").out;
    assert!(cut.contains('…'), "a long value was not cut: {cut}");
    let no = on_terminal(&[], "erase", "n\n");
    assert_eq!((no.code, program.stored().len()), (3, 2), "{no:?}");
    let yes = on_terminal(&[], "erase", "y\n");
    assert_eq!((yes.code, program.stored().len()), (0, 0), "{yes:?}");
}
