//! Each rule, with what it finds and what it lets pass.

use std::borrow::Cow;
use std::slice::from_ref;

use super::labels::LABELS;
use super::*;

/// No machine of its own: what is found is the same wherever the test runs.
fn scrubber() -> Scrubber {
    Scrubber::default().with_machine(Machine::unknown())
}

/// Each text beside what is left of it. `scrub` is applied twice: the
/// second time must change nothing.
#[track_caller]
fn check(cases: &[(&str, &str)]) {
    let scrubber = scrubber();
    let mut failed = String::new();
    for (text, expected) in cases {
        let once = scrubber.scrub(text);
        if once != *expected {
            failed += &format!("\n{text}\n  gives     {once}\n  expected  {expected}");
        }
        let twice = scrubber.scrub(&once);
        if !matches!(twice, Cow::Borrowed(_)) {
            failed += &format!("\n{text}\n  gives     {once}\n  and then  {twice}");
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

#[track_caller]
fn unchanged(texts: &[&str]) {
    let cases: Vec<_> = texts.iter().map(|text| (*text, *text)).collect();
    check(&cases);
}

#[test]
fn emails() {
    check(&[
        ("from jane@corp.example.", "from [email]."),
        ("<jane.o'neil+news@mail.corp.example>,", "<[email]>,"),
        ("?email=jane%40corp.example&x=1", "?email=[email]&x=1"),
        ("jörg@bücher.example", "[email]"),
        ("иван@почта.рф", "[email]"),
        ("联系jane@corp.example谢谢", "联系[email]谢谢"),
        ("a@b.co\r\nc@d.co", "[email]\r\n[email]"),
        ("git@github.com:org/repo", "[email]:org/repo"),
    ]);
    unchanged(&[
        "left-pad@1.3.0",
        "@scope/pkg",
        "user@host",
        "a @ b.c",
        "Cxn$Factory@1001",
        "vue@next",
        "12 @4.5",
    ]);
}

#[test]
fn ipv4_addresses_but_not_versions() {
    check(&[
        ("10.0.0.7:22", "[ip]:22"),
        ("to 10.0.0.7.", "to [ip]."),
        ("(192.168.1.255)", "([ip])"),
        ("1.2.3.4.43436", "[ip]"),
        ("host-10-105-160-95", "[ip]"),
        ("10.0.0.0/8", "[ip]/8"),
        ("root@10.0.0.7", "[user]@[ip]"),
    ]);
    unchanged(&[
        "v1.2.3.4",
        "version 1.2.3.4",
        "Foo~31bf~amd64~~6.1.1.1",
        "127.0.0.1",
        "0.0.0.0",
        "pkg==1.2.3.4",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "1.2.3.1234",
        "3.14",
        "1.3.6.1.4.1.311",
    ]);
}

#[test]
fn ipv6_addresses_without_a_rest() {
    check(&[
        ("2001:db8::1", "[ip]"),
        ("2001:DB8:0:0:0:0:0:1", "[ip]"),
        ("[2001:db8::1]:443", "[ip]:443"),
        ("fe80::1%eth0", "[ip]%eth0"),
        ("[fe80::1%eth0]:80", "[[ip]%eth0]:80"),
        ("::ffff:192.0.2.128", "[ip]"),
        ("2001:db8:0:0:0:0:0:1:443", "[ip]:443"),
        ("host: 2001:db8::1: refused", "host: [ip]: refused"),
        ("2001:db8::/32", "[ip]/32"),
        ("2001:db8::1.", "[ip]."),
        ("v6(en0:2607:f140:400:a01b:1c57:823c:141b:6c50)", "v6(en0:[ip])"),
        ("v6(en0:2607:f140:…)", "v6(en0:[ip]:…)"),
        ("dead:beef::cafe", "[ip]"),
        ("x2001:db8::1", "x[ip]"),
        ("地址2001:db8::1。", "地址[ip]。"),
    ]);
    unchanged(&[
        "std::fs::read",
        "base64::decode",
        "a::b",
        "12:30:45",
        "src/lib.rs:12:5: error",
        "http://[::1]:8080/x",
        "::1",
        "::",
        "2026-11-21T23:51:54Z",
        "core::fmt::Display",
        "f64::ceil",
    ]);
}

#[test]
fn home_folders() {
    check(&[
        ("/home/jane/x", "/home/[user]/x"),
        ("/home/jane: permission denied /x", "/home/[user]: permission denied /x"),
        ("/Users/jane/Library", "/Users/[user]/Library"),
        ("/var/home/jane", "/var/home/[user]"),
        (r"C:\Users\jane\AppData", r"C:\Users\[user]\AppData"),
        (r"C:\\Users\\jane\\AppData", r"C:\\Users\\[user]\\AppData"),
        (r"C:\Users\Jane Doe\AppData", r"C:\Users\[user]\AppData"),
        (r#""C:\Users\Jane Doe""#, r#""C:\Users\[user]""#),
        ("c:/users/jane/x", "c:/users/[user]/x"),
        (r"\\?\C:\Users\jane\x", r"\\?\C:\Users\[user]\x"),
        ("file:///home/jane/x", "file:///home/[user]/x"),
        ("file:///C:/Users/jane/x", "file:///C:/Users/[user]/x"),
        ("/home/jörg/x and /home/王/y", "/home/[user]/x and /home/[user]/y"),
        ("~jane/bin", "~[user]/bin"),
        ("https://www.example/~jane", "https://[host]/~[user]"),
        ("/home/a.b@corp.example/x", "/home/[email]/x"),
        ("/srv/jane/x", "/srv/[user]/x"),
        ("/var/mail/jane", "/var/mail/[user]"),
    ]);
    unchanged(&["~/bin", "HEAD~2", "~1.2", "/homepage/x", "/home/", "/usr/share/users.db"]);
}

#[test]
fn secrets() {
    check(&[
        ("--password hunter2 Web-1", "--password [secret] Web-1"),
        ("--password=hunter2", "--password=[secret]"),
        (r#"["--password", "hunter2", "x"]"#, r#"["--password", "[secret]", "x"]"#),
        ("['--api-key','hunter2']", "['--api-key','[secret]']"),
        ("--db-password 'hunter 2' x", "--db-password '[secret]' x"),
        ("password: hunter2", "password: [secret]"),
        ("PASSWORD=hunter2", "PASSWORD=[secret]"),
        ("DB_PASSWORD=a,b, next", "DB_PASSWORD=[secret], next"),
        ("?token=abc&user=1", "?token=[secret]&user=1"),
        (r#"{"password": "a \" b", "n": 1}"#, r#"{"password": "[secret]", "n": 1}"#),
        (r#"{\"token\":\"abc\"}"#, r#"{\"token\":\"[secret]\"}"#),
        ("password='a b' c", "password='[secret]' c"),
        (":api_key => 'abc'", ":api_key => '[secret]'"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [secret]"),
        ("-H 'Authorization: Basic YTpi' x", "-H 'Authorization: Basic [secret]' x"),
        (
            "Authorization: Digest username=\"j\", x\r\nA: b",
            "Authorization: Digest [secret]\r\nA: b",
        ),
        ("authorization: AWS4 a=b, c=d", "authorization: [secret]"),
        ("sent Bearer abcdefgh12345678", "sent Bearer [secret]"),
        ("https://u:p@w@corp.example/x", "https://[secret]@[host]/x"),
        ("https://ghp_abc@github.com/x", "https://[secret]@[host]/x"),
        ("token: password: hunter2", "token: [secret] [secret]"),
        ("password=jane@corp.example", "password=[secret]"),
        ("password:\r\nnext", "password:\r\nnext"),
        ("password: >-\n  hunter22\nport: 5", "password: >-\n  [secret]\nport: 5"),
        ("secret: |\r\n  hunter22x\r\n", "secret: |\r\n  [secret]\r\n"),
        (".password(\"correcthorse9\")", ".password(\"[secret]\")"),
        ("cvv: 737", "cvv: [secret]"),
        ("mysql -uroot -pS3cretPw shop", "mysql -uroot -p[secret] shop"),
    ]);
}

/// Relay deletes a whole text for the word "author".
#[test]
fn words_that_only_begin_like_a_secret_are_left_alone() {
    unchanged(&[
        "author: Jane",
        "the secretary: absent",
        "tokenizer=bpe",
        "tokens: 512",
        "password_file=/etc/x",
        "authority: x",
        "secret",
        "the password is wrong",
        "token::Kind",
        "bearer of bad-news-and-longer",
        "passwordless: yes",
        "the refresh-token expired",
        "a top-secret plan - password reset",
        "mkdir -p dir",
    ]);
}

/// dd-sds drops one of two overlapping finds, so that its rest leaks.
#[test]
fn overlapping_finds_are_replaced_together() {
    check(&[
        ("token=abc:jane@corp.example;x", "token=[secret]"),
        ("--token a@b.co:10.0.0.1", "--token [secret]"),
    ]);
    let scrubber = scrubber().with_literal("abcd efgh").unwrap();
    assert_eq!(scrubber.scrub("token=xabcd efgh"), "token=[secret] efgh");
    assert_eq!(scrubber.scrub("token=abcd efgh, x"), "token=[secret], x");
}

#[test]
fn literals() {
    let scrubber = scrubber().with_literal("Jane").unwrap().with_literal("müller").unwrap();
    assert_eq!(scrubber.scrub("JANE and janet, jane_x"), "[private] and janet, [private]_x");
    assert_eq!(scrubber.scrub("müller. smüller"), "[private]. smüller");
    assert!(Scrubber::default().with_literal(" me ").unwrap_err().is_argument());
    assert!(Scrubber::default().with_literal(&"x".repeat(254)).unwrap_err().is_argument());
    assert!(Scrubber::default().with_literal(&"ü".repeat(253)).is_ok());
    assert!(!format!("{scrubber:?}").contains("ane"));
    let labels =
        Scrubber::default().with_literal("secret").unwrap().with_literal("private").unwrap();
    let once = labels.scrub("token=x private").into_owned();
    assert_eq!(once, "token=[secret] [private]");
    assert_eq!(labels.scrub(&once), once);
}

#[test]
fn every_rule_says_what_it_is() {
    for (place, rule) in Scrubber::rules().iter().enumerate() {
        assert_eq!(rule.rule().place(), Some(place), "{}", rule.name());
        let name = rule.token().trim_matches(['[', ']']);
        assert!(LABELS.contains(&name), "{}", rule.name());
        assert!(rule.description().ends_with('.'), "{}", rule.name());
    }
}

#[test]
fn headers() {
    check(&[
        ("Cookie: a=b; c=d", "Cookie: a=[secret]"),
        (r#""cookie": "sid=abc123""#, r#""cookie": "sid=[secret]""#),
        ("Set-Cookie: id=abc; Path=/", "Set-Cookie: id=[secret]"),
    ]);
    unchanged(&[
        "cookie: disabled",
        "authorization: required",
        "Authorization failed for this call",
    ]);
}

/// How many bytes are looked at for one of `piece`, repeated to `length`.
fn steps_of(scrubber: &Scrubber, piece: &str, length: usize) -> usize {
    let text = piece.repeat(length / piece.len());
    text::STEPS.with(|steps| steps.set(0));
    let mut spans = find::Spans::new();
    scrubber.shared().find(text.as_bytes(), from_ref(&(0..text.len())), &mut spans);
    assert!(spans.as_slice().iter().all(|span| span.end <= text.len()));
    text::STEPS.with(std::cell::Cell::get)
}

/// Counted, not timed: of texts made of what begins finds again and again,
/// one eight times as long takes eight times the steps.
#[test]
fn the_steps_are_linear_in_the_length() {
    // Of the checks that look far back or ahead, each byte is seen by few.
    const MOST_PER_BYTE: usize = 700;
    let scrubber = scrubber();
    for piece in [
        "a",
        "@",
        "a@",
        "a.",
        "1.",
        "1:",
        ":",
        "::",
        "a@b.co",
        "%40",
        "token=",
        "token: ",
        "token=\"",
        "password: Some(",
        "password: {",
        "--token ",
        "-p",
        "://",
        "a://b",
        "a:b@",
        "/home/",
        "C:\\Users\\a ",
        "\"",
        "password=\"",
        "password=\\\"",
        "Bearer ",
        "[ip]",
        "[",
        "]",
        "::1",
        "fe80::",
        "a:b:",
        "ab:cd:ef:",
        "~a",
        "~",
        "ü",
        "Authorization: ",
        "Cookie: a=",
        "-----BEGIN A-----",
        "-----BEGIN A-----\n",
        "12 34 ",
        "1-",
        "123-45-6789 ",
        "4111 ",
        "+1 2 ",
        "AB12 ",
        "eyJa.b.",
        "ghp_",
        "user ",
        "for user ",
        "?a=b&",
        "&a=",
        "<a>",
        "</password>",
        "a-b.com.",
        "Nov 24 12:00:00 a ",
        "name: x value: ",
        "su: (to ",
        "x\\",
        "\\",
        "SSN ",
        "phone ",
        "jane ",
        "pin=1;",
        "'a'='b' ",
    ] {
        let (short, long) =
            (steps_of(&scrubber, piece, 1 << 12), steps_of(&scrubber, piece, 1 << 15));
        assert!(long <= short * 12, "{piece:?}: {short} steps, then {long}");
        assert!(long <= MOST_PER_BYTE << 15, "{piece:?}: {} steps a byte", long >> 15);
    }
}

/// Pieces that are read far, and lines of every length.
fn long_text(seed: u64, length: usize) -> String {
    let pieces = [
        "password: {",
        "password: Some(\"",
        "\"",
        "}",
        ")",
        "(",
        "[",
        "\n",
        "\n",
        "\r\n",
        ": ",
        "=",
        "--token ",
        "\"--password\",\n",
        "value: x",
        "name: DB_PASSWORD ",
        "\\",
        "Authorization: Digest ",
        "Cookie: a=",
        "jane",
        "@b.co",
        "a@b.co",
        "10.0.0.7",
        "/home/jane/x",
        "https://u:p@h/?q=1&r=2",
        "Nov 24 12:00:00 web-7 su: ",
        "for user ",
        "<password>x</password>",
        "word",
        " ",
        " ",
        "  ",
        "12 34 ",
        "555-0147 ",
        "fe80::1",
        "[ip]",
        "[user]",
        "ü",
        "sudo: ",
        "Password { inner: \"",
        "mysql -p",
        "phone ",
        "SSN ",
        "\t",
        "CORP\\jane ",
        "Jane Doe <",
        ";",
        "&a=",
        "x-1:4013 ",
    ];
    let (mut text, mut random) = (String::new(), seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    while text.len() < length {
        for shift in [13_i32, -7, 17] {
            random ^= if shift > 0 { random << shift } else { random >> -shift };
        }
        let piece = pieces[(random >> 33) as usize % pieces.len()];
        // Some pieces again and again: a line or a bracket without an end.
        let times = if (random >> 20).is_multiple_of(16) { 400 } else { 1 };
        text.push_str(&piece.repeat(times));
    }
    text
}

/// What is further from a token than this needs not be scrubbed again.
#[test]
fn no_rule_reads_further_than_its_reach_beyond_whole_lines() {
    let scrubber = scrubber();
    for seed in 0..100 {
        let text = long_text(seed, 6_000);
        let bytes = text.as_bytes();
        text::LOOKS.with_borrow_mut(Vec::clear);
        let mut spans = find::Spans::new();
        scrubber.shared().find(bytes, from_ref(&(0..bytes.len())), &mut spans);
        for [at, first, last] in text::LOOKS.take() {
            let line = rewrite::line_start(bytes, 0, at);
            let least = rewrite::line_start(bytes, 0, line.saturating_sub(rewrite::REACH));
            let end = rewrite::line_end(bytes, at);
            let most = rewrite::line_end(bytes, end + rewrite::REACH);
            let near = &text[text.floor_char_boundary(at)..text.ceil_char_boundary(at + 20)];
            assert!(first >= least.saturating_sub(1), "{seed}: {near:?} looks {} back", at - first);
            // What ends a line is told by a few bytes of the next.
            let beyond = last.min(text.len()).saturating_sub(most);
            assert!(beyond <= rewrite::BEYOND, "{seed}: {near:?} looks {beyond} too far");
        }
    }
}

/// Only what is near a token is scrubbed again: that is enough.
#[test]
fn scrubbing_a_long_text_twice_is_scrubbing_it_once() {
    let scrubber = scrubber();
    for seed in 0..20 {
        let once = scrubber.scrub(&long_text(seed, 20_000)).into_owned();
        assert_eq!(scrubber.scrub(&once), once, "{seed}");
        let few = format!("{}\n", "kept word\n".repeat(600)).repeat(3);
        let sparse = few.clone()
            + &long_text(seed, 100)
            + "\n"
            + &few
            + &long_text(seed + 1, 300)
            + "\n"
            + &few;
        let once = scrubber.scrub(&sparse).into_owned();
        assert_eq!(scrubber.scrub(&once), once, "{seed}");
    }
}

#[test]
fn full_names_and_tokens_of_bots() {
    check(&[
        ("user_name: John Smith", "user_name: [user]"),
        ("bot 123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "bot [secret]"),
        (
            "Could not resolve hostname db-01: no such name",
            "Could not resolve hostname [host]: no such name",
        ),
    ]);
}

/// A number is looked at without what stands before it, and a token says
/// nothing of what stands behind it.
#[test]
fn numbers_beside_other_finds() {
    check(&[
        ("10.0.0.7  4111 1111 1111 1111", "[ip]  [card]"),
        ("+44 20 7946 0958) 2001:db8::1", "[phone]) [ip]"),
        ("10.0.0.7 \t 123-45-6789", "[ip] \t [ssn]"),
        ("card 4111-1111-1111-1111.", "card [card]."),
        ("4111 1111 1111 1111", "[card]"),
        ("378282246310005 3782 822463 10005", "[card] [card]"),
        ("(212) 555-0147 or 1-212-555-0147", "[phone] or [phone]"),
        ("dial 0049 30 901820", "dial [phone]"),
        ("Nov 24 12:00:00 worker [email]", "Nov 24 12:00:00 worker [email]"),
    ]);
    unchanged(&["[phone] 22 1234567", "12:30:45 2026-11-24 09:00", "1,048,576 of 2048"]);
}
