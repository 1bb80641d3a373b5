//! The document of Chef Workstation, sentence by sentence, held against the
//! program `examples/chef_run.rs`.
//!
//! Source: "Privacy and Telemetry", chef/chef-workstation,
//! `www/content/workstation/privacy.md`.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;
use telemetry_core::spool::Stored;
use telemetry_tests::receiver::{Received, Receiver};
use telemetry_tests::spool::stored;

fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| telemetry_tests::programs::example("chef_run"))
}

struct Machine {
    home: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    fn chef_run(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
        let mut command = Command::new(program());
        for name in ["CHEF_TELEMETRY_OPT_OUT", "DO_NOT_TRACK", "CHEF_TELEMETRY_URL"] {
            command.env_remove(name);
        }
        let output = command
            .env("HOME", self.home.path())
            .env("USERPROFILE", self.home.path())
            .envs(environment.iter().copied())
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    fn workstation(&self) -> PathBuf {
        self.home.path().join(".chef-workstation")
    }

    fn folder(&self) -> PathBuf {
        self.workstation().join("telemetry")
    }

    fn stored(&self) -> Vec<Stored> {
        stored(&self.folder())
    }

    fn receiver(&self) -> Receiver {
        let folder = self.home.path().join("received");
        Receiver::start(env!("CARGO_BIN_EXE_receiver"), &folder, "ok")
    }

    fn config(&self, text: &str) {
        fs::create_dir_all(self.workstation()).unwrap();
        fs::write(self.workstation().join("config.toml"), text).unwrap();
    }
}

const ARGUMENTS: [&str; 3] = ["--password", "hunter2", "Web-1.corp.example"];

#[test]
fn a_unique_installation_id_that_isnt_connected_to_user_data() {
    // "A unique installation-id that isn't connected to user data."
    let (one, other) = (Machine::new(), Machine::new());
    one.chef_run(&[], &ARGUMENTS);
    one.chef_run(&[], &ARGUMENTS);
    other.chef_run(&[], &ARGUMENTS);
    let id = |machine: &Machine| machine.stored()[0].installation.clone();
    assert_eq!(id(&one), one.stored()[1].installation);
    assert_ne!(id(&one), id(&other), "the same user and host, and yet another id");
}

#[test]
fn the_commands_you_execute_but_none_of_the_arguments_you_pass() {
    // "The Chef-specific commands you execute, but **none** of the arguments you pass."
    let machine = Machine::new();
    machine.chef_run(&[], &ARGUMENTS);
    let event = &machine.stored()[0];
    assert_eq!(event.fields["command"], "chef-run");
    assert!(!event.fields.contains_key("arguments"));
    let raw = String::from_utf8(event.raw.clone()).unwrap();
    assert!(!raw.contains("password") && !raw.contains("hunter2"), "{raw}");
    assert!(!raw.to_lowercase().contains("web-1"), "{raw}");
}

#[test]
fn your_host_operating_system_and_version() {
    // "Your host operating system and version."
    let machine = Machine::new();
    machine.chef_run(&[], &ARGUMENTS);
    let fields = &machine.stored()[0].fields;
    assert_eq!(fields["host_system"], std::env::consts::OS);
    // Numbers alone; not every system names a version.
    if let Some(version) = fields.get("host_version") {
        assert!(version.as_array().unwrap().iter().all(Value::is_number), "{version}");
    }
}

#[test]
fn a_sha256_sum_of_any_hostname_that_youre_connecting_to() {
    // "A SHA256 sum of any hostname that you're connecting to via `chef-run`."
    let machine = Machine::new();
    machine.chef_run(&[], &ARGUMENTS);
    let fields = &machine.stored()[0].fields;
    // printf %s web-1.corp.example | sha256sum
    let sum = "89540f1a9fd6a51ebc00c3a52b626f8b2d904217eeab23c3c06f2d3a5d75f694";
    assert_eq!(fields["target_sha256"], sum);
    // Stricter: beside it a pseudonym that no list of names reverses.
    let pseudonym = fields["target"].as_str().unwrap();
    assert!(pseudonym.starts_with("h1_") && pseudonym.len() == 35, "{pseudonym}");
    assert!(!sum.contains(pseudonym.trim_start_matches("h1_")));
}

#[test]
fn how_you_connect_and_the_target_operating_system() {
    // "How you connect to a remote host via `chef-run`, either WinRM or SSH."
    // "Target operating system of any hosts connected to via `chef-run`."
    let machine = Machine::new();
    machine.chef_run(&[], &["--protocol", "winrm", "--target-os", "windows", "web-1"]);
    machine.chef_run(&[], &["web-1"]);
    let stored = machine.stored();
    assert_eq!(stored[0].fields["connection"], "winrm");
    assert_eq!(stored[0].fields["target_system"], "windows");
    assert_eq!(stored[1].fields["connection"], "ssh");
}

#[test]
fn the_environment_variable_with_any_value_stops_a_single_session() {
    // "To stop the capture of telemetry data from a single session, set the
    // environment variable `CHEF_TELEMETRY_OPT_OUT` to any value"
    for value in ["1", "0", "false", ""] {
        let machine = Machine::new();
        let output = machine.chef_run(&[("CHEF_TELEMETRY_OPT_OUT", value)], &ARGUMENTS);
        assert!(!machine.workstation().exists(), "{value:?} made a file");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("CHEF_TELEMETRY_OPT_OUT"), "the source is named: {text}");
        machine.chef_run(&[], &ARGUMENTS);
        assert_eq!(machine.stored().len(), 1, "a single session, and not the next");
    }
}

#[test]
fn the_config_file_disables_telemetry_entirely() {
    // "Disable telemetry entirely by adding the following to
    // `$HOME/.chef-workstation/config.toml`: [telemetry] enabled=false"
    let machine = Machine::new();
    machine.config("[telemetry]\nenabled=false\n");
    machine.chef_run(&[], &ARGUMENTS);
    assert!(!machine.folder().exists());
}

#[test]
fn stricter_a_config_file_with_the_wrong_key_disables_too_and_says_so() {
    // The product's own configuration page has `enable=false`, which there
    // leaves the user opted in.
    let machine = Machine::new();
    machine.config("[telemetry]\nenable=false\n");
    let output = machine.chef_run(&[], &ARGUMENTS);
    assert!(!machine.folder().exists());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("config.toml:2"), "file and line: {text}");
}

#[test]
fn find_and_remove_your_data_in_the_telemetry_folder() {
    // "Find—and remove—your data in the `HOME/.chef-workstation/telemetry/` folder."
    let machine = Machine::new();
    machine.chef_run(&[], &ARGUMENTS);
    assert_eq!(machine.stored().len(), 1);
    fs::remove_dir_all(machine.folder()).unwrap();
    machine.chef_run(&[], &ARGUMENTS);
    assert_eq!(machine.stored().len(), 1, "the program goes on with a fresh folder");
}

#[test]
fn the_data_of_a_run_is_collected_at_the_start_of_the_next() {
    // "We save the data from a current `chef-run` in the telemetry folder and
    // collect it at the start of the next `chef-run`."
    let machine = Machine::new();
    let receiver = machine.receiver();
    machine.chef_run(&[], &["first.example"]);
    assert_eq!(machine.stored().len(), 1);
    let first = machine.stored()[0].id.clone();
    let body = collect(&machine, &receiver);
    assert!(body.contains(&first), "{body}");
    assert_eq!(body.lines().count(), 1, "the run that collects keeps its own: {body}");
}

#[test]
fn stricter_an_unreachable_receiver_loses_nothing() {
    // The real program deletes the files before they are sent.
    let machine = Machine::new();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}/");
    for _ in 0..3 {
        machine.chef_run(&[("CHEF_TELEMETRY_URL", &url)], &ARGUMENTS);
    }
    assert_eq!(machine.stored().len(), 3);
}

#[test]
fn when_telemetry_is_disabled_previously_stored_analytics_are_not_collected() {
    // "When telemetry is disabled, we won't collect your previously stored analytics."
    let machine = Machine::new();
    let receiver = machine.receiver();
    let url = receiver.url();
    machine.chef_run(&[], &["before.example"]);
    let before = machine.stored()[0].id.clone();
    machine.config("[telemetry]\nenabled=false\n");
    machine.chef_run(&[("CHEF_TELEMETRY_URL", &url)], &ARGUMENTS);
    assert_eq!(receiver.received(), [], "nobody calls while it is disabled");
    assert_eq!(machine.stored().len(), 1, "a disabled run touches nothing");

    // Stricter: what the user refuses by command is not collected after telemetry
    // is enabled again either.
    fs::remove_file(machine.workstation().join("config.toml")).unwrap();
    machine.chef_run(&[], &["telemetry", "off"]);
    machine.chef_run(&[], &["telemetry", "on"]);
    machine.chef_run(&[], &["after.example"]);
    let body = collect(&machine, &receiver);
    assert!(!body.contains(&before), "{body}");
    assert_eq!(body.lines().count(), 1, "{body}");
}

/// Sends what waits, and returns what arrived.
fn collect(machine: &Machine, receiver: &Receiver) -> String {
    machine.chef_run(&[("CHEF_TELEMETRY_URL", &receiver.url())], &["telemetry", "send"]);
    let text = |received: Received| String::from_utf8(received.body).unwrap();
    receiver.received().into_iter().map(text).collect()
}
