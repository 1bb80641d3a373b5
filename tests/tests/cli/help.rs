//! The help of each command, as a new user reads it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use clap::{CommandFactory, Parser};

use crate::program::{Alone, Ran};

/// Runs the binary in an empty home.
fn binary(arguments: &[&str]) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_standalone_program"));
    command.env("HOME", home.path()).env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
    Ran::from(command.args(arguments).stdin(Stdio::null()).output().unwrap())
}

/// The words of the example in a help, up to a pipe or a redirection.
fn example(help: &str) -> Vec<String> {
    let (_, rest) = help.split_once("\nExample:\n  ").unwrap_or_else(|| panic!("{help}"));
    let line = rest.lines().next().unwrap();
    let inner = line.rsplit("$(").next().unwrap().trim_end_matches(')');
    let words = inner.split_whitespace().map(str::to_owned);
    words.take_while(|word| word != "|" && word != ">").collect()
}

/// Every command below `command`, with the words that lead to it.
fn paths(command: &clap::Command, path: &[String], all: &mut Vec<Vec<String>>) {
    for command in command.get_subcommands() {
        let path = [path, &[command.get_name().to_owned()]].concat();
        paths(command, &path, all);
        all.push(path);
    }
}

#[test]
fn each_command_has_an_example_that_can_be_typed_and_the_exit_codes() {
    let mut all = Vec::new();
    paths(&Alone::command(), &[], &mut all);
    assert!(all.len() > 18, "{all:?}");
    for path in all {
        let words: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let help = binary(&words);
        assert_eq!(help.code, 0, "{help:?}");
        assert!(help.out.contains("\nExit codes:\n  0  done\n"), "{path:?}: {help:?}");
        let example = example(&help.out);
        assert_eq!(example[0], "telemetry");
        assert!(example[1..].starts_with(&path), "{path:?}: {example:?}");
        Alone::try_parse_from(&example).unwrap_or_else(|error| panic!("{example:?}: {error}"));
    }
}

#[test]
fn the_commands_of_the_binary_alone_have_examples_too() {
    let apps = example(&binary(&["apps", "--help"]).out);
    assert_eq!(apps, ["telemetry", "apps"]);
    let mut scrub = example(&binary(&["scrub", "--help"]).out);
    assert_eq!(scrub[1], "scrub");
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    fs::write(&from, "mail jane@corp.example\n").unwrap();
    for word in &mut scrub {
        match word.as_str() {
            "build.log" => *word = from.display().to_string(),
            "clean.log" => *word = to.display().to_string(),
            _ => {}
        }
    }
    let words: Vec<&str> = scrub[1..].iter().map(String::as_str).collect();
    assert_eq!(binary(&words).code, 0, "{words:?}");
    assert_eq!(fs::read_to_string(to).unwrap(), "mail [email]\n");
    assert!(binary(&["--help"]).out.contains("\n  telemetry --app chef-workstation status\n"));
}

#[test]
fn the_page_and_the_help_have_the_same_exit_codes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/command-line.md");
    let page = fs::read_to_string(path).unwrap();
    let (_, table) = page.split_once("| code | means |\n|---|---|\n").unwrap();
    let rows: Vec<String> = table
        .lines()
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            format!("  {}  {}", cells[0], cells[1])
        })
        .collect();
    let help = binary(&["--help"]).out;
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    assert_eq!(codes.lines().collect::<Vec<_>>(), rows);
}

#[test]
fn a_mistake_says_what_to_do() {
    for (arguments, words) in [
        (&["stauts"][..], "'status'"),
        (&["show", "--since", "soon"], "24h"),
        (&["status"], "--app NAME"),
        (&["--app", "x", "erase", "--id", "1", "--event", "y"], "cannot be used with"),
        (&["completions", "tcsh"], "possible values: bash"),
        (&["verify", "x.ndjson", "--app", "x"], "--help"),
    ] {
        let ran = binary(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(ran.err.contains(words), "{words} is not in {ran:?}");
    }
}
