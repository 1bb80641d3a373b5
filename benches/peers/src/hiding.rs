//! Libraries that hide fields, each as its documentation shows it, and writing
//! JSON where it can.
//!
//! All hold the ten fields of the event: the arguments, the target and the user
//! are hidden, the rest passes. None of them looks into the text.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use data_privacy::simple_redactor::SimpleRedactor;
use data_privacy::xxh3_redactor::xxH3Redactor;
use data_privacy::{DataClass, RedactionEngine, Redactor, Sensitive};
use hmac::{Hmac, KeyInit, Mac};
use hyperswitch_masking::{Secret as Masked, masked_serialize};
use observed::metadata::EventDescription;
use observed::processing::{EventProcessor, EventView};
use observed::{FlushError, Sink, Value, emit, event};
use redactable::Redactable as _;
use serde::Serialize;
use sha2::Sha256;

const CLASS: DataClass = DataClass::new("benches", "personal");

/// The fields of [`veil`], which has no JSON: its `Debug` is what it hides in.
#[derive(veil::Redact)]
pub struct Veil<'a> {
    #[redact(fixed = 3)]
    pub arguments: String,
    #[redact(fixed = 3)]
    pub target: &'a str,
    #[redact(fixed = 3)]
    pub user: &'a str,
    pub protocol: &'static str,
    pub duration_ms: u64,
    pub exit_code: i32,
    pub version: &'static str,
    pub attempts: u32,
    pub interactive: bool,
    pub error: &'a str,
}

/// The fields of [`redact`].
#[derive(Serialize)]
pub struct Redact<'a> {
    #[serde(serialize_with = "redact::serde::redact_secret")]
    pub arguments: redact::Secret<&'a str>,
    #[serde(serialize_with = "redact::serde::redact_secret")]
    pub target: redact::Secret<&'a str>,
    #[serde(serialize_with = "redact::serde::redact_secret")]
    pub user: redact::Secret<&'a str>,
    pub protocol: &'static str,
    pub duration_ms: u64,
    pub exit_code: i32,
    pub version: &'static str,
    pub attempts: u32,
    pub interactive: bool,
    pub error: &'a str,
}

/// The fields of [`redactable`], which hides in a value of the same type.
#[derive(Clone, Serialize, redactable::Sensitive)]
pub struct Redactable {
    #[sensitive(redactable::Secret)]
    pub arguments: String,
    #[sensitive(redactable::Secret)]
    pub target: String,
    #[sensitive(redactable::Secret)]
    pub user: String,
    #[not_sensitive]
    pub protocol: &'static str,
    #[not_sensitive]
    pub duration_ms: u64,
    #[not_sensitive]
    pub exit_code: i32,
    #[not_sensitive]
    pub version: &'static str,
    #[not_sensitive]
    pub attempts: u32,
    #[not_sensitive]
    pub interactive: bool,
    #[not_sensitive]
    pub error: String,
}

/// The fields of [`expunge`], which does the same.
#[derive(Clone, Serialize, expunge::Expunge)]
pub struct Expunge {
    #[expunge(as = "<gone>".to_owned())]
    pub arguments: String,
    #[expunge(as = "<gone>".to_owned())]
    pub target: String,
    #[expunge(as = "<gone>".to_owned())]
    pub user: String,
    #[expunge(skip)]
    pub protocol: &'static str,
    #[expunge(skip)]
    pub duration_ms: u64,
    #[expunge(skip)]
    pub exit_code: i32,
    #[expunge(skip)]
    pub version: &'static str,
    #[expunge(skip)]
    pub attempts: u32,
    #[expunge(skip)]
    pub interactive: bool,
    #[expunge(skip)]
    pub error: String,
}

/// The fields of [`hyperswitch_masking`], which hides on the way to a tree.
#[derive(Serialize)]
pub struct Hyperswitch {
    pub arguments: Masked<String>,
    pub target: Masked<String>,
    pub user: Masked<String>,
    pub protocol: &'static str,
    pub duration_ms: u64,
    pub exit_code: i32,
    pub version: &'static str,
    pub attempts: u32,
    pub interactive: bool,
    pub error: String,
}

/// The fields of [`data_privacy`], whose engine writes one hidden value at a
/// time; serde_json writes the line around them.
pub struct Classified<'a> {
    pub arguments: Sensitive<&'a str>,
    pub target: Sensitive<&'a str>,
    pub user: Sensitive<&'a str>,
    pub error: &'a str,
}

#[derive(Serialize)]
struct Line<'a> {
    arguments: &'a str,
    target: &'a str,
    user: &'a str,
    protocol: &'static str,
    duration_ms: u64,
    exit_code: i32,
    version: &'static str,
    attempts: u32,
    interactive: bool,
    error: &'a str,
}

/// The event for [`observed`].
#[event("run.failed")]
#[info("a run failed")]
pub struct Observed {
    arguments: Sensitive<&'static str>,
    target: Sensitive<&'static str>,
    user: Sensitive<&'static str>,
    #[unredacted]
    protocol: &'static str,
    #[unredacted]
    duration_ms: u64,
    #[unredacted]
    exit_code: i64,
    #[unredacted]
    version: &'static str,
    #[unredacted]
    attempts: u64,
    #[unredacted]
    interactive: bool,
    #[unredacted]
    error: &'static str,
}

/// The values of all of them.
#[derive(Clone, Copy)]
pub struct Values {
    pub arguments: &'static str,
    pub target: &'static str,
    pub user: &'static str,
    pub error: &'static str,
}

pub const VALUES: Values = Values {
    arguments: "--password hunter2 web-1.corp.example",
    target: telemetry_benches::EVENT.target,
    user: telemetry_benches::EVENT.user,
    error: telemetry_benches::ERROR,
};

const PROTOCOL: &str = "ssh";
const VERSION: &str = "1.2.3";

impl Values {
    pub fn veil(self) -> Veil<'static> {
        let Self { arguments, target, user, error } = self;
        Veil {
            arguments: arguments.to_owned(),
            target,
            user,
            protocol: PROTOCOL,
            duration_ms: 1_234,
            exit_code: 0,
            version: VERSION,
            attempts: 1,
            interactive: true,
            error,
        }
    }

    pub fn redact(self) -> Redact<'static> {
        let Self { arguments, target, user, error } = self;
        Redact {
            arguments: redact::Secret::new(arguments),
            target: redact::Secret::new(target),
            user: redact::Secret::new(user),
            protocol: PROTOCOL,
            duration_ms: 1_234,
            exit_code: 0,
            version: VERSION,
            attempts: 1,
            interactive: true,
            error,
        }
    }

    pub fn redactable(self) -> Redactable {
        let Self { arguments, target, user, error } = self;
        Redactable {
            arguments: arguments.to_owned(),
            target: target.to_owned(),
            user: user.to_owned(),
            protocol: PROTOCOL,
            duration_ms: 1_234,
            exit_code: 0,
            version: VERSION,
            attempts: 1,
            interactive: true,
            error: error.to_owned(),
        }
    }

    pub fn expunge(self) -> Expunge {
        let Redactable { arguments, target, user, error, .. } = self.redactable();
        Expunge {
            arguments,
            target,
            user,
            protocol: PROTOCOL,
            duration_ms: 1_234,
            exit_code: 0,
            version: VERSION,
            attempts: 1,
            interactive: true,
            error,
        }
    }

    pub fn hyperswitch(self) -> Hyperswitch {
        let Redactable { arguments, target, user, error, .. } = self.redactable();
        Hyperswitch {
            arguments: Masked::new(arguments),
            target: Masked::new(target),
            user: Masked::new(user),
            protocol: PROTOCOL,
            duration_ms: 1_234,
            exit_code: 0,
            version: VERSION,
            attempts: 1,
            interactive: true,
            error,
        }
    }

    pub fn classified(self) -> Classified<'static> {
        let Self { arguments, target, user, error } = self;
        let hide = |text| Sensitive::new(text, CLASS);
        Classified { arguments: hide(arguments), target: hide(target), user: hide(user), error }
    }

    pub fn emit(self, sink: &Sink) {
        let hide = |text| Sensitive::new(text, CLASS);
        emit!(
            sink,
            Observed {
                arguments: hide(self.arguments),
                target: hide(self.target),
                user: hide(self.user),
                protocol: PROTOCOL,
                duration_ms: 1_234,
                exit_code: 0,
                version: VERSION,
                attempts: 1,
                interactive: true,
                error: self.error,
            }
        );
    }
}

impl Redactable {
    /// It gives away the value that it hides, so that the event is copied first.
    pub fn write(&self, out: &mut Vec<u8>) {
        let _ = serde_json::to_writer(out, &self.clone().redact());
    }
}

impl Expunge {
    /// As above.
    pub fn write(&self, out: &mut Vec<u8>) {
        let _ = serde_json::to_writer(out, &expunge::Expunge::expunge(self.clone()));
    }
}

impl Hyperswitch {
    pub fn write(&self, out: &mut Vec<u8>) {
        if let Ok(tree) = masked_serialize(self) {
            let _ = serde_json::to_writer(out, &tree);
        }
    }
}

/// An engine of [`data_privacy`], and room for what it hides.
pub struct Engine {
    engine: RedactionEngine,
    hidden: [String; 3],
}

impl Engine {
    fn new(redactor: impl Redactor + Send + Sync + 'static) -> Self {
        let engine = RedactionEngine::builder().add_class_redactor(CLASS, redactor).build();
        Self { engine, hidden: Default::default() }
    }

    pub fn asterisks() -> Self {
        Self::new(SimpleRedactor::new())
    }

    /// Its own hash: 64 bits, fast, and not made to withstand anybody.
    pub fn xxh3() -> Self {
        Self::new(xxH3Redactor::with_secret([7; 192]))
    }

    /// A hash that keeps its promise, as a redactor of the user's own.
    pub fn hmac() -> Option<Self> {
        Some(Self::new(HmacRedactor(Hmac::new_from_slice(&[7; 32]).ok()?)))
    }

    pub fn write(&mut self, event: &Classified<'_>, out: &mut Vec<u8>) {
        let values = [&event.arguments, &event.target, &event.user];
        for (hidden, value) in self.hidden.iter_mut().zip(values) {
            hidden.clear();
            let _ = self.engine.redacted_display(value, hidden);
        }
        let [arguments, target, user] = &self.hidden;
        let line = Line {
            arguments,
            target,
            user,
            protocol: PROTOCOL,
            duration_ms: 1_234,
            exit_code: 0,
            version: VERSION,
            attempts: 1,
            interactive: true,
            error: event.error,
        };
        let _ = serde_json::to_writer(out, &line);
    }
}

struct HmacRedactor(Hmac<Sha256>);

impl Redactor for HmacRedactor {
    fn redacts(&self, _class: &DataClass) -> bool {
        true
    }

    fn redact(
        &self,
        _class: &DataClass,
        value: &str,
        output: &mut dyn std::fmt::Write,
    ) -> std::fmt::Result {
        let tag: [u8; 32] = self.0.clone().chain_update(value).finalize().into_bytes().into();
        let (half, mut digits) = (tag.first_chunk::<16>().copied().unwrap_or_default(), [0; 32]);
        hex::encode_to_slice(half, &mut digits).map_err(|_| std::fmt::Error)?;
        output.write_str(std::str::from_utf8(&digits).unwrap_or_default())
    }
}

/// What [`observed`] hands an event to: it writes JSON, hidden by asterisks.
pub struct JsonLines {
    engine: RedactionEngine,
    line: Mutex<String>,
}

impl JsonLines {
    pub fn sink() -> (Sink, Arc<Self>) {
        let engine =
            RedactionEngine::builder().add_class_redactor(CLASS, SimpleRedactor::new()).build();
        let lines = Arc::new(Self { engine, line: Mutex::default() });
        let sink = Sink::builder("benches").processors(vec![lines.clone()]).build();
        (sink, lines)
    }

    /// The line that was written last.
    pub fn last(&self) -> String {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl EventProcessor for JsonLines {
    fn is_interested(&self, _description: &EventDescription) -> bool {
        true
    }

    fn process(&self, event: &EventView<'_>) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.clear();
        let mut separator = '{';
        let _ = event.visit_fields(&mut |field, value| {
            let _ = write!(line, "{separator}\"{}\":", field.field_name());
            separator = ',';
            let _ = match value(&self.engine) {
                Value::Bool(value) => write!(line, "{value}"),
                Value::I64(value) => write!(line, "{value}"),
                Value::U64(value) => write!(line, "{value}"),
                Value::String(text) => write!(line, "\"{}\"", text.as_str()),
                _ => Ok(()),
            };
            ControlFlow::Continue(())
        });
        line.push('}');
    }

    fn flush(&self) -> Result<(), FlushError> {
        Ok(())
    }
}
