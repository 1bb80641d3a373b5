//! `--telemetry` of a tool whose first argument is a value.

use std::process::Command;
use std::time::{Duration, Instant};

use telemetry_tests::receiver::Receiver;

use crate::program::Ran;

/// The tool, in a home of its own.
struct Tool {
    home: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Tool {
    /// One that reads its arguments by clap, and one that does not.
    fn both() -> [Self; 2] {
        let tool = |variables| Self { home: tempfile::tempdir().unwrap(), variables };
        [tool(Vec::new()), tool(vec![("SEARCH_BY", "hand".to_owned())])]
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// Whether an event waits.
    fn waits(&self) -> bool {
        let status = self.run(&["--telemetry", "status", "--json"]).out;
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        status["waiting"]["events"] != 0
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_search_program"));
        command.env_clear().envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
        command.env("HOME", self.home.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        Ran::from(command.args(arguments).output().unwrap())
    }
}

#[test]
fn the_flag_runs_the_command_that_follows_it() {
    for tool in Tool::both() {
        for arguments in [&["--telemetry", "status"][..], &["--telemetry=status"]] {
            let ran = tool.run(arguments);
            assert_eq!((ran.code, ran.line("telemetry")), (3, "not decided"), "{ran:?}");
        }
        let on = tool.run(&["--telemetry", "on"]);
        assert_eq!(on.code, 0, "{on:?}");
        let json = tool.run(&["--telemetry", "status", "--json"]);
        let status: serde_json::Value = serde_json::from_str(&json.out).unwrap();
        assert_eq!(status["state"], "on");
        let change = status["change"].as_str().unwrap();
        assert!(change.contains("`search_program --telemetry off`"), "{change}");
    }
}

#[test]
fn the_word_telemetry_is_searched_for_as_any_other() {
    for tool in Tool::both() {
        for arguments in [
            &["telemetry"][..],
            &["telemetry", "status"],
            &["--", "telemetry"],
            &["status", "--"],
            &["--", "--telemetry"],
        ] {
            let ran = tool.run(arguments);
            let word = arguments.iter().find(|argument| **argument != "--").unwrap();
            assert_eq!((ran.code, ran.out), (0, format!("searching for {word}\n")));
        }
        assert_eq!(std::fs::read_dir(tool.home.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_mistake_behind_the_flag_ends_with_2_and_names_the_tool() {
    for tool in Tool::both() {
        for arguments in [&["--telemetry", "nonsense"][..], &["--telemetry", "show", "--no"]] {
            let ran = tool.run(arguments);
            assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
            assert!(ran.err.contains("search_program --telemetry"), "{ran:?}");
        }
        let alone = tool.run(&["--telemetry"]);
        assert_eq!(alone.code, 2);
        assert!(alone.err.contains("Usage: search_program --telemetry <COMMAND>"), "{alone:?}");
        assert!(alone.err.contains("\n  status "), "{alone:?}");
        let help = tool.run(&["--telemetry", "show", "--help"]);
        assert_eq!(help.code, 0);
        assert!(help.out.contains("Usage: search_program --telemetry show [OPTIONS]"), "{help:?}");
    }
}

#[test]
fn a_parser_lists_the_flag_and_refuses_it_behind_other_arguments() {
    let [tool, _] = Tool::both();
    let help = tool.run(&["--help"]);
    assert!(help.out.contains("--telemetry [<COMMAND>...]"), "{help:?}");
    assert!(help.out.contains("must come first"), "{help:?}");
    for arguments in [
        &["word", "--telemetry", "status"][..],
        &["--all", "--telemetry", "off"],
        &["word", "--telemetry"],
    ] {
        let ran = tool.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(ran.err.contains("--telemetry") && ran.err.contains("cannot be used"), "{ran:?}");
    }
    assert_eq!(tool.run(&[]).code, 2, "the pattern is still required");
}

#[test]
fn a_child_behind_the_flag_delivers_what_an_earlier_run_recorded() {
    for tool in Tool::both() {
        let folder = tool.home.path().join("received");
        let program = env!("CARGO_BIN_EXE_receiver");
        let mut receiver = Receiver::start(program, &folder, "ok");
        let tool = tool.with("SEARCH_RECEIVER", &receiver.url()).with("SEARCH_NOTED", "1");
        assert_eq!(tool.run(&["--telemetry", "on"]).code, 0);
        for _ in 0..2 {
            assert!(tool.run(&["telemetry"]).out.ends_with("Stored\n"));
        }
        // No other process than the child has sent anything yet.
        receiver.wait_for_request();
        // While it is at it, a person is told so and tries again.
        let patience = Instant::now() + Duration::from_secs(60);
        while tool.waits() {
            let sent = tool.run(&["--telemetry", "send"]);
            assert!(sent.code == 0 || sent.err.contains("another process"), "{sent:?}");
            assert!(Instant::now() < patience, "{sent:?}");
        }
        let received: Vec<u8> = receiver.received().into_iter().flat_map(|r| r.body).collect();
        let body = String::from_utf8(received).unwrap();
        for part in ["\"event\":\"searched\"", "\"pattern\":9"] {
            assert!(body.contains(part), "{body}");
        }
    }
}
