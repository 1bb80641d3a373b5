//! A program that is over before a receiver answers, and the child that it
//! leaves behind.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use telemetry_core::export::sent;
use telemetry_core::spool;
use telemetry_tests::receiver::{Received, Receiver};

use crate::Place;

const PROGRAM: &str = env!("CARGO_BIN_EXE_short_program");

fn command(home: &Path, url: &str, what: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg(home).arg(url).arg(what).env_remove("DO_NOT_TRACK");
    command
}

fn run(home: &Path, url: &str, what: &str) -> String {
    said(command(home, url, what).output().unwrap())
}

fn said(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The numbers of the runs that arrived, each time they did.
fn numbers(received: &[Received]) -> Vec<u64> {
    let bodies = received.iter().map(|request| std::str::from_utf8(&request.body).unwrap());
    bodies
        .flat_map(str::lines)
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|event| event["fields"]["number"].as_u64().unwrap())
        .collect()
}

/// Children of programs that use `home`, by what Linux says of each.
#[cfg(target_os = "linux")]
fn children(home: &Path) -> Vec<u32> {
    let mark = b"TELEMETRY_SENDER=";
    let of = home.as_os_str().as_encoded_bytes();
    let holds = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).any(|part| part == what);
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|id: &u32| {
            let read = |name: &str| fs::read(format!("/proc/{id}/{name}")).unwrap_or_default();
            holds(&read("environ"), mark) && holds(&read("cmdline"), of)
        })
        .collect()
}

#[test]
fn the_next_run_starts_a_child_that_delivers_and_does_not_wait_for_it() {
    let place = Place::new();
    let home = place.home();
    // It never answers: a program that waited for it would not end.
    let mut receiver = place.receiver("silent");
    assert_eq!(run(&home, &receiver.url(), "1").trim(), "Stored");
    assert_eq!(run(&home, &receiver.url(), "2").trim(), "Stored");
    receiver.wait_for_request();
    drop(receiver);

    let receiver = place.receiver("ok");
    let said = run(&home, &receiver.url(), "now");
    assert!(said.contains("end: "), "{said}");
    finish(&home, &receiver.url());
    assert_eq!(numbers(&receiver.received()).into_iter().collect::<BTreeSet<_>>(), [1, 2].into());
}

/// Sends what is left, as a person would who is told that another process is at
/// it.
fn finish(home: &Path, url: &str) {
    let patience = Instant::now() + Duration::from_secs(60);
    while spool::read(&home.join("telemetry")).unwrap().next().is_some() {
        assert!(Instant::now() < patience, "{}", run(home, url, "now"));
        run(home, url, "now");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// As the system sees it: a session of its own, nothing of the program's files,
/// the lowest priority.
#[test]
#[cfg(target_os = "linux")]
fn the_child_has_left_the_program_behind() {
    let place = Place::new();
    let home = place.home();
    let mut receiver = place.receiver("silent");
    run(&home, &receiver.url(), "1");
    // A shell hands down a file that the program knows nothing of.
    let marker = home.join("inherited");
    let shell = format!("exec 9>{} ; {PROGRAM} \"$0\" \"$1\" 2", marker.display());
    let output = Command::new("sh")
        .args(["-c", &shell])
        .arg(&home)
        .arg(receiver.url())
        .env_remove("DO_NOT_TRACK")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    // The pipes of the program were closed although the child goes on.
    assert_eq!(said(output).trim(), "Stored");
    receiver.wait_for_request();

    let children = children(&home);
    let [child] = children.as_slice() else { panic!("{children:?}") };
    let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    // From `proc_pid_stat(5)`: the process group, the session, the nice value.
    assert_eq!((fields[2], fields[3]), (child.to_string().as_str(), child.to_string().as_str()));
    assert_eq!(fields[16], "19");
    for entry in fs::read_dir(format!("/proc/{child}/fd")).unwrap() {
        let path = entry.unwrap().path();
        let Ok(target) = fs::read_link(&path) else { continue };
        let number: u32 = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
        match number {
            0..=2 => assert_eq!(target, Path::new("/dev/null")),
            _ => assert!(target != marker && !target.starts_with("pipe:"), "{target:?}"),
        }
    }
    Command::new("kill").arg(child.to_string()).status().unwrap();
}

/// A child whose receiver takes the request and never answers gives up when its
/// time for delivery is over, and one that nothing brings back is ended when its
/// life is. The bounds are shortened here; each case has the other one too late.
#[test]
#[cfg(target_os = "linux")]
fn a_child_ends_by_itself_whatever_hangs() {
    for (hangs, mode) in [(false, "silent"), (true, "ok")] {
        // On a busy machine a child may be over before its request has left: then
        // it has shown nothing, and another one has longer.
        let shown = [500, 4_000, 15_000].into_iter().any(|bound| ends_after(bound, hangs, mode));
        assert!(shown, "no child made its request: {mode}");
    }
}

/// Whether a child had made its request before it ended by its bound.
#[cfg(target_os = "linux")]
fn ends_after(milliseconds: u64, hangs: bool, mode: &str) -> bool {
    const NEVER: u64 = 600_000;
    let (delivery, life) = if hangs { (NEVER, milliseconds) } else { (milliseconds, NEVER) };
    let place = Place::new();
    let home = place.home();
    let receiver = place.receiver(mode);
    run(&home, &receiver.url(), "1");
    let mut second = command(&home, &receiver.url(), "2");
    second.env("SHORT_BOUNDS", format!("{delivery},{life}"));
    if hangs {
        second.env("SHORT_HANGS", "1");
    }
    assert_eq!(said(second.output().unwrap()).trim(), "Stored");
    // Below what the request alone may take, which is half a minute.
    let patience = Instant::now() + Duration::from_secs(25);
    while !children(&home).is_empty() {
        assert!(Instant::now() < patience, "the child goes on: {delivery}, {life}");
        std::thread::sleep(Duration::from_millis(20));
    }
    receiver.stop() > 0
}

#[test]
fn while_consent_is_denied_there_is_no_child() {
    let place = Place::new();
    let home = place.home();
    let receiver = place.receiver("ok");
    run(&home, &receiver.url(), "1");
    let sender = home.join("telemetry/sender");
    let before = fs::read(&sender).ok();
    for _ in 0..3 {
        let denied = command(&home, &receiver.url(), "2").env("DO_NOT_TRACK", "1").output();
        assert_eq!(said(denied.unwrap()).trim(), "Denied");
    }
    #[cfg(target_os = "linux")]
    assert_eq!(children(&home), Vec::<u32>::new());
    assert_eq!(fs::read(&sender).ok(), before);
    assert_eq!(receiver.received(), []);
}

#[test]
fn there_is_a_child_at_most_so_often_and_none_while_nothing_waits() {
    let place = Place::new();
    let home = place.home();
    let receiver = place.receiver("ok");
    let started = || fs::read(home.join("telemetry/sender")).ok();
    let run = |number: u32| {
        let hour = (60 * 60 * 1000).to_string();
        let mut command = command(&home, &receiver.url(), &number.to_string());
        said(command.env("SHORT_AT_MOST", hour).output().unwrap())
    };
    run(1);
    assert_eq!(started(), None, "nothing was waiting");
    run(2);
    let first = started();
    assert!(first.is_some());
    for number in 3..6 {
        run(number);
    }
    assert_eq!(started(), first, "one an hour");
    finish(&home, &receiver.url());
}

#[test]
fn two_hundred_short_runs_deliver_everything_once() {
    // The long form: TELEMETRY_TESTS_RUNS=200.
    let runs = std::env::var("TELEMETRY_TESTS_RUNS").ok().and_then(|runs| runs.parse().ok());
    let runs: u64 = runs.unwrap_or(24);
    for mode in ["wait=1", "wait=100", "wait=500"] {
        let place = Place::new();
        let receiver = place.receiver(mode);
        short_runs(&place, &receiver, &receiver.url(), None, runs, mode);
    }
    let place = Place::new();
    let receiver = place.receiver("wait=300");
    let (address, pem) = tls_in_front_of(receiver.address().to_owned());
    let authority = place.home().join("authority.pem");
    fs::create_dir_all(place.home()).unwrap();
    fs::write(&authority, pem).unwrap();
    let url = format!("https://{address}/events");
    short_runs(&place, &receiver, &url, Some(&authority), runs, "TLS");
}

fn short_runs(
    place: &Place,
    receiver: &Receiver,
    url: &str,
    authority: Option<&Path>,
    runs: u64,
    about: &str,
) {
    let home = place.home();
    let run = |what: &str| {
        let mut command = command(&home, url, what);
        said(command.envs(authority.map(|path| ("SHORT_CA", path))).output().unwrap())
    };
    let start = Instant::now();
    for number in 0..runs {
        assert_eq!(run(&number.to_string()).trim(), "Stored", "{about}");
    }
    let background = sent::read(&home.join("telemetry")).unwrap().len() as u64;
    let minutes = start.elapsed().as_secs() / 60 + 1;
    assert!(background <= 15 * minutes, "{about}: {background} in {minutes} minutes");
    let patience = Instant::now() + Duration::from_secs(120);
    while spool::read(&home.join("telemetry")).unwrap().next().is_some() {
        assert!(Instant::now() < patience, "{about}: {}", run("now"));
        run("now");
        std::thread::sleep(Duration::from_millis(20));
    }
    let received = receiver.received();
    let mut times: BTreeMap<u64, u64> = BTreeMap::new();
    for number in numbers(&received) {
        *times.entry(number).or_default() += 1;
    }
    assert_eq!(times.len() as u64, runs, "{about}: every event arrives");
    let twice = times.values().sum::<u64>() - runs;
    assert!(twice * 100 < runs, "{about}: {twice} of {runs} twice");
    // What left is what arrived, with the answer.
    let log = sent::read(&home.join("telemetry")).unwrap();
    let bodies = |bodies: Vec<Vec<u8>>| bodies.into_iter().collect::<BTreeSet<_>>();
    assert_eq!(
        bodies(log.iter().map(|sent| sent.body.clone()).collect()),
        bodies(received.iter().map(|request| request.body.clone()).collect()),
        "{about}"
    );
    assert!(log.iter().all(|sent| sent.status == Some(200)), "{about}");
    println!("{about}: {runs} runs, {} requests, {twice} events twice", received.len());
}

/// Takes connections by TLS and hands each request to the receiver at `to`.
/// Returns the address, and the certificate of the authority behind it.
fn tls_in_front_of(to: String) -> (std::net::SocketAddr, String) {
    let (config, pem) = crate::http::tls();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (config, to) = (config.clone(), to.clone());
            std::thread::spawn(move || -> std::io::Result<()> {
                let connection = rustls::ServerConnection::new(config).unwrap();
                let mut client = rustls::StreamOwned::new(connection, stream?);
                let mut receiver = std::net::TcpStream::connect(to)?;
                receiver.write_all(&message(&mut client)?)?;
                client.write_all(&message(&mut receiver)?)?;
                client.flush()
            });
        }
    });
    (address, pem)
}

/// A head, and as much of a body as it says.
fn message(stream: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    stream.read_exact(&mut body)?;
    bytes.extend(body);
    Ok(bytes)
}
