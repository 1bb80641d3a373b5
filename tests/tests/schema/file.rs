//! The lock's file: what is written is read, and what is wrong is named with
//! its line and what to do.

use std::fs;
use std::process::Command;
use std::time::Instant;

use telemetry_schema::{Event, Form, Schema, Time, lock};

use super::events::linked;

fn text() -> String {
    lock::write(&linked())
}

/// What reading the text with one change says.
fn wrong(change: impl Fn(&str) -> String) -> (usize, String) {
    let error = lock::parse(&change(&text())).unwrap_err();
    assert!(!error.remedy().is_empty());
    (error.line(), error.to_string())
}

#[test]
fn what_is_written_is_read_as_the_same_and_one_field_stands_on_a_line() {
    let schema = linked();
    let text = text();
    let mut read = lock::parse(&text).unwrap();
    // The file is in the order of names; the program has its own.
    assert_eq!(lock::write(&read), text);
    let sort = |schema: &mut Schema| {
        schema.envelope.sort_by(|a, b| a.name.cmp(&b.name));
        for event in &mut schema.events {
            event.fields.sort_by(|a, b| a.name.cmp(&b.name));
            for field in &mut event.fields {
                field.fields.sort_by(|a, b| a.name.cmp(&b.name));
            }
        }
    };
    let mut expected = schema.clone();
    sort(&mut expected);
    sort(&mut read);
    assert_eq!(read, expected);
    for line in [
        r#"field schema.run command; one_of("converge", "upload"); "converge" | "upload" | "other"; about "The subcommand.""#,
        r#"field schema.run host.name; hash(lowercase), domain = "host"; pseudonym; about "Its name.""#,
        r#"field schema.run arguments; drop; nothing; about "What was typed.""#,
        r#"field schema.closed protocols; allow; 2 of "ssh" | "win_rm"; about "Two of them.""#,
        r#"field schema.generic "Generic<bool>" kind; allow; bool; about "What it was about.""#,
        r#"event schema.counted; version 1; purpose product-improvement; count day; about "How often each combination occurred.""#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

#[test]
fn a_conflict_that_a_merge_left_is_named_with_its_line() {
    for mark in ["<<<<<<< HEAD", "=======", ">>>>>>> theirs", "||||||| base"] {
        let (line, said) = wrong(|text| {
            text.replacen("event schema.run", &format!("{mark}\nevent schema.run"), 1)
        });
        assert_eq!(text().lines().position(|l| l.starts_with("event schema.run")), Some(line - 1));
        assert!(said.contains("conflict") && said.contains("TELEMETRY_LOCK=accept"), "{said}");
    }
}

#[test]
fn a_newer_format_and_another_file_are_told_apart() {
    let (line, said) = wrong(|text| text.replacen("telemetry-lock 1", "telemetry-lock 2", 1));
    assert_eq!(line, 1);
    assert!(said.contains("format 2") && said.contains("update"), "{said}");
    for other in ["", "\n", "[package]\n", "telemetry-lock one\n", "telemetry-lock -1\n"] {
        let error = lock::parse(other).unwrap_err();
        assert_eq!(error.line(), 1, "{other:?}");
        assert!(!error.to_string().contains("update"), "{error}");
    }
}

#[test]
fn duplicates_are_named_with_the_first_line() {
    let twice = |text: &str, start: &str| {
        let line = text.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
        text.replacen(&line, &format!("{line}\n{line}"), 1)
    };
    let (_, said) = wrong(|text| twice(text, "field schema.run target;"));
    assert!(said.contains("`target` is there twice"), "{said}");
    let (_, said) = wrong(|text| twice(text, "event schema.closed;"));
    assert!(said.contains("twice, first on line"), "{said}");
    let (_, said) = wrong(|text| text.replacen("\n\n", "\n\nmax_bits 3\nmax_bits 4\n", 1));
    assert!(said.contains("`max_bits` is there twice"), "{said}");
}

#[test]
fn edits_by_hand_are_refused_with_the_line_and_what_would_be_written() {
    let edits: [(&str, &str); 9] = [
        ("; hash; pseudonym; about \"The target.\"", ";hash; pseudonym; about \"The target.\""),
        ("; hash; pseudonym; about \"The target.\"", "; hash; secret; about \"The target.\""),
        ("; hash; pseudonym; about \"The target.\"", "; hash; pseudonym; about \"The target."),
        ("; hash; pseudonym; about \"The target.\"", "; hash; pseudonym;  about \"The target.\""),
        ("event schema.run; version 3; purpose", "event schema.run; purpose"),
        ("version 3; purpose product-improvement", "purpose product-improvement; version 3"),
        ("field schema.run attempts", "field schema.run zattempts"),
        ("field schema.run attempts", "field schema.other attempts"),
        ("field schema.run attempts", "feld schema.run attempts"),
    ];
    for (from, to) in edits {
        let before = text();
        assert!(before.contains(from), "{from}");
        let (line, said) = wrong(|text| text.replacen(from, to, 1));
        assert!(line > 1 && said.contains("TELEMETRY_LOCK=accept"), "{to}: {said}");
    }
    let (_, said) = wrong(|text| text.replacen("\n\n", "\n\n# why\n", 1));
    assert!(said.contains("comment"), "{said}");
}

#[test]
fn names_and_texts_with_any_character_are_read_as_they_were() {
    let mut schema = linked();
    schema.events.truncate(1);
    let hostile = "a\"b\\c;d\ne\u{1b}[2J\u{202e}f\u{0}|g";
    let event = &mut schema.events[0];
    (event.name, event.instance) = (hostile.to_owned(), Some(format!("T<{hostile}>")));
    event.description = hostile.to_owned();
    event.fields[0].name = hostile.to_owned();
    event.fields[0].renamed_from = Some("with space".to_owned());
    event.fields[0].domain = telemetry_schema::Domain::Texts(vec![hostile.to_owned()]);
    let text = lock::write(&schema);
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{0}']), "{text:?}");
    let read = lock::parse(&text).unwrap();
    assert_eq!(read.events[0].name, hostile);
    assert_eq!(lock::write(&read), text);
}

#[test]
fn line_ends_of_another_system_do_not_matter() {
    let read = lock::parse(&text().replace('\n', "\r\n")).unwrap();
    assert_eq!(lock::write(&read), text());
}

/// Ten thousand events of eight fields, as the whole of a large product.
fn many() -> Schema {
    let base = linked();
    let one = super::events::event(&base, "schema.run");
    let events = (0..10_000).map(|number| Event {
        name: format!("event.{number:05}"),
        fields: one.fields.iter().take(8).cloned().collect(),
        form: Form::Each,
        time: Time::Millisecond,
        ..one.clone()
    });
    Schema { events: events.collect(), ..base }
}

#[test]
fn ten_thousand_events_are_read_compared_and_written_in_well_under_a_second_when_optimised() {
    let old = lock::write(&many());
    let mut new = many();
    new.events[5_000].fields[0].policy = telemetry_schema::Policy::new("presence");
    let start = Instant::now();
    let read = lock::parse(&old).unwrap();
    let diff = telemetry_schema::diff::compare(&read, &new);
    let written = lock::write(&new);
    let took = start.elapsed();
    assert_eq!(diff.changes.len(), 1);
    assert!(written.len() > 5_000_000);
    println!("10,000 events, {} MB: {took:?}", written.len() / 1_000_000);
    // Without optimisation, on a shared machine: only that it is not quadratic.
    assert!(took.as_secs() < 20, "{took:?}");
}

#[test]
fn what_two_branches_add_is_merged_by_git_without_a_conflict() {
    let folder = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str]| {
        let ran = Command::new("git")
            .current_dir(folder.path())
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    };
    let save = |schema: &Schema, message: &str| {
        fs::write(folder.path().join("telemetry.lock"), lock::write(schema)).unwrap();
        git(&["add", "."]);
        git(&["commit", "-qm", message]);
    };
    let base = linked();
    git(&["init", "-q", "-b", "main"]);
    save(&base, "base");
    let with_field = |name: &str| {
        let mut schema = base.clone();
        let event = schema.events.iter_mut().find(|event| event.name == "schema.run").unwrap();
        let mut field = event.fields[0].clone();
        field.name = name.to_owned();
        event.fields.push(field);
        schema
    };
    git(&["checkout", "-qb", "theirs"]);
    save(&with_field("zone"), "theirs");
    git(&["checkout", "-q", "main"]);
    save(&with_field("battery"), "ours");
    git(&["merge", "-q", "theirs", "-m", "both"]);
    let merged = fs::read_to_string(folder.path().join("telemetry.lock")).unwrap();
    let merged = lock::parse(&merged).unwrap();
    let names: Vec<_> = super::events::event(&merged, "schema.run")
        .fields
        .iter()
        .map(|field| field.name.clone())
        .collect();
    assert!(
        names.contains(&"zone".to_owned()) && names.contains(&"battery".to_owned()),
        "{names:?}"
    );
}
