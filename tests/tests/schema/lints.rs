//! What looks wrong although it compiles.

use telemetry_schema::lint::{Finding, Known, Lint, lint};
use telemetry_schema::lock;

fn findings(head: &str, lines: &str) -> Vec<Finding> {
    let schema = lock::parse(&format!("telemetry-lock 1\n{head}\n{lines}")).unwrap();
    let known = Known {
        today: Some("2027-06-01".to_owned()),
        soon: Some("2027-07-01".to_owned()),
        noticed: Some(vec!["diagnostics".to_owned()]),
    };
    lint(&schema, &known)
}

const EVENT: &str = "event e; version 1; purpose diagnostics; about \"E.\"\n";

/// The lints at the place that a field with this description has.
fn of_field(field: &str) -> Vec<Lint> {
    findings("", &format!("{EVENT}field e {field}\n")).into_iter().map(|found| found.lint).collect()
}

#[test]
fn each_lint_finds_what_it_is_for_and_nothing_else() {
    assert_eq!(of_field("f; hash; pseudonym; about \"F.\""), []);
    assert_eq!(of_field("f; hash; pseudonym"), [Lint::MissingDescription]);
    assert_eq!(of_field("f; hash(sha256); digest; about \"F.\""), [Lint::ReversibleHash]);
    assert_eq!(of_field("f; allow(because = \"x\"); vouched; about \"F.\""), [Lint::VouchedText]);
    assert_eq!(of_field("duration; allow; number; about \"F.\""), [Lint::MissingUnit]);
    assert_eq!(of_field("duration_ms; allow; number; about \"F.\""), []);
    assert_eq!(of_field("f; allow; 0..=2000000; about \"F.\""), [Lint::LargeDomain]);
    assert_eq!(of_field("f; drop; nothing"), []);
    let event = |rest: &str| -> Vec<Lint> {
        findings("", &format!("event e; version 1; {rest}; about \"E.\"\n"))
            .into_iter()
            .map(|found| found.lint)
            .collect()
    };
    assert_eq!(event("purpose diagnostics"), []);
    assert_eq!(event("purpose model-training"), [Lint::PurposeWithoutNotice]);
    assert_eq!(event("purpose diagnostics; expires 2027-05-31"), [Lint::Expired]);
    assert_eq!(event("purpose diagnostics; expires 2027-06-01"), [Lint::ExpiresSoon]);
    assert_eq!(event("purpose diagnostics; expires 2027-07-02"), []);
}

#[test]
fn the_purposes_of_the_notice_are_read_from_the_lock_too() {
    let lints = |head: &str| -> Vec<(Lint, String)> {
        let text = format!(
            "telemetry-lock 1\n{head}\n{EVENT}\
             field e f; allow; bool; purpose model-training; about \"F.\"\n"
        );
        let found = lint(&lock::parse(&text).unwrap(), &Known::default());
        found.into_iter().map(|found| (found.lint, found.place)).collect()
    };
    assert_eq!(lints(""), [], "a lock without the line is read, and says nothing of it");
    let field = [(Lint::PurposeWithoutNotice, "e/f".to_owned())];
    assert_eq!(lints("notice diagnostics"), field);
    assert_eq!(lints("notice diagnostics, model-training"), []);
    assert_eq!(lints("notice service").len(), 2);
    for (line, what) in [
        ("notice", "needs the names"),
        ("notice a b", "needs the names"),
        ("notice service, diagnostics", "order of the alphabet"),
        ("notice service\nnotice service", "twice"),
    ] {
        let error = lock::parse(&format!("telemetry-lock 1\n{line}\n")).unwrap_err();
        assert!(error.to_string().contains(what), "{line}: {error}");
    }
}

#[test]
fn names_that_the_eye_takes_for_one_another_are_found_and_series_are_not() {
    let similar = |one: &str, other: &str| {
        let (one, other) = (one.min(other), one.max(other));
        let fields = format!(
            "field e {one}; hash; pseudonym; about \"F.\"\nfield e {other}; hash; pseudonym; about \"F.\"\n"
        );
        findings("", &format!("{EVENT}{fields}"))
            .iter()
            .any(|found| found.lint == Lint::SimilarNames)
    };
    for (one, other) in [
        ("file-name", "file_name"),
        ("filename", "filenames"),
        ("recieved", "received"),
        ("userName", "username"),
    ] {
        assert!(similar(one, other), "{one} {other}");
    }
    for (one, other) in [("after", "alter"), ("bytes_1", "bytes_2"), ("read_count", "write_count")]
    {
        assert!(!similar(one, other), "{one} {other}");
    }
}

#[test]
fn fields_that_together_point_at_one_person_are_found() {
    let lines = "field e a; hash; pseudonym; about \"F.\"\n\
                 field e b; scrub; text; about \"F.\"\n\
                 field e c; allow; number; about \"F.\"\n";
    let found = findings("", &format!("{EVENT}{lines}"));
    assert_eq!(found.iter().map(|found| found.lint).collect::<Vec<_>>(), [Lint::SingleOut]);
    assert!(found[0].text.contains("a, b, c"), "{}", found[0]);
}

#[test]
fn a_finding_is_allowed_with_a_reason_and_an_allowance_without_one_is_found() {
    let field = format!("{EVENT}field e f; hash(sha256); digest; about \"F.\"\n");
    let found =
        findings("\nallow reversible-hash e/f; because \"another system makes it\"\n", &field);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].allowed.as_deref(), Some("another system makes it"));
    for head in [
        "\nallow reversible-hash e/g; because \"x\"\n",
        "\nallow vouched-text e/f; because \"x\"\n",
        "\nallow no-such e/f; because \"x\"\n",
    ] {
        let lints: Vec<_> = findings(head, &field).into_iter().map(|found| found.lint).collect();
        assert_eq!(lints, [Lint::ReversibleHash, Lint::UnusedAllowance], "{head}");
    }
    // Without a reason it is no allowance.
    let text = format!("telemetry-lock 1\n\nallow reversible-hash e/f; because \"\"\n\n{field}");
    assert!(lock::parse(&text).unwrap_err().to_string().contains("a reason"));
}

#[test]
fn the_page_has_a_section_for_each_lint() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/lints.md");
    let page = std::fs::read_to_string(page).unwrap();
    for lint in Lint::ALL {
        assert!(page.contains(&format!("\n## {}\n", lint.name())), "{}", lint.name());
    }
    assert_eq!(page.matches("\n## ").count(), Lint::ALL.len(), "a section without a lint");
}
