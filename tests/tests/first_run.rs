//! Several first runs at once, on an empty home.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use telemetry_core::spool;

const PROGRAM: &str = env!("CARGO_BIN_EXE_whole_program");

/// Eight processes a round; in a fifth of such rounds, a check-then-create
/// would give differing ids.
const PROCESSES: usize = 8;
const ROUNDS: usize = 8;

#[test]
fn eight_processes_that_start_at_once_get_one_installation_id_and_one_secret() {
    // A port that nobody listens on: what is recorded stays where it can be read.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for _ in 0..ROUNDS {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().join("home");
        let start = || {
            Command::new(PROGRAM)
                .arg(&home)
                .arg(format!("http://{closed}/"))
                .env_remove("DO_NOT_TRACK")
                .stdin(Stdio::null())
                .spawn()
                .unwrap()
        };
        let running: Vec<_> = (0..PROCESSES).map(|_| start()).collect();
        for mut process in running {
            assert!(process.wait().unwrap().success());
        }
        let events: Vec<_> =
            spool::read(&home.join("telemetry")).unwrap().map(|event| event.unwrap()).collect();
        let runs = events.iter().filter(|event| event.event == "run.finished");
        let targets: BTreeSet<_> =
            runs.clone().map(|event| event.fields["target"].to_string()).collect();
        let installations: BTreeSet<_> =
            runs.clone().map(|event| event.installation.as_deref()).collect();
        let ids: BTreeSet<_> = events.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(runs.count(), PROCESSES * 100);
        assert_eq!(targets.len(), 1, "one secret gives one pseudonym");
        assert_eq!(installations.len(), 1);
        assert_eq!(ids.len(), events.len());
        let beats = events.iter().filter(|event| event.event == "alive").count();
        assert_eq!(beats, 1, "one first start, one beat");
    }
}
