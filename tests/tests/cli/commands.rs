//! What each command does and says.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use clap::Parser;
use serde_json::Value;
use telemetry_cli::Io;
use telemetry_core::{Telemetry, spool};

use crate::program::{Alone, Program, contents};

#[test]
fn show_json_prints_the_stored_lines_byte_for_byte() {
    let program = Program::new();
    program.work();
    program.work();
    let ran = program.telemetry(&["show", "--json"]);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.out.lines().count(), 4);
    // Of two files written within one tick of the clock either may be first.
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.split_inclusive('\n').map(str::to_owned).collect();
        lines.sort();
        lines
    };
    // The second run may have sealed what the first left.
    let folders = ["active", "sealed"].map(|name| contents(&program.folder().join(name)));
    let stored = String::from_utf8(folders.concat()).unwrap();
    assert_eq!(sorted(&ran.out), sorted(&stored));
}

#[test]
fn show_prints_a_line_for_each_event_and_none_of_what_was_dropped() {
    let program = Program::new();
    program.work();
    let ran = program.telemetry(&["show"]);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 3, "{ran:?}");
    assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["TIME", "ID", "EVENT", "FIELDS"]);
    for cell in
        ["run.finished", "command=converge", "duration_ms=<100", "error=\"no route to [ip]\""]
    {
        assert!(lines[1].contains(cell), "{cell} is not in {}", lines[1]);
    }
    assert!(lines[2].ends_with("file.opened   large=true"), "{}", lines[2]);
    for secret in ["hunter2", "password", "Web-1", "web-1", "salary"] {
        assert!(!ran.out.contains(secret), "{secret} is in {}", ran.out);
    }
}

#[test]
fn show_filters_by_event_id_and_time() {
    let program = Program::new();
    program.work();
    let events = program.stored();
    let shown = |arguments: &[&str]| {
        let ran = program.telemetry(&[&["show", "--json"], arguments].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out.lines().count()
    };
    assert_eq!(shown(&["--event", "file.opened"]), 1);
    assert_eq!(shown(&["--event", "no.such"]), 0);
    assert_eq!(shown(&["--id", &events[0].id]), 1);
    assert_eq!(shown(&["--since", "1h"]), 2);
    assert_eq!(shown(&["--until", "1h"]), 0);
    assert_eq!(shown(&["--since", &events[0].time]), 2);
    assert_eq!(shown(&["--until", &events[0].time]), 0);
    assert_eq!(shown(&["--since", "2020-01-01", "--until", "2020-01-02T00:00:00Z"]), 0);
}

#[test]
fn stored_values_cannot_command_the_terminal() {
    let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}x\r\nsecond line";
    let program = Program::new();
    assert!(program.command(&["work", hostile]).status().unwrap().success());
    let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';

    let ran = program.telemetry(&["show", "--event", "run.finished"]);
    assert!(!ran.out.contains(acts), "{:?}", ran.out);
    assert_eq!(ran.out.lines().count(), 2, "a value broke its line: {}", ran.out);
    assert!(ran.out.contains("owned"));

    let mut out = Vec::new();
    let telemetry = Telemetry::builder("embedding-program")
        .home(program.home.path())
        .with_env(|_| None)
        .build()
        .unwrap();
    for arguments in [&["telemetry", "show"][..], &["telemetry", "show", "--json"]] {
        out.clear();
        let mut io = Io::new(&mut out, std::io::sink()).as_terminal(false);
        Alone::parse_from(arguments).command.run(&telemetry, &mut io);
        drop(io);
        let text = String::from_utf8(out.clone()).unwrap();
        assert!(!text.contains(acts), "{text:?}");
    }
    let line: Value = serde_json::from_slice(out.split(|b| *b == b'\n').next().unwrap()).unwrap();
    assert_eq!(line["fields"]["vouched"], hostile, "on a terminal the JSON is the same value");
}

#[test]
fn status_names_the_state_the_source_the_folder_and_what_waits() {
    let program = Program::new();
    program.work();
    let ran = program.telemetry(&["status"]);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.line("telemetry"), "on");
    assert_eq!(ran.line("why"), "the program's default says so");
    assert_eq!(Path::new(ran.line("folder")), program.folder());
    assert_eq!(ran.line("waiting"), "2 events");
    assert_eq!(ran.line("dropped"), "0 events");
    assert_eq!(ran.line("sent"), "never");
    let path = program.telemetry(&["path"]);
    assert_eq!(Path::new(path.out.trim_end()), program.folder());
}

#[test]
fn status_counts_what_was_dropped_by_reason() {
    let program = Program::new();
    program.work();
    spool::internals::add_dropped(&program.folder(), spool::Reason::CapAge, 3).unwrap();
    spool::internals::add_dropped(&program.folder(), spool::Reason::DiskFull, 1).unwrap();
    assert_eq!(program.telemetry(&["status"]).line("dropped"), "4 events: cap-age 3, disk-full 1");
}

#[test]
fn off_is_stored_first_and_then_erases_and_stays() {
    let program = Program::new();
    program.work();
    let ran = program.telemetry(&["off"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("2 stored events erased."), "{ran:?}");
    program.work();
    assert!(program.stored().is_empty());
    let status = program.telemetry(&["status"]);
    assert_eq!((status.code, status.line("telemetry")), (3, "off"));
    assert!(status.line("why").contains("telemetry.toml"), "{status:?}");

    assert_eq!(program.telemetry(&["on"]).code, 0);
    program.work();
    assert_eq!(program.stored().len(), 2);
}

#[test]
fn an_off_is_kept_where_it_can_be() {
    // A folder in the place of the choice, of the copy, or of both.
    for in_the_way in [
        &["telemetry.toml"][..],
        &["telemetry/consent.toml"],
        &["telemetry.toml", "telemetry/consent.toml"],
    ] {
        let program = Program::new();
        program.work();
        for name in in_the_way {
            fs::create_dir_all(program.home.path().join(name).join("full")).unwrap();
        }
        let ran = program.telemetry(&["off"]);
        assert_eq!(ran.code, 0, "{in_the_way:?} {ran:?}");
        assert!(program.stored().is_empty());
        for name in in_the_way {
            fs::remove_dir_all(program.home.path().join(name)).unwrap();
        }
        program.work();
        assert!(program.stored().is_empty(), "{in_the_way:?}");
        assert_eq!(program.telemetry(&["on"]).code, 0);
        program.work();
        assert_eq!(program.stored().len(), 2);
    }
}

#[test]
fn an_off_that_cannot_be_stored_fails_erases_and_promises_nothing() {
    let program = Program::new();
    program.work();
    for name in ["telemetry.toml", "telemetry.off", "telemetry/consent.toml"] {
        fs::create_dir_all(program.home.path().join(name).join("full")).unwrap();
    }
    let ran = program.telemetry(&["off"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.starts_with("error: ") && ran.err.contains("\nnext: "), "{ran:?}");
    assert!(ran.err.contains("DO_NOT_TRACK=1"), "{ran:?}");
    assert!(!ran.out.contains("is off") && !ran.err.contains("never sent"), "{ran:?}");
    assert!(program.stored().is_empty());
}

#[test]
fn off_for_one_purpose_erases_its_events_and_leaves_the_others_on() {
    let program = Program::new();
    program.work();
    let ran = program.telemetry(&["off", "--purpose", "diagnostics"]);
    assert!(ran.out.contains("1 stored event erased."), "{ran:?}");
    let purposes = program.telemetry(&["purposes"]);
    let states: Vec<(&str, &str)> = purposes
        .out
        .lines()
        .skip(1)
        .map(|line| {
            let mut cells = line.split_whitespace();
            (cells.next().unwrap(), cells.next().unwrap())
        })
        .collect();
    let expected =
        [("diagnostics", "off"), ("model-training", "on"), ("product-improvement", "on")];
    assert_eq!(states, expected);
    assert!(program.telemetry(&["status"]).line("why").ends_with("off for diagnostics"));
    assert_eq!(program.telemetry(&["on", "--purpose", "diagnostics"]).code, 0);
    assert_eq!(program.telemetry(&["off", "--purpose", "nonsense"]).code, 2);
}

#[test]
fn a_yes_that_somebody_else_outweighs_is_stored_and_says_so() {
    let program = Program { variables: vec![("DO_NOT_TRACK", "1")], ..Program::new() };
    let ran = program.telemetry(&["on"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.out.contains("DO_NOT_TRACK") && ran.out.contains("stays off"), "{ran:?}");
    let why = program.telemetry(&["why"]);
    assert!(why.out.contains("It outweighs the user's choice"), "{why:?}");
    assert!(why.out.contains("unset DO_NOT_TRACK"), "{why:?}");
}

#[test]
fn looking_makes_nothing_and_does_not_count_as_the_notice() {
    let program = Program { variables: vec![("TEST_NOTICE", "1")], ..Program::new() };
    for command in
        ["status", "why", "purposes", "notice", "show", "path", "schema", "rotate", "send"]
    {
        program.telemetry(&[command]);
        let made = fs::read_dir(program.home.path()).unwrap().count();
        assert_eq!(made, 0, "{command} made something");
    }
    let due = program.telemetry(&["status"]);
    assert_eq!(due.line("notice"), "version 2026-01 was not shown yet; nothing is sent before");
}

#[test]
fn erase_asks_and_refuses_when_there_is_nobody_to_ask() {
    let program = Program::new();
    program.work();
    let ran = program.telemetry(&["erase"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("2 stored events") && ran.err.contains("--yes"), "{ran:?}");
    assert_eq!(program.stored().len(), 2);

    let telemetry = Telemetry::builder("embedding-program")
        .home(program.home.path())
        .with_env(|_| None)
        .build()
        .unwrap();
    for (answer, left) in [("", 2), ("no\n", 2), ("\n", 2), ("y\n", 0)] {
        let mut err = Vec::new();
        let mut io = Io::new(std::io::sink(), &mut err).with_answers(answer.as_bytes());
        Alone::parse_from(["telemetry", "erase"]).command.run(&telemetry, &mut io);
        drop(io);
        let asked = String::from_utf8(err).unwrap();
        assert!(asked.contains("Erase 2 stored events in "), "{asked}");
        assert_eq!(program.stored().len(), left, "after the answer {answer:?}");
    }
}

#[test]
fn erase_takes_one_event_one_kind_what_is_old_or_all() {
    let program = Program::new();
    program.work();
    program.work();
    let events = program.stored();
    let erase = |arguments: &[&str]| {
        let ran = program.telemetry(&[&["erase", "--yes"], arguments].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        program.stored().len()
    };
    assert_eq!(erase(&["--before", "1h"]), 4);
    assert_eq!(erase(&["--id", &events[0].id]), 3);
    assert_eq!(erase(&["--event", "file.opened"]), 1);
    assert_eq!(erase(&[]), 0);
}

#[test]
fn the_dictionary_lists_every_field_and_how_it_leaves_in_each_form() {
    let program = Program::new();
    let text = program.telemetry(&["schema"]).out;
    assert!(
        text.contains("run.finished  version 3  for product-improvement\n    A run ended.\n"),
        "{text}"
    );
    assert!(text.contains("    Subcommand that ran, never its arguments.\n"), "{text}");
    assert!(text.contains("hash(lowercase), domain = \"host\""), "{text}");

    assert!(text.contains("\n  installation  holds a random id\n"), "{text}");

    let json: Value = serde_json::from_str(&program.telemetry(&["schema", "--json"]).out).unwrap();
    let events = json["events"].as_array().unwrap();
    let names: Vec<_> = events.iter().map(|event| &event["name"]).collect();
    assert!(names.contains(&&"file.opened".into()), "{names:?}");
    assert!(json["envelope"].as_array().unwrap().iter().any(|key| key["name"] == "container"));
    let run = events.iter().find(|event| event["name"] == "run.finished").unwrap();
    let fields = run["fields"].as_array().unwrap();
    let policies: Vec<_> = fields
        .iter()
        .map(|field| (field["name"].as_str().unwrap(), field["policy"]["name"].as_str().unwrap()))
        .collect();
    let expected = [
        ("command", "one_of"),
        ("target", "hash"),
        ("duration_ms", "bucket"),
        ("arguments", "drop"),
        ("error", "scrub"),
        ("vouched", "allow"),
        ("columns", "keys"),
    ];
    assert_eq!(policies, expected);
    assert_eq!(fields[0]["values"], serde_json::json!(["converge", "verify", "other"]));
    assert_eq!(fields[4]["purpose"], "model-training");
    assert_eq!(fields[5]["because"], "either a | b, both ours");
    assert_eq!(fields[1]["tells"], "holds a pseudonym");

    let markdown = program.telemetry(&["schema", "--markdown"]).out;
    for field in fields.iter().filter(|field| field["policy"]["name"] != "drop") {
        let name = field["name"].as_str().unwrap();
        assert!(markdown.contains(&format!("\n| `{name}` | ")), "{name} is not in {markdown}");
    }
    assert!(
        markdown.contains(r"the author vouches for it: either a \| b, both ours"),
        "{markdown}"
    );
}

#[test]
fn the_notice_is_shown_with_what_was_agreed_to_and_when() {
    let program = Program { variables: vec![("TEST_NOTICE", "1")], ..Program::new() };
    let before = program.telemetry(&["notice"]);
    assert!(before.out.contains("We count runs.\nWe never read your files."), "{before:?}");
    assert!(before.out.contains("\nshown   not yet"), "{before:?}");
    assert!(before.out.contains("\nagreed  never"), "{before:?}");
    let on = program.telemetry(&["on"]);
    assert_eq!(on.code, 0, "{on:?}");
    assert!(on.out.contains("You agreed to notice 2026-01 for "), "{on:?}");
    let after = program.telemetry(&["notice"]);
    let agreed = after.out.lines().find(|line| line.starts_with("agreed  2")).unwrap();
    assert!(agreed.contains("to notice 2026-01"), "{after:?}");
    assert!(agreed.contains("product-improvement"), "{after:?}");
}

#[test]
fn rotate_gives_pseudonyms_that_differ_and_never_prints_a_secret() {
    let program = Program::new();
    program.work();
    let secret = || fs::read_to_string(program.folder().join("secret")).unwrap();
    let digits = |file: String| file.lines().last().unwrap().replace("secret ", "");
    let old = digits(secret());
    let ran = program.telemetry(&["rotate"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("Epoch 1"), "{ran:?}");
    let new = digits(secret());
    assert_ne!(old, new);
    program.work();
    let events = program.stored();
    let targets: Vec<_> = events.iter().filter_map(|event| event.fields.get("target")).collect();
    assert_eq!(targets.len(), 2);
    assert_ne!(targets[0], targets[1]);
    let ids: Vec<_> = events.iter().filter(|event| event.fields.contains_key("target")).collect();
    assert_ne!(ids[0].installation, ids[1].installation, "nothing joins two epochs");
    for command in ["status", "why", "purposes", "notice", "show", "schema", "rotate"] {
        let ran = program.telemetry(&[command]);
        for secret in [&old, &new] {
            assert!(!ran.out.contains(secret.as_str()) && !ran.err.contains(secret.as_str()));
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let program = Program::new();
    program.work();
    for command in [&["show"][..], &["show", "--json"], &["schema"], &["status"], &["path"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut child = program.command(&[&["telemetry"], command].concat());
        let output = child.stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{command:?}: {output:?}");
        assert!(output.stderr.is_empty(), "{command:?}: {output:?}");
    }
}

#[test]
fn a_spool_that_cannot_be_read_in_part_is_shown_as_far_as_it_can() {
    let program = Program::new();
    program.work();
    // As another program left it.
    let broken = "active/000000000000000000000000-1.ndjson";
    fs::write(program.folder().join(broken), "{\"secret-canary\":\n").unwrap();
    let ran = program.telemetry(&["show"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out.lines().count(), 3, "{ran:?}");
    assert!(ran.err.contains("not a JSON object"), "{ran:?}");
    assert!(!ran.err.contains("canary"), "{ran:?}");
}
