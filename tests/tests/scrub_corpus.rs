//! How much of what is labelled is found, and how much of what is found is
//! labelled, by rule, over lines like those that programs write.
//!
//! In the files below `tests/vectors/scrub` a value that is to be hidden
//! stands in `⟦kind|value⟧`; `negatives.txt` has lines that stay as they are.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use telemetry_core::scrub::{Machine, Scrubber};

/// What of both measures the default rules must reach.
const LEAST: f64 = 0.98;

/// A line without its labels, and where they were.
struct Line {
    file: String,
    text: String,
    labels: Vec<(String, Range<usize>)>,
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/scrub")
}

fn scrubber() -> Scrubber {
    Scrubber::default().with_machine(Machine::unknown())
}

fn parse(file: &str, line: &str) -> Line {
    let (mut text, mut labels, mut rest) = (String::new(), Vec::new(), line);
    while let Some((before, labelled)) = rest.split_once('⟦') {
        let (kind, labelled) = labelled.split_once('|').unwrap();
        let (value, after) = labelled.split_once('⟧').unwrap();
        text.push_str(before);
        labels.push((kind.to_owned(), text.len()..text.len() + value.len()));
        text.push_str(value);
        rest = after;
    }
    text.push_str(rest);
    Line { file: file.to_owned(), text, labels }
}

fn corpus() -> Vec<Line> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_some_and(|extension| extension == "txt") && name != "negatives" {
            let text = fs::read_to_string(&path).unwrap();
            lines.extend(text.lines().map(|line| parse(&name, line)));
        }
    }
    assert!(lines.len() >= 600, "only {} lines", lines.len());
    lines
}

/// The longest part of `label` that no find covers.
fn left(label: &Range<usize>, finds: &[(String, Range<usize>)]) -> usize {
    let covered = |at: usize| finds.iter().any(|(_, find)| find.contains(&at));
    let (mut longest, mut run) = (0, 0);
    for at in label.clone() {
        run = if covered(at) { 0 } else { run + 1 };
        longest = longest.max(run);
    }
    longest
}

#[derive(Default)]
struct Count {
    right: usize,
    all: usize,
}

impl Count {
    fn add(&mut self, right: bool) {
        self.right += usize::from(right);
        self.all += 1;
    }

    fn share(&self) -> f64 {
        self.right as f64 / self.all.max(1) as f64
    }
}

/// A label is found when no four characters of it are left; a find is right
/// when it is on a label.
#[test]
fn precision_and_recall_by_rule() {
    let scrubber = scrubber();
    let (mut recall, mut precision) = (BTreeMap::new(), BTreeMap::new());
    let (mut all_recall, mut all_precision) = (Count::default(), Count::default());
    let mut misses = String::new();
    for line in corpus() {
        let finds: Vec<_> = scrubber
            .finds(line.text.as_bytes())
            .map(|find| (find.rule().to_owned(), find.range()))
            .collect();
        for (kind, range) in &line.labels {
            let found = left(range, &finds) < 4.min(range.len());
            recall.entry(kind.clone()).or_insert_with(Count::default).add(found);
            all_recall.add(found);
            if !found {
                misses += &format!(
                    "\n{}: {kind} `{}` in {}",
                    line.file,
                    &line.text[range.clone()],
                    line.text
                );
            }
        }
        for (rule, range) in &finds {
            let right = line
                .labels
                .iter()
                .any(|(_, label)| label.start < range.end && range.start < label.end);
            precision.entry(rule.clone()).or_insert_with(Count::default).add(right);
            all_precision.add(right);
            if !right {
                misses += &format!(
                    "\n{}: {rule} finds `{}` in {}",
                    line.file,
                    &line.text[range.clone()],
                    line.text
                );
            }
        }
    }
    println!("{misses}");
    for (what, counts) in [("recall", &recall), ("precision", &precision)] {
        for (name, count) in counts {
            println!("{what:10} {name:16} {:5}/{:<5} {:.3}", count.right, count.all, count.share());
        }
    }
    println!("recall {:.4}, precision {:.4}", all_recall.share(), all_precision.share());
    let weak = |counts: &BTreeMap<String, Count>| {
        counts
            .iter()
            .filter(|(_, count)| count.share() < LEAST)
            .map(|(name, _)| name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!((weak(&recall), weak(&precision)), (Vec::new(), Vec::new()), "{misses}");
}

#[test]
fn what_only_looks_like_personal_data_stays() {
    let scrubber = scrubber();
    let text = fs::read_to_string(folder().join("negatives.txt")).unwrap();
    let mut count = Count::default();
    let mut changed = String::new();
    for line in text.lines() {
        let scrubbed = scrubber.scrub(line);
        count.add(scrubbed == line);
        if scrubbed != line {
            changed += &format!("\n{line}\n  {scrubbed}");
        }
    }
    assert!(count.all >= 200, "only {} lines", count.all);
    println!("unchanged {}/{}{changed}", count.right, count.all);
    assert!(count.share() >= LEAST, "{changed}");
}

/// How much of each kind is found in lines with labels, and what is missed.
fn recall(
    scrubber: &Scrubber,
    lines: impl Iterator<Item = Line>,
) -> (BTreeMap<String, Count>, String) {
    let (mut recall, mut misses) = (BTreeMap::new(), String::new());
    for line in lines {
        let finds = scrubber.finds(line.text.as_bytes());
        let finds: Vec<_> = finds.map(|find| (find.rule().to_owned(), find.range())).collect();
        for (kind, range) in &line.labels {
            let found = left(range, &finds) < 4.min(range.len());
            recall.entry(kind.clone()).or_insert_with(Count::default).add(found);
            if !found {
                misses += &format!("\n{kind}: {}", line.text);
            }
        }
    }
    (recall, misses)
}

/// Of lines that were written to test these rules from outside, before the
/// rules were mended by them: what is hidden, by kind. `docs/scrubbing.md` says
/// what the first run found.
#[test]
fn lines_from_outside() {
    let least = |kind: &str| match kind {
        "pem" => 1.0,
        "token" | "host" => 0.8,
        "user" => 0.6,
        _ => 0.95,
    };
    let scrubber = scrubber();
    let text = fs::read_to_string(outside().join("lines.txt")).unwrap();
    let (recall, misses) = recall(&scrubber, text.lines().map(|line| parse("lines", line)));
    let shares: Vec<_> = recall.iter().map(|(kind, count)| (kind, count.share())).collect();
    println!("{shares:?}{misses}");
    assert_eq!(recall.len(), 12);
    assert!(recall.values().all(|count| count.all >= 40));
    assert!(recall.iter().all(|(kind, count)| count.share() >= least(kind)), "{shares:?}{misses}");
}

/// A second set, of which the first run was counted before a rule was mended
/// (`docs/scrubbing.md`). `§` stands for a line feed.
#[test]
fn a_second_set_of_lines_from_outside() {
    let scrubber = scrubber();
    let text = fs::read_to_string(outside().join("second.txt")).unwrap();
    let lines = text.lines().map(|line| parse("second", &line.replace('§', "\n")));
    let (recall, misses) = recall(&scrubber, lines);
    assert!(recall.values().map(|count| count.all).sum::<usize>() >= 300);
    for (kind, count) in &recall {
        println!("{kind:8} {}/{}", count.right, count.all);
        assert!(count.share() >= 0.95, "{kind}: {}{misses}", count.share());
    }
    let (mut clean, mut changed) = (Count::default(), String::new());
    for line in fs::read_to_string(outside().join("second-clean.txt")).unwrap().lines() {
        let scrubbed = scrubber.scrub(line);
        clean.add(scrubbed == line);
        if scrubbed != line {
            changed += &format!("\n{line} -> {scrubbed}");
        }
    }
    println!("clean {}/{}{changed}", clean.right, clean.all);
    assert!(clean.all >= 170 && clean.share() >= 0.99, "{changed}");
}

#[test]
fn prose_templates_and_code_from_outside_stay() {
    let scrubber = scrubber();
    for (name, least) in [("prose", 0.995), ("template", 0.995), ("code", 0.95)] {
        let mut count = Count::default();
        let text = fs::read_to_string(outside().join(name).with_extension("txt")).unwrap();
        for line in text.lines() {
            count.add(scrubber.scrub(line) == line);
        }
        assert!(count.all >= 40 && count.share() >= least, "{name}: {}", count.share());
    }
}

fn outside() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/scrub-outside")
}
