//! `send`, and that nothing else sends.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

use serde_json::Value;
use telemetry_core::spool;

use crate::program::{Program, contents};

/// Answers one request and gives its body.
fn answer(listener: &TcpListener, status: &str) -> Vec<u8> {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).unwrap() > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut stream: TcpStream = reader.into_inner();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    body
}

fn loopback() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).unwrap()
}

/// That nobody has connected. The process under test has ended before.
fn assert_silent(listener: &TcpListener) {
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn send_delivers_now_and_show_sent_has_the_bytes() {
    let listener = loopback();
    let program = Program::with_receiver(&listener);
    program.work();
    let stored = contents(&program.folder().join("active"));
    let receiver = std::thread::spawn(move || answer(&listener, "202 Accepted"));
    let ran = program.telemetry(&["send"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.starts_with("sent       2 events in 1 request"), "{ran:?}");
    let received = receiver.join().unwrap();
    assert_eq!(received, stored);
    assert!(program.stored().is_empty());

    let table = program.telemetry(&["show", "--sent"]);
    assert!(table.out.contains("  202  ") && table.out.contains("file.opened"), "{table:?}");
    let json = program.telemetry(&["show", "--sent", "--json"]);
    assert_eq!(json.out.as_bytes(), fs::read(program.folder().join("sent.ndjson")).unwrap());
    let line: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(line["body"].as_str().unwrap().as_bytes(), received);
    assert!(program.telemetry(&["status"]).line("sent").ends_with("status 202"));

    assert_eq!(program.telemetry(&["erase", "--sent"]).code, 2);
    assert_eq!(program.telemetry(&["erase", "--sent", "--yes"]).code, 0);
    assert_eq!(program.telemetry(&["show", "--sent"]).out, "");
}

/// What a script sees when the program's last run started a child that is still
/// at it: the events are delivered, by whomever.
#[test]
fn send_waits_for_a_process_that_is_sending_already() {
    let listener = loopback();
    let program = Program::with_receiver(&listener);
    program.work();
    let lock = spool::internals::try_lock_delivery(&program.folder()).unwrap().unwrap();

    let ran = program.telemetry(&["send", "--timeout", "0"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("another process was sending"), "{ran:?}");

    let mut command = program.command(&["telemetry", "send"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = said.next().unwrap().unwrap();
    assert_eq!(first, "another process is sending; waiting for it");
    let receiver = std::thread::spawn(move || answer(&listener, "202 Accepted"));
    drop(lock);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?} {:?}", said.collect::<Vec<_>>());
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.starts_with("sent       2 events in 1 request"), "{out}");
    receiver.join().unwrap();
}

#[test]
fn a_receiver_that_fails_is_reported_and_nothing_is_lost() {
    let listener = loopback();
    let program = Program::with_receiver(&listener);
    program.work();
    let receiver = std::thread::spawn(move || answer(&listener, "503 Service Unavailable"));
    let ran = program.telemetry(&["send"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("status 503") && ran.err.contains("\nnext: "), "{ran:?}");
    receiver.join().unwrap();
    assert!(ran.out.contains("kept       2 events"), "{ran:?}");
    assert_eq!(program.stored().len(), 2);
}

#[test]
fn a_wrong_key_costs_nothing_and_send_and_status_name_the_remedy() {
    let listener = loopback();
    let program = Program::with_receiver(&listener);
    program.work();
    let receiver = std::thread::spawn(move || answer(&listener, "401 Unauthorized"));
    let ran = program.telemetry(&["send"]);
    receiver.join().unwrap();
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("status 401") && ran.err.contains("key"), "{ran:?}");
    assert_eq!(program.stored().len(), 2);
    let status = program.telemetry(&["status"]);
    let line = status.line("delivery");
    assert!(line.contains("1 attempt failed") && line.contains("(status 401)"), "{line}");
    assert!(line.contains("key") && line.contains("the next is in"), "{line}");
}

#[test]
fn no_command_but_send_sends_and_none_after_off() {
    let listener = loopback();
    let program = Program::with_receiver(&listener);
    program.work();
    for command in ["status", "why", "show", "purposes", "notice", "schema", "on", "off"] {
        assert_eq!(program.telemetry(&[command]).code, 0, "{command}");
    }
    let ran = program.telemetry(&["send"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("telemetry is off"), "{ran:?}");
    assert_silent(&listener);
}
