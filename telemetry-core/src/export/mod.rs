//! Wire formats, batches, delivery and retry.
//!
//! It owns how stored events become requests, and what becomes of them after
//! the answer. It must never know how an event was sanitised: it is given
//! stored lines, which only a sanitised event can have become, and has no way
//! to a raw one.
//!
//! | part | owns |
//! |---|---|
//! | [`Receiver`] | where a program's events go, and how: what an author sets up |
//! | [`Exporter`] | a wire format: its limits, its bytes, and what its receivers' answers mean |
//! | [`Transport`] | how the bytes reach the receiver |
//! | [`sent`] | what left, byte for byte |

mod batch;
mod delivery;
mod expected;
#[cfg(feature = "http")]
mod http;
mod ndjson;
#[cfg(feature = "otlp")]
mod otlp;
mod pacing;
mod permission;
#[cfg(feature = "http")]
mod proxy;
mod receiver;
mod report;
#[cfg(feature = "segment")]
mod segment;
pub mod sent;
mod source;
mod transport;
mod worker;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

#[cfg(feature = "http")]
pub use self::http::{HttpTransport, HttpTransportBuilder};
pub use self::ndjson::Ndjson;
#[cfg(feature = "otlp")]
pub use self::otlp::Otlp;
pub use self::pacing::{Hindrance, hindrance};
pub use self::receiver::{Deliver, Receiver};
pub use self::report::{End, Report};
#[cfg(feature = "segment")]
pub use self::segment::Segment;
pub use self::transport::{Attempt, Outcome, Request, Response, Transport, TransportError};
pub(crate) use self::{
    delivery::Delivery, expected::Expected, pacing::Pace, permission::Permission, worker::Worker,
};
pub(crate) use self::{pacing::is_waiting, receiver::DeliveryMode};
use crate::envelope::Line;
use crate::error::{Error, Kind};
use crate::spool::Stored;

/// The parts of delivery one by one, for this project's own tests and benches.
/// Exempt from semver: they change without notice.
#[doc(hidden)]
pub mod unstable {
    pub use super::delivery::{Delivery, DeliveryBuilder};
    pub use super::expected::Expected;
    pub use super::pacing::Pace;
    pub use super::permission::Permission;
    pub use super::transport::retry_after;
    pub use super::worker::Worker;
}

/// A wire format.
///
/// An exporter sees [`WaitingEvent`]s alone, so there is nothing unsanitised
/// that it could write. A raw event does not go in:
///
/// ```compile_fail,E0308
/// use telemetry_core::TelemetryEvent;
/// use telemetry_core::export::{App, Exporter, Ndjson};
///
/// #[derive(TelemetryEvent)]
/// #[telemetry(purpose = "diagnostics")]
/// struct Started {
///     #[telemetry(allow)]
///     attempts: u32,
/// }
///
/// let app = App::new("chef-workstation", "24.1.0").unwrap();
/// let time = "2026-01-01T00:00:00.000Z";
/// Ndjson.append(&app, time, &Started { attempts: 1 }, &mut Vec::new());
/// ```
///
/// A batch is built once: each event is appended to one buffer, and
/// [`payload`](Self::payload) puts around it what the format wants there. When a
/// receiver refuses the batch, the events from the front of the buffer go again
/// without the others.
pub trait Exporter: Send + Sync {
    /// What the format's receivers accept.
    fn limits(&self) -> BatchLimits;

    /// Appends `event` of `app` to `events`, in the form that it has in a batch
    /// that is sent at `sent_at` (RFC 3339, UTC, milliseconds).
    ///
    /// # Errors
    ///
    /// The event cannot be written in this format. It goes to the dead letters
    /// with the error as the reason, and the others go on without it.
    fn append(
        &self,
        app: &App,
        sent_at: &str,
        event: &WaitingEvent<'_>,
        events: &mut Vec<u8>,
    ) -> Result<(), Error>;

    /// The body around `events`: what [`append`](Self::append) wrote for one
    /// event or several, one after the other.
    ///
    /// # Errors
    ///
    /// The batch cannot be written; its events stay.
    fn payload(&self, app: &App, sent_at: &str, events: &[u8]) -> Result<Payload, Error>;

    /// What the receiver's answer means for the events of the batch.
    fn outcome(&self, response: &Response) -> Outcome {
        Outcome::by_status(response)
    }

    /// The format of lines of counts, when it is another one: they then go in
    /// requests of their own, and no batch holds both. Without one, this format
    /// writes them too.
    fn counts(&self) -> Option<&dyn Exporter> {
        None
    }

    /// The path that takes these requests, such as `/v1/metrics`, when it is not
    /// the one that the transport was given. See [`Request::path`].
    fn path(&self) -> Option<&'static str> {
        None
    }
}

impl<T: Exporter + ?Sized> Exporter for Arc<T> {
    fn limits(&self) -> BatchLimits {
        T::limits(self)
    }

    fn append(
        &self,
        app: &App,
        sent_at: &str,
        event: &WaitingEvent<'_>,
        events: &mut Vec<u8>,
    ) -> Result<(), Error> {
        T::append(self, app, sent_at, event, events)
    }

    fn payload(&self, app: &App, sent_at: &str, events: &[u8]) -> Result<Payload, Error> {
        T::payload(self, app, sent_at, events)
    }

    fn outcome(&self, response: &Response) -> Outcome {
        T::outcome(self, response)
    }

    fn counts(&self) -> Option<&dyn Exporter> {
        T::counts(self)
    }

    fn path(&self) -> Option<&'static str> {
        T::path(self)
    }
}

/// What an exporter makes of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The media type.
    pub content_type: &'static str,
    /// The bytes, not compressed.
    pub body: Vec<u8>,
}

/// A stored event on its way to a receiver: what stands around its fields, and
/// the fields as they are stored. Only the library makes one, from a stored
/// line, which only a sanitised event can have become.
///
/// ```
/// # use telemetry_core::export::WaitingEvent;
/// fn name_and_id(event: &WaitingEvent<'_>) -> String {
///     format!("{} {}", event.name(), event.id())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WaitingEvent<'l>(pub(crate) Line<'l>);

impl<'l> WaitingEvent<'l> {
    /// The event that `stored` is, for tests of an exporter. `None` when its
    /// line is not exactly in the form in which the library writes it.
    pub fn of(stored: &'l Stored) -> Option<Self> {
        Line::read(&stored.raw).ok().map(Self)
    }

    /// The event's id, by which a receiver can drop a duplicate.
    pub fn id(&self) -> &'l str {
        self.0.id
    }

    /// When it was recorded: RFC 3339, UTC, milliseconds.
    pub fn time(&self) -> &'l str {
        self.0.time
    }

    /// The event's name.
    pub fn name(&self) -> &'l str {
        self.0.event
    }

    /// The schema version.
    pub fn version(&self) -> u64 {
        self.0.version
    }

    /// The event's purpose.
    pub fn purpose(&self) -> &'l str {
        self.0.purpose
    }

    /// The installation id, if there is one.
    pub fn installation(&self) -> Option<&'l str> {
        self.0.installation
    }

    /// Whether the program ran in a container.
    pub fn is_from_container(&self) -> bool {
        self.0.container
    }

    /// The sanitised fields, as a JSON object.
    pub fn fields_json(&self) -> &'l str {
        self.0.fields
    }

    /// The sanitised fields as a tree, for a format that needs one.
    ///
    /// # Errors
    ///
    /// They are no JSON object.
    pub fn fields(&self) -> Result<Map<String, Value>, Error> {
        serde_json::from_str(self.0.fields).map_err(|_| {
            Error::new(Kind::Export, format!("the fields cannot be read (event `{}`)", self.name()))
        })
    }

    /// Of a line of counts, the period: `run`, `hour`, `day` or `week`, which
    /// began at [`time`](Self::time).
    pub fn period(&self) -> Option<&'l str> {
        self.0.counts.map(|(period, _)| period)
    }

    /// Of a line of counts, what was counted; of any other, nothing.
    ///
    /// # Errors
    ///
    /// They are not in the form in which the library writes them.
    pub fn counts(&self) -> Result<Vec<CountedForm>, Error> {
        let Some((_, counts)) = self.0.counts else { return Ok(Vec::new()) };
        let forms: Option<Vec<CountedForm>> =
            serde_json::from_str::<Vec<Map<String, Value>>>(counts)
                .ok()
                .and_then(|forms| forms.into_iter().map(CountedForm::read).collect());
        forms.ok_or_else(|| {
            Error::new(Kind::Export, format!("the counts cannot be read (event `{}`)", self.name()))
        })
    }

    /// The same as a tree, for a format that takes them as they are.
    #[cfg(feature = "segment")]
    fn counts_value(&self) -> Result<Value, Error> {
        let counts = self.0.counts.map_or("[]", |(_, counts)| counts);
        serde_json::from_str(counts).map_err(|_| {
            Error::new(Kind::Export, format!("the counts cannot be read (event `{}`)", self.name()))
        })
    }

    /// The stored line, without the line feed.
    pub fn line(&self) -> &'l str {
        self.0.raw
    }
}

/// How often one form of an event occurred in a period.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CountedForm {
    /// The sanitised fields of the form; `None` for all forms together that were
    /// not told apart.
    pub fields: Option<Map<String, Value>>,
    /// How often.
    pub count: u64,
    /// The numbers of the event's histograms, by field.
    pub histograms: BTreeMap<String, Histogram>,
}

/// The numbers of a field that is under `histogram`, all of a period together.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Histogram {
    /// The bounds between the ranges, ascending.
    pub bounds: Vec<serde_json::Number>,
    /// How many numbers were in each range: one more than bounds. A bound
    /// belongs to the range that ends with it.
    pub ranges: Vec<u64>,
    /// The sum of all numbers.
    pub sum: serde_json::Number,
}

impl Histogram {
    fn read(said: &Value) -> Option<Self> {
        let list = |key: &str| said.get(key)?.as_array();
        let number = |value: &Value| value.as_number().cloned();
        Some(Self {
            bounds: list("bounds")?.iter().map(number).collect::<Option<_>>()?,
            ranges: list("ranges")?.iter().map(Value::as_u64).collect::<Option<_>>()?,
            sum: number(said.get("sum")?)?,
        })
    }
}

impl CountedForm {
    fn read(mut form: Map<String, Value>) -> Option<Self> {
        let count = form.get("count")?.as_u64()?;
        let histograms = match form.remove("histograms") {
            Some(Value::Object(histograms)) => {
                let read = |(field, said): (String, Value)| Some((field, Histogram::read(&said)?));
                histograms.into_iter().map(read).collect::<Option<_>>()?
            }
            Some(_) => return None,
            None => BTreeMap::new(),
        };
        let fields = match form.remove("fields") {
            Some(Value::Object(fields)) => Some(fields),
            Some(_) => return None,
            None => None,
        };
        Some(Self { fields, count, histograms })
    }
}

/// What a receiver accepts in one request, before compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Bytes of one event.
    pub event_bytes: usize,
    /// Bytes of all events of a batch together, what stands around them not
    /// included: an exporter takes that off its receiver's limit.
    pub batch_bytes: usize,
    /// Events of a batch.
    pub batch_events: usize,
}

/// The program that the events come from, as its author names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    name: String,
    version: String,
}

impl App {
    /// The program's name and version.
    ///
    /// Both go to the receiver, in the `User-Agent` among other places.
    ///
    /// # Errors
    ///
    /// Either is empty, longer than 128 bytes, or has a character other than an
    /// ASCII letter, a digit and `-._+~`: what an HTTP product name can hold.
    ///
    /// ```
    /// use telemetry_core::export::App;
    ///
    /// assert_eq!(App::new("chef-workstation", "24.1.0")?.name(), "chef-workstation");
    /// assert!(App::new("chef workstation", "24.1.0").is_err());
    /// # Ok::<(), telemetry_core::Error>(())
    /// ```
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Result<Self, Error> {
        let app = Self { name: name.into(), version: version.into() };
        for (what, text) in [("name", &app.name), ("version", &app.version)] {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._+~".contains(&byte);
            if text.is_empty() || text.len() > 128 || !text.bytes().all(known) {
                return Err(Error::new(
                    Kind::Argument,
                    format!(
                        "the program's {what} must be 1 to 128 ASCII letters, digits or `-._+~`"
                    ),
                ));
            }
        }
        Ok(app)
    }

    /// The program's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The program's version.
    pub fn version(&self) -> &str {
        &self.version
    }
}
