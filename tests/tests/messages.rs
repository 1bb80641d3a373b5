//! Messages and errors whose every value has a policy.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;
use telemetry_core::scrub::Machine;
use telemetry_core::{
    Keys, Message, Sanitizer, Scrubber, TelemetryError, TelemetryEvent, literal, message,
};

/// What leaves of one error or message.
fn text(event: &impl TelemetryEvent) -> String {
    let sanitizer = Sanitizer::new(Keys::session().unwrap())
        .with_scrubber(Scrubber::default().with_machine(Machine::unknown()));
    let value = serde_json::to_value(sanitizer.sanitize(event)).unwrap();
    value["error"].as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Said<'a> {
    #[telemetry(kind)]
    error: Message<'a>,
}

fn said(error: Message<'_>) -> String {
    text(&Said { error })
}

struct Settings {
    file: PathBuf,
    owners: Vec<String>,
}

#[test]
fn literal_pieces_pass_and_values_leave_by_their_policies() {
    let path = Path::new("/home/jane/acme/plan.toml");
    let (user, count) = ("jane", 17_u32);
    let error = io::Error::from_raw_os_error(2);
    let message = message!(
        "could not open {path} for {user} ({count} tries, {{strict}}): {error}",
        path = file_extension("toml"),
        user = drop,
        count = bucket(10, 100),
        error = kind,
    );
    assert_eq!(
        said(message),
        "could not open toml for [user] (10..100 tries, {strict}): entity not found (os error 2)"
    );
    assert_eq!(said(message!("nothing to fill in")), "nothing to fill in");
}

#[test]
fn values_are_expressions_too_and_what_is_absent_is_named() {
    let settings = Settings { file: "a.jane".into(), owners: vec!["jane".into()] };
    let version = literal!("1.2");
    let none: Option<&str> = None;
    let message = message!(
        "{file} of {owners} in {version}: {note} {comment} {host}",
        file(settings.file) = file_extension("toml"),
        owners(settings.owners) = count,
        version = allow,
        note(none) = scrub,
        comment("from a@b.co to kowalczyk") = scrub(known),
        host("web-1.corp.example") = host_suffix("corp.example"),
    );
    assert_eq!(said(message), "other of 1 in 1.2: [note] from [email] to [word] corp.example");
}

#[test]
fn a_hash_has_a_domain_and_is_the_same_in_each_message() {
    let sanitizer = Sanitizer::new(Keys::session().unwrap());
    let told = |user: &str| {
        let event = Said { error: message!("{user}", user = (hash, domain = "user")) };
        serde_json::to_string(&sanitizer.sanitize(&event)).unwrap()
    };
    assert_eq!(told("jane"), told("jane"));
    assert_ne!(told("jane"), told("john"));
    assert!(!told("jane").contains("jane"));
}

#[derive(Debug, thiserror::Error, TelemetryError)]
enum DeployError {
    #[error("could not read {path:?} of {project}")]
    Read {
        #[telemetry(file_extension("toml"))]
        path: PathBuf,
        #[telemetry(drop)]
        project: String,
        #[telemetry(kind)]
        source: io::Error,
    },
    #[error("host {0} refused user {1}")]
    Refused(#[telemetry(host_suffix("corp.example"))] String, #[telemetry(scrub(known))] String),
    #[error(transparent)]
    Json(
        #[telemetry(kind)]
        #[from]
        serde_json::Error,
    ),
    #[error("{source}")]
    Nested {
        #[telemetry(kind)]
        source: Box<DeployError>,
    },
    #[error("nothing to do")]
    Nothing { unused: String },
}

fn error(error: DeployError) -> String {
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "diagnostics")]
    struct Ended {
        #[telemetry(kind)]
        error: DeployError,
    }
    text(&Ended { error })
}

#[test]
fn an_error_is_told_by_the_policies_of_its_fields_and_its_cause_by_its_own() {
    let read = || DeployError::Read {
        path: "/home/jane/plan.toml".into(),
        project: "falcon".into(),
        source: io::Error::from_raw_os_error(13),
    };
    let told = "could not read toml of [project]: permission denied (os error 13)";
    assert_eq!(error(read()), told);
    assert_eq!(error(DeployError::Nested { source: Box::new(read()) }), told);
    assert_eq!(
        error(DeployError::Refused("web-1.corp.example".into(), "kowalczyk".into())),
        "host corp.example refused user [word]"
    );
    assert_eq!(error(DeployError::Nothing { unused: "jane".into() }), "nothing to do");
}

#[test]
fn errors_of_others_give_their_kind_and_place_without_the_input() {
    let json = serde_json::from_str::<u8>("\n  \"hunter22\"").unwrap_err();
    assert!(json.to_string().contains("hunter22"));
    assert_eq!(error(json.into()), "JSON of another shape at line 2 column 12");

    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "diagnostics")]
    struct Others<'a> {
        #[telemetry(kind)]
        toml: toml::de::Error,
        #[telemetry(kind)]
        clap: clap::Error,
        #[telemetry(kind)]
        io: io::Error,
        #[telemetry(kind)]
        custom: io::Error,
        #[telemetry(kind)]
        anyhow: anyhow::Error,
        #[telemetry(kind)]
        eyre: eyre::Report,
        #[telemetry(kind)]
        dynamic: Option<&'a dyn Error>,
        #[telemetry(kind)]
        none: Option<Box<dyn Error + Send + Sync>>,
        #[telemetry(kind)]
        backtrace: std::backtrace::Backtrace,
    }
    let mistyped = clap::Command::new("plan").try_get_matches_from(["plan", "--kowalczyk"]);
    let cause = || io::Error::from_raw_os_error(111);
    let unknown = DeployError::Refused("db".into(), "kowalczyk".into());
    let event = Others {
        toml: toml::from_str::<toml::Table>("a = hunter22").unwrap_err(),
        clap: mistyped.unwrap_err(),
        io: io::Error::from_raw_os_error(28),
        custom: io::Error::new(io::ErrorKind::InvalidData, "kowalczyk"),
        anyhow: anyhow::Error::new(cause()).context("could not reach kowalczyk"),
        eyre: eyre::Report::new(cause()),
        dynamic: Some(&unknown),
        none: None,
        backtrace: std::backtrace::Backtrace::force_capture(),
    };
    let sanitizer = Sanitizer::new(Keys::session().unwrap());
    let mut told = serde_json::to_value(sanitizer.sanitize(&event)).unwrap();
    let backtrace = told.as_object_mut().unwrap().remove("backtrace").unwrap();
    let expected = json!({
        "toml": "not the TOML that was expected at byte 4",
        "clap": "unexpected argument found",
        "io": "no storage space (os error 28)",
        "custom": "invalid data",
        "anyhow": "could not reach [word]: connection refused (os error 111)",
        "eyre": "connection refused (os error 111)",
        "dynamic": "host db refused user [user]",
    });
    assert_eq!(told, expected);
    let backtrace = backtrace.as_str().unwrap();
    assert!(backtrace.contains("errors_of_others_give_their_kind"), "{backtrace}");
    assert!(!backtrace.contains(".rs") && !backtrace.contains("/home"), "{backtrace}");
}

#[derive(TelemetryError)]
#[telemetry(crate = "telemetry_core")]
struct OnlyAName;

#[test]
fn an_error_without_a_text_says_its_name() {
    assert_eq!(text(&Failed { error: OnlyAName }), "only a name");
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Failed {
    #[telemetry(kind)]
    error: OnlyAName,
}

#[test]
fn a_text_of_which_only_known_words_stay() {
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "diagnostics")]
    struct Ended<'a> {
        #[telemetry(scrub(known))]
        error: &'a str,
    }
    // Not a literal: what is compiled into the program is known.
    let name: String = "kyzclawok".chars().rev().collect();
    let error = format!("could not find {name} at /mnt/{name}/x.toml");
    assert_eq!(text(&Ended { error: &error }), "could not find [word] at [path]/…/[file].toml");
    let policy = Ended::SCHEMA[0].fields[0].policy;
    assert_eq!(policy.to_string(), "scrub(known)");
}
