//! Properties of the scrubber that hold for every text.

use std::borrow::Cow;
use std::process::Command;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use telemetry_core::scrub::{Machine, Scrubber};
use telemetry_tests::spool::skipped;

/// The same wherever the test runs. It is built once: a scrubber builds its
/// tables at its first text, and a test of a thousand texts is not about that.
fn scrubber() -> Scrubber {
    static SCRUBBER: LazyLock<Scrubber> =
        LazyLock::new(|| Scrubber::default().with_machine(Machine::unknown()));
    SCRUBBER.clone()
}

/// Texts glued together from the pieces that finds are made of, so that they
/// touch, overlap and nest in every way.
fn pieces() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "a",
        "b1",
        "f",
        "0",
        "12",
        "255",
        "2001",
        ".",
        ".",
        ":",
        ":",
        "::",
        "@",
        "%40",
        "/",
        "//",
        "://",
        "~",
        "-",
        "--",
        "_",
        "=",
        "=>",
        "&",
        ";",
        ",",
        "?",
        " ",
        " ",
        "\n",
        "\r\n",
        "\t",
        "\"",
        "'",
        "\\",
        "\\\\",
        "\\\"",
        "[",
        "]",
        "(",
        ")",
        "ü",
        "王",
        "é",
        "\u{a0}",
        "1.2.3.4",
        "10.0.0",
        "::1",
        "fe80::1",
        "2001:db8::1",
        "%eth0",
        "a@b.co",
        "@b.co",
        "jane",
        "/home/",
        "/home/jane",
        "C:\\Users\\",
        "C:/Users/Jane Doe/",
        "~jane/",
        "https://",
        "u:p@",
        "--password ",
        "token=",
        "password: ",
        "secret",
        "api_key",
        "Authorization: ",
        "Bearer ",
        "Digest ",
        "abcdefgh12345678",
        "[email]",
        "[ip]",
        "[user]",
        "[secret]",
        "[private]",
        "[sec",
    ]);
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn scrubbing_twice_is_scrubbing_once(text in pieces()) {
        let scrubber = scrubber();
        let text = format!("kept\n{text}");
        let once = scrubber.scrub(&text).into_owned();
        prop_assert_eq!(scrubber.scrub(&once), once.as_str());
        // Nobody's text is so entangled that the whole of it is given up.
        prop_assert!(once.starts_with("kept\n"));
    }

    #[test]
    fn so_it_is_with_literals(text in pieces()) {
        static SCRUBBER: LazyLock<Scrubber> = LazyLock::new(|| {
            scrubber().with_literal("jane").unwrap().with_literal("b1.2").unwrap()
        });
        let scrubber = &*SCRUBBER;
        let once = scrubber.scrub(&text).into_owned();
        prop_assert_eq!(scrubber.scrub(&once), once.as_str());
    }

    #[test]
    fn any_text_is_taken(text in any::<String>()) {
        let scrubber = scrubber();
        let once = scrubber.scrub(&text).into_owned();
        prop_assert_eq!(scrubber.scrub(&once), once.as_str());
    }

    #[test]
    fn an_address_leaves_nothing_of_itself(
        groups in any::<[u16; 8]>(),
        zeros in 0..8_usize,
        port in any::<u16>(),
    ) {
        let mut groups = groups;
        groups[..zeros].fill(0);
        let address = std::net::Ipv6Addr::from(groups);
        // Without a digit and without full groups it reads as a module path.
        prop_assume!(address.to_string().bytes().any(|byte| byte.is_ascii_digit()));
        let text = format!("to [{address}]:{port}, then {address}.");
        let scrubbed = scrubber().scrub(&text).into_owned();
        prop_assert_eq!(scrubbed, format!("to [ip]:{port}, then [ip]."));
    }

    #[test]
    fn a_secret_leaves_nothing_of_itself(secret in "[A-Za-z][A-Za-z0-9!$%^*()_+.~-]{2,40}[0-9][A-Z]") {
        for (before, after) in [
            ("--password ", " x"),
            ("--token=", ""),
            ("password: ", "\r\n"),
            ("{\"client_secret\":\"", "\"}"),
            ("password: Some(\"", "\")"),
            ("password: Password { inner: \"", "\" }"),
            ("secret: [\"", "\"]"),
            ("Authorization: Bearer ", ""),
        ] {
            let text = format!("{before}{secret}{after}");
            let scrubbed = scrubber().scrub(&text).into_owned();
            for part in secret.as_bytes().windows(4) {
                let part = str::from_utf8(part).unwrap();
                prop_assert!(!scrubbed.contains(part), "{} leaves {}", text, scrubbed);
            }
        }
    }
}

/// Texts on which a search that begins anew at every byte does not end while
/// anybody waits.
const HARD: [&str; 27] = [
    "a",
    "@",
    "a@",
    "a.",
    "1.",
    "1:",
    ":",
    "a@b.co",
    "token=",
    "token: ",
    "--token ",
    "://",
    "a://b",
    "/home/",
    "C:\\Users\\a ",
    "\"",
    "password=\"",
    "Bearer ",
    "[ip]",
    "[",
    "::1",
    "fe80::",
    "~a",
    "ü",
    "Authorization: ",
    "%40",
    "password=\\",
];

/// How long the texts are that [`work`] has a program scrub.
const LENGTH: &str = "TELEMETRY_TESTS_SCRUB_LENGTH";

/// What the test below counts the instructions of: this program, run once more.
#[test]
fn texts_of_a_length_are_scrubbed() {
    let length = std::env::var(LENGTH).map_or(1 << 10, |length| length.parse().unwrap());
    let scrubber = scrubber();
    for piece in HARD {
        let text = piece.repeat(length / piece.len());
        let once = scrubber.scrub(&text).into_owned();
        assert!(once.len() <= text.len() * 8, "{piece}");
    }
}

/// The instructions that scrubbing all of [`HARD`] takes, at this length.
fn work(length: usize) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "texts_of_a_length_are_scrubbed"])
        .env(LENGTH, length.to_string())
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let count = said.lines().find_map(|line| line.split_once("Collected : "))?.1;
    Some(count.trim().parse().unwrap())
}

/// Sixteen times the text takes sixteen times the instructions: one text among
/// them that took their square would make it twenty-five times.
#[test]
fn the_work_is_linear_in_the_length() {
    let (Some(none), Some(short), Some(long)) = (work(0), work(1 << 7), work(1 << 11)) else {
        skipped("valgrind");
        return;
    };
    let times = (long - none) as f64 / (short - none) as f64;
    assert!(times < 19.0, "{times} times the work: {none}, {short}, {long}");
    let scrubber = scrubber();
    let clean = "the quick brown fox\n".repeat(50_000);
    assert!(matches!(scrubber.scrub(&clean), Cow::Borrowed(_)));
}
