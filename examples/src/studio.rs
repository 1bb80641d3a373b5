//! Studio's ways of opting out, as UiPath documents them: at installation, by
//! the user's toggle, and by the organisation's file; and its crash reporter,
//! which follows.
//!
//! | the document | here |
//! |---|---|
//! | usage data "can be switched off only if Studio is activated with an Enterprise license" | everybody can |
//! | "Switch the two toggles under Telemetry to Disabled, and then restart Studio" | one toggle, at once, and what waits is erased |
//! | the installer and the organisation write the same key of the same file | the installer has a file of its own, so that no update can undo the organisation's word |
//! | a value that is neither 0 nor 1 | the installer refuses it; the organisation's file counts as off until it is put right |

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sentry_core::protocol::{Event, Level};
use sentry_core::{Client, Hub, Scope};
use telemetry_core::consent::record_installation;
use telemetry_core::export::{HttpTransport, Ndjson, Receiver};
use telemetry_core::schema::Purpose;
use telemetry_core::{Builder, Recorded, Telemetry, TelemetryEvent, TelemetryValue, sentry};

/// The name that the program has towards the library.
pub const APP: &str = "uipath-studio-example";

/// The version that it reports itself as.
const VERSION: &str = "1.0.0";

/// The installer's parameter.
const PARAMETER: &str = "TELEMETRY_ENABLED";

/// Longer than a crash report to this machine ever takes.
const PATIENCE: Duration = Duration::from_secs(5);

/// What runs workflows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TelemetryValue)]
pub enum Component {
    /// The designer.
    Studio,
    /// What runs unattended.
    Robot,
    /// What a user starts workflows with.
    Assistant,
}

/// A workflow ended.
#[derive(TelemetryEvent)]
#[telemetry(name = "workflow.finished", purpose = "product-improvement")]
pub struct WorkflowFinished<'a> {
    /// What ran it.
    #[telemetry(allow)]
    pub component: Component,
    /// The project's name. Never read: it often names a customer.
    #[telemetry(drop)]
    pub project: &'a str,
    /// Pseudonym of the machine, under a key that never leaves it.
    #[telemetry(hash(lowercase))]
    pub machine: &'a str,
    /// How many activities the workflow has.
    #[telemetry(bucket(10, 100, 1_000))]
    pub activities: u32,
    /// How long it took, in milliseconds.
    #[telemetry(bucket(100, 1_000, 10_000, 60_000))]
    pub duration_ms: u64,
    /// The error that ended it, with personal data taken out.
    #[telemetry(scrub, purpose = "diagnostics")]
    pub error: Option<&'a str>,
}

/// A workflow as the examples run it.
pub const WORKFLOW: WorkflowFinished<'static> = WorkflowFinished {
    component: Component::Robot,
    project: "Dismissals Contoso 2026",
    machine: "PC-JDOE.corp.example",
    activities: 42,
    duration_ms: 1_730,
    error: Some("no route to 10.9.8.7 for jane.doe@contoso.example"),
};

/// What Studio says when it crashes.
pub const CRASH: &str = "index out of range while opening C:\\Users\\jdoe\\payroll.xaml";

/// Where one Studio has its files, and where its receiver is.
#[derive(Clone, Debug)]
pub struct Studio {
    home: PathBuf,
    receiver: Option<String>,
    command: String,
}

impl Studio {
    /// A Studio whose every file is below `home`: `Studio/` is what the
    /// installer and the administrator write, `user/` what belongs to the user.
    pub fn in_folder(home: impl Into<PathBuf>) -> Self {
        Self { home: home.into(), receiver: None, command: "telemetry".to_owned() }
    }

    /// Names the receiver of events and crash reports: the host and port of one
    /// on this machine, where plain HTTP is allowed.
    #[must_use]
    pub fn with_receiver(mut self, address: impl Into<String>) -> Self {
        self.receiver = Some(address.into());
        self
    }

    /// The command with which the user looks at telemetry.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = command.into();
        self
    }

    /// What the installer was told: `TELEMETRY_ENABLED`.
    pub fn installation(&self) -> PathBuf {
        self.home.join("Studio").join("installation.toml")
    }

    /// The organisation's file in the documented shape. On Windows the product
    /// has it at `%ProgramFiles%\UiPath\Studio\uipath.config`.
    pub fn uipath_config(&self) -> PathBuf {
        self.home.join("Studio").join("uipath.config")
    }

    /// The organisation's file in TOML.
    pub fn organisation_policy(&self) -> PathBuf {
        self.home.join("Studio").join("organisation.toml")
    }

    /// Installs or updates Studio with the properties of the command line, such
    /// as `ADDLOCAL=DesktopFeature,Studio,Robot TELEMETRY_ENABLED=0`, and says
    /// whether the installation lets telemetry be on.
    ///
    /// Without the parameter the previous value is kept, and where there is
    /// none, telemetry is on. That is what the document says; a library's user
    /// who starts today does better to pass `false`, and to ask.
    ///
    /// # Errors
    ///
    /// The parameter is misspelt or neither 0 nor 1: nothing is installed then.
    /// A file cannot be written.
    pub fn set_up(&self, properties: &[String]) -> Result<bool, Box<dyn Error>> {
        let given = parameter(properties)?;
        let on = record_installation(&self.installation(), given, true)?;
        // With the section in place the administrator has one line to write.
        if !self.uipath_config().exists() {
            self.write_uipath_config(None)?;
        }
        Ok(on)
    }

    /// What an administrator writes into `uipath.config`; none leaves the
    /// section empty.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write_uipath_config(&self, enabled: Option<bool>) -> io::Result<()> {
        fs::write(self.uipath_config(), uipath_config(enabled))
    }

    /// How telemetry is set up.
    ///
    /// # Errors
    ///
    /// The receiver is not on this machine.
    pub fn settings(&self) -> Result<Builder, Box<dyn Error>> {
        let builder = Telemetry::builder(APP)
            .home(self.home.join("user"))
            .command(&self.command)
            .installation_file(self.installation())
            .organisation_xml(self.uipath_config())
            .organisation_file(self.organisation_policy())
            .purposes(&[Purpose::PRODUCT_IMPROVEMENT, Purpose::DIAGNOSTICS])
            // An example shows its work wherever it is run; a product leaves this out.
            .collect_in_ci(true);
        let Some(address) = &self.receiver else { return Ok(builder) };
        let transport = HttpTransport::builder(format!("http://{address}/events"))
            // So that what arrives can be read as it is.
            .without_gzip()
            .build()?;
        Ok(builder.receiver(Receiver::new(VERSION, Ndjson, transport)))
    }

    /// Starts Studio with what [`settings`](Self::settings) gave, and with its
    /// crash reporter.
    ///
    /// # Errors
    ///
    /// There is no folder for telemetry, or the receiver is not on this machine.
    pub fn start(&self, settings: Builder) -> Result<Running, Box<dyn Error>> {
        let telemetry = settings.build()?;
        let mut options = sentry::ClientOptions::default();
        if let Some(address) = &self.receiver {
            options.dsn = Some(format!("http://studio@{address}/1").parse()?);
        }
        let options = sentry::follow_consent(options, &telemetry)?;
        Ok(Running { telemetry, reporter: Arc::new(Client::from(options)) })
    }
}

/// A Studio that runs.
pub struct Running {
    telemetry: Telemetry,
    reporter: Arc<Client>,
}

impl Running {
    /// Its telemetry.
    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// Runs a workflow, and reports it.
    pub fn run(&self, workflow: &WorkflowFinished<'_>) -> Recorded {
        self.telemetry.record(workflow)
    }

    /// Reports a crash, as sentry's panic handler does it, and waits until the
    /// report is under way no more. Says whether there is a reporter at all: a
    /// Studio that starts with telemetry off has none.
    pub fn crash(&self, message: &str) -> bool {
        let hub = Hub::new(Some(Arc::clone(&self.reporter)), Arc::new(Scope::default()));
        let report = Event {
            message: Some(message.to_owned()),
            level: Level::Fatal,
            server_name: Some(WORKFLOW.machine.into()),
            ..Event::default()
        };
        hub.capture_event(report);
        self.reporter.flush(Some(PATIENCE));
        self.reporter.is_enabled()
    }

    /// The toggle under Settings > General. Says whether telemetry is on then:
    /// what the organisation refused, the toggle cannot revert.
    ///
    /// # Errors
    ///
    /// The choice cannot be kept.
    pub fn toggle(&self, on: bool) -> Result<bool, Box<dyn Error>> {
        if on {
            self.telemetry.choice()?.agree()?;
            Ok(self.telemetry.refresh())
        } else {
            self.telemetry.off()?;
            Ok(self.telemetry.is_on())
        }
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("telemetry", &self.telemetry).finish_non_exhaustive()
    }
}

/// The value of the installer's parameter. Given twice, any 0 wins.
fn parameter(properties: &[String]) -> Result<Option<bool>, Box<dyn Error>> {
    let mut given = None;
    for property in properties {
        let (name, value) = property.split_once('=').unwrap_or((property, ""));
        let name = name.to_ascii_uppercase();
        let on = match value {
            _ if !name.starts_with("TELEMETRY") => continue,
            "0" if name == PARAMETER => false,
            "1" if name == PARAMETER => true,
            // Who writes TELEMETRY_ENABLE=0 means off, and must be told.
            _ => return Err("write TELEMETRY_ENABLED=0 or TELEMETRY_ENABLED=1".into()),
        };
        given = Some(on && given.unwrap_or(true));
    }
    Ok(given)
}

fn uipath_config(enabled: Option<bool>) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <configuration>\n\
         \x20 <configSections>\n\
         \x20   <section name=\"analyticsSettings\" type=\"System.Configuration.AppSettingsSection\" />\n\
         \x20 </configSections>\n\
         \x20 <analyticsSettings>\n",
    );
    if let Some(enabled) = enabled {
        let _ = writeln!(text, "    <add key=\"Telemetry.Enabled\" value=\"{enabled}\" />");
    }
    text.push_str("  </analyticsSettings>\n</configuration>\n");
    text
}
