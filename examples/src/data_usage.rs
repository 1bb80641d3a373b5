//! Purposes as UiPath's document on customer data has them: which product may
//! collect for which purpose, and what an organisation and its users agree to.
//!
//! | the document | here |
//! |---|---|
//! | a table of products and ways of using data | [`matrix`]: the table is code, and what a product's row does not allow, its events cannot be collected for |
//! | "To opt out of model training or product improvement for your organization, raise a support ticket" | a line in [`Deployment::policy`], which [`Deployment::opt_out`] writes |
//! | model training on for all who did not opt out | off until the user agrees, with a receipt |

pub mod matrix;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use telemetry_core::consent::Notice;
use telemetry_core::schema::Purpose;
use telemetry_core::{Builder, Recorded, Telemetry, TelemetryEvent, TelemetryValue};

use self::matrix::Product;

/// The name that the program has towards the library.
pub const APP: &str = "uipath-data-usage-example";

/// How a document was dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TelemetryValue)]
pub enum Outcome {
    /// Every value was read.
    Read,
    /// A person corrected a value.
    Corrected,
    /// Nothing could be read.
    Rejected,
}

/// A document was processed.
#[derive(TelemetryEvent)]
#[telemetry(name = "document.processed", purpose = "service")]
pub struct DocumentProcessed<'a> {
    /// The file's name. Never read: names of files name people.
    #[telemetry(drop)]
    pub file: &'a str,
    /// The kind of document.
    #[telemetry(one_of("invoice", "receipt", "contract"))]
    pub kind: &'a str,
    /// How many pages it has.
    #[telemetry(bucket(2, 10, 50))]
    pub pages: u32,
    /// How it was dealt with.
    #[telemetry(allow)]
    pub outcome: Outcome,
    /// What the recogniser complained of, with personal data taken out.
    #[telemetry(scrub, purpose = "diagnostics")]
    pub warning: Option<&'a str>,
    /// What a person put in the place of a misread value, with personal data
    /// taken out. For training alone.
    #[telemetry(scrub, purpose = "model-training")]
    pub correction: Option<&'a str>,
}

/// A sample from which a model learns.
#[derive(TelemetryEvent)]
#[telemetry(name = "training.sample", purpose = "model-training")]
pub struct TrainingSample<'a> {
    /// The kind of document.
    #[telemetry(one_of("invoice", "receipt", "contract"))]
    pub kind: &'a str,
    /// How sure the model was, in percent.
    #[telemetry(bucket(50, 90))]
    pub confidence: u32,
    /// The sentence around the value, with personal data taken out.
    #[telemetry(scrub)]
    pub sentence: &'a str,
}

/// A release of the product: the second one wants more than the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// Its notice speaks of everything but model training.
    First,
    /// Its notice speaks of model training too, where the product's row in the
    /// table allows that.
    Second,
}

/// One product, in use at one organisation.
#[derive(Clone, Debug)]
pub struct Deployment {
    product: &'static Product,
    release: Release,
    home: PathBuf,
    command: String,
}

impl Deployment {
    /// Everything of the organisation is kept in `organisation`, a folder:
    /// what it decided, and for each product what its users did.
    pub fn new(product: &'static Product, organisation: impl Into<PathBuf>) -> Self {
        Self {
            product,
            release: Release::Second,
            home: organisation.into(),
            command: "telemetry".to_owned(),
        }
    }

    /// Another release than the second.
    #[must_use]
    pub fn release(mut self, release: Release) -> Self {
        self.release = release;
        self
    }

    /// The command with which the user looks at telemetry.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = command.into();
        self
    }

    /// The organisation's own word, for all of its products: the file in the
    /// place of a support ticket.
    pub fn policy(&self) -> PathBuf {
        self.home.join("organisation.toml")
    }

    /// The folder of the product.
    pub fn folder(&self) -> PathBuf {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        self.home.join(self.product.name.chars().map(plain).collect::<String>())
    }

    /// The purposes for which this release can collect: those of the product's
    /// row, and of them those that the release has use for.
    pub fn purposes(&self) -> Vec<Purpose> {
        let of_release = |purpose: &Purpose| {
            self.release == Release::Second || *purpose != Purpose::MODEL_TRAINING
        };
        self.product.purposes().iter().copied().filter(of_release).collect()
    }

    /// What the user is told before anything is sent.
    pub fn notice(&self) -> Notice {
        let name = self.product.name;
        let mut text = String::new();
        for purpose in self.purposes() {
            let _ = writeln!(text, "{}: {}", purpose, explained(purpose));
        }
        let version = match self.release {
            Release::First => "2025-06",
            Release::Second => "2026-01",
        };
        let text = format!("What {name} collects, and why:\n{}", text.trim_end());
        Notice::new(version, text).purposes(&self.purposes())
    }

    /// How telemetry is set up. `show` is given the notice when it is due.
    pub fn settings(&self, show: impl FnOnce(&Notice) -> bool + 'static) -> Builder {
        Telemetry::builder(APP)
            .home(self.folder())
            .command(&self.command)
            .organisation_file(self.policy())
            // The library grants none that is not among these, neither to an
            // event nor to a field.
            .purposes(&self.purposes())
            .notice(self.notice(), show)
            // An example shows its work wherever it is run; a product leaves this out.
            .collect_in_ci(true)
    }

    /// Opts the organisation out of a purpose, for everybody in it and in every
    /// product: what the document needs a support ticket for. What it refused
    /// before stays refused.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written.
    pub fn opt_out(&self, purpose: Purpose) -> io::Result<()> {
        let path = self.policy();
        let mut refused = refused(&path)?;
        refused.insert(purpose.name().to_owned());
        let mut text = String::from("# What this organisation refuses.\n[telemetry.purposes]\n");
        for name in refused {
            let _ = writeln!(text, "{name} = false");
        }
        fs::create_dir_all(&self.home)?;
        fs::write(path, text)
    }
}

/// The refusals that [`Deployment::opt_out`] wrote earlier.
fn refused(path: &Path) -> io::Result<BTreeSet<String>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let names = text.lines().filter_map(|line| line.strip_suffix(" = false"));
    Ok(names.map(str::to_owned).collect())
}

/// What a purpose means, in the document's words where it has some.
fn explained(purpose: Purpose) -> &'static str {
    match purpose.name() {
        "service" => "product functionality, reliability of outputs",
        "diagnostics" => "fix errors and bugs, monitor the health of our products and services",
        "product-improvement" => "improve user experience and functionalities",
        "model-training" => "train the models to improve the quality of the outputs you receive",
        _ => "a purpose of its own",
    }
}

/// What one document brought with it.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// The file's name.
    pub file: &'a str,
    /// The sentence that was misread.
    pub sentence: &'a str,
}

/// What the program does all day: one document gives one event of the service
/// and one sample for training, and says what became of each.
pub fn process(telemetry: &Telemetry, document: &Document<'_>) -> BTreeMap<&'static str, Recorded> {
    let processed = DocumentProcessed {
        file: document.file,
        kind: "invoice",
        pages: 3,
        outcome: Outcome::Corrected,
        warning: Some("page 2 is blurred"),
        correction: Some(document.sentence),
    };
    let sample = TrainingSample { kind: "invoice", confidence: 62, sentence: document.sentence };
    [
        ("document.processed", telemetry.record(&processed)),
        ("training.sample", telemetry.record(&sample)),
    ]
    .into()
}
