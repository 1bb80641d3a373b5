//! `--json`: documents for programs, held to the page that describes them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use telemetry_core::spool::{Reason, internals};

use crate::program::Program;

/// The keys of each object that the page describes, with their types.
struct Page(BTreeMap<String, Vec<(String, String)>>);

impl Page {
    /// Every table below a heading such as "### `status`".
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/command-line.md");
        let text = fs::read_to_string(path).unwrap();
        let mut objects: BTreeMap<String, Vec<_>> = BTreeMap::new();
        let mut object = None;
        for line in text.lines() {
            if line.starts_with('#') {
                object = line.strip_prefix("### `").map(|rest| rest.trim_end_matches('`'));
            }
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            if let (Some(object), [_, key, kind, ..]) = (object, cells.as_slice())
                && let Some(key) = key.strip_prefix('`')
            {
                let row = (key.trim_end_matches('`').to_owned(), (*kind).to_owned());
                objects.entry(object.to_owned()).or_default().push(row);
            }
        }
        assert!(objects.len() > 8, "the tables were not found: {:?}", objects.keys());
        Self(objects)
    }

    /// That `value` has the keys and types of `object`, no more and no fewer.
    fn hold(&self, value: &Value, object: &str) {
        let rows = self.0.get(object).unwrap_or_else(|| panic!("no table for {object}"));
        let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
        let mut listed: Vec<&String> = rows.iter().map(|(key, _)| key).collect();
        listed.sort();
        assert_eq!(keys, listed, "{object}");
        for (key, kind) in rows {
            self.hold_type(&value[key], kind, &format!("{object}.{key}"));
        }
    }

    fn hold_type(&self, value: &Value, kind: &str, place: &str) {
        if let Some(kind) = kind.strip_suffix(" or null") {
            if !value.is_null() {
                self.hold_type(value, kind, place);
            }
            return;
        }
        if let Some(kind) = kind.strip_prefix("list of ") {
            for item in value.as_array().unwrap_or_else(|| panic!("{place}: {value}")) {
                self.hold_type(item, kind, place);
            }
            return;
        }
        match kind {
            "text" => assert!(value.is_string(), "{place}: {value}"),
            "number" => assert!(value.is_u64(), "{place}: {value}"),
            "true or false" => assert!(value.is_boolean(), "{place}: {value}"),
            object => self.hold(value, object.trim_matches('`')),
        }
    }
}

/// That a document has the keys and types that the page gives to it.
pub(crate) fn hold(document: &Value, object: &str) {
    Page::read().hold(document, object);
}

/// The one document that a command prints, after it was held to the page; its
/// code is that of the command without `--json`.
fn document(program: &Program, command: &str) -> Value {
    let ran = program.telemetry(&[command, "--json"]);
    let document: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
    assert_eq!(ran.code, program.telemetry(&[command]).code, "{command}");
    assert!(!ran.out.contains('\u{1b}') && ran.err.is_empty(), "{ran:?}");
    assert_eq!((&document["command"], &document["form"]), (&command.into(), &1.into()));
    hold(&document, command);
    document
}

fn with_notice() -> Program {
    Program { variables: vec![("TEST_NOTICE", "1")], ..Program::new() }
}

#[test]
fn status_has_the_documented_keys_in_each_state() {
    let program = Program::new();
    program.work();
    let on = document(&program, "status");
    assert_eq!(on["state"], "on");
    assert_eq!(on["waiting"]["events"], 2);
    assert_eq!(on["folder"], program.folder().display().to_string());
    assert_eq!(on["outside"], false);
    assert!(on["can_tell"].is_string());
    program.telemetry(&["off"]);
    let off = document(&program, "status");
    assert_eq!((&off["state"], &off["waiting"]["events"]), (&"off".into(), &0.into()));
    assert!(off["change"].as_str().unwrap().contains("embedding-program telemetry on"));

    let asked = document(&with_notice(), "status");
    assert_eq!((&asked["state"], &asked["notice_due"]), (&"undecided".into(), &"2026-01".into()));
}

#[test]
fn status_has_the_documented_keys_of_what_was_dropped_and_sent() {
    let program = Program::new();
    program.work();
    internals::add_dropped(&program.folder(), Reason::DiskFull, 7).unwrap();
    program.write_private(
        "sent.ndjson",
        "{\"status\": 401,\"time\":\"2026-01-01T00:00:00.000Z\",\"to\":\"https://r:1\",\
         \"batch\":\"b\",\"type\":\"text/plain\",\"body\":\"x\"}\n",
    );
    let next = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(30);
    program.write_private(
        "delivery.json",
        &format!("{{\"failures\":2,\"status\":401,\"not_before\":\"{next}\"}}\n"),
    );
    let status = document(&program, "status");
    assert_eq!(status["dropped"]["reasons"][0]["reason"], "disk-full");
    let delivery = &status["delivery"];
    assert_eq!((&delivery["failures"], &delivery["hindered"]), (&2.into(), &true.into()));
    assert_eq!(delivery["last"]["status"], 401);
    assert_eq!(delivery["next_attempt"], next.to_string());
    assert!(delivery["remedy"].as_str().unwrap().contains("key"), "{delivery}");
}

#[test]
fn status_tells_problems_and_where_they_are() {
    let program = Program::new();
    fs::write(program.home.path().join("telemetry.toml"), "[telemetry]\nenable = false\n").unwrap();
    let status = document(&program, "status");
    assert_eq!(status["state"], "off");
    let problem = &status["problems"][0];
    assert_eq!(problem["layer"], "user-choice");
    assert!(problem["place"].as_str().unwrap().contains("telemetry.toml:2"), "{problem}");
    assert!(problem["what"].as_str().unwrap().contains("enable"), "{problem}");
    assert!(!problem["remedy"].as_str().unwrap().is_empty());
}

#[test]
fn why_names_who_decided_who_agrees_and_who_is_outweighed() {
    let program = Program { variables: vec![("DO_NOT_TRACK", "1")], ..Program::new() };
    program.telemetry(&["on"]);
    let why = document(&program, "why");
    assert_eq!(why["state"], "off");
    let purposes = why["purposes"].as_array().unwrap();
    assert_eq!(purposes.len(), 3);
    for ruling in purposes {
        assert_eq!(ruling["state"], "off");
        assert_eq!(ruling["decided_by"]["layer"], "environment");
        assert_eq!(ruling["decided_by"]["place"], "DO_NOT_TRACK");
        assert_eq!(ruling["agreeing"].as_array().unwrap().len(), 1);
        let layers: Vec<_> = ruling["outweighed"].as_array().unwrap().iter().collect();
        assert_eq!(layers[0]["layer"], "user-choice");
        assert_eq!((&layers[1]["layer"], &layers[1]["says"]), (&"default".into(), &"on".into()));
        assert_eq!(ruling["change"], "unset DO_NOT_TRACK");
    }
    assert!(why["text"].as_str().unwrap().contains("It outweighs"));
}

#[test]
fn purposes_lists_each_with_its_state() {
    let program = Program::new();
    program.telemetry(&["off", "--purpose", "diagnostics"]);
    let purposes = document(&program, "purposes");
    let states: Vec<_> = purposes["purposes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ruling| (ruling["purpose"].as_str().unwrap(), ruling["state"].as_str().unwrap()))
        .collect();
    let expected =
        [("diagnostics", "off"), ("model-training", "on"), ("product-improvement", "on")];
    assert_eq!(states, expected);
    assert!(purposes["others"].is_null());
}

#[test]
fn notice_tells_the_text_whether_it_was_shown_and_what_was_agreed_to() {
    let program = with_notice();
    let due = document(&program, "notice");
    assert_eq!(due["notice"]["shown"], "due");
    assert_eq!(due["notice"]["text"], "We count runs.\nWe never read your files.");
    assert_eq!(due["agreed"], Value::Array(Vec::new()));
    program.telemetry(&["on"]);
    let agreed = document(&program, "notice");
    assert_eq!(agreed["notice"]["shown"], "agreed");
    assert_eq!(agreed["agreed"][0]["notice"], "2026-01");
    assert_eq!(agreed["agreed"][0]["purposes"].as_array().unwrap().len(), 3);
    assert!(document(&Program::new(), "notice")["notice"].is_null());
}

#[test]
fn an_error_prints_no_document_and_ends_as_without_json() {
    let program = Program::new();
    program.work();
    fs::remove_file(program.folder().join("dropped")).unwrap();
    fs::create_dir(program.folder().join("dropped")).unwrap();
    let (text, json) = (program.telemetry(&["status"]), program.telemetry(&["status", "--json"]));
    assert_eq!((json.code, text.code), (1, 1), "{json:?}");
    assert!(json.out.is_empty() && json.err.contains("\nnext: "), "{json:?}");
}

#[test]
fn looking_for_programs_makes_nothing_either() {
    for command in ["status", "why", "purposes", "notice"] {
        let program = with_notice();
        program.telemetry(&[command, "--json"]);
        assert_eq!(fs::read_dir(program.home.path()).unwrap().count(), 0, "{command}");
    }
}
