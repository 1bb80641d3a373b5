//! What each product does with customer data, as a table that the compiler
//! reads: from it come the document's own table, and the purposes for which a
//! product's events can be collected at all.

use std::fmt;

use telemetry_core::schema::{EventSchema, Purpose};

use self::Usage::{No, NotApplicable, Yes, YesWithNote};

/// Whether a product uses data in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// The question does not arise.
    NotApplicable,
    /// It does, with the note of this number below the table.
    YesWithNote(u8),
}

/// The mark that the document's legend gives it.
impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Yes => f.write_str("✅"),
            No => f.write_str("❌"),
            NotApplicable => f.write_str("N/A"),
            YesWithNote(number) => {
                f.write_str("✅")?;
                let digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
                number.to_string().bytes().try_for_each(|digit| {
                    let digit = digits.chars().nth(usize::from(digit.wrapping_sub(b'0')));
                    digit.map_or(Ok(()), |digit| write!(f, "{digit}"))
                })
            }
        }
    }
}

/// The ways of using data, in the order of the columns.
pub const WAYS: [&str; 5] = [
    "Provide Services",
    "Fine-tune UiPath models",
    "Fine-tune 3rd party models",
    "Integration with GenAI services",
    "Available without third-party LLMs",
];

/// The notes below the table, the first one being number 1.
pub const NOTES: [&str; 1] =
    ["use of AI features can be configured in AI Trust Layer, as explained in \
     [Settings for AI Trust Layer Policies](https://docs.uipath.com/automation-ops/\
     automation-cloud/latest/user-guide/settings-for-ai-trust-layer-policies) \
     in the Automation Ops user guide."];

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// The product's name.
    pub name: &'static str,
    /// What it consists of, where the document lists it.
    pub parts: &'static [&'static str],
    /// A cell for each of the [`WAYS`].
    pub usage: [Usage; 5],
}

/// Every product, in the document's order.
#[rustfmt::skip] // One row, one line.
pub const PRODUCTS: [Product; 25] = [
    Product { name: "AI Center", parts: &[], usage: [Yes, No, No, NotApplicable, NotApplicable] },
    Product { name: "Agent Builder", parts: &[], usage: [Yes, Yes, Yes, No, No] },
    Product { name: "Assistant", parts: &[], usage: [Yes, No, No, NotApplicable, NotApplicable] },
    Product { name: "Apps", parts: &[], usage: [Yes, No, Yes, Yes, Yes] },
    Product { name: "Automation Hub", parts: &[], usage: [Yes, No, No, NotApplicable, NotApplicable] },
    Product { name: "Automation Ops", parts: &[], usage: [Yes, No, No, NotApplicable, NotApplicable] },
    Product { name: "Autopilot for Everyone", parts: &[], usage: [Yes, No, YesWithNote(1), No, No] },
    Product { name: "Cloud robots", parts: &["Elastic Robot Orchestration", "Automation Cloud Robots - VM", "Automation Cloud Robots - Serverless"], usage: [Yes, No, No, NotApplicable, NotApplicable] },
    Product { name: "IXP", parts: &[], usage: [Yes, Yes, Yes, Yes, Yes] },
    Product { name: "AI Computer Vision", parts: &[], usage: [Yes, Yes, No, NotApplicable, NotApplicable] },
    Product { name: "Context Grounding", parts: &[], usage: [Yes, No, Yes, No, No] },
    Product { name: "Data Service", parts: &[], usage: [Yes, No, No, NotApplicable, NotApplicable] },
    Product { name: "Document Understanding", parts: &[], usage: [Yes, Yes, Yes, Yes, Yes] },
    Product { name: "Healing Agent", parts: &[], usage: [Yes, Yes, Yes, Yes, Yes] },
    Product { name: "Insights", parts: &[], usage: [Yes, No, No, NotApplicable, NotApplicable] },
    Product { name: "Integration Service", parts: &[], usage: [Yes, No, Yes, Yes, Yes] },
    Product { name: "IT Automation", parts: &[], usage: [Yes, No, No, NotApplicable, NotApplicable] },
    Product { name: "Maestro", parts: &[], usage: [Yes, No, Yes, Yes, Yes] },
    Product { name: "Orchestrator", parts: &[], usage: [Yes, No, No, NotApplicable, NotApplicable] },
    Product { name: "Process Mining", parts: &[], usage: [Yes, No, Yes, Yes, Yes] },
    Product { name: "Robot", parts: &[], usage: [Yes, No, No, NotApplicable, NotApplicable] },
    Product { name: "ScreenPlay", parts: &[], usage: [Yes, No, Yes, No, No] },
    Product { name: "Studio & StudioX", parts: &[], usage: [Yes, No, Yes, Yes, Yes] },
    Product { name: "Studio Web", parts: &[], usage: [Yes, No, Yes, Yes, Yes] },
    Product { name: "Test Manager", parts: &[], usage: [Yes, No, Yes, Yes, Yes] },
];

impl Product {
    /// The purposes that events of this product may have, and no others.
    ///
    /// | the document | purpose |
    /// |---|---|
    /// | "Telemetry or otherwise usage data ... is meant to help us fix error, bugs, ... improve user experience and, functionalities" | `diagnostics` and `product-improvement`, for every product |
    /// | ✅ under "Provide Services" | `service` |
    /// | ✅ under "Fine-tune UiPath models" | `model-training` |
    /// | ✅ under "Fine-tune 3rd party models" | none, because "neither we nor our AI model providers use Customer Data to train third party models" |
    pub const fn purposes(&self) -> &'static [Purpose] {
        const DIAGNOSTICS: Purpose = Purpose::DIAGNOSTICS;
        const SERVICE: Purpose = Purpose::SERVICE;
        const IMPROVEMENT: Purpose = Purpose::PRODUCT_IMPROVEMENT;
        const TRAINING: Purpose = Purpose::MODEL_TRAINING;
        let [service, training, ..] = self.usage;
        match (service.is_yes(), training.is_yes()) {
            (true, true) => &[SERVICE, DIAGNOSTICS, IMPROVEMENT, TRAINING],
            (true, false) => &[SERVICE, DIAGNOSTICS, IMPROVEMENT],
            (false, true) => &[DIAGNOSTICS, IMPROVEMENT, TRAINING],
            (false, false) => &[DIAGNOSTICS, IMPROVEMENT],
        }
    }

    /// Whether events of these schemas may be collected in this product: for
    /// the compiler to decide.
    ///
    /// A single field of a purpose that the product does not have is no
    /// reason to refuse the event: the library leaves the field out.
    ///
    /// ```
    /// use telemetry_core::TelemetryEvent;
    /// use telemetry_examples::data_usage::TrainingSample;
    /// use telemetry_examples::data_usage::matrix::product;
    ///
    /// const _: () = assert!(product("IXP").unwrap().admits(TrainingSample::SCHEMA));
    /// ```
    ///
    /// The table says ❌ for Orchestrator, and so this does not compile:
    ///
    /// ```compile_fail,E0080
    /// use telemetry_core::TelemetryEvent;
    /// use telemetry_examples::data_usage::TrainingSample;
    /// use telemetry_examples::data_usage::matrix::product;
    ///
    /// const _: () = assert!(product("Orchestrator").unwrap().admits(TrainingSample::SCHEMA));
    /// ```
    pub const fn admits(&self, events: &[EventSchema]) -> bool {
        match events {
            [] => true,
            [event, rest @ ..] => is_among(event.purpose, self.purposes()) && self.admits(rest),
        }
    }
}

impl Usage {
    /// Whether the data is used in this way, with a note or without.
    pub const fn is_yes(self) -> bool {
        matches!(self, Yes | YesWithNote(_))
    }
}

/// The product of this name.
pub const fn product(name: &str) -> Option<&'static Product> {
    const fn find(name: &str, products: &'static [Product]) -> Option<&'static Product> {
        match products {
            [] => None,
            [first, ..] if same(first.name.as_bytes(), name.as_bytes()) => Some(first),
            [_, rest @ ..] => find(name, rest),
        }
    }
    find(name, &PRODUCTS)
}

const fn is_among(purpose: Purpose, purposes: &[Purpose]) -> bool {
    match purposes {
        [] => false,
        [first, rest @ ..] => {
            same(purpose.name().as_bytes(), first.name().as_bytes()) || is_among(purpose, rest)
        }
    }
}

/// `==` is not yet for the compiler's own calculations.
const fn same(a: &[u8], b: &[u8]) -> bool {
    match (a, b) {
        ([], []) => true,
        ([x, a @ ..], [y, b @ ..]) => *x == *y && same(a, b),
        _ => false,
    }
}

/// The document's legend, table and notes, as Markdown.
pub fn markdown() -> String {
    let mut text = format!("* {Yes}: Yes\n* {No}: No\n* {NotApplicable}: Not applicable\n\n");
    let header = [&["UiPath Product"], &WAYS[..]].concat();
    text.push_str(&row(&header));
    text.push_str(&row(&vec!["---"; header.len()]));
    for product in &PRODUCTS {
        let name = [&[product.name], product.parts].concat().join("<br>");
        let marks = product.usage.map(|usage| usage.to_string());
        let cells: Vec<&str> =
            [name.as_str()].into_iter().chain(marks.iter().map(String::as_str)).collect();
        text.push_str(&row(&cells));
    }
    for (number, note) in (1..).zip(NOTES) {
        let mark = YesWithNote(number).to_string();
        text.push_str(&format!("\n{} {note}\n", mark.trim_start_matches('✅')));
    }
    text
}

fn row(cells: &[&str]) -> String {
    format!("| {} |\n", cells.join(" | "))
}
