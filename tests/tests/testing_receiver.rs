//! The receiver that an author's tests are given: it answers as it is told, keeps
//! what it got, and is evidence beside the disk and a program's output.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use telemetry_core::TelemetryEvent;
use telemetry_core::export::{Deliver, HttpTransport, Ndjson, Receiver};
use telemetry_core::testing::{
    Answer, Evidence, RecordingReceiver, TestTelemetry, assert_nothing_leaks,
};

/// One connection to the receiver.
struct Client(BufReader<TcpStream>);

impl Client {
    fn to(receiver: &RecordingReceiver) -> Self {
        let url = receiver.url("");
        let address = url.strip_prefix("http://").unwrap();
        Self(BufReader::new(TcpStream::connect(address).unwrap()))
    }

    fn send(&mut self, head: &str, body: &[u8]) {
        let stream = self.0.get_mut();
        stream.write_all(head.replace('\n', "\r\n").as_bytes()).unwrap();
        stream.write_all(body).unwrap();
    }

    /// The status line, the headers and the body of the next answer.
    fn answer(&mut self) -> (String, Vec<String>, String) {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                break;
            }
            lines.push(line.trim().to_owned());
        }
        let length = lines.iter().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut body).unwrap();
        (lines.remove(0), lines, String::from_utf8(body).unwrap())
    }
}

fn packed(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn it_answers_as_it_is_told_and_the_last_answer_for_ever() {
    let receiver = RecordingReceiver::answering([
        Answer::status(503).retry_after(120).body("busy"),
        Answer::status(204),
        Answer::status(400).header("x-why", "too deep"),
    ])
    .unwrap();
    // All on one connection.
    let mut client = Client::to(&receiver);
    let mut ask = || {
        client.send("POST /a?b HTTP/1.1\nHost: x\nContent-Length: 2\n\n", b"{}");
        client.answer()
    };
    let (status, headers, body) = ask();
    assert_eq!((status.as_str(), body.as_str()), ("HTTP/1.1 503", "busy"));
    assert!(headers.contains(&"retry-after: 120".to_owned()), "{headers:?}");
    assert_eq!(ask().0, "HTTP/1.1 204");
    for _ in 0..3 {
        let (status, headers, _) = ask();
        assert_eq!(status, "HTTP/1.1 400");
        assert!(headers.contains(&"x-why: too deep".to_owned()), "{headers:?}");
    }
    // Told anew while it runs; without an answer of its own, it is content.
    receiver.answer([Answer::status(401)]);
    assert_eq!(ask().0, "HTTP/1.1 401");
    receiver.answer([]);
    assert_eq!(ask().0, "HTTP/1.1 200");
    assert_eq!(receiver.requests().len(), 7);
    receiver.answer([Answer::close()]);
    client.send("POST / HTTP/1.1\nContent-Length: 0\n\n", b"");
    assert_eq!(client.0.read_to_string(&mut String::new()).unwrap(), 0, "it is closed");
    assert_eq!(receiver.requests().len(), 8);
}

#[test]
fn it_hands_back_requests_unpacked_whatever_they_were_sent_as() {
    let receiver = RecordingReceiver::answering([]).unwrap();
    let mut client = Client::to(&receiver);
    let text = "{\"number\":1}\n{\"number\":2}\n";
    let zipped = packed(text);
    let (one, other) = zipped.split_at(7);
    let between = format!("\r\n{:x}\r\n", other.len());
    let chunked = [b"7\r\n", one, between.as_bytes(), other, b"\r\n0\r\n\r\n"].concat();
    let head = format!("POST /1 HTTP/1.1\nX-One: a: b\nContent-Length: {}\n\n", text.len());
    client.send(&head, text.as_bytes());
    client.answer();
    let length = zipped.len();
    let head = format!("POST /2 HTTP/1.1\nContent-Encoding: gzip\nContent-Length: {length}\n\n");
    client.send(&head, &zipped);
    client.answer();
    let head = "POST /3 HTTP/1.1\nContent-Encoding: gzip\nTransfer-Encoding: chunked\n\n";
    client.send(head, &chunked);
    client.answer();

    let requests = receiver.requests();
    let paths: Vec<_> = requests.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(paths, ["/1", "/2", "/3"]);
    for request in &requests {
        assert_eq!(String::from_utf8_lossy(&request.body), text);
        assert_eq!(request.lines().unwrap()[1]["number"], 2);
        assert_eq!(request.method, "POST");
    }
    assert_eq!(requests[0].header("X-ONE"), Some("a: b"));
    assert_eq!(requests[0].header("x-two"), None);
}

#[test]
fn a_request_counts_before_it_is_answered_and_no_answer_outlives_the_receiver() {
    // A year: nobody waits for it.
    let late = Answer::ok().after(Duration::from_secs(365 * 24 * 60 * 60));
    let receiver = RecordingReceiver::answering([late]).unwrap();
    let mut client = Client::to(&receiver);
    client.send("POST / HTTP/1.1\nContent-Length: 0\n\n", b"");
    assert_eq!(receiver.wait_for(1).unwrap().len(), 1);
    drop(receiver);
    assert_eq!(client.0.read_to_string(&mut String::new()).unwrap(), 0, "it was answered");
}

#[test]
fn an_answer_comes_no_earlier_than_its_delay_and_others_do_not_wait_for_it() {
    let delay = Duration::from_millis(200);
    let receiver = RecordingReceiver::answering([Answer::ok().after(delay), Answer::ok()]).unwrap();
    let mut slow = Client::to(&receiver);
    let begin = Instant::now();
    slow.send("POST / HTTP/1.1\nContent-Length: 0\n\n", b"");
    receiver.wait_for(1).unwrap();
    let mut quick = Client::to(&receiver);
    quick.send("POST / HTTP/1.1\nContent-Length: 0\n\n", b"");
    assert_eq!(quick.answer().0, "HTTP/1.1 200");
    assert_eq!(slow.answer().0, "HTTP/1.1 200");
    assert!(begin.elapsed() >= delay, "{:?}", begin.elapsed());
}

#[test]
fn who_waits_in_vain_is_told_so() {
    let receiver = RecordingReceiver::answering([]).unwrap();
    let error = receiver.wait_until(Duration::ZERO, |requests| !requests.is_empty()).unwrap_err();
    assert!(error.to_string().contains("0 requests arrived"), "{error}");
    // What does not arrive whole is no request.
    let mut client = Client::to(&receiver);
    client.send("POST / HTTP/1.1\nContent-Length: 5\n\n", b"{}");
    drop(client);
    let mut client = Client::to(&receiver);
    client.send("POST /whole HTTP/1.1\nContent-Length: 0\n\n", b"");
    assert_eq!(receiver.wait_for(1).unwrap()[0].path, "/whole");
}

#[derive(TelemetryEvent)]
#[telemetry(name = "opened", purpose = "service")]
struct Opened {
    #[telemetry(allow(because = "a test of what is found"))]
    title: String,
}

/// What the assertion says when it fails.
fn finding(evidence: &[Evidence<'_>], canary: &str) -> String {
    let search = || assert_nothing_leaks(evidence.iter().copied(), &[canary]);
    let failed = catch_unwind(AssertUnwindSafe(search)).expect_err("nothing was found");
    failed.downcast_ref::<String>().expect("a text").clone()
}

#[test]
fn what_is_on_the_wire_is_searched_compressed_or_not() {
    let receiver = RecordingReceiver::answering([]).unwrap();
    assert!(
        finding(&[Evidence::Receiver(&receiver)], "alice").contains("nothing would be searched")
    );
    let transport =
        HttpTransport::builder(receiver.url("/events")).header("x-who", "bobby").build().unwrap();
    let route = Receiver::new("1.0.0", Ndjson, transport).deliver(Deliver::on_request());
    let test = TestTelemetry::with("opener", |builder| builder.receiver(route)).unwrap();
    // So many that they are compressed.
    for title in ["to Alice", "no", "no", "no", "no", "no", "no", "no"] {
        assert!(test.telemetry().record(&Opened { title: title.repeat(20) }).is_stored());
    }
    let report = test.telemetry().send_now(Instant::now() + Duration::from_secs(60)).unwrap();
    assert!(report.is_some());
    let requests = receiver.wait_for(1).unwrap();
    assert_eq!(requests[0].header("content-encoding"), Some("gzip"), "nothing is compressed");
    let wire = [Evidence::Receiver(&receiver)];
    assert_eq!(
        finding(&wire, "alice"),
        "personal data was left behind:\n  request 1 holds canary 1"
    );
    assert!(finding(&wire, "bobby").contains("request 1"), "headers are searched");
    assert!(finding(&wire, "/events").contains("request 1"), "the path is searched");
    assert_nothing_leaks(wire, &["carol"]);
}

#[test]
fn disk_wire_and_both_outputs_of_a_program_are_searched_together() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let receiver = RecordingReceiver::answering([]).unwrap();
    let run = |what: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_short_program"));
        command.arg(&home).args([&receiver.url("/"), what]).env_remove("DO_NOT_TRACK");
        command.output().unwrap()
    };
    let stored = run("4711");
    let sent = run("now");
    receiver.wait_for(1).unwrap();
    let failed = run("kowalczyk");
    assert!(stored.status.success() && sent.status.success() && !failed.status.success());
    let evidence = [
        Evidence::Folder(&home),
        Evidence::Receiver(&receiver),
        Evidence::Output(&stored),
        Evidence::Output(&sent),
        Evidence::Output(&failed),
    ];
    assert_nothing_leaks(evidence, &["kowalczyk", "jane.doe"]);
    // Each of the four is looked into: the number is on disk and wire, the report
    // of what was sent in the output, the words of the error in the other one.
    let number = finding(&evidence, "4711");
    assert!(number.contains("the file") && number.contains("request 1"), "{number}");
    assert!(finding(&evidence, "sent: ").contains("the standard output"));
    assert!(finding(&evidence, "InvalidDigit").contains("the standard error"));
}
