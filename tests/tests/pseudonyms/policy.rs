//! The policies `hash` and `hash(sha256)` on real events.

use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use telemetry_core::pseudonym::{KeyScope, KeySlot, Keys, TypePath};
use telemetry_core::{Sanitizer, TelemetryEvent};

use super::{domain, fixed_secret, pseudonym, slot};

/// A run ended.
#[derive(TelemetryEvent)]
#[telemetry(name = "run.finished", purpose = "diagnostics")]
struct RunFinished<'a> {
    #[telemetry(hash)]
    target: &'a str,
    #[telemetry(hash(lowercase), rename = "user")]
    user_name: &'a [u8],
    #[telemetry(hash, domain = "host")]
    origin: Option<&'a str>,
    #[telemetry(hash)]
    all: &'a [&'a str],
}

/// A run failed.
#[derive(TelemetryEvent)]
#[telemetry(name = "run.failed", purpose = "diagnostics")]
struct RunFailed<'a> {
    #[telemetry(hash)]
    target: &'a str,
    #[telemetry(hash, domain = "host")]
    host: &'a str,
}

/// What other systems publish.
#[derive(TelemetryEvent)]
#[telemetry(name = "plain", purpose = "diagnostics")]
struct Plain<'a> {
    #[telemetry(hash(sha256))]
    name: &'a str,
    #[telemetry(hash(sha256, lowercase))]
    folded: &'a str,
}

/// Identifiers of other types.
#[derive(TelemetryEvent)]
#[telemetry(name = "typed", purpose = "diagnostics")]
struct Typed {
    #[telemetry(hash, domain = "typed")]
    number: u32,
    #[telemetry(hash, domain = "typed")]
    negative: i64,
    #[telemetry(hash, domain = "typed")]
    address: IpAddr,
    #[telemetry(hash, domain = "typed")]
    path: PathBuf,
}

/// The scope that the derive gives a field of [`RunFinished`].
fn of_run_finished(field: &'static str) -> &'static KeySlot {
    let type_path = TypePath::new("pseudonyms::policy::RunFinished");
    slot(KeyScope::Field { type_path, event: "run.finished", field, inside: &[] })
}

fn keys() -> Keys {
    Keys::new(fixed_secret())
}

fn sanitized(event: &impl TelemetryEvent) -> Value {
    serde_json::to_value(Sanitizer::new(keys()).sanitize(event)).unwrap()
}

fn finished<'a>(target: &'a str, user: &'a [u8]) -> RunFinished<'a> {
    RunFinished { target, user_name: user, origin: Some("web-1"), all: &["a", "", "b"] }
}

fn plain(name: &str) -> Value {
    sanitized(&Plain { name, folded: name })
}

#[test]
fn fields_are_hashed_under_their_own_names() {
    let shown = sanitized(&finished("Web-1.corp.example", b"anna"));
    let all = of_run_finished("all");
    assert_eq!(
        shown,
        json!({
            // By the second implementation of `format::known_answers`, with this
            // type's path.
            "target": "h1_6bb5344cfc55edab19f68d6645383e42",
            "user": pseudonym(&keys(), of_run_finished("user"), "anna"),
            "origin": pseudonym(&keys(), domain("host"), "web-1"),
            // Nothing is left of the empty one.
            "all": [pseudonym(&keys(), all, "a"), pseudonym(&keys(), all, "b")],
        })
    );
}

#[test]
fn only_a_domain_joins_two_events() {
    let finished = sanitized(&finished("web-1", b"anna"));
    let failed = sanitized(&RunFailed { target: "web-1", host: "web-1" });
    assert_eq!(finished["origin"], failed["host"]);
    assert_ne!(finished["target"], failed["target"]);
    assert_ne!(finished["target"], failed["host"]);
}

#[test]
fn nothing_is_left_of_empty_values() {
    let event = RunFinished { target: "", user_name: b"", origin: None, all: &[] };
    assert_eq!(sanitized(&event), json!({ "all": [] }));
    assert_eq!(plain(""), json!({}));
}

#[test]
fn without_lowercase_case_counts() {
    let [upper, lower] = ["ANNA", "anna"].map(|name| sanitized(&finished(name, b"x")));
    assert_ne!(upper["target"], lower["target"]);
}

#[test]
fn lowercase_folds_before_it_hashes() {
    let long = "Web".repeat(400);
    let lower = long.to_lowercase();
    let cases: [(&[u8], &[u8]); 9] = [
        (b"Web-1.CORP.example", b"web-1.corp.example"),
        (b"already.lower", b"already.lower"),
        ("ZOË.MÜLLER".as_bytes(), "zoë.müller".as_bytes()),
        // One letter, more bytes.
        ("\u{130}".as_bytes(), "i\u{307}".as_bytes()),
        // 255, 256 and 257 bytes: the end of the buffer on the stack.
        (&long.as_bytes()[..255], &lower.as_bytes()[..255]),
        (&long.as_bytes()[..256], &lower.as_bytes()[..256]),
        (&long.as_bytes()[..257], &lower.as_bytes()[..257]),
        (long.as_bytes(), lower.as_bytes()),
        // Latin-1: not UTF-8, so that its letters above ASCII stay.
        (b"ZO\xcb", b"zo\xcb"),
    ];
    let user = of_run_finished("user");
    for (value, folded) in cases {
        let shown = sanitized(&finished("x", value));
        assert_eq!(shown["user"], pseudonym(&keys(), user, folded), "{}", value.escape_ascii());
    }
    assert_ne!(
        sanitized(&finished("x", b"ZO\xcb"))["user"],
        sanitized(&finished("x", b"zo\xeb"))["user"]
    );
}

/// Sums as `printf %s NAME | sha256sum` prints them.
const SUMS: [(&str, &str); 9] = [
    ("Web-1.corp.example", "4ce0e869489a76c5edef3e24d87213e515ddb2457ecd17a6b67e744563a10678"),
    ("ANNA", "5c5a268702708ababeb96ed61de8b127c9f49bedc1effcd70d4aded37beace10"),
    ("Zoë", "c6a12698582fc1104ea24107a2d7268145ff06ef859707729d01fd060897f067"),
    ("日本語ホスト", "22b60a60e708e5459a48289106041ff07a4edb288522494deb31be01ded61115"),
    ("müller@büro.example", "521b55d6c3edf8a6f4bb30ee917fb5626caa891bef69edaf0f211649f994594e"),
    (
        "a-very-long-host-name-with-more-than-sixty-four-bytes-in-it.rack-12.row-7.corp.example",
        "03ef6df59dda4d710396883077678b0c385478eb3f684391f197ff854749dee7",
    ),
    (
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c",
    ),
    (
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "9537c5fdf120482f7d58d25e9ed583f52c02b4e304ea814db1633ad565aed7e9",
    ),
    (
        "name with spaces\nand a line",
        "7d1d94ac85ab57d59935f4729d9e9166b4a5d6643e8acc19e0ba2f699cd20e7e",
    ),
];

#[test]
fn sha256_is_what_sha256sum_prints() {
    for (name, sum) in SUMS {
        assert_eq!(plain(name)["name"], sum, "{name}");
        assert_eq!(plain(name)["folded"], plain(&name.to_lowercase())["name"], "{name}");
    }
}

#[test]
fn sha256_is_what_the_real_sha256sum_prints() {
    for name in SUMS.map(|(name, _)| name).into_iter().chain(["root", "ÀÉÎ", "a", " ", "%s\\n"])
    {
        let Some(sum) = sha256sum(name) else { return super::skipped("sha256sum") };
        assert_eq!(plain(name)["name"], sum, "{name}");
    }
}

#[test]
fn canonical_bytes_are_what_one_would_type() {
    let typed = |address: &str| {
        sanitized(&Typed {
            number: 4711,
            negative: -1,
            address: address.parse().unwrap(),
            path: "/home/anna/src".into(),
        })
    };
    let shown = typed("2001:DB8:0::1");
    for (name, text) in [
        ("number", "4711"),
        ("negative", "-1"),
        ("address", "2001:db8::1"),
        ("path", "/home/anna/src"),
    ] {
        assert_eq!(shown[name], pseudonym(&keys(), domain("typed"), text), "{name}");
    }
    let mapped = pseudonym(&keys(), domain("typed"), "192.0.2.1");
    assert_eq!(typed("::ffff:192.0.2.1")["address"], mapped);
}

/// What `printf %s name | sha256sum` prints, if there is such a program.
fn sha256sum(name: &str) -> Option<String> {
    let mut child =
        Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    child.stdin.take().unwrap().write_all(name.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned())
}
