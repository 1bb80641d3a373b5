//! Words of the program, words of the machine: held against what real tools
//! said of planted names.
//!
//! `tests/corpus/messages.ndjson` holds messages that git, ssh, cargo, psql,
//! node and others wrote in folders, with users, projects, tables, passwords
//! and values that were planted, and which those are. It is read and not
//! compiled in: what is compiled into a program is known to it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use proptest::prelude::*;
use serde::Deserialize;
use telemetry_core::scrub::{Machine, Preset, Scrubber, Vocabulary};

#[derive(Deserialize)]
struct Message {
    tool: String,
    text: String,
    planted: Vec<String>,
}

fn messages() -> Vec<Message> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/messages.ndjson");
    let text = std::fs::read_to_string(path).unwrap();
    let messages: Vec<_> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(messages.len() > 300);
    messages
}

/// The executables whose words a tool says, where they are installed.
fn executables(tool: &str) -> Vec<PathBuf> {
    let programs: &[&str] = match tool {
        "coreutils" => &[
            "ls", "cp", "rm", "mkdir", "chown", "chmod", "cat", "ln", "date", "sort", "head", "mv",
            "touch", "stat", "id", "du", "expr", "chgrp", "realpath", "truncate", "sleep", "tail",
        ],
        "scp" => &["scp", "ssh"],
        "psql" => &["psql", "postgres"],
        "bash" => &["sh", "bash"],
        "npm" => &["node"],
        "python" => &["python3"],
        "cargo" | "rustc" | "java" => &[],
        tool => &[tool],
    };
    let folders = ["/usr/bin", "/usr/local/bin", "/bin"];
    let found = programs.iter().filter_map(|program| {
        folders.iter().map(|folder| Path::new(folder).join(program)).find(|path| {
            // A script has no words of its own.
            std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > 12_000)
        })
    });
    found.collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphabetic()).filter(|word| word.chars().count() >= 2)
}

/// The text without what was planted and without the paths, which are made of it.
fn without_planted(message: &Message) -> String {
    let mut planted: Vec<_> = message.planted.iter().collect();
    planted.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let text = planted.into_iter().fold(message.text.clone(), |text, name| text.replace(name, " "));
    let foreign = |word: &&str| !word.contains("/home/") && !word.contains("/srv/");
    text.split_whitespace().filter(foreign).collect::<Vec<_>>().join(" ")
}

#[derive(Default)]
struct Score {
    planted: usize,
    let_through: Vec<String>,
    words: usize,
    kept: usize,
}

impl Score {
    fn add(&mut self, message: &Message, scrubbed: &str) {
        let rest = without_planted(message);
        for name in &message.planted {
            self.planted += 1;
            // Also a part of four letters and more is too much.
            let long = |part: &&str| part.len() >= 4;
            let parts: Vec<_> = name.split(|c: char| !c.is_alphanumeric()).filter(long).collect();
            let parts = if parts.is_empty() { vec![name.as_str()] } else { parts };
            if parts.iter().any(|part| scrubbed.matches(part).count() > rest.matches(part).count())
            {
                self.let_through.push(format!("{name}: {scrubbed}"));
            }
        }
        let mut there: HashMap<&str, usize> = HashMap::new();
        words(scrubbed).for_each(|word| *there.entry(word).or_default() += 1);
        for word in words(&rest) {
            self.words += 1;
            if let Some(count) = there.get_mut(word).filter(|count| **count > 0) {
                *count -= 1;
                self.kept += 1;
            }
        }
    }

    fn removed(&self) -> f64 {
        100.0 - 100.0 * self.let_through.len() as f64 / self.planted as f64
    }

    fn kept(&self) -> f64 {
        100.0 * self.kept as f64 / self.words as f64
    }
}

fn patterns() -> Scrubber {
    Scrubber::default().with_machine(Machine::unknown())
}

#[test]
fn strict_removes_planted_names_and_keeps_the_words_of_the_program() {
    let mut scrubbers: BTreeMap<String, Option<Scrubber>> = BTreeMap::new();
    let (mut own, mut common) = (Score::default(), Score::default());
    let no_words = patterns().with_vocabulary(Arc::new(Vocabulary::default()));
    for message in &messages() {
        common.add(message, &no_words.scrub(&message.text));
        let scrubber = scrubbers.entry(message.tool.clone()).or_insert_with(|| {
            let mut vocabulary = Vocabulary::default();
            let paths = executables(&message.tool);
            for path in &paths {
                vocabulary.merge(&Vocabulary::of_executable(path).unwrap());
            }
            (!paths.is_empty()).then(|| patterns().with_vocabulary(Arc::new(vocabulary)))
        });
        if let Some(scrubber) = scrubber {
            own.add(message, &scrubber.scrub(&message.text));
        }
    }
    for (what, score) in [("words of the program", &own), ("common words alone", &common)] {
        println!(
            "{what}: {:.1} % of {} planted names removed, {:.1} % of {} other words kept",
            score.removed(),
            score.planted,
            score.kept(),
            score.words,
        );
    }
    assert!(common.removed() >= 99.0, "{:#?}", common.let_through);
    assert!(common.kept() >= 70.0);
    // Of what is installed here; a shell and its tools are everywhere.
    assert!(own.planted > 50, "no tool was found");
    assert!(own.removed() >= 98.0, "{:#?}", own.let_through);
    assert!(own.kept() >= 88.0);
}

#[test]
fn scrubbing_twice_is_scrubbing_once_in_strict_too() {
    let strict = Scrubber::preset(Preset::Strict).with_machine(Machine::unknown());
    for message in messages() {
        let once = strict.scrub(&message.text).into_owned();
        assert_eq!(strict.scrub(&once), once, "{}", message.text);
    }
}

/// Family names that are also words, or stand in many a program.
const NAMES: &str = "smith johnson brown miller davis wilson anderson taylor moore martin lee \
    thompson white harris clark lewis young walker hall king wright hill scott green baker adams \
    nelson carter mitchell turner parker collins edwards stewart morris cook rogers reed morgan bell \
    murphy bailey cooper cox howard ward brooks gray watson price bennett wood barnes ross powell \
    long hughes flores butler foster bryant russell griffin hayes myers ford graham sullivan west \
    cole hunt dixon rice burns gordon shaw holmes mills stone black dunn hudson spencer gardner \
    pierce wagner chen bishop carr weaver berry lane ray fox wells franklin fields day bell marsh \
    frost gates banks fisher page field north moss ball church glass savage temple french english";

#[test]
fn common_names_pass_in_few_texts() {
    let texts = [
        "user {} not found",
        "could not open file for {}: permission denied",
        "error: branch '{}' not found",
        "fatal: {} does not exist",
        "owner={} group=x",
        "login failed for {}",
        "no such table: {}",
        "access denied to {}, retrying",
        "the file of {} is locked",
    ];
    let program = Vocabulary::of_this_program();
    let (mut all, mut passed) = (0, Vec::new());
    for name in NAMES.split_whitespace() {
        for text in texts {
            let text = text.replace("{}", name);
            all += 1;
            if program.hide_unknown(&text).split(|c: char| !c.is_alphanumeric()).any(|w| w == name)
            {
                passed.push(text);
            }
        }
    }
    println!("{} of {all} texts: {passed:#?}", passed.len());
    assert!(passed.len() * 50 <= all, "more than 2 %: {passed:#?}");
}

#[test]
fn what_was_typed_is_hidden_but_commands_and_options_stay() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_argument_program"))
        .args([
            "install",
            "falcon",
            "--user=kowalczyk",
            "-v",
            "--dry-run",
            "/mnt/lohnliste/plan.toml",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = "could not install FALCON for kowalczyk (--dry-run -v): \
        no such file: /mnt/lohnliste/plan.toml, plan.toml or lohnliste; falconry stays";
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "could not install [private] for [private] (--dry-run -v): \
        no such file: [private], [private] or [private]; falconry stays"
    );
}

proptest! {
    #[test]
    fn any_text_is_taken_and_stays_what_it_became(
        text in "([a-zA-Zäß王0-9_./:'\"`\\[\\]@=,\\\\ \n-]|could not|[0-9]{9}|https://|\\[email\\]|\\.toml|…){0,40}"
    ) {
        let vocabulary = Vocabulary::default();
        let once = vocabulary.hide_unknown(&text).into_owned();
        let twice = vocabulary.hide_unknown(&once);
        prop_assert!(matches!(twice, Cow::Borrowed(_)), "{text:?} {once:?} {twice:?}");
        prop_assert_eq!(once.lines().count(), text.lines().count());
    }
}
