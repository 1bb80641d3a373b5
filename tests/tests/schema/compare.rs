//! What a change is called, and how much it matters.

use telemetry_schema::diff::{Diff, Rank, compare};
use telemetry_schema::{Schema, lock};

const HEAD: &str =
    "telemetry-lock 1\n\nevent run.finished; version 1; purpose product-improvement; since \"1\"\n";

fn schema(fields: &[&str]) -> Schema {
    let lines: String = fields.iter().map(|line| format!("field run.finished {line}\n")).collect();
    lock::parse(&format!("{HEAD}{lines}")).unwrap()
}

fn change(old: &[&str], new: &[&str]) -> Diff {
    compare(&schema(old), &schema(new))
}

fn assert_says(diff: &Diff, rank: Option<Rank>, words: &[&str]) {
    assert_eq!(diff.rank(), rank, "{diff}");
    let said = diff.to_string();
    for word in words {
        assert!(said.contains(word), "{word:?} is not in\n{said}");
    }
}

#[test]
fn a_value_that_left_as_a_pseudonym_and_now_leaves_itself_is_loosened() {
    let diff =
        change(&["target; hash; pseudonym"], &["target; allow(because = \"ours\"); vouched"]);
    assert_says(
        &diff,
        Some(Rank::Loosened),
        &[
            "run.finished.target: hash -> allow(because = \"ours\") (LOOSENED: the value itself would leave)",
            "is loosened without a new `since`",
            "1 loosened",
        ],
    );
}

#[test]
fn every_step_to_a_looser_policy_is_loosened_and_back_is_tightened() {
    let steps = [
        "f; drop; nothing",
        "f; presence; bool",
        "f; one_of(\"a\", \"b\"); \"a\" | \"b\" | \"other\"",
        "f; allow; program",
        "f; hash; pseudonym",
        "f; hash, domain = \"host\"; pseudonym",
        "f; length; number",
        "f; scrub(known); text",
        "f; scrub; text",
        "f; hash(sha256); digest",
        "f; allow(because = \"x\"); vouched",
    ];
    for (index, old) in steps.iter().enumerate() {
        for new in steps.iter().skip(index + 1) {
            assert_says(&change(&[old], &[new]), Some(Rank::Loosened), &["LOOSENED"]);
            assert_says(&change(&[new], &[old]), Some(Rank::Tightened), &["TIGHTENED"]);
        }
    }
    // From what hides a value to the value itself, whatever type it is now.
    let diff = change(&["f; hash; pseudonym"], &["f; allow; 0..=255"]);
    assert_says(
        &diff,
        Some(Rank::Loosened),
        &["hash -> allow (LOOSENED: the value itself would leave"],
    );
}

#[test]
fn a_new_field_is_widened_and_without_since_a_finding() {
    let diff = change(&[], &["error; scrub; text"]);
    assert_says(
        &diff,
        Some(Rank::Widened),
        &[
            "run.finished: new field error: scrub (WIDENED",
            "run.finished.error: is new and has no `since`",
        ],
    );
    let diff = change(&[], &["error; scrub; text; since \"2\""]);
    assert_says(&diff, Some(Rank::Widened), &["new field error"]);
    assert!(diff.findings.is_empty(), "{diff}");
    // What never leaves needs no notice.
    let diff = change(&[], &["error; drop; nothing"]);
    assert_says(&diff, Some(Rank::Cosmetic), &[]);
    assert!(diff.findings.is_empty(), "{diff}");
    assert_says(
        &change(&["error; scrub; text"], &[]),
        Some(Rank::Tightened),
        &["field error removed"],
    );
}

#[test]
fn more_values_are_widened_with_the_bits_and_finer_ones_loosened() {
    let ports = |last: u32| format!("port; allow; 0..={last}");
    let (few, many) = (ports(7), ports(15));
    assert_says(
        &change(&[&few], &[&many]),
        Some(Rank::Widened),
        &["3 -> 4 bits (+1 bits)", "; +1 bits"],
    );
    assert_says(&change(&[&many], &[&few]), Some(Rank::Tightened), &["(-1 bits)"]);
    let enums = change(&["f; allow; \"a\" | \"b\""], &["f; allow; \"a\" | \"b\" | \"c\""]);
    assert_says(&enums, Some(Rank::Widened), &["allow +\"c\"", "1 value more"]);
    let finer = |old: &str, new: &str| change(&[old], &[new]).rank();
    let loosened = Some(Rank::Loosened);
    assert_eq!(
        finer("f; round(100); 0..=1000 step 100", "f; round(10); 0..=1000 step 10"),
        loosened
    );
    assert_eq!(
        finer("f; truncate_ip; network(v4 = 16)", "f; truncate_ip(v4 = 32); network(v4 = 32)"),
        loosened
    );
    assert_eq!(
        finer(
            "f; bucket(10); \"<10\" | \">=10\"",
            "f; bucket(5, 10); \"<5\" | \"5..10\" | \">=10\""
        ),
        loosened
    );
}

#[test]
fn a_field_that_says_its_old_name_is_the_same_field() {
    let diff = change(&["host; hash; pseudonym"], &["target; hash; pseudonym; renamed_from host"]);
    assert_says(&diff, Some(Rank::Cosmetic), &["renamed from host to target"]);
    assert!(diff.findings.is_empty(), "{diff}");
    let diff = change(&["host; hash; pseudonym"], &["target; scrub; text; renamed_from host"]);
    assert_says(&diff, Some(Rank::Loosened), &["run.finished.target: hash -> scrub (LOOSENED"]);
    // Only a field that is gone can have been renamed.
    let diff = change(
        &["host; hash; pseudonym"],
        &["host; hash; pseudonym", "target; hash; pseudonym; renamed_from host"],
    );
    assert_says(&diff, Some(Rank::Widened), &["new field target"]);
}

#[test]
fn pseudonyms_that_can_be_joined_are_loosened() {
    let diff = change(&["f; hash; pseudonym"], &["f; hash, domain = \"host\"; pseudonym"]);
    assert_says(
        &diff,
        Some(Rank::Loosened),
        &["can be joined with every field of the domain \"host\""],
    );
}

#[test]
fn what_is_said_of_an_event_has_its_rank() {
    let line = |rest: &str| {
        lock::parse(&format!("telemetry-lock 1\n\nevent e; version 1; purpose diagnostics{rest}\n"))
            .unwrap()
    };
    let rank = |old: &str, new: &str| compare(&line(old), &line(new)).rank();
    for (old, new) in [
        ("; count day", ""),
        ("; count day", "; count hour"),
        ("; time day", ""),
        ("; since \"2\"", "; since \"1\""),
        ("; since \"10\"", "; since \"9\""),
        ("; since \"2\"", ""),
    ] {
        assert_eq!(rank(old, new), Some(Rank::Loosened), "{old} -> {new}");
        assert_eq!(rank(new, old), Some(Rank::Tightened), "{new} -> {old}");
    }
    for (old, new) in [
        ("; expires 2027-06-30", ""),
        ("; expires 2027-06-30", "; expires 2028-06-30"),
        ("; max_bits 3", ""),
        ("; count day; top 10", "; count day; top 20"),
    ] {
        assert_eq!(rank(old, new), Some(Rank::Widened), "{old} -> {new}");
        assert_eq!(rank(new, old), Some(Rank::Tightened), "{new} -> {old}");
    }
    for new in ["; owner \"a\"", "; question \"a\"", "; about \"a\""] {
        assert_eq!(rank("", new), Some(Rank::Cosmetic), "{new}");
    }
    let purpose = |name: &str| {
        lock::parse(&format!("telemetry-lock 1\n\nevent e; version 1; purpose {name}\n")).unwrap()
    };
    assert_eq!(
        compare(&purpose("diagnostics"), &purpose("model-training")).rank(),
        Some(Rank::Loosened)
    );
    let none = lock::parse("telemetry-lock 1\n").unwrap();
    assert_says(
        &compare(&none, &line("")),
        Some(Rank::Widened),
        &["e: new event (WIDENED: collected for diagnostics", "is new and has no `since`"],
    );
    assert_says(&compare(&line(""), &none), Some(Rank::Tightened), &["e: event removed"]);
}

#[test]
fn what_every_line_says_is_compared_too() {
    let line = |rest: &str| lock::parse(&format!("telemetry-lock 1\n\n{rest}\n")).unwrap();
    let (none, there) = (line(""), line("envelope installation; library; random"));
    assert_says(
        &compare(&none, &there),
        Some(Rank::Widened),
        &["(every stored line): new field installation"],
    );
}

#[test]
fn one_lock_compared_with_itself_says_nothing() {
    let schema = super::events::linked();
    let diff = compare(&schema, &schema);
    assert!(diff.is_empty() && diff.rank().is_none());
    assert_eq!(diff.to_string(), "no change\n");
}

#[test]
fn the_page_of_a_pull_request_is_a_table_that_no_text_can_break() {
    let diff = change(
        &["target; hash; pseudonym; about \"a | b `c` <script>\""],
        &["target; allow(because = \"a | b <img>\"); vouched; about \"d\""],
    );
    let page = diff.to_markdown();
    for row in page.lines().filter(|line| line.starts_with('|')) {
        let cells = row.replace("\\|", "").matches('|').count();
        assert_eq!(cells, 5, "{row}");
        assert!(!row.contains("<img>") || row.contains("`hash -> allow"), "{row}");
    }
    assert!(page.contains("**LOOSENED**"), "{page}");
    let json = diff.to_json();
    assert_eq!(json["rank"], "loosened");
    assert_eq!(json["changes"][0]["field"], "target");
}

#[test]
fn to_be_private_tightens_and_no_longer_to_be_loosens() {
    let (open, private) = (&["host; hash; pseudonym"], &["host; hash; pseudonym; private yes"]);
    assert_says(&change(open, private), Some(Rank::Tightened), &["host: private"]);
    assert_says(&change(private, open), Some(Rank::Loosened), &["host: no longer private"]);
}
