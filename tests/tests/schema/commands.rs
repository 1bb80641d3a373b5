//! The commands, in a program that has `telemetry` as a subcommand.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

struct Ran {
    code: i32,
    out: String,
    err: String,
}

/// Runs the program's `telemetry` in `folder`, with a home that may not be
/// looked at where it is about files alone.
fn telemetry(folder: &Path, home: &Path, arguments: &[&str], input: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_embedding_program"))
        .current_dir(folder)
        .arg(home)
        .args(["-", "telemetry"])
        .args(arguments)
        .env_remove("DO_NOT_TRACK")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who has failed already does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

struct Project(TempDir);

impl Project {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        telemetry(self.0.path(), &self.0.path().join("home"), arguments, "")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    /// The lock of the program itself.
    fn lock(&self) -> String {
        let ran = self.run(&["schema", "lock"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.out
    }

    fn git(&self, arguments: &[&str]) {
        let ran = Command::new("git")
            .current_dir(self.0.path())
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}

#[test]
fn diff_compares_files_and_its_code_is_the_rank() {
    let project = Project::new();
    let lock = project.lock();
    project.write("old", &lock);
    for (from, to, code, words) in [
        ("", "", 0, "no change"),
        ("A file was opened.", "A file opened.", 10, "COSMETIC"),
        ("; scrub; text;", "; drop; nothing;", 11, "TIGHTENED"),
        ("\"converge\" | \"verify\"", "\"converge\" | \"upload\" | \"verify\"", 12, "+\"upload\""),
        ("; hash(lowercase), domain = \"host\"; pseudonym", "; scrub; text", 13, "LOOSENED"),
    ] {
        assert!(lock.contains(from), "{from}");
        project.write("new", &lock.replacen(from, to, 1));
        let ran = project.run(&["schema", "diff", "old", "new"]);
        assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
        assert!(ran.out.contains(words), "{}", ran.out);
        let least = project.run(&["schema", "diff", "old", "new", "--at-least", "loosened"]);
        assert_eq!(least.code, if code == 13 { 13 } else { 0 });
    }
    assert!(!project.0.path().join("home").exists(), "files alone, and no telemetry was looked at");
}

#[test]
fn diff_reads_revisions_through_git_from_this_folder() {
    let project = Project::new();
    let lock = project.lock();
    project.git(&["init", "-q", "-b", "main"]);
    project.write("telemetry.lock", &lock);
    project.git(&["add", "telemetry.lock"]);
    project.git(&["commit", "-qm", "one"]);
    project.write("telemetry.lock", &lock.replacen("; scrub; text;", "; hash; pseudonym;", 1));
    project.git(&["commit", "-qam", "two"]);
    let code = |arguments: &[&str]| project.run(&[&["schema", "diff"], arguments].concat()).code;
    assert_eq!(code(&["HEAD~1", "HEAD"]), 11);
    assert_eq!(code(&["HEAD", "HEAD~1"]), 13);
    assert_eq!(code(&["HEAD"]), 0);
    assert_eq!(code(&["HEAD~1"]), 11);
    assert_eq!(code(&["HEAD~1:telemetry.lock", "telemetry.lock"]), 11);
    let page = project.run(&["schema", "diff", "HEAD", "HEAD~1", "--markdown"]);
    assert!(page.out.contains("| **LOOSENED** | `run.finished.error` |"), "{}", page.out);
    let json: serde_json::Value =
        serde_json::from_str(&project.run(&["schema", "diff", "HEAD", "HEAD~1", "--json"]).out)
            .unwrap();
    assert_eq!(json["rank"], "loosened");
    for wrong in [&["nosuch"][..], &["HEAD:nosuch"], &["--path=nosuch", "HEAD"]] {
        let ran = project.run(&[&["schema", "diff"], wrong].concat());
        assert_eq!(ran.code, 1, "{}", ran.out);
        assert!(ran.err.contains("next: "), "{}", ran.err);
    }
    // A name that begins with a hyphen is no option of git's.
    let file = project.0.path().join("made");
    let option = format!("--output={}", file.display());
    assert_eq!(code(&["--", &option]), 1);
    assert!(!file.exists());
}

#[test]
fn a_lock_that_cannot_be_read_is_named_with_line_and_remedy() {
    let project = Project::new();
    project.write("old", &project.lock());
    project.write("new", "telemetry-lock 1\n<<<<<<< HEAD\n");
    let ran = project.run(&["schema", "diff", "old", "new"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("new, line 2: a merge left a conflict"), "{}", ran.err);
    assert!(ran.err.contains("next: resolve the conflict"), "{}", ran.err);
}

#[test]
fn verify_names_line_and_field_and_never_the_value() {
    let project = Project::new();
    let work = Command::new(env!("CARGO_BIN_EXE_embedding_program"))
        .arg(project.0.path().join("home"))
        .args(["-", "work"])
        .status()
        .unwrap();
    assert!(work.success());
    let stored = project.run(&["show", "--json"]).out;
    assert!(stored.lines().count() >= 2, "{stored}");
    project.write("telemetry.lock", &project.lock());
    project.write("good.ndjson", &stored);
    let good = project.run(&["verify", "--schema", "telemetry.lock", "good.ndjson"]);
    assert_eq!((good.code, good.out.as_str()), (0, ""), "{}", good.err);
    // The program itself needs no file.
    assert_eq!(project.run(&["verify", "good.ndjson"]).code, 0);
    let bad = stored.replacen("\"command\":\"converge\"", "\"command\":\"hunter2\"", 1);
    assert_ne!(bad, stored);
    let place = project.0.path();
    let arguments = ["verify", "--schema", "telemetry.lock", "-"];
    let ran = telemetry(place, &place.join("home"), &arguments, &bad);
    assert_eq!(ran.code, 4, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("run.finished.command: the text is none of those"), "{}", ran.out);
    assert!(!ran.out.contains("hunter2"));
    let json = telemetry(place, &place.join("home"), &[&arguments[..], &["--json"]].concat(), &bad);
    let finding: serde_json::Value =
        serde_json::from_str(json.out.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&finding["field"], &finding["kind"]),
        (&"command".into(), &"outside-domain".into())
    );
    assert_eq!(project.run(&["verify", "nosuch.ndjson"]).code, 1);
}

#[test]
fn lint_finds_what_is_not_allowed_and_knows_the_notice() {
    let project = Project::new();
    let ran = project.run(&["schema", "lint"]);
    assert_eq!(ran.code, 4, "{}", ran.out);
    for words in
        ["run.finished/vouched: leaves as it is because ", "file.opened/large: has no description"]
    {
        assert!(ran.out.contains(words), "{words:?} is not in\n{}", ran.out);
    }
    let json: serde_json::Value =
        serde_json::from_str(&project.run(&["schema", "lint", "--json"]).out).unwrap();
    let found = json.as_array().unwrap();
    let allowed: String = found
        .iter()
        .map(|found| {
            let (lint, place) = (found["lint"].as_str().unwrap(), found["place"].as_str().unwrap());
            format!("allow {lint} {place}; because \"seen\"\n")
        })
        .collect();
    let lock = project.lock().replacen("\n\n", &format!("\n\n{allowed}\n"), 1);
    project.write("telemetry.lock", &lock);
    let ran = project.run(&["schema", "lint", "--lock", "telemetry.lock"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

#[test]
fn pages_and_forms_are_printed_from_the_program_and_from_its_lock() {
    let project = Project::new();
    project.write("telemetry.lock", &project.lock());
    for form in [
        "apple",
        "play",
        "dpv",
        "article30",
        "weaver",
        "weaver-manifest",
        "typescript",
        "json-schema",
    ] {
        let own = project.run(&["schema", "export", form]);
        let from_lock = project.run(&["schema", "export", form, "--lock", "telemetry.lock"]);
        assert_eq!((own.code, from_lock.code), (0, 0), "{form}: {}{}", own.err, from_lock.err);
        assert!(!own.out.is_empty() && !from_lock.out.is_empty());
    }
    for arguments in [&["--html"][..], &["--json"], &["--markdown"], &[]] {
        let ran = project.run(&[&["schema", "docs"], arguments].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.out.contains("run.finished"));
    }
    let receipts = project.run(&["schema", "export", "receipts"]);
    let receipts: serde_json::Value = serde_json::from_str(&receipts.out).unwrap();
    assert_eq!(receipts["@graph"], serde_json::json!([]), "nobody has agreed");
}

/// The command line of a program whose events are those of these tests.
#[derive(clap::Parser)]
struct Cli {
    #[command(subcommand)]
    command: telemetry_cli::Command,
}

#[test]
fn show_and_status_say_how_much_the_events_can_tell_and_what_each_line_says() {
    use clap::Parser;
    use telemetry_core::Telemetry;

    let home = tempfile::tempdir().unwrap();
    let telemetry = Telemetry::builder("commands")
        .home(home.path())
        .with_env(|_| None)
        .on_by_default()
        .build()
        .unwrap();
    let event =
        super::events::Closed { protocols: [super::events::Protocol::Ssh; 2], worked: Some(true) };
    assert!(telemetry.record(&event).is_stored());
    let said = |arguments: &[&str], terminal: bool| {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut io = telemetry_cli::Io::new(&mut out, &mut err);
        if terminal {
            io = io.as_terminal(false);
        }
        let cli = Cli::parse_from([&["program"], arguments].concat());
        cli.command.run(&telemetry, &mut io);
        drop(io);
        String::from_utf8(out).unwrap()
    };
    let shown = said(&["show"], true);
    assert!(shown.contains("\nwith each: installation "), "{shown}");
    assert!(shown.contains("\nschema.closed can take 12 forms (3.6 bits)\n"), "{shown}");
    assert_eq!(
        said(&["show"], false).lines().count(),
        2,
        "a program reads one line for each event"
    );
    let status = said(&["status"], false);
    assert!(status.contains("\nevents "), "{status}");
    assert!(status.contains(" a pseudonym"), "{status}");
}
