//! The canary test of the boundary: events whose every text holds a canary,
//! through every policy. It may be seen only where `allow(because)` put it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::error::Error as StdError;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;
use serde::ser::{Error as _, Serializer};
use telemetry_core::pseudonym::{Keys, Secret};
use telemetry_core::scrub::Scrubber;
use telemetry_core::{Recorded, Sanitizer, Telemetry, TelemetryEvent, TelemetryFields};
use telemetry_tests::spool::files;

const CANARY: &str = "Canary7f3aQx";
const VOUCHED: &str = "Vouched51bcZz";

/// Set in the child process that records events, to the folder they go to.
const CHILD: &str = "TELEMETRY_TESTS_CANARY_CHILD";

/// How often `word` is among `bytes`, upper or lower case.
fn times(bytes: &[u8], word: &str) -> usize {
    let windows = bytes.windows(word.len());
    windows.filter(|window| window.eq_ignore_ascii_case(word.as_bytes())).count()
}

#[track_caller]
fn assert_silent(what: &str, bytes: &[u8]) {
    assert_eq!(times(bytes, CANARY), 0, "{what}: {}", String::from_utf8_lossy(bytes));
    // Nor as the list of its bytes.
    let list: Vec<_> = CANARY.bytes().take(6).map(|byte| byte.to_string()).collect();
    assert_eq!(times(bytes, &list.join(",")), 0, "{what}");
    assert_eq!(times(bytes, &list.join(", ")), 0, "{what}");
}

/// A text under every policy that takes one.
#[derive(TelemetryEvent)]
#[telemetry(name = "canary.everything", purpose = "diagnostics")]
struct Everything<'a> {
    #[telemetry(drop)]
    _dropped: &'a str,
    #[telemetry(drop)]
    _dropped_map: BTreeMap<String, String>,
    #[telemetry(hash)]
    hashed: &'a str,
    #[telemetry(hash(lowercase), domain = "host")]
    hashed_lower: String,
    #[telemetry(hash(sha256))]
    sum: Cow<'a, str>,
    #[telemetry(hash(sha256, lowercase))]
    sum_lower: Option<&'a str>,
    #[telemetry(hash)]
    path: &'a Path,
    #[telemetry(hash)]
    owned_path: Vec<PathBuf>,
    #[telemetry(hash)]
    os: OsString,
    #[telemetry(hash)]
    bytes: Vec<u8>,
    #[telemetry(scrub)]
    scrubbed: Vec<String>,
    #[telemetry(one_of("ssh"))]
    one_of: &'a str,
    #[telemetry(length)]
    length: &'a str,
    #[telemetry(presence)]
    presence: Option<&'a str>,
    #[telemetry(count)]
    count: Vec<String>,
    #[telemetry(file_extension("rs"))]
    file: String,
    #[telemetry(host_suffix("corp.example"))]
    host: String,
    #[telemetry(email_domain("corp.example"))]
    email: String,
    #[telemetry(with = words)]
    with: &'a str,
    #[telemetry(nested)]
    nested: Vec<Option<Inner<'a>>>,
    #[telemetry(keys(hash), values(length))]
    hashed_keys: HashMap<String, String>,
    #[telemetry(keys(one_of("known")), values(hash))]
    known_keys: BTreeMap<String, String>,
    #[telemetry(keys(one_of("known")), values(scrub))]
    scrubbed_values: BTreeMap<String, Vec<String>>,
    #[telemetry(allow(because = "the canary that may be seen"))]
    vouched: &'a str,
}

#[derive(TelemetryFields)]
struct Inner<'a> {
    #[telemetry(hash)]
    hashed: &'a str,
    #[telemetry(drop)]
    _dropped: &'a str,
    #[telemetry(one_of("ssh"))]
    one_of: &'a str,
}

#[derive(TelemetryEvent)]
#[telemetry(name = "canary.each", purpose = "diagnostics")]
enum Each<'a> {
    Dropped(#[telemetry(drop)] &'a str),
    Hashed {
        #[telemetry(hash)]
        value: &'a str,
    },
    Scrubbed(#[telemetry(scrub)] &'a str),
}

fn words(text: &&str) -> usize {
    text.split(' ').count()
}

/// Free text in which the canary stands where a rule of the scrubber looks.
fn free_text() -> Vec<String> {
    [
        "mail {}@corp.example now",
        "cannot open /home/{}/x",
        r"cannot open C:\Users\{}\x",
        "--password {} host",
        "password: {}",
        "?token={}&x=1",
        "https://{}:x@corp.example/",
        "Authorization: Bearer {}",
        r#"{"client_secret": "{}"}"#,
    ]
    .map(|text| text.replace("{}", CANARY))
    .to_vec()
}

fn everything() -> Everything<'static> {
    let text = || CANARY.to_owned();
    let map = || BTreeMap::from([(text(), text()), ("known".to_owned(), text())]);
    Everything {
        _dropped: CANARY,
        _dropped_map: map(),
        hashed: CANARY,
        hashed_lower: text(),
        sum: CANARY.into(),
        sum_lower: Some(CANARY),
        path: Path::new(CANARY),
        owned_path: vec![Path::new("/x").join(CANARY)],
        os: CANARY.into(),
        bytes: CANARY.into(),
        scrubbed: free_text(),
        one_of: CANARY,
        length: CANARY,
        presence: Some(CANARY),
        count: vec![text()],
        file: format!("x.{CANARY}"),
        host: format!("{CANARY}.corp.example"),
        email: format!("{CANARY}@{CANARY}.example"),
        with: CANARY,
        nested: vec![Some(Inner { hashed: CANARY, _dropped: CANARY, one_of: CANARY }), None],
        hashed_keys: map().into_iter().collect(),
        known_keys: map(),
        scrubbed_values: BTreeMap::from([("known".to_owned(), free_text())]),
        vouched: VOUCHED,
    }
}

fn each() -> [Each<'static>; 3] {
    const TEXT: &str = "at Canary7f3aQx@corp.example";
    [Each::Dropped(CANARY), Each::Hashed { value: CANARY }, Each::Scrubbed(TEXT)]
}

fn sanitizer() -> Sanitizer {
    Sanitizer::new(Keys::session().unwrap())
        .with_scrubber(Scrubber::default().with_literal(CANARY).unwrap())
}

/// Everything that `event` can be turned into.
fn forms<E: TelemetryEvent + std::fmt::Debug>(event: &E) -> Vec<(&'static str, Vec<u8>)> {
    // The literal is left out, so that the rules alone find the canary.
    let sanitizer = Sanitizer::new(Keys::session().unwrap());
    let sanitized = sanitizer.sanitize(event);
    let mut cbor = Vec::new();
    ciborium::into_writer(&sanitized, &mut cbor).unwrap();
    vec![
        ("JSON", serde_json::to_vec(&sanitized).unwrap()),
        ("CBOR", cbor),
        ("MessagePack", rmp_serde::to_vec(&sanitized).unwrap()),
        ("Debug of the sanitised event", format!("{sanitized:?} {sanitized:#?}").into()),
        ("Debug of the raw event", format!("{event:?} {event:#?}").into()),
        ("Debug of the sanitizer", format!("{sanitizer:?}").into()),
    ]
}

#[test]
fn the_canary_is_in_no_form_of_an_event() {
    for (form, bytes) in forms(&everything()) {
        assert_silent(form, &bytes);
        let expected = match form {
            "Debug of the sanitizer" => 0,
            _ if form.starts_with("Debug") => 2,
            _ => 1,
        };
        assert_eq!(times(&bytes, VOUCHED), expected, "{form}");
    }
    for event in each() {
        for (form, bytes) in forms(&event) {
            assert_silent(form, &bytes);
        }
    }
    assert_silent("schema", format!("{:?} {:?}", Everything::SCHEMA, Each::SCHEMA).as_bytes());
}

/// The test would see a canary that leaks.
#[test]
fn a_canary_that_leaks_is_seen() {
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "diagnostics")]
    struct Leaks<'a> {
        #[telemetry(allow(because = "to see the test fail"))]
        value: &'a str,
        #[telemetry(allow(because = "to see the test fail"))]
        bytes: &'a [u8],
    }
    let leaks = Leaks { value: CANARY, bytes: CANARY.as_bytes() };
    for (form, bytes) in forms(&leaks).into_iter().filter(|(form, _)| !form.ends_with("sanitizer"))
    {
        assert!(std::panic::catch_unwind(|| assert_silent(form, &bytes)).is_err(), "{form}");
    }
}

/// The message of an error, its `Debug` and those of its sources.
fn all_of(error: &(dyn StdError + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        write!(text, "{error} {error:?} {error:#?} ").unwrap();
        next = error.source();
    }
    text
}

struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An author's type whose own `Serialize` fails and says the value.
struct Blabs;

impl Serialize for Blabs {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(CANARY))
    }
}

/// Every error that a value can be the cause of.
fn errors(folder: &Path) -> Vec<Box<dyn StdError>> {
    let mut errors: Vec<Box<dyn StdError>> = Vec::new();
    errors.push(Secret::from_bytes(CANARY.as_bytes()).unwrap_err().into());
    let too_short = Scrubber::default().with_literal("Qx").unwrap_err();
    assert!(!all_of(&too_short).contains("Qx"));
    errors.push(too_short.into());
    let too_long = CANARY.repeat(1 << 13);
    errors.push(Scrubber::default().with_literal(&too_long).unwrap_err().into());

    let secret = folder.join("secret");
    std::fs::write(&secret, CANARY).unwrap();
    errors.push(Secret::load_or_create(&secret).unwrap_err().into());
    private(&secret);
    errors.push(Secret::load_or_create(&secret).unwrap_err().into());
    errors.push(Secret::rotate(&secret).unwrap_err().into());

    let (event, sanitizer) = (everything(), sanitizer());
    errors.push(serde_json::to_writer(Full, &sanitizer.sanitize(&event)).unwrap_err().into());
    errors.push(ciborium::into_writer(&sanitizer.sanitize(&event), Full).unwrap_err().into());
    let mut pack = rmp_serde::Serializer::new(Full);
    errors.push(sanitizer.sanitize(&event).serialize(&mut pack).unwrap_err().into());
    errors
}

#[cfg(unix)]
fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn private(_: &Path) {}

#[test]
fn the_canary_is_in_no_error() {
    let folder = tempfile::tempdir().unwrap();
    for error in errors(folder.path()) {
        let text = all_of(&*error);
        assert_silent("error", text.as_bytes());
    }
}

/// An author's `Serialize` can say what it likes to a format; `Debug`, which
/// ends in logs, does not repeat it.
#[test]
fn debug_does_not_repeat_an_error_of_the_authors_own() {
    #[derive(TelemetryEvent)]
    #[telemetry(purpose = "diagnostics")]
    struct Event {
        #[telemetry(allow(because = "only a test has it"))]
        value: Blabs,
    }
    let sanitizer = sanitizer();
    let event = Event { value: Blabs };
    for shown in [
        write_of(format_args!("{event:?}")),
        write_of(format_args!("{:?}", sanitizer.sanitize(&event))),
    ] {
        assert_silent("Debug", shown.as_bytes());
    }
}

/// What is written before the formatting fails, or all of it.
fn write_of(arguments: std::fmt::Arguments<'_>) -> String {
    let mut text = String::new();
    let _ = text.write_fmt(arguments);
    text
}

/// What the child does; in the test process itself it does nothing.
#[test]
fn child() {
    let Some(home) = std::env::var_os(CHILD) else { return };
    let home = PathBuf::from(home);
    let sanitizer = sanitizer();
    let event = everything();
    println!("{event:?} {sanitizer:?} {:?}", sanitizer.sanitize(&event));
    eprintln!("{}", serde_json::to_string(&sanitizer.sanitize(&event)).unwrap());
    for error in errors(&home) {
        eprintln!("{}", all_of(&*error));
    }
    record_all(&home.join("canary"));
    // A file in the place of the folder: every event is an error.
    let broken = home.join("broken");
    std::fs::create_dir(&broken).unwrap();
    std::fs::write(broken.join("telemetry"), "").unwrap();
    record_all(&broken);
    println!("the child came to its end");
}

/// An event that cannot be sanitised, whose error says the canary.
#[derive(TelemetryEvent)]
#[telemetry(name = "canary.broken", purpose = "diagnostics")]
struct Broken {
    #[telemetry(allow(because = "only a test has it"))]
    value: Blabs,
}

fn record_all(home: &Path) {
    let telemetry = Telemetry::builder("canary")
        .home(home)
        .with_env(|_| None)
        .on_by_default()
        .on_error(|error| eprintln!("{}", all_of(error)))
        .build()
        .unwrap();
    let recorded = telemetry.record(&everything());
    for event in each() {
        assert_eq!(telemetry.record(&event), recorded);
    }
    assert_eq!(telemetry.record(&Broken { value: Blabs }), Recorded::Dropped);
    println!("{recorded:?} {telemetry:?} {}", telemetry.why());
    match telemetry.counts() {
        Ok(counts) => println!("{counts:?}"),
        Err(error) => eprintln!("{}", all_of(&error)),
    }
}

/// The names and bytes of all files below `folder`.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let read = |path: PathBuf| (path.clone(), std::fs::read(path).unwrap());
    files(folder).into_iter().map(read).collect()
}

#[test]
fn the_canary_is_in_no_file_and_no_output_of_a_process() {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, home.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_silent("stdout", &output.stdout);
    assert_silent("stderr", &output.stderr);
    assert_eq!(times(&output.stdout, "the child came to its end"), 1);
    assert_eq!(times(&output.stdout, "Stored"), 1);

    let files = contents(&home.path().join("canary"));
    for (path, bytes) in &files {
        assert_silent("file name", path.to_string_lossy().as_bytes());
        assert_silent(&path.display().to_string(), bytes);
    }
    let stored = |word| files.iter().map(|(_, bytes)| times(bytes, word)).sum::<usize>();
    assert_eq!(stored(VOUCHED), 1);
    assert_eq!(stored("canary.everything"), 1);
    assert_eq!(stored("\"canary.each."), 3);
}
