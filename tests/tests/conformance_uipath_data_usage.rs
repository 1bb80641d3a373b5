//! What UiPath's document "Customer data usage with cloud and AI software" says,
//! sentence by sentence and cell by cell, of the rebuilt program in
//! `examples/data_usage.rs`: each test quotes what it holds.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions that several tests share are tests too"
)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use telemetry_core::schema::Purpose;
use telemetry_core::spool::Stored;
use telemetry_core::{Recorded, Telemetry, TelemetryEvent};
use telemetry_examples::data_usage::matrix::{self, PRODUCTS, Product, product};
use telemetry_examples::data_usage::{
    Deployment, Document, DocumentProcessed, Release, TrainingSample, process,
};
use telemetry_tests::programs;
use telemetry_tests::spool::stored;

/// The document's table, its header first; ` / ` stands between the lines of a
/// cell.
#[rustfmt::skip] // One row, one line.
const TABLE: [[&str; 6]; 26] = [
    ["UiPath Product", "Provide Services", "Fine-tune UiPath models", "Fine-tune 3rd party models", "Integration with GenAI services", "Available without third-party LLMs"],
    ["AI Center", "✅", "❌", "❌", "N/A", "N/A"],
    ["Agent Builder", "✅", "✅", "✅", "❌", "❌"],
    ["Assistant", "✅", "❌", "❌", "N/A", "N/A"],
    ["Apps", "✅", "❌", "✅", "✅", "✅"],
    ["Automation Hub", "✅", "❌", "❌", "N/A", "N/A"],
    ["Automation Ops", "✅", "❌", "❌", "N/A", "N/A"],
    ["Autopilot for Everyone", "✅", "❌", "✅¹", "❌", "❌"],
    ["Cloud robots / Elastic Robot Orchestration / Automation Cloud Robots - VM / Automation Cloud Robots - Serverless", "✅", "❌", "❌", "N/A", "N/A"],
    ["IXP", "✅", "✅", "✅", "✅", "✅"],
    ["AI Computer Vision", "✅", "✅", "❌", "N/A", "N/A"],
    ["Context Grounding", "✅", "❌", "✅", "❌", "❌"],
    ["Data Service", "✅", "❌", "❌", "N/A", "N/A"],
    ["Document Understanding", "✅", "✅", "✅", "✅", "✅"],
    ["Healing Agent", "✅", "✅", "✅", "✅", "✅"],
    ["Insights", "✅", "❌", "❌", "N/A", "N/A"],
    ["Integration Service", "✅", "❌", "✅", "✅", "✅"],
    ["IT Automation", "✅", "❌", "❌", "N/A", "N/A"],
    ["Maestro", "✅", "❌", "✅", "✅", "✅"],
    ["Orchestrator", "✅", "❌", "❌", "N/A", "N/A"],
    ["Process Mining", "✅", "❌", "✅", "✅", "✅"],
    ["Robot", "✅", "❌", "❌", "N/A", "N/A"],
    ["ScreenPlay", "✅", "❌", "✅", "❌", "❌"],
    ["Studio & StudioX", "✅", "❌", "✅", "✅", "✅"],
    ["Studio Web", "✅", "❌", "✅", "✅", "✅"],
    ["Test Manager", "✅", "❌", "✅", "✅", "✅"],
];

/// The document's legend.
const LEGEND: [&str; 3] = ["* ✅: Yes", "* ❌: No", "* N/A: Not applicable"];

/// The document's footnote.
const FOOTNOTE: &str = "¹ use of AI features can be configured in AI Trust Layer, as explained in [Settings for AI Trust Layer Policies](https://docs.uipath.com/automation-ops/automation-cloud/latest/user-guide/settings-for-ai-trust-layer-policies) in the Automation Ops user guide.";

/// Long enough for any machine: only a broken program waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder in which the program keeps everything.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        let mut command = Command::new(PROGRAM.get_or_init(|| programs::example("data_usage")));
        command.env_clear().envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
        command.arg("--home").arg(self.0.path()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What it printed.
    fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn deployment(&self, product: &'static Product, organisation: &str) -> Deployment {
        Deployment::new(product, self.0.path().join(organisation))
    }

    /// What the program uses without an option.
    fn usual(&self) -> Deployment {
        self.deployment(product("Document Understanding").unwrap(), "contoso")
    }
}

fn start(deployment: &Deployment) -> Telemetry {
    deployment.settings(|_| true).with_env(|_| None).build().unwrap()
}

fn stored_by(deployment: &Deployment) -> Vec<Stored> {
    stored(&deployment.folder().join("telemetry"))
}

/// The last stored event of this name.
fn last(deployment: &Deployment, event: &str) -> Stored {
    stored_by(deployment).into_iter().rfind(|stored| stored.event == event).unwrap()
}

const DOCUMENT: Document<'static> = Document {
    file: "canary-file.pdf",
    sentence: "invoice to canary@contoso.example, call 10.9.8.7",
};

fn cells(row: &str) -> Vec<String> {
    let row = row.strip_prefix("| ").and_then(|row| row.strip_suffix(" |")).unwrap();
    row.split(" | ").map(|cell| cell.replace("<br>", " / ")).collect()
}

/// "Check out the legend for the following table: ✅: Yes ❌: No N/A: Not
/// applicable", the table, and the footnote below it.
#[test]
fn the_table_from_the_code_is_the_documents_table_cell_by_cell() {
    let markdown = Home::new().succeeds(&["matrix"]);
    assert_eq!(markdown, matrix::markdown());
    let lines: Vec<&str> = markdown.lines().collect();
    assert_eq!(lines[..3], LEGEND);
    let mut rows: Vec<Vec<String>> =
        lines.iter().filter(|line| line.starts_with('|')).map(|line| cells(line)).collect();
    assert_eq!(rows.remove(1), ["---"; 6], "the rule below the header");
    assert_eq!(rows.len(), TABLE.len());
    for (row, documented) in rows.iter().zip(TABLE) {
        for (cell, documented_cell) in row.iter().zip(documented) {
            assert_eq!(cell, documented_cell, "in the row {}", documented[0]);
        }
    }
    assert_eq!(lines.last(), Some(&FOOTNOTE));
}

/// The table decides what can be collected: ❌ under "Fine-tune UiPath models"
/// leaves no way to collect for model training, whoever says on.
#[test]
fn what_the_table_refuses_no_product_can_collect() {
    let home = Home::new();
    for (product, documented) in PRODUCTS.iter().zip(&TABLE[1..]) {
        let deployment = home.deployment(product, documented[0].split(' ').next().unwrap());
        fs::create_dir_all(deployment.folder()).unwrap();
        let yes = "[telemetry]\nenabled = true\n[telemetry.purposes]\nmodel-training = true\n";
        fs::write(deployment.policy(), yes).unwrap();
        fs::write(deployment.folder().join("telemetry.toml"), yes).unwrap();
        let telemetry = start(&deployment);
        telemetry.choice().unwrap().agree().unwrap();
        telemetry.refresh();
        let recorded = process(&telemetry, &DOCUMENT);
        let trains = documented[2] == "✅";
        let sample = if trains { Recorded::Stored } else { Recorded::Denied };
        assert_eq!(recorded["training.sample"], sample, "{}", product.name);
        assert_eq!(recorded["document.processed"], Recorded::Stored, "{}", product.name);
        let fields = last(&deployment, "document.processed").fields;
        assert_eq!(fields.contains_key("correction"), trains, "{}", product.name);
        assert!(fields.contains_key("pages"), "{}", product.name);
        assert_eq!(product.admits(TrainingSample::SCHEMA), trains, "{}", product.name);
        assert!(product.admits(DocumentProcessed::SCHEMA), "{}", product.name);
    }
}

/// "neither we nor our AI model providers use Customer Data to train third
/// party models": stricter than the table's ✅, no product has such a purpose.
#[test]
fn nothing_can_be_collected_for_third_party_models() {
    let documented = [
        Purpose::SERVICE,
        Purpose::DIAGNOSTICS,
        Purpose::PRODUCT_IMPROVEMENT,
        Purpose::MODEL_TRAINING,
    ];
    for product in &PRODUCTS {
        assert!(product.purposes().iter().all(|purpose| documented.contains(purpose)));
    }
}

/// "Telemetry or otherwise usage data processed when using cloud and AI software
/// does not contain customer data"
#[test]
fn a_stored_event_holds_no_file_name_and_no_address() {
    let home = Home::new();
    let telemetry = start(&home.usual());
    telemetry.choice().unwrap().agree().unwrap();
    telemetry.refresh();
    process(&telemetry, &DOCUMENT);
    let stored = stored_by(&home.usual());
    assert_eq!(stored.len(), 2);
    for event in stored {
        let line = String::from_utf8(event.raw.to_vec()).unwrap();
        assert!(!line.contains("canary") && !line.contains("10.9.8.7"), "{line}");
    }
}

/// "For few of our software we use Customer data to train the models": a
/// purpose of its own, on a whole event and on a single field of another.
#[test]
fn a_field_of_a_refused_purpose_is_absent_while_the_rest_goes() {
    let home = Home::new();
    let deployment = home.usual();
    let telemetry = start(&deployment);
    let choice = telemetry.choice().unwrap();
    choice.agree_only_to(&["service", "diagnostics", "model-training"]).unwrap();
    telemetry.refresh();
    process(&telemetry, &DOCUMENT);
    let fields = last(&deployment, "document.processed").fields;
    assert_eq!(fields["correction"], "invoice to [email], call [ip]");
    choice.refuse_purpose("model-training").unwrap();
    telemetry.refresh();
    process(&telemetry, &DOCUMENT);
    let fields = Value::Object(last(&deployment, "document.processed").fields);
    let rest = serde_json::json!({
        "kind": "invoice", "pages": "2..10", "outcome": "corrected", "warning": "page 2 is blurred",
    });
    assert_eq!(fields, rest);
}

/// A program that runs, and answers each line of its input with what became of
/// the two events.
struct Serving {
    child: std::process::Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Serving {
    fn start(home: &Home) -> Self {
        let mut command = home.command(&["run", "--lines"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn process(&mut self) -> String {
        self.child.stdin.as_mut().unwrap().write_all(b"total 12\n").unwrap();
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// "To opt out of model training or product improvement for your organization,
/// raise a support ticket": here it is one command, and everything else goes
/// on, in a program that runs too, without a restart.
#[test]
fn opting_out_of_model_training_alone_leaves_the_service_running() {
    let ways: [&[&str]; 2] =
        [&["telemetry", "off", "--purpose", "model-training"], &["opt-out", "model-training"]];
    for opt_out in ways {
        let home = Home::new();
        home.succeeds(&["agree", "service", "diagnostics", "model-training"]);
        let mut serving = Serving::start(&home);
        // Lines before the first answer would be a notice that is due.
        let mut said = serving.process();
        while !said.starts_with("document.processed=") {
            said.clear();
            serving.lines.read_line(&mut said).unwrap();
            assert!(!said.is_empty(), "the program ended");
        }
        assert_eq!(said.trim(), "document.processed=Stored training.sample=Stored");
        home.succeeds(opt_out);
        let begun = Instant::now();
        loop {
            let said = serving.process();
            assert!(said.starts_with("document.processed=Stored "), "the service stopped: {said}");
            if said.ends_with(" training.sample=Denied") {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "the program did not notice");
        }
        // The refusal may have been noticed between the two events.
        assert_eq!(serving.process(), "document.processed=Stored training.sample=Denied");
        let fields = last(&home.usual(), "document.processed").fields;
        assert!(!fields.contains_key("correction") && fields.contains_key("warning"));
    }
}

/// "for your organization": one organisation's refusal holds for everybody in
/// it and in each of its products, whatever a user says, and for no other.
#[test]
fn an_organisations_refusal_is_its_own() {
    let home = Home::new();
    let everything = ["service", "diagnostics", "product-improvement", "model-training"];
    let agree = |options: &[&str]| home.succeeds(&[options, &["agree"], &everything].concat());
    let ixp = ["--product", "IXP"];
    let fabrikam = ["--organisation", "fabrikam"];
    home.succeeds(&["opt-out", "model-training"]);
    for options in [&[][..], &ixp, &fabrikam] {
        agree(options);
        home.succeeds(&[options, &["run"]].concat());
    }
    let ixp = home.deployment(product("IXP").unwrap(), "contoso");
    let fabrikam = home.deployment(product("Document Understanding").unwrap(), "fabrikam");
    let samples = |deployment: &Deployment| {
        stored_by(deployment).iter().filter(|stored| stored.event == "training.sample").count()
    };
    assert_eq!([samples(&home.usual()), samples(&ixp), samples(&fabrikam)], [0, 0, 1]);
    for deployment in [home.usual(), ixp, fabrikam] {
        last(&deployment, "document.processed");
    }
    let output = home.run(&["telemetry", "on", "--purpose", "model-training"]);
    assert_eq!(output.status.code(), Some(3));
    let why = home.succeeds(&["telemetry", "why"]);
    let decided = format!(
        "Telemetry for model-training is off: the organisation's policy ({}:3) says so.",
        home.usual().policy().display()
    );
    assert!(why.contains(&decided), "{why}");
}

/// One refusal of the organisation covers its products that have no such
/// purpose too: it must not be taken for a misspelt one there.
#[test]
fn a_refusal_leaves_products_without_that_purpose_as_they_are() {
    let home = Home::new();
    home.succeeds(&["opt-out", "model-training"]);
    let orchestrator = ["--product", "Orchestrator"];
    home.succeeds(&[&orchestrator[..], &["agree", "service"]].concat());
    let purposes = home.succeeds(&[&orchestrator[..], &["telemetry", "purposes"]].concat());
    let line = |name: &str| purposes.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(line("service ").contains("  on   "), "{purposes}");
    let training = line("model-training ");
    assert!(training.contains("off    this program does not collect for it"), "{purposes}");
    // But a purpose that nobody has is.
    fs::write(home.usual().policy(), "[telemetry.purposes]\nmodel-trainig = false\n").unwrap();
    let purposes = home.succeeds(&[&orchestrator[..], &["telemetry", "purposes"]].concat());
    assert!(!purposes.contains("  on   "), "{purposes}");
}

/// Receipts say which notice the user agreed to, when, and for which purposes;
/// what a later notice adds is off until it is agreed to.
#[test]
fn a_purpose_of_a_later_notice_is_off_until_agreed_to() {
    let home = Home::new();
    home.succeeds(&["--first-release", "agree", "service", "diagnostics", "product-improvement"]);
    home.succeeds(&["run"]);
    let before = stored_by(&home.usual());
    assert_eq!(before.len(), 1);
    assert!(!before[0].fields.contains_key("correction"));
    let purposes = home.succeeds(&["telemetry", "purposes"]);
    let row = |name: &str| {
        let line = purposes.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    assert_eq!(row("service "), "on");
    assert_eq!(row("model-training "), "off");
    let off = "off    nobody has agreed to it yet; to change it, run `";
    let (_, instruction) = purposes.split_once(off).unwrap();
    let (instruction, _) = instruction.split_once('`').unwrap();
    assert!(instruction.ends_with(" telemetry on --purpose model-training"), "{instruction}");
    // The instruction works as it stands.
    home.succeeds(&["telemetry", "on", "--purpose", "model-training"]);
    home.succeeds(&["run"]);
    assert!(last(&home.usual(), "document.processed").fields.contains_key("correction"));

    let decision = start(&home.usual()).decision();
    let receipts: Vec<_> =
        decision.receipts().iter().map(|receipt| (receipt.notice(), receipt.purposes())).collect();
    let first = ["service", "diagnostics", "product-improvement"].map(str::to_owned);
    let second = ["model-training"].map(str::to_owned);
    assert_eq!(receipts, [("2025-06", &first[..]), ("2026-01", &second[..])]);
    let told = home.succeeds(&["telemetry", "notice"]);
    for receipt in decision.receipts() {
        let (time, notice) = (receipt.time(), receipt.notice());
        let purposes = receipt.purposes().join(", ");
        let line = format!("agreed  {time}  to notice {notice}  for {purposes}");
        assert!(told.contains(&line), "{line} is not in {told}");
        assert!(time.ends_with('Z'), "{time}");
    }
}

/// Stricter: before the user agreed to anything, nothing is collected.
#[test]
fn nothing_is_collected_before_anybody_agreed() {
    let home = Home::new();
    let out = home.succeeds(&["run"]);
    assert!(out.contains("--- notice 2026-01 ---"), "{out}");
    assert!(!home.usual().folder().join("telemetry").exists());
    assert!(start(&home.usual().release(Release::First)).decision().receipts().is_empty());
}

/// Without a subcommand the program shows all of this by itself, and ends.
#[test]
fn the_tour_ends_well() {
    let out = Home::new().succeeds(&[]);
    assert!(out.contains(&matrix::markdown()));
    let samples: Vec<bool> = out
        .lines()
        .filter_map(|line| line.strip_prefix("  training.sample     "))
        .map(|became| became != "Denied")
        .collect();
    // Before and after agreeing; a new release, agreed to; Contoso, Fabrikam; Orchestrator.
    assert_eq!(samples, [false, false, false, true, false, true, false], "{out}");
    assert_eq!(out.matches(r#""correction":"#).count(), 2, "{out}");
}
