//! The program ends on time, whatever the receiver does.
//!
//! The budget is 20 ms, and `benches/benches/startup.rs` measures it: the median
//! over many exits beside those of a program without telemetry. What is asserted
//! here is far above it and far below what the receiver would hold: a busy
//! machine must not fail a test.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use telemetry_core::export::unstable::Pace;

use crate::Place;

const AT_MOST: Duration = Duration::from_secs(2);

struct Sender {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Sender {
    /// A program with a worker and one event to deliver to `url`.
    fn start(place: &Place, url: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sender"))
            .arg("exit")
            .arg(place.spool())
            .args([url, "20"])
            .env("SENDER_PLAIN_HTTP", "1")
            .env_remove("http_proxy")
            .env_remove("HTTP_PROXY")
            .env_remove("ALL_PROXY")
            .env_remove("all_proxy")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// Waits until consent was asked for as often as before a first request.
    fn wait_for_gate(&mut self) {
        let mut gates = 0;
        while gates < 2 {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "it ended");
            gates += usize::from(line.trim() == "gate");
        }
    }

    /// Ends the program and returns how long that took and what it said.
    fn end(mut self) -> (Duration, String) {
        let start = Instant::now();
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
        let took = start.elapsed();
        let last = self.lines.lines().last().unwrap().unwrap();
        (took, last)
    }
}

#[test]
fn a_receiver_that_never_answers_holds_nobody() {
    for mode in ["silent", "trickle"] {
        let place = Place::new();
        let mut receiver = place.receiver(mode);
        let sender = Sender::start(&place, &receiver.url());
        receiver.wait_for_request();
        let (took, said) = sender.end();
        assert!(took < AT_MOST, "{mode}: {took:?}");
        assert_eq!(said, "left behind", "{mode}");
        assert_eq!(place.stored().len(), 1, "what was in flight stays");
        drop(receiver);

        let receiver = place.receiver("ok");
        let asked = place.delivery(&receiver.url()).build();
        let deadline = Instant::now() + Duration::from_secs(60);
        let report = asked.run_once(Pace::Now, deadline).unwrap();
        assert_eq!(report.sent, 1, "and goes when it is asked for");
    }
}

/// A listener whose queue is full, so that no connection comes about and none
/// is refused: a packet to it disappears, as in a black hole.
#[cfg(unix)]
fn black_hole() -> (std::net::TcpListener, Vec<std::net::TcpStream>) {
    use std::net::{SocketAddr, TcpListener, TcpStream};

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let mut queue = Vec::new();
    for _ in 0..64 {
        match TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
            Ok(stream) => queue.push(stream),
            Err(_) => return (listener, queue),
        }
    }
    unreachable!("the queue takes any number of connections");
}

#[test]
#[cfg(unix)]
fn a_black_hole_holds_nobody() {
    let place = Place::new();
    let (listener, _queue) = black_hole();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let mut sender = Sender::start(&place, &url);
    sender.wait_for_gate();
    let (took, _) = sender.end();
    assert!(took < AT_MOST, "{took:?}");
    assert_eq!(place.stored().len(), 1);
}

#[test]
fn a_name_that_does_not_resolve_holds_nobody() {
    let place = Place::new();
    // RFC 6761 keeps the domain from ever existing.
    let mut sender = Sender::start(&place, "http://telemetry.invalid/");
    sender.wait_for_gate();
    let (took, _) = sender.end();
    assert!(took < AT_MOST, "{took:?}");
    assert_eq!(place.stored().len(), 1);
}

#[test]
fn a_worker_that_is_done_ends_at_once() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    place.record(3, 20);
    let (done, seen) = std::sync::mpsc::channel();
    let delivery = place.delivery(&receiver.url()).build();
    // Before the second delivery the first one is over.
    let worker = telemetry_core::export::unstable::Worker::start_with(
        delivery,
        Duration::from_secs(3600),
        move || done.send(()).unwrap(),
    )
    .unwrap();
    seen.recv().unwrap();
    worker.wake();
    seen.recv().unwrap();
    assert_eq!(receiver.received().len(), 1);
    assert!(worker.shutdown(Duration::from_secs(60)));
    assert!(place.stored().is_empty());
}

#[test]
fn a_failed_delivery_reaches_the_hook() {
    let place = Place::new();
    place.record(1, 20);
    std::fs::create_dir(place.spool().join("sent.ndjson")).unwrap();
    let receiver = place.receiver("ok");
    let (tell, told) = std::sync::mpsc::channel();
    let hook = move |error: &telemetry_core::Error| tell.send(error.to_string()).unwrap();
    let delivery = place.delivery(&receiver.url()).on_error(hook).build();
    let worker =
        telemetry_core::export::unstable::Worker::start(delivery, Duration::from_secs(3600))
            .unwrap();
    let message = told.recv().unwrap();
    assert!(message.contains("sent.ndjson"), "{message}");
    assert!(worker.shutdown(Duration::from_secs(60)));
    assert_eq!(receiver.received(), [], "what cannot be written down is not sent");
    assert_eq!(place.stored().len(), 1);
}
