//! A test server that reports as Testsigma's document says: the is-alive ping,
//! the twelve requests, and the administrator's switch.
//!
//! | the document | here |
//! |---|---|
//! | `serverUuid`, its sample a UUID of version 1: made from a clock and a network card's address | the installation id: random, and made only once consent lets an event through |
//! | ids of the server's own tables, as text | [`RowNumber`]: a type that can hold a number and nothing else |
//! | `lastUpTime` | [`LastUpTime`], absent when there was no earlier run |
//! | systems, kinds and extensions | closed lists of values, so that nothing else can be written |
//! | the switch in the settings | [`Server::disable_telemetry`], through which no event passes, the ping included |

use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use telemetry_core::client::{Heartbeat, Identity, InstallationId};
use telemetry_core::export::{
    App, BatchLimits, Deliver, Exporter, HttpTransport, Payload, Receiver, WaitingEvent,
};
use telemetry_core::schema::Purpose;
use telemetry_core::{
    Builder, Error, Literal, Recorded, Telemetry, TelemetryEvent, TelemetryValue, literal,
};

/// The name that the server's folders have.
pub const APP: &str = "testsigma-example";

/// The version that the ping reports.
pub const VERSION: &str = "1.0.0";

/// "updates every 12 hours": the document's period.
pub const PERIOD: Duration = Duration::from_secs(12 * 60 * 60);

/// The heartbeat's name, and so part of its file's.
const IS_ALIVE: &str = "is-alive";

/// The systems that servers, agents and devices run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TelemetryValue)]
#[telemetry(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum System {
    /// Linux.
    Linux,
    /// Windows.
    Windows,
    /// macOS.
    Mac,
    /// Android.
    Android,
    /// iOS.
    Ios,
}

impl System {
    /// The one that this program was built for.
    pub const fn of_this_build() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::Mac
        } else {
            Self::Linux
        }
    }
}

/// What happened to the thing that a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TelemetryValue)]
#[telemetry(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventType {
    /// It was made.
    Create,
    /// It was changed.
    Update,
    /// It was removed.
    Delete,
}

/// What kind of application a plan tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TelemetryValue)]
#[telemetry(rename_all = "PascalCase")]
pub enum ApplicationType {
    /// In a browser.
    WebApplication,
    /// In a browser of a phone.
    MobileWeb,
    /// For Android.
    AndroidNative,
    /// For iOS.
    #[telemetry(rename = "IOSNative")]
    IosNative,
    /// An interface of HTTP.
    Rest,
}

/// How a plan came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TelemetryValue)]
#[telemetry(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TestPlanType {
    /// Kept by a user.
    TestPlan,
    /// Made for a single run.
    AdhocTestPlan,
}

/// What an uploaded application is packed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TelemetryValue)]
#[telemetry(rename_all = "UPPERCASE")]
pub enum UploadExtension {
    /// For Android.
    Apk,
    /// For iOS.
    Ipa,
}

/// A number that the server gave to a row of its own tables, as text.
///
/// The document has ids as text, and text cannot be `allow`ed. This type is
/// what the author's word for it rests on: it can be made of a number alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowNumber(pub u64);

impl Serialize for RowNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// When the server was last up, in UTC, as the document writes it:
/// `2022-01-10 12:16:28`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastUpTime(pub SystemTime);

impl Serialize for LastUpTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = Timestamp::try_from(self.0)
            .map_err(|_| serde::ser::Error::custom("a time before or after all calendars"))?;
        serializer.collect_str(&time.strftime("%Y-%m-%d %H:%M:%S"))
    }
}

/// The server is alive: at its first start, and every 12 hours.
#[derive(TelemetryEvent)]
#[telemetry(name = "server_request", purpose = "product-improvement", rename_all = "camelCase")]
pub struct ServerRequest {
    /// The random installation id.
    #[telemetry(allow)]
    pub server_uuid: InstallationId,
    /// The server's version.
    #[telemetry(allow)]
    pub server_version: Literal,
    /// The system that it runs on.
    #[telemetry(allow)]
    pub server_os: System,
    /// When it was last known to run before this ping.
    #[telemetry(allow(
        because = "a time of the server itself, of a type that holds nothing else"
    ))]
    pub last_up_time: Option<LastUpTime>,
}

/// A device of an agent was added, changed or removed.
#[derive(TelemetryEvent)]
#[telemetry(
    name = "agent_device_stat_request",
    purpose = "product-improvement",
    rename_all = "camelCase"
)]
pub struct AgentDeviceStatRequest {
    /// The device.
    #[telemetry(allow(because = "a number the server itself gave out, no reference outside it"))]
    pub agent_device_id: RowNumber,
    /// The device's system.
    #[telemetry(allow)]
    pub agent_device_os: System,
    /// The random installation id.
    #[telemetry(allow)]
    pub server_uuid: InstallationId,
    /// What happened to it.
    #[telemetry(allow)]
    pub event_type: EventType,
}

/// An agent was added, changed or removed.
#[derive(TelemetryEvent)]
#[telemetry(name = "agent_stat_request", purpose = "product-improvement", rename_all = "camelCase")]
pub struct AgentStatRequest {
    /// The agent.
    #[telemetry(allow(because = "a number the server itself gave out, no reference outside it"))]
    pub agent_id: RowNumber,
    /// The agent's system.
    #[telemetry(allow)]
    pub agent_os: System,
    /// The random installation id.
    #[telemetry(allow)]
    pub server_uuid: InstallationId,
    /// What happened to it.
    #[telemetry(allow)]
    pub event_type: EventType,
}

/// An element of a tested page was recorded, changed or removed.
#[derive(TelemetryEvent)]
#[telemetry(
    name = "element_stat_request",
    purpose = "product-improvement",
    rename_all = "camelCase"
)]
pub struct ElementStatRequest {
    /// The element.
    #[telemetry(allow(because = "a number the server itself gave out, no reference outside it"))]
    pub element_id: RowNumber,
    /// The random installation id.
    #[telemetry(allow)]
    pub server_uuid: InstallationId,
    /// What happened to it.
    #[telemetry(allow)]
    pub event_type: EventType,
}

/// An environment was added, changed or removed.
#[derive(TelemetryEvent)]
#[telemetry(
    name = "environment_stat_request",
    purpose = "product-improvement",
    rename_all = "camelCase"
)]
pub struct EnvironmentStatRequest {
    /// The environment.
    #[telemetry(allow(because = "a number the server itself gave out, no reference outside it"))]
    pub environment_id: RowNumber,
    /// The random installation id.
    #[telemetry(allow)]
    pub server_uuid: InstallationId,
    /// What happened to it.
    #[telemetry(allow)]
    pub event_type: EventType,
}

/// A test case was written, changed or removed.
#[derive(TelemetryEvent)]
#[telemetry(
    name = "test_case_stat_request",
    purpose = "product-improvement",
    rename_all = "camelCase"
)]
pub struct TestCaseStatRequest {
    /// The test case.
    #[telemetry(allow(because = "a number the server itself gave out, no reference outside it"))]
    pub test_case_id: RowNumber,
    /// The random installation id.
    #[telemetry(allow)]
    pub server_uuid: InstallationId,
    /// What happened to it.
    #[telemetry(allow)]
    pub event_type: EventType,
}

/// A set of test data was added, changed or removed.
#[derive(TelemetryEvent)]
#[telemetry(
    name = "test_data_stat_request",
    purpose = "product-improvement",
    rename_all = "camelCase"
)]
pub struct TestDataStatRequest<'a> {
    /// The set.
    #[telemetry(allow(because = "a number the server itself gave out, no reference outside it"))]
    pub test_data_id: RowNumber,
    /// Where the data comes from, and what was read there. The event may be
    /// handed it; a dropped field is never read.
    #[telemetry(drop)]
    pub source: &'a DataSource,
    /// The random installation id.
    #[telemetry(allow)]
    pub server_uuid: InstallationId,
    /// What happened to it.
    #[telemetry(allow)]
    pub event_type: EventType,
}

/// A test plan was run.
#[derive(TelemetryEvent)]
#[telemetry(
    name = "test_plan_run_stat_request",
    purpose = "product-improvement",
    rename_all = "camelCase"
)]
pub struct TestPlanRunStatRequest {
    /// The run.
    #[telemetry(allow(because = "a number the server itself gave out, no reference outside it"))]
    pub test_plan_run_id: RowNumber,
    /// What it tested.
    #[telemetry(allow)]
    pub application_type: ApplicationType,
    /// How the plan came about.
    #[telemetry(allow)]
    pub test_plan_type: TestPlanType,
    /// The random installation id.
    #[telemetry(allow)]
    pub server_uuid: InstallationId,
    /// What happened to it.
    #[telemetry(allow)]
    pub event_type: EventType,
}

/// A test plan was written, changed or removed.
#[derive(TelemetryEvent)]
#[telemetry(
    name = "test_plan_stat_request",
    purpose = "product-improvement",
    rename_all = "camelCase"
)]
pub struct TestPlanStatRequest {
    /// The plan.
    #[telemetry(allow(because = "a number the server itself gave out, no reference outside it"))]
    pub test_plan_id: RowNumber,
    /// What it tests.
    #[telemetry(allow)]
    pub application_type: ApplicationType,
    /// The random installation id.
    #[telemetry(allow)]
    pub server_uuid: InstallationId,
    /// What happened to it.
    #[telemetry(allow)]
    pub event_type: EventType,
}

/// A step of a test case was written, changed or removed.
#[derive(TelemetryEvent)]
#[telemetry(
    name = "test_step_stat_request",
    purpose = "product-improvement",
    rename_all = "camelCase"
)]
pub struct TestStepStatRequest {
    /// The step.
    #[telemetry(allow(because = "a number the server itself gave out, no reference outside it"))]
    pub test_step_id: RowNumber,
    /// The test case that it is in.
    #[telemetry(allow(because = "a number the server itself gave out, no reference outside it"))]
    pub test_case_id: RowNumber,
    /// The random installation id.
    #[telemetry(allow)]
    pub server_uuid: InstallationId,
    /// What happened to it.
    #[telemetry(allow)]
    pub event_type: EventType,
}

/// A suite of tests was put together, changed or removed.
#[derive(TelemetryEvent)]
#[telemetry(
    name = "test_suite_stat_request",
    purpose = "product-improvement",
    rename_all = "camelCase"
)]
pub struct TestSuiteStatRequest {
    /// The suite.
    #[telemetry(allow(because = "a number the server itself gave out, no reference outside it"))]
    pub test_suite_id: RowNumber,
    /// The random installation id.
    #[telemetry(allow)]
    pub server_uuid: InstallationId,
    /// What happened to it.
    #[telemetry(allow)]
    pub event_type: EventType,
}

/// An application was uploaded, replaced or removed.
#[derive(TelemetryEvent)]
#[telemetry(
    name = "upload_stat_request",
    purpose = "product-improvement",
    rename_all = "camelCase"
)]
pub struct UploadStatRequest {
    /// The upload.
    #[telemetry(allow(because = "a number the server itself gave out, no reference outside it"))]
    pub upload_id: RowNumber,
    /// What it is packed as.
    #[telemetry(allow)]
    pub upload_extension: UploadExtension,
    /// The random installation id.
    #[telemetry(allow)]
    pub server_uuid: InstallationId,
    /// What happened to it.
    #[telemetry(allow)]
    pub event_type: EventType,
}

/// Where a test takes its data from: a database, an interface, a file.
#[derive(Clone)]
pub struct DataSource {
    /// How to reach it, often with a password in it.
    pub url: String,
    /// What was read there.
    pub rows: Vec<String>,
}

/// The documented bodies: each request is one event's fields, and nothing else.
///
/// | part | value |
/// |---|---|
/// | `Content-Type` | `application/json` |
/// | body | the event's `fields` |
///
/// The event's id is not in the document's body, so that it goes by the
/// transport: as `Idempotency-Key`, by which a receiver drops a repetition.
#[derive(Clone, Copy, Debug, Default)]
pub struct DocumentedBodies;

/// The largest request of the document has 200 bytes; this is far above all.
const EVENT_BYTES: usize = 8 * 1024;

impl Exporter for DocumentedBodies {
    fn limits(&self) -> BatchLimits {
        BatchLimits { event_bytes: EVENT_BYTES, batch_bytes: EVENT_BYTES, batch_events: 1 }
    }

    fn append(
        &self,
        _app: &App,
        _sent_at: &str,
        event: &WaitingEvent<'_>,
        events: &mut Vec<u8>,
    ) -> Result<(), Error> {
        events.extend_from_slice(event.fields_json().as_bytes());
        Ok(())
    }

    fn payload(&self, _app: &App, _sent_at: &str, events: &[u8]) -> Result<Payload, Error> {
        // A request carries one event, by the limits above.
        Ok(Payload { content_type: "application/json", body: events.to_vec() })
    }
}

/// What every part of the server, and its `telemetry` command, sets up alike.
/// Without `home` the operating system's usual folders are used.
pub fn settings(home: Option<&Path>) -> Builder {
    let builder = Telemetry::builder(APP)
        // The document's `serverUuid` stays for the life of the server.
        .identity(Identity::Stable)
        .purposes(&[Purpose::PRODUCT_IMPROVEMENT])
        // "As a user, you can opt out": the document's server is on until then.
        .on_by_default()
        // An example shows its work wherever it is run; a product leaves this out.
        .collect_in_ci(true);
    match home {
        Some(home) => builder.home(home),
        None => builder,
    }
}

/// The same with a receiver at `url`.
///
/// # Errors
///
/// The URL cannot be used: see [`HttpTransport`].
pub fn with_receiver(builder: Builder, url: &str, deliver: Deliver) -> Result<Builder, Error> {
    // Not compressed, so that what arrives can be read as it is.
    let transport = HttpTransport::builder(url).without_gzip().build()?;
    Ok(builder.receiver(Receiver::new(VERSION, DocumentedBodies, transport).deliver(deliver)))
}

/// The server, as far as its telemetry goes.
#[derive(Debug)]
pub struct Server {
    telemetry: Telemetry,
    is_alive: Heartbeat,
}

impl Server {
    /// Starts the server at `now`, and says what became of the ping if one was
    /// due: "sends a ping when it first starts".
    ///
    /// # Errors
    ///
    /// When telemetry cannot be set up; see [`Builder::build`].
    pub fn start(builder: Builder, now: SystemTime) -> Result<(Self, Option<Recorded>), Error> {
        let telemetry = builder.build()?;
        let is_alive = telemetry.heartbeat(IS_ALIVE, PERIOD)?;
        let server = Self { telemetry, is_alive };
        let ping = server.tick(now);
        Ok((server, ping))
    }

    /// To be called every minute or so: the is-alive ping when it is due, and
    /// none when it is not. Each call is the sign of life that a later ping's
    /// `lastUpTime` reports.
    pub fn tick(&self, now: SystemTime) -> Option<Recorded> {
        // Before the id is asked for: telemetry may have been switched on again.
        self.telemetry.refresh();
        let server_uuid = self.telemetry.installation_id(Purpose::PRODUCT_IMPROVEMENT)?;
        self.telemetry.beat(&self.is_alive, now, |beat| ServerRequest {
            server_uuid,
            server_version: literal!(VERSION),
            server_os: System::of_this_build(),
            last_up_time: beat.last_up.map(LastUpTime),
        })
    }

    /// Records one of the other requests.
    pub fn record<E: TelemetryEvent>(&self, request: impl FnOnce(InstallationId) -> E) -> Recorded {
        match self.telemetry.installation_id(Purpose::PRODUCT_IMPROVEMENT) {
            Some(server_uuid) => self.telemetry.record(&request(server_uuid)),
            None => Recorded::Denied,
        }
    }

    /// The box "Disable Telemetry" on the administrator's page.
    ///
    /// Checked, it stops every event at once, the ping included, makes that
    /// durable, and erases what waits to be sent. Other processes and the next
    /// start find it in the file of the choice.
    ///
    /// # Errors
    ///
    /// When the choice cannot be written. What was recorded before is then not
    /// sent by this process.
    pub fn disable_telemetry(&self, checked: bool) -> Result<(), Error> {
        if checked {
            self.telemetry.off()?;
        } else {
            self.telemetry.choice()?.agree()?;
            self.telemetry.refresh();
        }
        Ok(())
    }

    /// The telemetry of the server.
    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// A morning's work of a tester: one of each of the eleven requests, with
    /// the numbers of the document. The data source is read for the tests.
    pub fn work(&self, source: &DataSource) -> Vec<Recorded> {
        let (ten, twenty) = (RowNumber(10), RowNumber(20));
        let event_type = EventType::Create;
        vec![
            self.record(|server_uuid| AgentDeviceStatRequest {
                agent_device_id: ten,
                agent_device_os: System::Linux,
                server_uuid,
                event_type,
            }),
            self.record(|server_uuid| AgentStatRequest {
                agent_id: ten,
                agent_os: System::Linux,
                server_uuid,
                event_type,
            }),
            self.record(|server_uuid| ElementStatRequest {
                element_id: ten,
                server_uuid,
                event_type,
            }),
            self.record(|server_uuid| EnvironmentStatRequest {
                environment_id: ten,
                server_uuid,
                event_type,
            }),
            self.record(|server_uuid| TestCaseStatRequest {
                test_case_id: ten,
                server_uuid,
                event_type,
            }),
            self.record(|server_uuid| TestDataStatRequest {
                test_data_id: ten,
                source,
                server_uuid,
                event_type,
            }),
            self.record(|server_uuid| TestPlanRunStatRequest {
                test_plan_run_id: ten,
                application_type: ApplicationType::WebApplication,
                test_plan_type: TestPlanType::AdhocTestPlan,
                server_uuid,
                event_type,
            }),
            self.record(|server_uuid| TestPlanStatRequest {
                test_plan_id: ten,
                application_type: ApplicationType::WebApplication,
                server_uuid,
                event_type,
            }),
            self.record(|server_uuid| TestStepStatRequest {
                test_step_id: ten,
                test_case_id: twenty,
                server_uuid,
                event_type,
            }),
            self.record(|server_uuid| TestSuiteStatRequest {
                test_suite_id: ten,
                server_uuid,
                event_type,
            }),
            self.record(|server_uuid| UploadStatRequest {
                upload_id: ten,
                upload_extension: UploadExtension::Apk,
                server_uuid,
                event_type,
            }),
        ]
    }

    /// Forgets when the last ping was, so that the next start counts as the
    /// first one ever: for a demonstration, whose clock is not the real one.
    ///
    /// # Errors
    ///
    /// The file cannot be removed.
    pub fn forget_pings(folder: &Path) -> std::io::Result<()> {
        match std::fs::remove_file(folder.join(format!("heartbeat-{IS_ALIVE}.json"))) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
