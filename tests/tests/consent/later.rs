//! What a later run sends of what an earlier one recorded.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use telemetry_core::export::{HttpTransport, Ndjson, Receiver as To};
use telemetry_core::{Builder, Telemetry, TelemetryEvent};
use telemetry_tests::receiver::Receiver;

use crate::{Home, set_time};

#[derive(TelemetryEvent)]
#[telemetry(name = "ran", purpose = "service")]
struct Ran {
    #[telemetry(allow)]
    number: u32,
    #[telemetry(allow, purpose = "model-training")]
    trains: Option<bool>,
}

const fn ran(number: u32) -> Ran {
    Ran { number, trains: Some(true) }
}

/// A program and its receiver, which both live in one folder.
struct Program {
    home: Home,
    receiver: Receiver,
}

impl Program {
    fn new() -> Self {
        let home = Home::new();
        let log = home.path("received");
        let receiver = Receiver::start(env!("CARGO_BIN_EXE_receiver"), &log, "ok");
        Self { home, receiver }
    }

    fn builder(&self) -> Builder {
        let transport = HttpTransport::builder(self.receiver.url()).without_gzip().build();
        Telemetry::builder("app")
            .home(self.home.path("home"))
            .with_env(|_| None)
            .user_config(self.home.path("app/config.toml"))
            .organisation_file(self.home.path("policy.toml"))
            .on_by_default()
            .receiver(To::new("1.0.0", Ndjson, transport.unwrap()))
            .only_on_request()
    }

    fn start(&self) -> Telemetry {
        self.builder().build().unwrap()
    }

    /// The numbers that arrive when everything that waits is sent.
    fn send(&self, telemetry: &Telemetry) -> Vec<u32> {
        let before = self.receiver.received().len();
        telemetry.send_now(Instant::now() + Duration::from_secs(30)).unwrap().unwrap();
        let mut numbers = Vec::new();
        for request in &self.receiver.received()[before..] {
            for line in request.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let event: serde_json::Value = serde_json::from_slice(line).unwrap();
                numbers
                    .extend(event["fields"]["number"].as_u64().map(|n| u32::try_from(n).unwrap()));
            }
        }
        numbers.sort_unstable();
        numbers
    }
}

fn listing(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>, std::time::SystemTime)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let changed = fs::metadata(&path).unwrap().modified().unwrap();
        if path.is_dir() {
            found.extend(listing(&path));
        }
        found.push((path.clone(), fs::read(&path).unwrap_or_default(), changed));
    }
    found.sort();
    found
}

#[test]
fn a_program_that_saves_its_own_settings_at_every_exit_delivers() {
    let program = Program::new();
    let config = program.home.path("app/config.toml");
    for number in 0..20 {
        assert!(program.start().record(&ran(number)).is_stored());
        // The whole file anew, with the clock a year ahead and back again.
        let text = format!("runs = {number}\n[telemetry]\nenabled = true\n");
        program.home.write("app/config.toml", text);
        let year = Duration::from_secs(365 * 86_400);
        let now = std::time::SystemTime::now();
        for path in [&config, &program.home.path("app"), &program.home.path("home")] {
            set_time(path, if number % 2 == 0 { now + year } else { now - year });
        }
    }
    assert_eq!(program.send(&program.start()), (0..20).collect::<Vec<_>>());
}

#[test]
fn a_variable_for_a_while_leaves_no_trace_and_what_was_before_may_go_later() {
    let program = Program::new();
    assert!(program.start().record(&ran(1)).is_stored());
    let before = listing(&program.home.path("home"));
    let refused = program.builder().with_env(|name| (name == "DO_NOT_TRACK").then(|| "1".into()));
    let refused = refused.build().unwrap();
    refused.record(&ran(2));
    assert!(program.send(&refused).is_empty());
    let why = refused.why().to_string();
    assert!(why.contains("What was recorded before that stays"), "{why}");
    drop(refused);
    assert_eq!(listing(&program.home.path("home")), before);
    assert_eq!(program.send(&program.start()), [1]);
}

#[test]
fn agreeing_to_one_more_purpose_drops_nothing_of_the_others() {
    let program = Program::new();
    let choice = program.start().choice().unwrap();
    choice.refuse_purpose("diagnostics").unwrap();
    assert!(program.start().record(&ran(1)).is_stored());
    choice.agree_to("diagnostics").unwrap();
    choice.agree_to("x-other").unwrap();
    assert_eq!(program.send(&program.start()), [1]);
}

/// Somebody edits the file that decides while the program runs.
#[test]
fn a_refusal_that_a_running_program_saw_drops_what_was_before() {
    let program = Program::new();
    program.home.write("app/config.toml", "[telemetry]\nenabled = true\n");
    let running = program.start();
    assert!(running.record(&ran(1)).is_stored());
    program.home.write("app/config.toml", "[telemetry]\nenabled = false\n");
    assert!(!running.refresh());
    let before = listing(&program.home.path("home"));
    assert!(!running.record(&ran(2)).is_stored());
    assert_eq!(listing(&program.home.path("home")), before, "while it is off nothing is written");
    program.home.write("app/config.toml", "[telemetry]\nenabled = true\n");
    assert!(running.refresh());
    assert!(running.record(&ran(3)).is_stored());
    drop(running);
    assert_eq!(program.send(&program.start()), [3]);
}

/// An event of a purpose that is on holds a field of one that is refused for a
/// while, by the organisation or by the user's own editor.
#[test]
fn a_field_whose_purpose_was_refused_for_a_while_is_not_sent_later() {
    let refusal = "[telemetry.purposes]\nmodel-training = false\n";
    for file in ["policy.toml", "home/telemetry.toml"] {
        for records in [false, true] {
            let program = Program::new();
            assert!(program.start().record(&ran(1)).is_stored());
            program.home.write(file, refusal);
            let during = program.start();
            assert!(during.is_on());
            if records {
                assert!(during.record(&ran(2)).is_stored());
            }
            drop(during);
            fs::remove_file(program.home.path(file)).unwrap();
            assert!(program.start().record(&ran(3)).is_stored());
            let expected: &[u32] = if records { &[2, 3] } else { &[3] };
            assert_eq!(program.send(&program.start()), expected, "{file} {records}");
        }
    }
}
