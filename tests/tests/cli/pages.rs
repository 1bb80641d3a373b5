//! Completions and manual pages, as shells and readers take them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use telemetry_tests::spool::skipped;

const EMBEDDING: &str = env!("CARGO_BIN_EXE_embedding_program");
const FLAG: &str = env!("CARGO_BIN_EXE_search_program");
const BINARY: &str = env!("CARGO_BIN_EXE_standalone_program");

/// How each of the three programs is asked, and the name that it has.
fn programs() -> [(Command, &'static str); 3] {
    let mut embedding = Command::new(EMBEDDING);
    embedding.args(["/nowhere", "-", "telemetry"]);
    let mut flag = Command::new(FLAG);
    flag.arg("--telemetry");
    [
        (embedding, "embedding-program"),
        (flag, "search_program"),
        (Command::new(BINARY), "telemetry"),
    ]
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

#[test]
fn each_shell_gets_completions_of_the_authors_program() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        for (mut command, name) in programs() {
            let script = said(&command.args(["completions", shell]).output().unwrap());
            assert!(script.contains(name), "{shell}: {name}");
            // PowerShell and elvish get options without their values.
            let words: &[&str] = match (name, shell) {
                ("search_program", "powershell" | "elvish") => &["--telemetry", "--all"],
                _ => &["status", "purposes", "rotate"],
            };
            for word in words {
                assert!(script.contains(word), "{shell}, {name}: {word}");
            }
        }
    }
    // What is the author's own is in it too.
    let [(mut embedding, _), (mut flag, _), _] = programs();
    let script = said(&embedding.args(["completions", "bash"]).output().unwrap());
    assert!(script.contains("work"), "{script}");
    let script = said(&flag.args(["completions", "bash"]).output().unwrap());
    assert!(script.contains("--all") && script.contains("--telemetry"), "{script}");
}

/// What bash offers for `words`, of which the last is completed.
fn offered(script: &Path, name: &str, words: &[&str]) -> Vec<String> {
    let driver = "source \"$1\"; name=$2; shift 2; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
                  \"_$name\" \"$1\" \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD - 1]}\"; \
                  printf '%s\\n' \"${COMPREPLY[@]}\"";
    let output = Command::new("bash")
        .args(["--norc", "-c", driver, "bash"])
        .arg(script)
        .arg(name)
        .args(words)
        .output()
        .unwrap();
    let mut offered: Vec<_> = said(&output).lines().map(str::to_owned).collect();
    offered.sort();
    offered
}

#[test]
fn bash_completes_the_commands() {
    if !is_there("bash") {
        return skipped("bash");
    }
    let folder = tempfile::tempdir().unwrap();
    let script = |name: &str, mut command: Command| {
        let path = folder.path().join(name);
        fs::write(&path, said(&command.args(["completions", "bash"]).output().unwrap())).unwrap();
        path
    };
    let [(_, _), (flag, _), (binary, _)] = programs();
    let (flag, binary) = (script("flag", flag), script("binary", binary));
    assert_eq!(offered(&binary, "telemetry", &["telemetry", "pur"]), ["purposes"]);
    assert_eq!(offered(&binary, "telemetry", &["telemetry", "show", "--la"]), ["--last"]);
    let words = ["search_program", "--telemetry", "st"];
    assert_eq!(offered(&flag, "search_program", &words), ["status"]);
}

#[test]
fn other_shells_can_read_the_completions() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, check) in [("zsh", "-n"), ("fish", "--no-execute")] {
        if !is_there(shell) {
            skipped(shell);
            continue;
        }
        for (mut command, name) in programs() {
            let path = folder.path().join(name);
            let script = said(&command.args(["completions", shell]).output().unwrap());
            fs::write(&path, script).unwrap();
            let output = Command::new(shell).arg(check).arg(&path).output().unwrap();
            assert!(output.status.success(), "{shell}, {name}: {output:?}");
        }
    }
}

#[test]
fn a_manual_page_has_the_name_that_is_typed() {
    for (mut command, name) in programs() {
        let page = said(&command.args(["man", "show"]).output().unwrap());
        let (title, typed) = match name {
            "telemetry" => ("telemetry-show", "telemetry show".to_owned()),
            "search_program" => {
                ("search_program-telemetry-show", format!("{name} --telemetry show"))
            }
            _ => ("embedding-program-telemetry-show", format!("{name} telemetry show")),
        };
        assert!(page.contains(&format!("\n.TH {title} 1 ")), "{page}");
        // A minus is written `\-`.
        let typed = typed.replace('-', "\\-");
        assert!(page.contains(&typed), "{typed} is not in {page}");
        assert!(page.contains("\\-\\-last") && page.contains("Exit codes:"), "{page}");
    }
}

#[test]
fn every_command_gets_a_page_and_readers_take_it() {
    let folder = tempfile::tempdir().unwrap();
    for (mut command, name) in programs() {
        let to = folder.path().join(name);
        fs::create_dir(&to).unwrap();
        let paths = said(&command.args(["man", "--to"]).arg(&to).output().unwrap());
        assert_eq!(paths.lines().count(), fs::read_dir(&to).unwrap().count());
        assert!(paths.lines().any(|path| path.ends_with("-status.1")), "{paths}");
        assert!(paths.lines().any(|path| path.ends_with("-schema-diff.1")), "{paths}");
        if !is_there("groff") {
            skipped("groff");
            continue;
        }
        for path in paths.lines() {
            let output = Command::new("groff").args(["-man", "-Tascii", "-ww", path]).output();
            said(&output.unwrap());
        }
    }
}

#[test]
fn what_cannot_be_printed_is_said_with_what_helps() {
    let [_, _, (mut binary, _)] = programs();
    let output = binary.args(["man", "nonsense"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let [_, _, (mut binary, _)] = programs();
    let output = binary.args(["man", "--to", "/nowhere/at/all"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("\nnext: name a folder"));
    // By hand there is no command line to make them of.
    let mut by_hand = Command::new(FLAG);
    by_hand.env("SEARCH_BY", "hand").args(["--telemetry", "completions", "bash"]);
    let output = by_hand.output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert!(String::from_utf8(output.stderr).unwrap().contains("run_in"));
}
