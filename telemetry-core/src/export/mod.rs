//! Wire formats, batches, delivery and retry.
//!
//! It owns how stored events become requests, and what becomes of them after
//! the answer. It must never know how an event was sanitised: it is given
//! stored lines, which only a sanitised event can have become, and has no way
//! to a raw one.
//!
//! | part | owns |
//! |---|---|
//! | [`Exporter`] | a wire format: its limits, its bytes, and what its receivers' answers mean |
//! | [`Transport`] | how the bytes reach the receiver |
//! | [`Delivery`] | which events go, when, how often; what is removed, kept, set aside and counted |
//! | [`Worker`] | a thread that delivers in the background |
//! | [`sent`] | what left, byte for byte |

mod base64;
mod delivery;
#[cfg(feature = "http")]
mod http;
mod ndjson;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "http")]
mod proxy;
mod retry;
#[cfg(feature = "segment")]
mod segment;
pub mod sent;
mod transport;
mod worker;

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

pub use self::delivery::{Delivery, DeliveryBuilder, End, Permission, Report};
#[cfg(feature = "http")]
pub use self::http::{HttpTransport, HttpTransportBuilder};
pub use self::ndjson::Ndjson;
#[cfg(feature = "otlp")]
pub use self::otlp::Otlp;
#[cfg(feature = "segment")]
pub use self::segment::Segment;
pub use self::transport::{Outcome, Request, Response, Transport, TransportError, retry_after};
pub use self::worker::Worker;
use crate::error::{Error, Kind};
use crate::spool::Stored;

/// A wire format.
///
/// An exporter sees [`Stored`] events alone, so there is nothing unsanitised
/// that it could write. A raw event does not go in:
///
/// ```compile_fail,E0308
/// use telemetry_core::TelemetryEvent;
/// use telemetry_core::export::{App, Batch};
///
/// #[derive(TelemetryEvent)]
/// #[telemetry(purpose = "diagnostics")]
/// struct Started {
///     #[telemetry(allow)]
///     attempts: u32,
/// }
///
/// let app = App::new("chef-workstation", "24.1.0").unwrap();
/// let batch = Batch::new(&app, vec![&Started { attempts: 1 }], "2026-01-01T00:00:00.000Z");
/// ```
pub trait Exporter: Send + Sync {
    /// What the format's receivers accept.
    fn limits(&self) -> BatchLimits;

    /// The bytes that `event` of `app` adds to a batch, before compression.
    ///
    /// # Errors
    ///
    /// The event cannot be written in this format. It is set aside with the
    /// error as the reason, and the others go on without it.
    fn measure(&self, app: &App, event: &Stored) -> Result<usize, Error>;

    /// The request that carries `batch`. Each event of it has been measured.
    ///
    /// # Errors
    ///
    /// The batch cannot be written; its events are set aside.
    fn encode(&self, batch: &Batch<'_>) -> Result<Request, Error>;

    /// What the receiver's answer means for the events of the batch.
    fn outcome(&self, response: &Response) -> Outcome {
        Outcome::by_status(response)
    }
}

impl<T: Exporter + ?Sized> Exporter for Arc<T> {
    fn limits(&self) -> BatchLimits {
        T::limits(self)
    }

    fn measure(&self, app: &App, event: &Stored) -> Result<usize, Error> {
        T::measure(self, app, event)
    }

    fn encode(&self, batch: &Batch<'_>) -> Result<Request, Error> {
        T::encode(self, batch)
    }

    fn outcome(&self, response: &Response) -> Outcome {
        T::outcome(self, response)
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

/// Events that go in one request.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    app: &'a App,
    events: Vec<&'a Stored>,
    id: BatchId,
    sent_at: String,
}

impl<'a> Batch<'a> {
    /// A batch of `events`, sent at `sent_at` (RFC 3339, UTC, milliseconds).
    pub fn new(app: &'a App, events: Vec<&'a Stored>, sent_at: impl Into<String>) -> Self {
        let id = BatchId::of(&events);
        Self { app, events, id, sent_at: sent_at.into() }
    }

    /// The program that the events come from.
    pub fn app(&self) -> &App {
        self.app
    }

    /// The events, oldest first.
    pub fn events(&self) -> &[&'a Stored] {
        &self.events
    }

    /// The batch's id: the same for the same events, so that a receiver knows
    /// a repeated batch.
    pub fn id(&self) -> &BatchId {
        &self.id
    }

    /// When the batch is sent, RFC 3339 in UTC with milliseconds.
    pub fn sent_at(&self) -> &str {
        &self.sent_at
    }
}

/// Names a batch by its events: the first 128 bits, in lower-case hex, of the
/// SHA-256 of their ids, each followed by a line feed.
///
/// Event ids hold randomness and a number, nothing of the events, so the id
/// tells nobody what is in the batch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BatchId(String);

impl BatchId {
    fn of(events: &[&Stored]) -> Self {
        let mut sum = Sha256::new();
        for event in events {
            sum.update(event.id.as_bytes());
            sum.update(b"\n");
        }
        let mut hex: String = sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        hex.truncate(32);
        Self(hex)
    }

    /// The 32 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
