//! The macros in an author's tests, and the command: in processes of their own.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use telemetry_schema::hold::{self, Mode};
use telemetry_schema::lint::Known;
use telemetry_schema::{Schema, lock};

use super::events::linked;

/// Is run by the tests below, in a process of its own.
#[test]
#[ignore = "a part of the tests below"]
fn the_macro() {
    telemetry_core::schema_lock!(&std::env::var("LOCK_OF_THIS_TEST").unwrap());
}

/// The same for a page.
#[test]
#[ignore = "a part of the tests below"]
fn the_page_macro() {
    telemetry_core::schema_docs!(
        &std::env::var("LOCK_OF_THIS_TEST").unwrap(),
        program: "chef-workstation",
        command: "chef telemetry",
    );
}

/// With the purposes of the notice.
#[test]
#[ignore = "a part of the tests below"]
fn the_macro_with_a_notice() {
    telemetry_core::schema_lock!(
        &std::env::var("LOCK_OF_THIS_TEST").unwrap(),
        notice: ["product-improvement", "diagnostics"],
    );
}

fn run(test: &str, file: &Path, variable: Option<&str>) -> (bool, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", test, "--nocapture"]).env("LOCK_OF_THIS_TEST", file);
    match variable {
        Some(value) => command.env("TELEMETRY_LOCK", value),
        None => command.env_remove("TELEMETRY_LOCK"),
    };
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.success(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

#[test]
fn without_a_file_the_test_says_how_to_write_it_and_accept_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("telemetry.lock");
    let (passed, said) = run("held::the_macro", &file, None);
    assert!(!passed && said.contains("TELEMETRY_LOCK=accept"), "{said}");
    assert!(!file.exists());
    let (passed, said) = run("held::the_macro", &file, Some("accept"));
    assert!(passed, "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), lock::write(&linked()));
    let (passed, said) = run("held::the_macro", &file, None);
    assert!(passed, "{said}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside the file");
}

#[test]
fn a_change_fails_in_words_and_accepting_keeps_what_the_author_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("telemetry.lock");
    let mut old = linked();
    old.settings.allowances.push(telemetry_schema::Allowance {
        lint: "vouched-text".to_owned(),
        place: "schema.run/code".to_owned(),
        because: "a code of ours".to_owned(),
    });
    let event = old.events.iter_mut().find(|event| event.name == "schema.run").unwrap();
    event.fields.retain(|field| field.name != "error");
    let code = event.fields.iter_mut().find(|field| field.name == "code").unwrap();
    code.policy = telemetry_schema::Policy::new("hash");
    code.domain = telemetry_schema::Domain::Open(telemetry_schema::Opening::Pseudonym);
    fs::write(&file, lock::write(&old)).unwrap();
    let (passed, said) = run("held::the_macro", &file, None);
    assert!(!passed, "{said}");
    for words in [
        "schema.run.code: hash -> allow(because = \"a code of ours; not a name\") (LOOSENED: the value itself would leave)",
        "schema.run: new field error: scrub (WIDENED",
        "run the tests with TELEMETRY_LOCK=accept",
    ] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
    let (passed, said) = run("held::the_macro", &file, Some("accept"));
    assert!(!passed && said.contains("schema.run.error is new and has no `since`"), "{said}");
    let (passed, said) = run("held::the_macro", &file, Some("accept-untold"));
    assert!(passed && said.contains("LOOSENED"), "{said}");
    let written = fs::read_to_string(&file).unwrap();
    assert!(
        written.contains("\nallow vouched-text schema.run/code; because \"a code of ours\"\n"),
        "{written}"
    );
    assert!(run("held::the_macro", &file, None).0);
}

#[test]
fn a_conflict_fails_with_its_line_and_accepting_writes_the_file_anew() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("telemetry.lock");
    let text = lock::write(&linked()).replacen("\nevent ", "\n<<<<<<< HEAD\nevent ", 1);
    let line = text.lines().position(|line| line.starts_with("<<<")).unwrap() + 1;
    fs::write(&file, text).unwrap();
    let (passed, said) = run("held::the_macro", &file, None);
    assert!(
        !passed && said.contains(&format!("telemetry.lock: line {line}: a merge left a conflict")),
        "{said}"
    );
    assert!(run("held::the_macro", &file, Some("accept")).0);
    assert_eq!(fs::read_to_string(&file).unwrap(), lock::write(&linked()));
}

#[test]
fn the_purposes_of_the_notice_are_held_too_and_stay_when_a_test_does_not_say_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("telemetry.lock");
    assert!(run("held::the_macro_with_a_notice", &file, Some("accept")).0);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("\nnotice diagnostics, product-improvement\n"), "{text}");
    for test in ["held::the_macro_with_a_notice", "held::the_macro"] {
        let (passed, said) = run(test, &file, None);
        assert!(passed, "{said}");
    }
    fs::write(&file, text.replace("notice diagnostics, product", "notice product")).unwrap();
    let (passed, said) = run("held::the_macro_with_a_notice", &file, None);
    assert!(!passed && said.contains("the notice names diagnostics (COSMETIC"), "{said}");
}

#[test]
fn a_word_that_is_not_accept_is_no_silent_comparison() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("telemetry.lock");
    fs::write(&file, lock::write(&linked())).unwrap();
    let (passed, said) = run("held::the_macro", &file, Some("acept"));
    assert!(!passed && said.contains("can be `accept` or `accept-untold`"), "{said}");
}

#[test]
fn the_bound_of_the_file_holds_for_every_event_that_is_not_allowed_more() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("telemetry.lock");
    let mut schema = linked();
    schema.settings.max_bits = Some(2);
    fs::write(&file, lock::write(&schema)).unwrap();
    let (passed, said) = run("held::the_macro", &file, Some("accept"));
    assert!(!passed, "{said}");
    assert!(
        said.contains("schema.closed: can tell 3.6 bits, and `max_bits` of the lock's file is 2"),
        "{said}"
    );
    assert!(said.contains("schema.run: holds"), "{said}");
    assert!(!said.contains("schema.counted:"), "{said}");
    let found = telemetry_schema::lint::lint(&schema, &Default::default());
    let over = telemetry_schema::lint::Lint::OverMaxBits;
    for finding in found.iter().filter(|finding| finding.lint == over) {
        schema.settings.allowances.push(telemetry_schema::Allowance {
            lint: over.name().to_owned(),
            place: finding.place.clone(),
            because: "needed".to_owned(),
        });
    }
    fs::write(&file, lock::write(&schema)).unwrap();
    let (passed, said) = run("held::the_macro", &file, None);
    assert!(passed, "{said}");
}

#[test]
fn a_page_is_held_and_what_the_author_wrote_around_it_stays() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["PRIVACY.md", "privacy.html", "privacy.json"] {
        let file = folder.path().join(name);
        let (passed, said) = run("held::the_page_macro", &file, None);
        assert!(!passed && said.contains("TELEMETRY_LOCK=accept"), "{said}");
        assert!(run("held::the_page_macro", &file, Some("accept")).0);
        assert!(run("held::the_page_macro", &file, None).0);
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace("converge", "konverge")).unwrap();
        let (passed, said) = run("held::the_page_macro", &file, None);
        assert!(!passed && said.contains("konverge"), "{said}");
    }
    let file = folder.path().join("PRIVACY.md");
    assert!(run("held::the_page_macro", &file, Some("accept")).0);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        format!("# Ours\n\n{text}\n## More of ours\n").replace("converge", "konverge"),
    )
    .unwrap();
    assert!(run("held::the_page_macro", &file, Some("accept")).0);
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("# Ours\n\n{text}\n## More of ours\n"));
}

#[test]
fn accepting_what_no_notice_told_of_takes_a_word_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("telemetry.lock");
    let schema = |since: &str, more: &str| {
        let head = "telemetry-lock 1\n\nevent run; version 1; purpose service";
        let text = format!("{head}{since}\n{more}field run worked; allow; bool\n");
        lock::parse(&text).unwrap()
    };
    let hold = |schema: &Schema, mode| hold::lock(&path, schema, &Known::default(), mode);
    let told = "; since \"1\"";
    // The first lock of a program has nothing older.
    hold(&schema(told, ""), Mode::Accept).unwrap();
    let untold = schema(told, "field run host; hash; pseudonym\n");
    let why = hold(&untold, Mode::Accept).unwrap_err();
    assert!(why.contains("run.host is new and has no `since`"), "{why}");
    assert!(why.contains("TELEMETRY_LOCK=accept-untold"), "{why}");
    assert_eq!(hold(&schema(told, ""), Mode::Compare), Ok(String::new()), "nothing was written");
    let with_since = schema(told, "field run host; hash; pseudonym; since \"2\"\n");
    hold(&with_since, Mode::Accept).unwrap();
    // Loosened, with a notice of its own or on purpose.
    let loosened = schema(told, "field run host; allow(because = \"x\"); vouched; since \"2\"\n");
    assert!(
        hold(&loosened, Mode::Accept).unwrap_err().contains("is loosened without a new `since`")
    );
    hold(&loosened, Mode::AcceptUntold).unwrap();
    hold(&loosened, Mode::Compare).unwrap();

    // A program whose notices have no versions has none to name.
    let path = folder.path().join("other.lock");
    let hold = |schema: &Schema, mode| hold::lock(&path, schema, &Known::default(), mode);
    hold(&schema("", ""), Mode::Accept).unwrap();
    hold(&schema("", "field run host; hash; pseudonym\n"), Mode::Accept).unwrap();
}
