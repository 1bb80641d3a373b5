//! `telemetry scrub` as a user sees it: real processes, files and pipes.
#![allow(clippy::unwrap_used, reason = "a test stops at the first wrong value")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn scrub(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telemetry"));
    command.env_clear().arg("scrub").args(arguments);
    command
}

fn with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = scrub(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[track_caller]
fn check(arguments: &[&str], input: &str, expected: &str) {
    let output = with_input(arguments, input.as_bytes());
    assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
    assert!(output.status.success());
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn one_line_in_is_one_line_out() {
    check(
        &[],
        "from jane@corp.example\r\n\nclean\n10.0.0.7 without an end",
        "from [email]\r\n\nclean\n[ip] without an end",
    );
    check(&["-"], "", "");
}

#[test]
fn a_line_is_passed_on_before_the_next_one_comes() {
    let mut child = scrub(&[]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut out) =
        (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    for (line, expected) in [("a@b.co\n", "[email]\n"), ("ok\n", "ok\n")] {
        stdin.write_all(line.as_bytes()).unwrap();
        let mut scrubbed = String::new();
        out.read_line(&mut scrubbed).unwrap();
        assert_eq!(scrubbed, expected);
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = scrub(&[])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    while stdin.write_all(&[b'\n'; 65536]).is_ok() {}
    let output = child.wait_with_output().unwrap();
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
}

#[test]
fn the_lines_of_a_private_key_are_hidden_one_by_one_across_chunks() {
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n".repeat(60_000);
    let input =
        format!("a\n-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\nz MIIE\n");
    let output = with_input(&[], input.as_bytes());
    let out = text(&output.stdout);
    assert_eq!(out.lines().count(), input.lines().count());
    assert!(!out.contains("MIIEvQ"));
    assert!(out.ends_with("-----END PRIVATE KEY-----\nz MIIE\n"), "{}", &out[out.len() - 80..]);
}

#[test]
fn a_private_key_among_many_lines_leaves_each_line_where_it_was() {
    let around = "from a@b.co, nothing else\r\n".repeat(4_000);
    let key = |line: &str| {
        let body = format!("{line}\r\n").repeat(20);
        format!("-----BEGIN PRIVATE KEY-----\r\n{body}-----END PRIVATE KEY-----\r\n")
    };
    let secret = key("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7");
    let input = format!("{around}{secret}{around}10.0.0.7 without an end");
    assert!(around.len() < 128 << 10 && input.len() > 128 << 10);
    let around = around.replace("a@b.co", "[email]");
    let expected = format!("{around}{}{around}[ip] without an end", key("[secret]"));
    let output = with_input(&[], input.as_bytes());
    let out = text(&output.stdout);
    let different = out.lines().zip(expected.lines()).position(|(is, be)| is != be);
    assert_eq!(different, None);
    assert!(out == expected, "{} bytes instead of {}", out.len(), expected.len());
    assert!(output.status.success());
}

#[test]
fn a_private_key_that_was_cut_off_hides_no_more_than_itself() {
    check(
        &[],
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n  MIIEvQIBADAN\nlog line after it\nMIIEvQ\n",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n[secret]\nlog line after it\nMIIEvQ\n",
    );
}

#[test]
fn ndjson_values_are_scrubbed_by_their_names_and_the_rest_is_untouched() {
    let input = concat!(
        r#"{ "msg":"from jane@corp.example", "password" : "hunter22", "n":1.50e2 }"#,
        "\n",
        r#"{"a":[{"ip":"10.0.0.7"},[true,null]],"card":5555555555554444,"k\u00fc":"\u0061@b.co"}"#,
        "\n",
        "no json from a@b.co\n",
        r#"{"token":"with \"quotes\" in it","token2":""}"#,
        "\n",
    );
    let expected = concat!(
        r#"{ "msg":"from [email]", "password" : "[secret]", "n":1.50e2 }"#,
        "\n",
        r#"{"a":[{"ip":"[ip]"},[true,null]],"card":"[card]","k\u00fc":"[email]"}"#,
        "\n",
        "no json from [email]\n",
        r#"{"token":"[secret]","token2":""}"#,
        "\n",
    );
    check(&["--format", "ndjson"], input, expected);
    let keys = r#"{"a@b.co":1}"#;
    check(&["--format", "ndjson"], keys, keys);
    check(&["--format", "ndjson", "--keys"], keys, r#"{"[email]":1}"#);
}

#[test]
fn csv_fields_are_scrubbed_by_their_columns() {
    let input = "name,password,note\nx,hunter22,\"mail a@b.co,\nor 10.0.0.7\"\n\"y\",\"a\"\"b\",\n";
    let expected =
        "name,password,note\nx,[secret],\"mail [email],\nor [ip]\"\n\"y\",\"[secret]\",\n";
    check(&["--format", "csv"], input, expected);
    check(&["--format", "csv", "--delimiter", ";"], "a;b\na@b.co;c\n", "a;b\n[email];c\n");
}

#[test]
fn bytes_that_are_no_text_are_searched_too() {
    let output = with_input(&[], b"\xff\xfe a@b.co \x00\n\xc3\n");
    assert_eq!(output.stdout, b"\xff\xfe [email] \x00\n\xc3\n");
}

#[test]
fn a_long_line_is_read_to_its_end() {
    let line = format!("{}jane@corp.example\n", "word ".repeat(600_000));
    let output = with_input(&[], line.as_bytes());
    let shown = text(&output.stdout);
    assert!(shown.ends_with(" [email]\n"), "{}", &shown[shown.len().saturating_sub(40)..]);
    assert_eq!(shown.len(), line.len() - "jane@corp.example".len() + "[email]".len());
}

fn folder_with(name: &str, content: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn files_are_replaced_whole_and_keep_their_mode() {
    let (folder, path) = folder_with("app.ndjson", "{\"m\":\"a@b.co\"}\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    }
    assert!(scrub(&["--in-place", &path]).status().unwrap().success());
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\"m\":\"[email]\"}\n");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }
    let copy = folder.path().join("copy.txt");
    let copy = copy.to_str().unwrap();
    assert!(scrub(&["--output", copy, &path, &path]).status().unwrap().success());
    assert_eq!(fs::read_to_string(copy).unwrap(), "{\"m\":\"[email]\"}\n".repeat(2));
}

#[test]
fn check_names_each_find_and_ends_with_4() {
    let (_folder, path) =
        folder_with("run.log", "clean\nüß from a@b.co and 10.0.0.7\npassword=hunter22\n");
    let output = scrub(&["--check", "--report", &path]).output().unwrap();
    let expected = format!("{path}:2:9: email\n{path}:2:20: ipv4\n{path}:3:10: named-secret\n");
    assert_eq!(text(&output.stdout), expected);
    assert_eq!(output.status.code(), Some(4));
    let report = text(&output.stderr);
    for line in ["         1  email", "         1  ipv4", "         1  named-secret"] {
        assert!(report.lines().any(|found| found == line), "{report}");
    }
    assert!(fs::read_to_string(&path).unwrap().contains("hunter22"));

    let (_folder, path) = folder_with("t.ndjson", "{}\n{\"a\": {\"password\": \"hunter22\"}}\n");
    let output = scrub(&["--check", &path]).output().unwrap();
    assert_eq!(text(&output.stdout), format!("{path}:2:21: named-secret\n"));

    let (_folder, path) = folder_with("t.csv", "note,ip\n\"x\ny\",10.0.0.7\n");
    let output = scrub(&["--check", &path]).output().unwrap();
    assert_eq!(text(&output.stdout), format!("{path}:3:4: ipv4\n"));

    let (_folder, path) = folder_with("clean.txt", "nothing here\n");
    let output = scrub(&["--check", &path]).output().unwrap();
    assert_eq!((text(&output.stdout), output.status.code()), ("", Some(0)));
}

#[test]
fn check_and_report_count_the_words_that_strict_hides() {
    let (_folder, path) = folder_with(
        "run.log",
        "could not open file\ncould not open file for kowalczyk: kowalczyk@b.co, żółw\nkowalczyk\n",
    );
    let output = scrub(&["--preset", "strict", "--check", "--report", &path]).output().unwrap();
    let mut places: Vec<_> = text(&output.stdout).lines().map(str::to_owned).collect();
    places.sort();
    let expected =
        [":2:25: unknown-word", ":2:36: email", ":2:52: unknown-word", ":3:1: unknown-word"];
    assert_eq!(places, expected.map(|place| format!("{path}{place}")));
    assert_eq!(output.status.code(), Some(4));
    let report = text(&output.stderr);
    for line in ["         3  unknown-word", "         1  email"] {
        assert!(report.lines().any(|found| found == line), "{report}");
    }
    // The same text is clean under the rules alone, but for the address.
    let balanced = scrub(&["--report", &path]).output().unwrap();
    assert!(!text(&balanced.stderr).contains("unknown-word"));

    // A word is found behind an address that holds it too, not in it.
    let (_folder, path) = folder_with("t.ndjson", "{\"a\": \"kowalczyk@b.co kowalczyk\"}\n");
    let output = scrub(&["--preset", "strict", "--check", &path]).output().unwrap();
    assert_eq!(text(&output.stdout), format!("{path}:1:8: email\n{path}:1:23: unknown-word\n"));

    let (_folder, path) = folder_with("clean.txt", "could not open file\n");
    let output = scrub(&["--preset", "strict", "--check", &path]).output().unwrap();
    assert_eq!((text(&output.stdout), output.status.code()), ("", Some(0)));
}

#[test]
fn rules_presets_patterns_and_names() {
    let input = "a@b.co on 10.0.0.7, see OPS-12 of falcon\n";
    check(&["--rules", "email"], input, "[email] on 10.0.0.7, see OPS-12 of falcon\n");
    check(&["--rules=-email,+ipv4"], input, "a@b.co on [ip], see OPS-12 of falcon\n");
    check(
        &["--pattern", "ticket=OPS-[0-9]+", "--literal", "falcon"],
        input,
        "[email] on [ip], see [ticket] of [private]\n",
    );
    check(
        &["--preset", "strict"],
        "could not open file for kowalczyk: a@b.co\n",
        "could not open file for [word]: [email]\n",
    );
    let unknown = scrub(&["--rules", "nosuch"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("next: `--list-rules` "), "{unknown:?}");
    let wrong = with_input(&["--rules", "emial"], b"");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("email"), "{}", text(&wrong.stderr));
}

#[test]
fn pseudonyms_are_the_same_with_the_same_secret() {
    let (_folder, path) = folder_with("secret", &"5e".repeat(32));
    let option = format!("--pseudonyms={path}");
    let run = |options: &[&str]| with_input(options, b"a@b.co c@d.co a@b.co\n").stdout;
    let first = run(&[&option]);
    assert_eq!(first, run(&[&option]));
    let tokens: Vec<_> = text(&first).split_whitespace().collect();
    assert_eq!(tokens[0], tokens[2]);
    assert_ne!(tokens[0], tokens[1]);
    assert_ne!(run(&["--pseudonyms"]), run(&["--pseudonyms"]));
}

#[test]
fn what_cannot_be_read_or_written_leaves_the_file_as_it_was() {
    let missing = scrub(&["/no/such/file"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("/no/such/file"));
    let (folder, path) = folder_with("x.txt", "a@b.co\n");
    let output = scrub(&["--output", "/no/such/folder/x", &path]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(with_input(&["--in-place"], b"x").status.code(), Some(2));
    assert_eq!(fs::read_to_string(Path::new(&path)).unwrap(), "a@b.co\n");
    drop(folder);
}

#[test]
fn many_lines_come_out_in_order() {
    let input: String = (0..300_000).map(|line| format!("{line} a{line}@b.co\n")).collect();
    let output = with_input(&["--threads", "4"], input.as_bytes());
    let expected: String = (0..300_000).map(|line| format!("{line} [email]\n")).collect();
    assert!(text(&output.stdout) == expected);
}
