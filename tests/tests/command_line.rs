//! What of a command line leaves: names of the program's own, and never what was
//! typed, wherever that was.

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Parser, Subcommand};
use telemetry_core::command_line::{CommandLine, ParseError, try_parse_from};
use telemetry_core::schema::{Domain, Opening, Parts};
use telemetry_core::testing::assert_no_leak;
use telemetry_core::{Keys, Sanitizer, TelemetryEvent};

/// What everything that is typed holds.
const CANARY: &str = "kowalczyk";

#[derive(TelemetryEvent)]
#[telemetry(name = "ran", purpose = "product-improvement")]
struct Ran<'a> {
    #[telemetry(nested)]
    typed: &'a CommandLine,
}

fn left(typed: &CommandLine) -> String {
    let event = Ran { typed };
    assert_no_leak(&event, &[CANARY]);
    assert!(!format!("{typed:?} {:?} {:?}", typed.command(), typed.flags()).contains(CANARY));
    let sanitizer = Sanitizer::new(Keys::session().unwrap());
    let text = serde_json::to_string(&sanitizer.sanitize(&event)).unwrap();
    text.strip_prefix(r#"{"typed":"#).unwrap().strip_suffix('}').unwrap().to_owned()
}

/// A tool with everything that clap can take.
fn strict_tool() -> Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let remote = Command::new("remote")
        .visible_alias("r")
        .subcommand(
            Command::new("add")
                .alias("new")
                .short_flag('A')
                .arg(flag("force").short('f').alias("violently"))
                .arg(Arg::new("name"))
                .arg(Arg::new("url"))
                .arg(Arg::new("rest").num_args(0..).last(true)),
        )
        .allow_external_subcommands(true);
    Command::new("tool")
        .arg(flag("verbose").short('v').global(true).action(ArgAction::Count))
        .arg(Arg::new("id-of-color").long("color").default_value("auto"))
        .arg(Arg::new("lines").short('n').value_parser(clap::value_parser!(u32)))
        .arg(Arg::new("level").long("level").require_equals(true).num_args(0..=1))
        .arg(Arg::new("folder").long("folder").env("CARGO_MANIFEST_DIR"))
        .arg(Arg::new("config").long("config").value_parser(clap::value_parser!(OsString)))
        .group(clap::ArgGroup::new("grouped").args(["level", "lines"]).multiple(true))
        .infer_long_args(true)
        .infer_subcommands(true)
        .subcommand(remote)
}

/// The same, which takes subcommands that it does not know.
fn tool() -> Command {
    strict_tool()
        .allow_external_subcommands(true)
        .external_subcommand_value_parser(clap::value_parser!(OsString))
}

fn matches<I: AsRef<OsStr>>(arguments: &[I]) -> ArgMatches {
    let arguments = arguments.iter().map(|argument| argument.as_ref().to_owned());
    tool().try_get_matches_from(std::iter::once("tool".into()).chain(arguments)).unwrap()
}

fn told<I: AsRef<OsStr>>(arguments: &[I]) -> String {
    left(&CommandLine::new(&tool(), &matches(arguments)))
}

#[test]
fn a_command_is_told_by_its_names_flags_and_number_of_values() {
    assert_eq!(
        told(&["remote", "add", "--force", CANARY, "ssh://kowalczyk@corp.example"]),
        r#"{"command":"remote add","flags":["force"],"positionals":2}"#
    );
    // There is none, which is told as ever: left out.
    assert_eq!(told::<&str>(&[]), r#"{"flags":[],"positionals":0}"#);
}

#[test]
fn whatever_form_was_typed_the_name_is_the_programs() {
    let expected = r#"{"command":"remote add","flags":["force"],"positionals":1}"#;
    for arguments in [
        ["r", "new", "-f", CANARY],
        ["remo", "add", "--violently", CANARY],
        ["remote", "ad", "--fo", CANARY],
        ["remote", "-A", "--force", CANARY],
    ] {
        assert_eq!(told(&arguments), expected, "{arguments:?}");
    }
    // No long name; and a long name that is not the id.
    assert_eq!(told(&["-n", "7"]), r#"{"flags":["n"],"positionals":0}"#);
    assert_eq!(told(&["--color=kowalczyk"]), r#"{"flags":["color"],"positionals":0}"#);
}

#[test]
fn a_subcommand_that_the_program_does_not_know_is_not_named() {
    for name in [CANARY, "remotekowalczyk", "./kowalczyk", ""] {
        assert_eq!(
            told(&["-v", name, "--kowalczyk", "-k", CANARY]),
            r#"{"command":"[external]","flags":["verbose"],"positionals":3}"#
        );
    }
    assert_eq!(
        told(&["remote", CANARY, "two"]),
        r#"{"command":"remote [external]","flags":[],"positionals":1}"#
    );
    // Behind `--` everything is the user's, and so is a word that is a name elsewhere.
    assert_eq!(
        told(&["--", "remote", CANARY]),
        r#"{"command":"[external]","flags":[],"positionals":1}"#
    );
}

#[test]
fn values_do_not_leave_wherever_they_stand() {
    assert_eq!(
        told(&[
            "--level=kowalczyk",
            "--config",
            CANARY,
            "remote",
            "add",
            CANARY,
            "--",
            CANARY,
            "-k"
        ]),
        r#"{"command":"remote add","flags":["level","config"],"positionals":3}"#
    );
    // A flag without the value that it may have.
    assert_eq!(told(&["--level"]), r#"{"flags":["level"],"positionals":0}"#);
}

#[cfg(unix)]
#[test]
fn what_is_no_unicode_does_not_leave_either() {
    use std::os::unix::ffi::OsStrExt;
    let canary = OsStr::from_bytes(b"kowalczyk\xff");
    assert_eq!(
        told(&[OsStr::new("--config"), canary, OsStr::new(CANARY), canary]),
        r#"{"command":"[external]","flags":["config"],"positionals":1}"#
    );
    let error = tool().try_get_matches_from([OsStr::new("tool"), canary]).unwrap_err();
    assert_eq!(ParseError::from(&error), ParseError::InvalidUtf8);
    assert_no_leak(&Mistyped { kind: (&error).into(), error: &error }, &[CANARY]);
}

#[test]
fn defaults_and_the_environment_were_not_typed() {
    let typed = matches::<&str>(&[]);
    assert_eq!(typed.get_one::<String>("id-of-color").unwrap(), "auto");
    let folder = typed.get_one::<String>("folder").expect("cargo sets it");
    let typed = CommandLine::new(&tool(), &typed);
    assert_eq!(typed.flags().names().count(), 0);
    assert_no_leak(&Ran { typed: &typed }, &[folder]);
    assert_eq!(told(&["--folder", CANARY]), r#"{"flags":["folder"],"positionals":0}"#);
}

#[test]
fn flags_are_told_once_and_in_the_order_of_the_program() {
    for arguments in [
        &["-v", "-n1", "--color=kowalczyk", "remote", "add", "-f"] as &[&str],
        &["--color=1", "-n1", "remote", "-v", "add", "-fvv"],
        &["-n1", "--color=1", "remote", "add", "-vfv"],
    ] {
        assert_eq!(
            told(arguments),
            r#"{"command":"remote add","flags":["verbose","color","n","force"],"positionals":0}"#,
            "{arguments:?}"
        );
    }
}

#[test]
fn a_long_list_of_values_is_not_counted_to_its_end() {
    let files = Command::new("tool").arg(Arg::new("files").num_args(0..));
    let of = |number: usize| {
        let arguments = std::iter::repeat_n(CANARY, number + 1);
        CommandLine::new(&files, &files.clone().try_get_matches_from(arguments).unwrap())
    };
    assert_eq!(left(&of(99)), r#"{"flags":[],"positionals":99}"#);
    assert_eq!(left(&of(4_321)), r#"{"flags":[],"positionals":100}"#);
    assert_eq!(of(4_321).positionals(), 4_321);
}

#[test]
fn what_the_command_does_not_name_is_not_told() {
    // The matches of another program, where a user's words are names.
    let theirs = Command::new("theirs").subcommand(
        Command::new(CANARY).arg(Arg::new(CANARY).long(CANARY).action(ArgAction::SetTrue)),
    );
    let matches = theirs.try_get_matches_from(["theirs", CANARY, "--kowalczyk"]).unwrap();
    assert_eq!(
        left(&CommandLine::new(&tool(), &matches)),
        r#"{"command":"[external]","flags":[],"positionals":0}"#
    );
}

/// A program by clap's derive.
#[derive(Parser)]
struct Opts {
    /// Shared by all.
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Args)]
struct Shared {
    #[arg(long, short, global = true)]
    no_ignore: bool,
    #[arg(long, default_value_t = 3)]
    max_depth: u8,
}

#[derive(Subcommand)]
enum What {
    /// Searches.
    #[command(alias = "search")]
    FindFiles { patterns: Vec<String> },
    #[command(external_subcommand)]
    Theirs(Vec<OsString>),
}

#[test]
fn a_program_that_derives_its_parser_is_told_too() {
    let told = |arguments: &[&str]| {
        let arguments = std::iter::once("tool").chain(arguments.iter().copied());
        let (opts, typed) = try_parse_from::<Opts>(arguments.clone()).unwrap();
        let again = Opts::try_parse_from(arguments).unwrap();
        assert_eq!(opts.shared.no_ignore, again.shared.no_ignore);
        assert_eq!(opts.shared.max_depth, again.shared.max_depth);
        let patterns = |opts: &Opts| match &opts.what {
            Some(What::FindFiles { patterns }) => patterns.len(),
            Some(What::Theirs(arguments)) => arguments.len(),
            None => 0,
        };
        assert_eq!(patterns(&opts), patterns(&again));
        left(&typed)
    };
    assert_eq!(
        told(&["search", "-n", CANARY, CANARY]),
        r#"{"command":"find-files","flags":["no-ignore"],"positionals":2}"#
    );
    assert_eq!(told(&["--max-depth=3"]), r#"{"flags":["max-depth"],"positionals":0}"#);
    assert_eq!(told(&[CANARY, CANARY]), r#"{"command":"[external]","flags":[],"positionals":1}"#);
}

#[derive(TelemetryEvent)]
#[telemetry(name = "mistyped", purpose = "diagnostics")]
struct Mistyped<'a> {
    #[telemetry(allow)]
    kind: ParseError,
    #[telemetry(kind)]
    error: &'a clap::Error,
}

#[test]
fn a_mistake_is_told_by_its_kind_and_not_by_what_was_typed() {
    for (arguments, kind) in [
        (&["--kowalczyk"] as &[&str], ParseError::UnknownArgument),
        (&["--colorkowalczyk=kowalczyk"], ParseError::UnknownArgument),
        (&["-k", "--kowalczyk"], ParseError::UnknownArgument),
        (&["-n", CANARY], ParseError::ValueValidation),
        (&["-nkowalczyk"], ParseError::ValueValidation),
        (&["remotekowalczyk"], ParseError::InvalidSubcommand),
        (&["--level", "--color"], ParseError::InvalidValue),
        (&["remote", "add", "a", "b", CANARY], ParseError::UnknownArgument),
    ] {
        let typed = std::iter::once(&"tool").chain(arguments);
        let error = strict_tool().try_get_matches_from(typed).unwrap_err();
        assert_eq!(ParseError::from(&error), kind, "{arguments:?}");
        assert_no_leak(&Mistyped { kind, error: &error }, &[CANARY]);
    }
    // The library's own words too, since this one quotes the argument.
    let error = try_parse_from::<Opts>(["tool", "--kowalczyk"]).map(drop).unwrap_err();
    assert!(error.to_string().contains(CANARY), "{error}");
    assert_no_leak(&Mistyped { kind: (&error).into(), error: &error }, &[CANARY]);
}

#[test]
fn the_schema_says_what_it_can_be() {
    let Parts::Nested(fields) = Ran::SCHEMA[0].fields[0].policy.parts else { panic!("nested") };
    let said = fields.iter().map(|field| (field.name, field.policy.to_string(), field.domain()));
    assert_eq!(
        said.collect::<Vec<_>>(),
        [
            ("command", "allow".to_owned(), Domain::Open(Opening::Program)),
            ("flags", "allow".to_owned(), Domain::Open(Opening::Collection)),
            ("positionals", "clamp(0, 100)".to_owned(), fields[2].domain()),
        ]
    );
    assert_eq!(fields[2].domain().forms(), Some(101));
    assert!(fields[0].description.contains("[external]"), "{}", fields[0].description);
    let mistakes = Mistyped::SCHEMA[0].fields[0].domain();
    assert!(matches!(mistakes, Domain::Closed(_)), "it may be counted");
    assert_eq!(mistakes.forms(), Some(17));
}
