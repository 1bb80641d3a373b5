//! Purposes: which product may collect for which, and what organisations and
//! users agree to, as UiPath's document on customer data has it.
//!
//!     cargo run --release --example data_usage
//!     cargo run --release --example data_usage -- matrix
//!     cargo run --release --example data_usage -- agree service model-training
//!     cargo run --release --example data_usage -- run
//!     cargo run --release --example data_usage -- opt-out model-training
//!     cargo run --release --example data_usage -- telemetry purposes
//!
//! Without a subcommand it goes through all of them, and ends. It sends nothing.
//! It keeps its files below `--home`, or else in `.data-usage-example` in the
//! user's home folder.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

use std::error::Error;
use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use serde_json::Value;
use telemetry_cli::Io;
use telemetry_core::consent::Notice;
use telemetry_core::{Telemetry, spool};
use telemetry_examples::data_usage::matrix::{self, PRODUCTS, Product};
use telemetry_examples::data_usage::{Deployment, Document, Release, process};

type Failure = Box<dyn Error>;

/// How to call this program, for the sentences that say what to type.
const SELF: &str = "cargo run --release --example data_usage --";

const DOCUMENT: Document<'static> = Document {
    file: "Jane Doe, June.pdf",
    sentence: "invoice to jane.doe@contoso.example, total 12 000",
};

#[derive(Parser)]
#[command(name = "data_usage", about = "Purposes of products, organisations and users")]
struct Cli {
    /// Keeps everything below this folder
    #[arg(long, global = true)]
    home: Option<PathBuf>,
    /// The product, by its name in the table
    #[arg(long, global = true, default_value = "Document Understanding")]
    product: String,
    /// The organisation, which has a folder of this name
    #[arg(long, global = true, default_value = "contoso")]
    organisation: String,
    /// The release before the one with model training
    #[arg(long, global = true)]
    first_release: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one, made once")]
enum Command {
    /// Prints the document's table, made from the code
    Matrix,
    /// Agrees to these purposes of the notice, and to no other of it
    Agree { purposes: Vec<String> },
    /// Opts the whole organisation out of a purpose
    OptOut { purpose: String },
    /// Processes a document, or one for each line of the standard input
    Run {
        /// Each line is a sentence to process
        #[arg(long)]
        lines: bool,
    },
    /// What is collected: see it, stop it, erase it
    #[command(subcommand)]
    Telemetry(telemetry_cli::Command),
}

impl Cli {
    /// The command that looks at the same product of the same organisation.
    fn command_of_telemetry(&self) -> String {
        let mut command = SELF.to_owned();
        if let Some(home) = &self.home {
            command.push_str(&format!(" --home {}", home.display()));
        }
        for (option, value) in [("product", &self.product), ("organisation", &self.organisation)] {
            command.push_str(&format!(" --{option} '{value}'"));
        }
        command + " telemetry"
    }
}

fn main() -> ExitCode {
    match start(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("data_usage: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start(cli: &Cli) -> Result<ExitCode, Failure> {
    let home = match &cli.home {
        Some(home) => home.clone(),
        None => std::env::home_dir()
            .filter(|home| !home.as_os_str().is_empty())
            .ok_or("there is no home folder: set HOME, or name a folder with --home")?
            .join(".data-usage-example"),
    };
    let Some(command) = &cli.command else {
        tour(&home.join("tour"))?;
        return Ok(ExitCode::SUCCESS);
    };
    let product = matrix::product(&cli.product).ok_or("no such product: see `matrix`")?;
    let release = if cli.first_release { Release::First } else { Release::Second };
    let deployment = Deployment::new(product, home.join(&cli.organisation))
        .release(release)
        .command(cli.command_of_telemetry());
    match command {
        Command::Matrix => print!("{}", matrix::markdown()),
        Command::Agree { purposes } => agree(&deployment, purposes)?,
        Command::OptOut { purpose } => {
            let known = product.purposes().iter().find(|known| known.name() == purpose);
            deployment.opt_out(*known.ok_or("no purpose of this product: see `matrix`")?)?;
            println!("{} says so now, for everybody.", deployment.policy().display());
        }
        Command::Run { lines: false } => one(&deployment)?,
        Command::Run { lines: true } => lines(&deployment)?,
        Command::Telemetry(command) => {
            return Ok(command.run_in(
                Cli::command,
                deployment.settings(|_| true),
                &mut Io::of_process(),
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn agree(deployment: &Deployment, purposes: &[String]) -> Result<(), Failure> {
    let telemetry = deployment.settings(|_| true).only_on_request().build()?;
    let names: Vec<&str> = purposes.iter().map(String::as_str).collect();
    telemetry.choice()?.agree_only_to(&names)?;
    telemetry.refresh();
    println!("{}", telemetry.why());
    Ok(())
}

fn one(deployment: &Deployment) -> Result<(), Failure> {
    let telemetry = built(deployment)?;
    work(&telemetry)?;
    println!("{}", telemetry.why());
    Ok(())
}

/// A document for each line; what became of its events, on a line each.
fn lines(deployment: &Deployment) -> Result<(), Failure> {
    let telemetry = built(deployment)?;
    for line in io::stdin().lock().lines() {
        let recorded = process(&telemetry, &Document { file: "-", sentence: &line? });
        let words: Vec<String> =
            recorded.iter().map(|(event, became)| format!("{event}={became:?}")).collect();
        println!("{}", words.join(" "));
    }
    Ok(())
}

fn built(deployment: &Deployment) -> Result<Telemetry, Failure> {
    let settings = deployment.settings(show_notice);
    Ok(settings.on_error(|error| eprintln!("telemetry: {error}")).build()?)
}

fn show_notice(notice: &Notice) -> bool {
    println!("--- notice {} ---\n{}\n---", notice.version(), notice.text());
    true
}

/// One document, and what of it reached the disk.
fn work(telemetry: &Telemetry) -> Result<(), Failure> {
    let recorded = process(telemetry, &DOCUMENT);
    for (event, became) in &recorded {
        if !became.is_stored() {
            println!("  {event:<19} {became:?}");
            continue;
        }
        let stored = spool::read(telemetry.folder())?.filter_map(Result::ok);
        let stored = stored.filter(|stored| stored.event == *event).last();
        let stored = stored.ok_or("the event is not in the spool")?;
        let line: Value = serde_json::from_slice(&stored.raw)?;
        println!("  {event:<19} {}", line.get("fields").unwrap_or(&Value::Null));
    }
    println!();
    Ok(())
}

/// Everything that the document describes, and where this differs.
fn tour(home: &Path) -> Result<(), Failure> {
    if home.exists() {
        fs::remove_dir_all(home)?;
    }
    println!("== The document's table, made from the code\n\n{}", matrix::markdown());
    println!("== What of it the library enforces: the purposes of each product's events\n");
    for product in &PRODUCTS {
        let names: Vec<&str> = product.purposes().iter().map(|purpose| purpose.name()).collect();
        println!("  {:<24} {}", product.name, names.join(", "));
    }
    println!();
    let product = matrix::product("Document Understanding").ok_or("it is in the table")?;
    let contoso = Deployment::new(product, home.join("contoso"))
        .command(format!("{SELF} --home {} telemetry", home.display()));
    by_user(&contoso)?;
    by_organisation(&contoso, product, home)?;
    without_training(home)?;
    epilogue(home);
    Ok(())
}

fn by_user(contoso: &Deployment) -> Result<(), Failure> {
    println!("== Document Understanding at Contoso: what the user agrees to\n");
    println!("The program knew the file {:?} and the sentence", DOCUMENT.file);
    println!("{:?}. Before anybody agreed:", DOCUMENT.sentence);
    let first = contoso.clone().release(Release::First);
    let telemetry = built(&first)?;
    work(&telemetry)?;
    telemetry.choice()?.agree_only_to(&["service", "diagnostics"])?;
    println!("The user agrees to service and diagnostics:");
    telemetry.refresh();
    work(&telemetry)?;
    drop(telemetry);

    println!("The next release also wants to train models, and its notice says so. Until the user");
    println!("agrees, the field `correction` is absent, and there are no training samples:");
    let telemetry = built(contoso)?;
    work(&telemetry)?;
    telemetry.choice()?.agree_to("model-training")?;
    telemetry.refresh();
    println!("The user agrees to model-training:");
    work(&telemetry)?;
    println!("The receipts:");
    for receipt in telemetry.decision().receipts() {
        let purposes = receipt.purposes().join(", ");
        println!("  {}  notice {}  for {purposes}", receipt.time(), receipt.notice());
    }
    println!();
    Ok(())
}

fn by_organisation(
    contoso: &Deployment,
    product: &'static Product,
    home: &Path,
) -> Result<(), Failure> {
    println!("== \"To opt out ... for your organization, raise a support ticket\"\n");
    let training = telemetry_core::schema::Purpose::MODEL_TRAINING;
    contoso.opt_out(training)?;
    println!("Here it is a file, {}:", contoso.policy().display());
    println!("{}", fs::read_to_string(contoso.policy())?);
    let telemetry = built(contoso)?;
    println!("The service goes on. At Contoso, where the user's yes no longer counts:");
    work(&telemetry)?;
    println!("{}\n", telemetry.why());
    let fabrikam = Deployment::new(product, home.join("fabrikam"));
    let telemetry = built(&fabrikam)?;
    telemetry.choice()?.agree_only_to(&["service", "diagnostics", "model-training"])?;
    telemetry.refresh();
    println!("At Fabrikam, which did not opt out:");
    work(&telemetry)
}

fn without_training(home: &Path) -> Result<(), Failure> {
    println!("== Orchestrator, for which the table says ❌\n");
    let product = matrix::product("Orchestrator").ok_or("it is in the table")?;
    let telemetry = built(&Deployment::new(product, home.join("fabrikam")))?;
    let choice = telemetry.choice()?;
    if let Err(error) = choice.agree_to("model-training") {
        println!("Agreeing to model-training fails: {error}.");
    }
    choice.agree_only_to(&["service", "diagnostics"])?;
    telemetry.refresh();
    println!("Everything agreed to that there is, and still:");
    work(&telemetry)
}

fn epilogue(home: &Path) {
    println!(
        "Where this is stricter than the document:\n\
         - training is off until the user agrees, and a receipt says to which notice\n\
         - opting out is a line in a file or a command, and holds at once\n\
         - a ❌ in the table is held by the library, and for whole events by the compiler\n\
         - the table has ✅ under \"Fine-tune 3rd party models\", and the document says that nobody\n\
         \x20 trains third party models with customer data: here no event can be for that\n"
    );
    println!("See for yourself  {SELF} --home {} telemetry purposes", home.display());
    println!("                  {SELF} --home {} telemetry notice", home.display());
}
