//! What UiPath's document "Opting Out of Telemetry" says, sentence by sentence,
//! of the rebuilt Studio in `examples/studio.rs`: each test quotes what it
//! holds, and runs the real program.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions that several tests share are tests too"
)]

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use telemetry_core::Recorded;
use telemetry_core::spool::Stored;
use telemetry_examples::studio::{CRASH, Running, Studio, WORKFLOW};
use telemetry_tests::programs;
use telemetry_tests::receiver::Receiver;
use telemetry_tests::spool::stored;

/// The document's command line, without the installer's name.
const INSTALL_AND_OPT_OUT: [&str; 3] =
    ["install", "ADDLOCAL=DesktopFeature,Studio,Robot", "TELEMETRY_ENABLED=0"];

/// The document's two pieces of `uipath.config`.
const CONFIG_SECTIONS: &str = r#"<configSections>
  <section name="analyticsSettings" type="System.Configuration.AppSettingsSection" />
</configSections>"#;
const ANALYTICS_SETTINGS: &str = r#"<analyticsSettings>
  <add key="Telemetry.Enabled" value="true" />
</analyticsSettings>"#;

/// A Studio on a machine of its own.
struct Machine {
    home: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    fn installed(properties: &[&str]) -> Self {
        let machine = Self::new();
        machine.succeeds(&[&["install"], properties].concat());
        machine
    }

    fn run(&self, arguments: &[&str]) -> Output {
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        let mut command = Command::new(PROGRAM.get_or_init(|| programs::example("studio")));
        command.env_clear().envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
        command.arg("--home").arg(self.home.path()).args(arguments).output().unwrap()
    }

    /// What it printed.
    fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn is_on(&self) -> bool {
        match self.run(&["telemetry", "status"]).status.code() {
            Some(0) => true,
            Some(3) => false,
            code => panic!("{code:?}"),
        }
    }

    fn why(&self) -> String {
        self.succeeds(&["telemetry", "why"])
    }

    /// The same Studio, in this process.
    fn studio(&self) -> Studio {
        Studio::in_folder(self.home.path())
    }

    fn start(&self, receiver: &str) -> Running {
        let studio = self.studio().with_receiver(receiver);
        studio.start(studio.settings().unwrap().with_env(|_| None)).unwrap()
    }

    fn telemetry_folder(&self) -> PathBuf {
        self.home.path().join("user").join("telemetry")
    }

    fn stored(&self) -> Vec<Stored> {
        stored(&self.telemetry_folder())
    }

    fn write_config(&self, analytics_settings: &str) {
        let text = format!(
            "<?xml version=\"1.0\"?>\n<configuration>\n{CONFIG_SECTIONS}\n{analytics_settings}\n</configuration>\n"
        );
        fs::write(self.studio().uipath_config(), text).unwrap();
    }
}

/// Nobody has even tried to connect: a connection would wait in the queue.
fn assert_untouched(listener: &TcpListener) {
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

fn receiver(folder: &Path) -> Receiver {
    Receiver::start(env!("CARGO_BIN_EXE_receiver"), &folder.join("received"), "ok")
}

/// "Usage data collection is enabled by default in Studio and the Robot"
#[test]
fn collection_is_enabled_by_default() {
    let machine = Machine::installed(&[]);
    assert!(machine.is_on());
    machine.succeeds(&["run"]);
    let stored = machine.stored();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].event, "workflow.finished");
}

/// Stricter: nothing was installed, so nobody has said yes.
#[test]
fn without_an_installation_nothing_is_collected() {
    let machine = Machine::new();
    assert!(machine.succeeds(&["run"]).contains("nobody has agreed to it yet"));
    assert!(!machine.telemetry_folder().exists());
}

/// "the following command installs Studio, the user-mode Robot, Assistant, and
/// opts out of telemetry: UiPathStudio.msi
/// ADDLOCAL=DesktopFeature,Studio,Robot TELEMETRY_ENABLED=0"
///
/// Stricter: "can be switched off only if Studio is activated with an
/// Enterprise license" holds for nobody here.
#[test]
fn the_documented_command_line_installs_and_opts_out() {
    let machine = Machine::new();
    machine.succeeds(&INSTALL_AND_OPT_OUT);
    assert!(!machine.is_on());
    assert!(machine.why().starts_with("Telemetry is off: the installation ("));
    machine.succeeds(&["run"]);
    assert!(!machine.telemetry_folder().exists(), "off leaves nothing on the disk");
}

/// "TELEMETRY_ENABLED=1 is the parameter for enabling data collection."
#[test]
fn the_parameter_1_enables() {
    let machine = Machine::installed(&["TELEMETRY_ENABLED=1"]);
    assert!(machine.is_on());
    assert!(machine.why().starts_with("Telemetry is on: the installation ("));
}

/// Stricter: who misspells an opt-out is told, and of two values any 0 wins.
#[test]
fn a_parameter_that_is_not_understood_installs_nothing() {
    for parameter in [
        "TELEMETRY_ENABLED=false",
        "TELEMETRY_ENABLED=",
        "TELEMETRY_ENABLED",
        "TELEMETRY_ENABLED=00",
        "TELEMETRY_ENABLE=0",
        "TELEMETRY=0",
    ] {
        let machine = Machine::new();
        let output = machine.run(&["install", parameter]);
        assert_eq!(output.status.code(), Some(1), "{parameter}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("write TELEMETRY_ENABLED=0 or TELEMETRY_ENABLED=1"), "{error}");
        assert_eq!(fs::read_dir(machine.home.path()).unwrap().count(), 0, "{parameter}");
    }
    for twice in [
        ["TELEMETRY_ENABLED=0", "TELEMETRY_ENABLED=1"],
        ["TELEMETRY_ENABLED=1", "telemetry_enabled=0"],
    ] {
        assert!(!Machine::installed(&twice).is_on(), "{twice:?}");
    }
}

/// "The TELEMETRY_ENABLED parameter can also be added when updating your Studio
/// instance."
#[test]
fn the_parameter_can_be_added_when_updating() {
    let machine = Machine::installed(&["TELEMETRY_ENABLED=1"]);
    machine.succeeds(&["update", "TELEMETRY_ENABLED=0"]);
    assert!(!machine.is_on());
    machine.succeeds(&["update", "TELEMETRY_ENABLED=1"]);
    assert!(machine.is_on());
}

/// "If the parameter is omitted on updates, the previous value is preserved."
#[test]
fn omitted_on_updates_the_previous_value_is_preserved() {
    for (parameter, on) in [("TELEMETRY_ENABLED=0", false), ("TELEMETRY_ENABLED=1", true)] {
        let machine = Machine::installed(&[parameter]);
        let before = fs::read(machine.studio().installation()).unwrap();
        machine.succeeds(&["update"]);
        machine.succeeds(&["update", "ADDLOCAL=DesktopFeature,Studio,Robot"]);
        assert_eq!(machine.is_on(), on);
        assert_eq!(fs::read(machine.studio().installation()).unwrap(), before);
    }
}

/// "If the key was missing in the previous version of Studio and you do not
/// provide the TELEMETRY_ENABLED parameter during the update, Telemetry.Enabled
/// is automatically set to true."
#[test]
fn a_key_that_was_missing_is_set_to_true() {
    let without_file = |path: &Path| fs::remove_file(path).unwrap();
    let without_key = |path: &Path| fs::write(path, "[telemetry]\n").unwrap();
    for previous in [without_file, without_key] {
        let machine = Machine::installed(&["TELEMETRY_ENABLED=0"]);
        previous(&machine.studio().installation());
        assert!(!machine.is_on(), "nobody says on");
        machine.succeeds(&["update"]);
        assert!(machine.is_on());
    }
}

/// Stricter: what an update sets to true leaves the user's own refusal alone,
/// and so does TELEMETRY_ENABLED=1.
#[test]
fn no_update_reverts_the_users_toggle() {
    let machine = Machine::installed(&[]);
    machine.succeeds(&["toggle", "off"]);
    fs::remove_file(machine.studio().installation()).unwrap();
    machine.succeeds(&["update"]);
    assert!(!machine.is_on());
    machine.succeeds(&["update", "TELEMETRY_ENABLED=1"]);
    assert!(machine.why().starts_with("Telemetry is off: the user's choice ("));
}

/// "After installing UiPathStudio.msi, you can opt out of telemetry at
/// user-level by using the Telemetry toggle in Studio Backstage view."
/// "Anonymous telemetry is no longer collected from your machine."
#[test]
fn the_users_toggle_opts_out() {
    let machine = Machine::installed(&[]);
    machine.succeeds(&["run"]);
    assert_eq!(machine.stored().len(), 1);
    machine.succeeds(&["toggle", "off"]);
    assert!(!machine.is_on());
    assert!(machine.stored().is_empty(), "what waited is erased");
    machine.succeeds(&["run"]);
    assert!(machine.stored().is_empty());
    machine.succeeds(&["toggle", "on"]);
    machine.succeeds(&["run"]);
    assert_eq!(machine.stored().len(), 1);
}

/// "change the value for the "Telemetry.Enabled" parameter from "true" to
/// "false". Save the file and restart Studio if needed. UiPath no longer
/// collects telemetry data pertaining to Studio and Robot installed on your
/// machine."
#[test]
fn the_organisations_file_in_the_documented_shape() {
    let machine = Machine::installed(&[]);
    machine.write_config(ANALYTICS_SETTINGS);
    assert!(machine.is_on());
    machine.write_config(&ANALYTICS_SETTINGS.replace("true", "false"));
    assert!(!machine.is_on());
    machine.succeeds(&["run"]);
    assert!(machine.stored().is_empty());
}

/// "Once the change is made in the uipath.config file, it can not be reverted
/// by using the telemetry toggle in Studio > General Settings."
#[test]
fn the_toggle_cannot_revert_the_organisations_file() {
    let machine = Machine::installed(&["TELEMETRY_ENABLED=1"]);
    machine.write_config(&ANALYTICS_SETTINGS.replace("true", "false"));
    let output = machine.run(&["toggle", "on"]);
    assert_eq!(output.status.code(), Some(3));
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("telemetry stays off: the organisation's policy ("), "{out}");
    machine.succeeds(&["update", "TELEMETRY_ENABLED=1"]);
    assert!(!machine.is_on(), "nor can an update");
    let (config, user) = (machine.studio().uipath_config(), machine.home.path().join("user"));
    let why = machine.why();
    // The line of the document's `add`, in the file as it was written.
    let decided =
        format!("Telemetry is off: the organisation's policy ({}:7) says so.", config.display());
    assert!(why.starts_with(&decided), "{why}");
    let beaten =
        format!("It outweighs the user's choice ({}:", user.join("telemetry.toml").display());
    assert!(why.contains(&beaten), "{why}");
    assert!(why.contains(&format!("ask who administers {}", config.display())), "{why}");
}

/// The same in TOML.
#[test]
fn the_organisations_file_can_be_toml() {
    let machine = Machine::installed(&["TELEMETRY_ENABLED=1"]);
    let policy = machine.studio().organisation_policy();
    fs::write(&policy, "[telemetry]\nenabled = false\n").unwrap();
    assert_eq!(machine.run(&["toggle", "on"]).status.code(), Some(3));
    let why = machine.why();
    assert!(why.contains(&format!("the organisation's policy ({}:2)", policy.display())), "{why}");
    assert!(why.contains("It outweighs the user's choice ("), "{why}");
}

/// "if you upgrade your Studio instance from a version prior to v2019 without
/// specifying the telemetry parameter, you also need to add the
/// analyticsSettings section to the uipath.config file"
#[test]
fn a_file_without_the_section_has_no_opinion_until_it_is_added() {
    let machine = Machine::installed(&[]);
    let installed = fs::read_to_string(machine.studio().uipath_config()).unwrap();
    for line in CONFIG_SECTIONS.lines() {
        assert!(installed.contains(line.trim()), "the installer adds the section: {installed}");
    }
    fs::write(machine.studio().uipath_config(), "<configuration><other /></configuration>")
        .unwrap();
    machine.succeeds(&["update"]);
    assert!(machine.is_on());
    machine.write_config(&ANALYTICS_SETTINGS.replace("true", "false"));
    machine.succeeds(&["update"]);
    assert!(!machine.is_on());
}

/// Stricter: what an administrator misspells is off, and is told.
#[test]
fn an_organisations_file_that_cannot_be_understood_is_off() {
    for wrong in [
        ANALYTICS_SETTINGS.replace("true", "fasle"),
        ANALYTICS_SETTINGS.replace("true", "0"),
        ANALYTICS_SETTINGS.replace("Telemetry.Enabled", "Telemetry.Enable"),
        ANALYTICS_SETTINGS.replace("analyticsSettings", "AnalyticsSettings"),
        "<analyticsSettings>".to_owned(),
    ] {
        let machine = Machine::installed(&["TELEMETRY_ENABLED=1"]);
        machine.write_config(&wrong);
        assert!(!machine.is_on(), "{wrong}");
        let why = machine.why();
        assert!(why.contains("Until that is put right, telemetry is off"), "{why}");
    }
}

/// "Opting out of telemetry also disables Sentry."
#[test]
fn each_way_of_opting_out_also_disables_sentry() {
    let ways: [fn(&Machine); 4] = [
        |machine| drop(machine.succeeds(&["update", "TELEMETRY_ENABLED=0"])),
        |machine| drop(machine.succeeds(&["toggle", "off"])),
        |machine| machine.write_config(&ANALYTICS_SETTINGS.replace("true", "false")),
        |machine| {
            fs::write(machine.studio().organisation_policy(), "[telemetry]\nenabled = false\n")
                .unwrap()
        },
    ];
    for (number, opt_out) in ways.into_iter().enumerate() {
        let machine = Machine::installed(&["TELEMETRY_ENABLED=1"]);
        machine.succeeds(&["run"]);
        opt_out(&machine);
        let (listener, address) = listener();
        let out = machine.succeeds(&["--receiver", &address, "run", "--crash"]);
        assert!(out.contains("Studio crashes, and has no crash reporter."), "{number}: {out}");
        assert_untouched(&listener);
    }
}

/// The other half: with telemetry on, the report of the same crash arrives,
/// and names neither the user nor the machine.
#[test]
fn with_telemetry_on_a_crash_is_reported() {
    let machine = Machine::installed(&["TELEMETRY_ENABLED=1"]);
    let receiver = receiver(machine.home.path());
    machine.succeeds(&["--receiver", receiver.address(), "run", "--crash"]);
    let mut received = receiver.received();
    received.retain(|received| received.line.contains("envelope"));
    let [report] = received.as_slice() else { panic!("{received:?}") };
    assert!(report.line.starts_with("POST /api/1/envelope/ "), "{}", report.line);
    let body = String::from_utf8(report.body.clone()).unwrap();
    assert!(CRASH.contains("jdoe") && body.contains("payroll.xaml"), "{body}");
    assert!(!body.contains("jdoe") && !body.contains(WORKFLOW.machine), "{body}");
}

/// "Opting out of telemetry also disables Sentry.": in a Studio that runs,
/// from that moment on, whoever opts out.
#[test]
fn opting_out_disables_the_sentry_of_a_running_studio() {
    let ways: [fn(&Machine, &Running); 3] = [
        |_, running| assert!(!running.toggle(false).unwrap()),
        |machine, _| drop(machine.succeeds(&["toggle", "off"])),
        |machine, _| machine.write_config(&ANALYTICS_SETTINGS.replace("true", "false")),
    ];
    for opt_out in ways {
        let machine = Machine::installed(&["TELEMETRY_ENABLED=1"]);
        let receiver = receiver(machine.home.path());
        let running = machine.start(receiver.address());
        assert!(running.crash("before"));
        assert_eq!(receiver.received().len(), 1);
        opt_out(&machine, &running);
        running.crash("after");
        assert_eq!(receiver.received().len(), 1);
        running.telemetry().refresh();
        assert_eq!(running.run(&WORKFLOW), Recorded::Denied);
    }
}

/// Nothing that names the customer, the user or the machine is in what is
/// stored while telemetry is on.
#[test]
fn a_stored_event_names_nobody() {
    let machine = Machine::installed(&[]);
    machine.succeeds(&["run"]);
    let line = String::from_utf8(machine.stored()[0].raw.to_vec()).unwrap();
    for secret in [WORKFLOW.project, "Contoso", "PC-JDOE", "pc-jdoe", "jane.doe", "10.9.8.7"] {
        assert!(!line.contains(secret), "{line}");
    }
    assert!(line.contains(r#""error":"no route to [ip] for [email]""#), "{line}");
}

/// Without a subcommand the program shows all of this by itself, and ends.
#[test]
fn the_tour_ends_well() {
    let out = Machine::new().succeeds(&[]);
    let told: Vec<&str> =
        out.lines().filter_map(|line| line.strip_prefix("  workflow.finished   ")).collect();
    assert_eq!(told, ["Denied", "Stored", "Denied", "Stored", "Denied"], "{out}");
    let crashes: Vec<&str> =
        out.lines().filter_map(|line| line.strip_prefix("  crash report        ")).collect();
    assert_eq!(crashes, ["none", "arrived", "none", "arrived", "none"], "{out}");
}
