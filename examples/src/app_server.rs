//! An application server that reports as Appsmith's document says, through
//! Segment: the installation, the keep-alive, which plugins are used, and, for
//! who agrees to it, what the client does.
//!
//! | the document | here |
//! |---|---|
//! | `userId` and `context.ip` hold the caller's IP address | no event has a field for it, the exporter makes a `context` that has no place for one, and refuses an id that is an address |
//! | `anonymousId` | the installation id: random |
//! | `username`, `userId`: a SHA-256 that whoever guesses the name can verify | pseudonyms under a key that never leaves the installation |
//! | `appName`, `pageName`, `name`, `datasource.name`: what users wrote | not sent, or as pseudonyms: see [`ActionTriggered`] |
//! | "when you request for support" | [`SupportRequest`]: without one there is no event that holds an e-mail address |
//! | "Opt-in Telemetry" | [`CLIENT_USAGE`], a purpose that is off until agreed to |
//! | `APPSMITH_DISABLE_TELEMETRY=true` "in the docker.env file" | there, and in the environment |

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use telemetry_core::client::{Heartbeat, Identity, InstallationId};
use telemetry_core::consent::Notice;
use telemetry_core::export::{Deliver, HttpTransport, Receiver, Segment};
use telemetry_core::schema::Purpose;
use telemetry_core::{
    Builder, Error, Literal, Recorded, Telemetry, TelemetryEvent, TelemetryFields, TelemetryValue,
    literal,
};

/// The name of the program.
pub const APP: &str = "appsmith-example";

/// The version that stands in `context.library`.
pub const VERSION: &str = "1.0.0";

/// "a keep-alive ping every 6 hours": the document's period.
pub const PERIOD: Duration = Duration::from_secs(6 * 60 * 60);

/// The variable that switches telemetry off, in the environment or in the file
/// `docker.env` of the deployment.
pub const DISABLE: &str = "APPSMITH_DISABLE_TELEMETRY";

/// Answering those who ask for support.
pub const SUPPORT: Purpose = Purpose::new("support");

/// "behavioural data around navigation and clicks": off until agreed to.
pub const CLIENT_USAGE: Purpose = Purpose::new("client-usage");

/// The heartbeat's name, and so part of its file's.
const INSTANCE_ACTIVE: &str = "instance-active";

/// What is shown while it is installed, before anything is sent. It does not
/// speak for [`CLIENT_USAGE`]: what a notice does not name is off until the
/// user agrees to it by name.
pub fn notice() -> Notice {
    Notice::new(
        "2021-08",
        "Appsmith reports whether installations succeed, that an instance is running, and which\n\
         plugins are used. Names and addresses are not collected, but for an e-mail address that\n\
         you enter to be helped. What is done in the browser is collected only if you say yes.",
    )
    .purposes(&[Purpose::DIAGNOSTICS, Purpose::PRODUCT_IMPROVEMENT, SUPPORT])
}

/// The steps of an installation.
#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
pub enum Installation<'a> {
    /// The installation was started.
    #[telemetry(name = "installation.started")]
    Started {
        /// The distribution, by the name it has for itself.
        #[telemetry(one_of("ubuntu", "debian", "centos", "rhel", "fedora", "amzn", "alpine"))]
        os: &'a str,
    },
    /// It succeeded.
    #[telemetry(name = "installation.success")]
    Success {
        /// The distribution, by the name it has for itself.
        #[telemetry(one_of("ubuntu", "debian", "centos", "rhel", "fedora", "amzn", "alpine"))]
        os: &'a str,
    },
    /// It failed.
    #[telemetry(name = "installation.errors")]
    Errors {
        /// The distribution, by the name it has for itself.
        #[telemetry(one_of("ubuntu", "debian", "centos", "rhel", "fedora", "amzn", "alpine"))]
        os: &'a str,
    },
}

/// A user asked for support and entered an address to be answered at.
///
/// It can be made of what was entered at that question alone, and
/// [`InstallationSupport`] of it alone.
#[derive(Clone)]
pub struct SupportRequest {
    email: String,
}

impl SupportRequest {
    /// What was entered at the question for support. None when nothing was, or
    /// nothing that could be answered.
    pub fn entered(answer: &str) -> Option<Self> {
        let email = answer.trim();
        let (user, domain) = email.split_once('@')?;
        (!user.is_empty() && !domain.is_empty()).then(|| Self { email: email.to_owned() })
    }
}

/// A user asked for support.
#[derive(TelemetryEvent)]
#[telemetry(name = "installation.support", purpose = "support")]
pub struct InstallationSupport<'a> {
    /// The distribution, by the name it has for itself.
    #[telemetry(one_of("ubuntu", "debian", "centos", "rhel", "fedora", "amzn", "alpine"))]
    os: &'a str,
    /// Where the answer goes.
    #[telemetry(allow(because = "entered by the user, in a request for support, to be answered"))]
    email: &'a str,
}

impl<'a> InstallationSupport<'a> {
    /// The event of a request: there is no other way to one.
    pub fn of(request: &'a SupportRequest, os: &'a str) -> Self {
        Self { os, email: &request.email }
    }
}

/// The instance is running.
#[derive(TelemetryEvent)]
#[telemetry(name = "instance.active", purpose = "diagnostics", rename_all = "camelCase")]
pub struct InstanceActive {
    /// The random installation id.
    #[telemetry(allow)]
    pub instance_id: InstallationId,
}

/// How an application is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TelemetryValue)]
pub enum AppMode {
    /// To be built.
    Edit,
    /// To be used.
    View,
}

/// What a plugin connects to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TelemetryValue)]
#[telemetry(rename_all = "UPPERCASE")]
pub enum PluginType {
    /// A database.
    Db,
    /// An interface of HTTP.
    Api,
    /// Code in the application.
    Js,
    /// A service with a plugin of its own.
    Saas,
}

/// The data source of an action.
#[derive(TelemetryFields)]
pub struct Datasource<'a> {
    /// Its name: a user wrote it, often after a customer or a host. A pseudonym
    /// tells one source from another, and there is no id beside it that would.
    #[telemetry(hash)]
    pub name: &'a str,
}

/// An action of an application was run: the document's
/// `execute_ACTION_TRIGGERED`.
///
/// What users wrote is not `allow`ed, and could not be: it is text. Where an id
/// stands beside a name, the name is dropped, because the id's pseudonym tells
/// as much as a count needs; where there is none, the name itself becomes one.
#[derive(TelemetryEvent)]
#[telemetry(name = "action.triggered", purpose = "product-improvement", rename_all = "camelCase")]
pub struct ActionTriggered<'a> {
    /// The application. The server's id of it would find it in the server's
    /// database; the pseudonym only tells it from others.
    #[telemetry(hash)]
    pub app_id: &'a str,
    /// How the application is open.
    #[telemetry(allow)]
    pub app_mode: AppMode,
    /// The application's name, which a user wrote. `appId` stands for it.
    #[telemetry(drop)]
    pub app_name: &'a str,
    /// The data source.
    #[telemetry(nested)]
    pub datasource: Datasource<'a>,
    /// The random installation id.
    #[telemetry(allow)]
    pub instance_id: InstallationId,
    /// Whether it is an application that comes with the product.
    #[telemetry(allow)]
    pub is_example_app: bool,
    /// Whether the action succeeded.
    #[telemetry(allow)]
    pub is_successful_execution: bool,
    /// The action's name, which a user wrote. There is no id beside it.
    #[telemetry(hash)]
    pub name: &'a str,
    /// The organisation.
    #[telemetry(hash)]
    pub org_id: &'a str,
    /// The part of the product that reports.
    #[telemetry(allow)]
    pub origin_service: Literal,
    /// The page.
    #[telemetry(hash)]
    pub page_id: &'a str,
    /// The page's name, which a user wrote. `pageId` stands for it.
    #[telemetry(drop)]
    pub page_name: &'a str,
    /// The plugin. One that an organisation made for itself is `other`.
    #[telemetry(one_of(
        "PostgreSQL",
        "MongoDB",
        "MySQL",
        "Microsoft SQL Server",
        "Redis",
        "Elasticsearch",
        "DynamoDB",
        "Firestore",
        "Google Sheets",
        "Amazon S3",
        "REST API"
    ))]
    pub plugin_name: &'a str,
    /// The status that the data source answered with: its class alone, because
    /// some databases answer with text.
    #[telemetry(with = status_class)]
    pub status_code: &'a str,
    /// How long it took, in milliseconds.
    #[telemetry(allow)]
    pub time_elapsed: u64,
    /// What the plugin connects to.
    #[telemetry(allow)]
    pub r#type: PluginType,
    /// What the data source answered. A dropped field is never read.
    #[telemetry(drop)]
    pub result: &'a [String],
    /// Who did it. In one domain with `userId`, as the document has it: the
    /// same person has the same pseudonym in both.
    #[telemetry(hash(lowercase), domain = "user")]
    pub username: &'a str,
    /// The same for Segment's envelope, which takes it out of the properties.
    #[telemetry(hash(lowercase), domain = "user")]
    pub user_id: &'a str,
}

/// `""` of no status, `2xx` of 204, `other` of what is no status of HTTP.
fn status_class(code: &&str) -> Literal {
    match code.as_bytes() {
        [] => literal!(""),
        [b'1', _, _] => literal!("1xx"),
        [b'2', _, _] => literal!("2xx"),
        [b'3', _, _] => literal!("3xx"),
        [b'4', _, _] => literal!("4xx"),
        [b'5', _, _] => literal!("5xx"),
        _ => literal!("other"),
    }
}

/// The families of browsers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TelemetryValue)]
pub enum Browser {
    /// Firefox.
    Firefox,
    /// Edge.
    Edge,
    /// Chrome, and what says it is.
    Chrome,
    /// Safari.
    Safari,
    /// Any other.
    Other,
}

/// The family of a browser by its `User-Agent`. The whole text, with builds and
/// systems, tells single users apart.
fn browser(user_agent: &&str) -> Browser {
    // Each names those after it too.
    let known = [
        ("Firefox/", Browser::Firefox),
        ("Edg/", Browser::Edge),
        ("Chrome/", Browser::Chrome),
        ("Safari/", Browser::Safari),
    ];
    let found = known.into_iter().find(|(word, _)| user_agent.contains(word));
    found.map_or(Browser::Other, |(_, browser)| browser)
}

/// The list of applications was opened in the client: the document's
/// `APPLICATIONS_PAGE_LOAD`.
///
/// The document has these in `context`, which the exporter alone makes here:
/// they are properties, each by its own policy. `context.ip` has no field.
#[derive(TelemetryEvent)]
#[telemetry(
    name = "client.applications_page_load",
    purpose = "client-usage",
    rename_all = "camelCase"
)]
pub struct ApplicationsPageLoad<'a> {
    /// The route, if it is one of the product's own.
    #[telemetry(one_of("/applications", "/signup", "/user/login", "/profile"))]
    pub path: &'a str,
    /// Whether the user came from another page; which one is nobody's business.
    #[telemetry(presence)]
    pub referrer: Option<&'a str>,
    /// What stands in the address after `?`, which can be anything.
    #[telemetry(drop)]
    pub search: &'a str,
    /// The title, which can name an application.
    #[telemetry(drop)]
    pub title: &'a str,
    /// The whole address: the host is the customer's.
    #[telemetry(drop)]
    pub url: &'a str,
    /// The language, if it is one that the product speaks.
    #[telemetry(one_of("en-US", "en-GB", "de-DE", "fr-FR", "es-ES", "hi-IN", "zh-CN"))]
    pub locale: &'a str,
    /// The family of the browser.
    #[telemetry(with = browser)]
    pub user_agent: &'a str,
    /// Who it was.
    #[telemetry(hash(lowercase), domain = "user")]
    pub user_id: &'a str,
}

/// The documented envelope: Segment's `track`, under the documented names.
pub fn exporter() -> Segment {
    Segment::new()
        .event_name("installation.started", "Installation Started")
        .event_name("installation.success", "Installation Success")
        .event_name("installation.errors", "Installation Errors")
        .event_name("installation.support", "Installation Support")
        .event_name("instance.active", "Instance Active")
        .event_name("action.triggered", "execute_ACTION_TRIGGERED")
        .event_name("client.applications_page_load", "APPLICATIONS_PAGE_LOAD")
        .user_id_field("userId")
}

/// What the installer, the server and the `telemetry` command set up alike.
/// `deployment` is the folder with `docker.env`; everything that is collected,
/// and what was chosen, is in it too. `show` shows the notice, once.
pub fn settings(deployment: &Path, show: impl FnOnce(&Notice) -> bool + 'static) -> Builder {
    Telemetry::builder(APP)
        .home(deployment)
        // The document's `instanceId` stays for the life of the server.
        .identity(Identity::Stable)
        .purposes(&[Purpose::DIAGNOSTICS, Purpose::PRODUCT_IMPROVEMENT, SUPPORT, CLIENT_USAGE])
        .notice(notice(), show)
        .disable_env(DISABLE)
        .env_file(deployment.join("docker.env"))
        // As the document's server: on, but for what is opt-in.
        .on_by_default()
        // An example shows its work wherever it is run; a product leaves this out.
        .collect_in_ci(true)
}

/// The same with Segment, or what speaks like it, at `url`.
///
/// # Errors
///
/// The URL cannot be used: see [`HttpTransport`].
pub fn with_receiver(
    builder: Builder,
    url: &str,
    write_key: &str,
    deliver: Deliver,
) -> Result<Builder, Error> {
    // Not compressed, so that what arrives can be read as it is.
    let transport = HttpTransport::builder(url).basic_auth(write_key, "").without_gzip().build()?;
    Ok(builder.receiver(Receiver::new(VERSION, exporter(), transport).deliver(deliver)))
}

/// What stands in the `docker.env` that the installer writes.
pub fn docker_env(disable_telemetry: bool) -> String {
    format!("# Read when the server starts.\n{DISABLE}={disable_telemetry}\n")
}

/// The server, as far as its telemetry goes.
#[derive(Debug)]
pub struct Server {
    telemetry: Telemetry,
    keep_alive: Heartbeat,
}

impl Server {
    /// Starts the server.
    ///
    /// # Errors
    ///
    /// When telemetry cannot be set up; see [`Builder::build`].
    pub fn start(builder: Builder) -> Result<Self, Error> {
        let telemetry = builder.build()?;
        let keep_alive = telemetry.heartbeat(INSTANCE_ACTIVE, PERIOD)?;
        Ok(Self { telemetry, keep_alive })
    }

    /// To be called at the start and then every few minutes: the keep-alive
    /// ping when it is due.
    pub fn tick(&self, now: SystemTime) -> Option<Recorded> {
        // Before the id is asked for: telemetry may have been switched on again.
        self.telemetry.refresh();
        let instance_id = self.telemetry.installation_id(Purpose::DIAGNOSTICS)?;
        self.telemetry.beat(&self.keep_alive, now, |_| InstanceActive { instance_id })
    }

    /// The telemetry of the server.
    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// Records that a user ran an action. `person` is the name that the user
    /// logs in with.
    pub fn action_ran(&self, action: &Action<'_>, person: &str) -> Recorded {
        let instance_id = self.telemetry.installation_id(Purpose::PRODUCT_IMPROVEMENT);
        let Some(instance_id) = instance_id else { return Recorded::Denied };
        self.telemetry.record(&ActionTriggered {
            app_id: action.app_id,
            app_mode: action.app_mode,
            app_name: action.app_name,
            datasource: Datasource { name: action.datasource_name },
            instance_id,
            is_example_app: action.is_example_app,
            is_successful_execution: action.is_successful_execution,
            name: action.name,
            org_id: action.org_id,
            origin_service: literal!("appsmith-server"),
            page_id: action.page_id,
            page_name: action.page_name,
            plugin_name: action.plugin_name,
            status_code: action.status_code,
            time_elapsed: action.time_elapsed,
            r#type: action.plugin_type,
            result: action.result,
            username: person,
            user_id: person,
        })
    }

    /// Forgets when the last ping was, so that the next start counts as the
    /// first one ever: for a demonstration, whose clock is not the real one.
    ///
    /// # Errors
    ///
    /// The file cannot be removed.
    pub fn forget_pings(folder: &Path) -> io::Result<()> {
        match fs::remove_file(folder.join(format!("heartbeat-{INSTANCE_ACTIVE}.json"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// What the server knows of an action that was run.
#[expect(missing_docs, reason = "they are those of the event, which says what they mean")]
pub struct Action<'a> {
    pub app_id: &'a str,
    pub app_mode: AppMode,
    pub app_name: &'a str,
    pub datasource_name: &'a str,
    pub is_example_app: bool,
    pub is_successful_execution: bool,
    pub name: &'a str,
    pub org_id: &'a str,
    pub page_id: &'a str,
    pub page_name: &'a str,
    pub plugin_name: &'a str,
    pub status_code: &'a str,
    pub time_elapsed: u64,
    pub plugin_type: PluginType,
    pub result: &'a [String],
}

impl<'a> Action<'a> {
    /// The action of the document's sample, with `result` as its answer.
    pub const fn of_the_document(result: &'a [String]) -> Self {
        Self {
            app_id: "612465f87b2230debedfc6",
            app_mode: AppMode::Edit,
            app_name: "APP1",
            datasource_name: "Test App",
            is_example_app: false,
            is_successful_execution: true,
            name: "Test",
            org_id: "612464f7f230debedfc4",
            page_id: "612465802230debedfc8",
            page_name: "Page1",
            plugin_name: "PostgreSQL",
            status_code: "",
            time_elapsed: 8,
            plugin_type: PluginType::Db,
            result,
        }
    }
}
