//! Where a program's events go, and how.
//!
//! It owns the settings of delivery and their defaults. It must never know when
//! a delivery runs.

use std::ffi::OsString;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::pacing::UPLOADS;
use super::{Exporter, Transport};
use crate::event::TelemetryEvent;
use crate::schema::EventSchema;

/// How long the end of the program may wait for a delivery under way. 20 ms:
/// below what a person notices at a prompt.
const EXIT_BUDGET: Duration = Duration::from_millis(20);

/// Where a program's events go, and how: given to
/// [`Builder::receiver`](crate::Builder::receiver).
///
/// The first question is who delivers. A program that ends within a second is
/// gone before a receiver has answered; one that runs for hours can wait:
///
/// | the program | deliver by |
/// |---|---|
/// | a command-line tool | [`Deliver::by_child`]: the next run starts a sender and does not wait for it |
/// | a server, a desktop program | [`Deliver::every`]: a thread of its own |
/// | one whose author decides when | [`Deliver::on_request`] |
///
/// ```
/// use std::time::Duration;
///
/// use telemetry_core::export::{Deliver, Ndjson, Receiver};
/// # #[cfg(feature = "http")]
/// use telemetry_core::export::HttpTransport;
///
/// # #[cfg(feature = "http")]
/// # fn main() -> Result<(), telemetry_core::Error> {
/// let transport = HttpTransport::builder("https://telemetry.example/events").build()?;
/// let receiver = Receiver::new("24.1.0", Ndjson, transport)
///     .deliver(Deliver::by_child(["telemetry", "send"], Duration::from_secs(600)));
/// let builder = telemetry_core::Telemetry::builder("chef-workstation").receiver(receiver);
/// # let _ = builder;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "http"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
#[must_use]
pub struct Receiver {
    pub(crate) version: String,
    pub(crate) exporter: Arc<dyn Exporter>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) deliver: Deliver,
    pub(crate) uploads: NonZeroU32,
    pub(crate) exit_budget: Duration,
    pub(crate) events: Vec<&'static EventSchema>,
    /// Why no receiver can be reached by what the author wrote.
    pub(crate) mistake: Option<String>,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("receiver", &self.transport.receiver())
            .field("deliver", &self.deliver)
            .finish_non_exhaustive()
    }
}

impl Receiver {
    /// The receiver that `transport` reaches, which takes the format that
    /// `exporter` writes. `version` is the program's version, which the receiver
    /// is told beside the program's name: 1 to 128 ASCII letters, digits or
    /// `-._+~`.
    ///
    /// Unless [`deliver`](Self::deliver) says otherwise, a thread delivers once,
    /// at the start, what earlier runs left.
    pub fn new(
        version: impl Into<String>,
        exporter: impl Exporter + 'static,
        transport: impl Transport + 'static,
    ) -> Self {
        Self {
            version: version.into(),
            exporter: Arc::new(exporter),
            transport: Arc::new(transport),
            deliver: Deliver::at_start(),
            uploads: UPLOADS,
            exit_budget: EXIT_BUDGET,
            events: Vec::new(),
            mistake: None,
        }
    }

    /// The receiver at `url`, which takes lines of JSON ([`Ndjson`]) in requests
    /// as [`HttpTransport`] makes them unless told otherwise.
    ///
    /// A URL that is none is told by [`Builder::build`](crate::Builder::build).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use telemetry_core::Telemetry;
    /// use telemetry_core::export::{Deliver, Receiver};
    ///
    /// let receiver = Receiver::http(env!("CARGO_PKG_VERSION"), "https://telemetry.example/events")
    ///     .deliver(Deliver::by_child(["telemetry", "send"], Duration::from_secs(600)));
    /// let builder = Telemetry::builder("chef-workstation").receiver(receiver);
    /// # let _ = builder;
    ///
    /// let nowhere = Receiver::http("1.0.0", "gopher://telemetry.example");
    /// assert!(Telemetry::builder("chef-workstation").receiver(nowhere).build().is_err());
    /// ```
    ///
    /// [`Ndjson`]: super::Ndjson
    /// [`HttpTransport`]: super::HttpTransport
    #[cfg(feature = "http")]
    pub fn http(version: impl Into<String>, url: impl Into<String>) -> Self {
        match super::HttpTransport::builder(url).build() {
            Ok(transport) => Self::new(version, super::Ndjson, transport),
            Err(mistake) => Self {
                mistake: Some(mistake.to_string()),
                ..Self::new(version, super::Ndjson, Nowhere)
            },
        }
    }

    /// Who delivers, and when.
    pub fn deliver(mut self, deliver: Deliver) -> Self {
        self.deliver = deliver;
        self
    }

    /// How many requests the background may send in a minute; 15 unless set.
    /// More is for a receiver that takes one event per request.
    pub fn uploads_per_minute(mut self, uploads: NonZeroU32) -> Self {
        self.uploads = uploads;
        self
    }

    /// How long the end of the program may wait for a delivery under way in a
    /// thread; 20 ms unless set.
    pub fn exit_budget(mut self, budget: Duration) -> Self {
        self.exit_budget = budget;
        self
    }

    /// Names an event type with type or const parameters, such as
    /// `Finished<Backup>`. With the feature `registry` only events that the
    /// program can have written are sent, and the list of those that are linked
    /// into it cannot hold such a one: it is many types.
    pub fn event<E: TelemetryEvent>(mut self) -> Self {
        self.events.extend(E::SCHEMA);
        self
    }
}

/// Stands for a transport that could not be made. Nothing is sent by it: the
/// telemetry is not built.
#[cfg(feature = "http")]
struct Nowhere;

#[cfg(feature = "http")]
impl Transport for Nowhere {
    fn receiver(&self) -> &str {
        "nowhere"
    }

    fn send(
        &self,
        _: &super::Request,
        _: &super::Attempt<'_>,
    ) -> Result<super::Response, super::TransportError> {
        Err(super::TransportError::unreached("there is no receiver"))
    }
}

/// Who delivers a program's events, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliver(DeliveryMode);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeliveryMode {
    Child { arguments: Vec<OsString>, at_most_every: Duration },
    AtStart,
    Every(Duration),
    OnRequest,
}

impl Deliver {
    /// A process of its own: for command-line tools, which must not wait.
    ///
    /// At its start, a run that finds something waiting and may send it starts
    /// the program itself once more with `arguments`, detached, and goes on. It
    /// waits for nothing, and what it records goes with a later run.
    /// `at_most_every` bounds how often that happens: each child costs its start.
    ///
    /// The arguments are those of the command that sends: `["telemetry",
    /// "send"]` for a program with the command of `telemetry-cli`, which knows
    /// what to do. A program without it asks at the very start of `main`:
    ///
    /// ```no_run
    /// use std::process::ExitCode;
    ///
    /// # fn builder() -> telemetry_core::Builder { telemetry_core::Telemetry::builder("tool") }
    /// fn main() -> ExitCode {
    ///     if let Some(code) = telemetry_core::client::send_if_child(builder) {
    ///         return code;
    ///     }
    ///     // ... what the program does
    ///     ExitCode::SUCCESS
    /// }
    /// ```
    ///
    /// # The child
    ///
    /// It has a session of its own, so that neither the end of the terminal nor a
    /// Ctrl-C ends it; no standard streams and none of the files that the program
    /// inherited or opened, so that no pipe waits for it; the lowest priority; and
    /// it ends after a minute at the latest. It keeps the environment and the
    /// working folder, because both may hold the user's opt-out. Of several, one
    /// delivers and the others end at once. While consent is denied there is none.
    /// On Windows it is made without a console
    /// (`CREATE_NO_WINDOW | DETACHED_PROCESS`).
    pub fn by_child(
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
        at_most_every: Duration,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self(DeliveryMode::Child { arguments, at_most_every })
    }

    /// A thread that delivers at the start, once, what earlier runs left: for
    /// programs that run for some seconds and may start no process. It starts no
    /// request before the program has run for as long as two requests take, by
    /// what earlier ones took: a program that is over by then leaves it to a
    /// longer run.
    pub fn at_start() -> Self {
        Self(DeliveryMode::AtStart)
    }

    /// A thread that delivers at the start and then after every `interval`: for
    /// programs that run for long.
    pub fn every(interval: Duration) -> Self {
        Self(DeliveryMode::Every(interval))
    }

    /// Nobody, until the program calls
    /// [`Telemetry::send_now`](crate::Telemetry::send_now).
    pub fn on_request() -> Self {
        Self(DeliveryMode::OnRequest)
    }

    pub(crate) fn mode(&self) -> &DeliveryMode {
        &self.0
    }
}
